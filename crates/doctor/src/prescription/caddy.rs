//! For Caddy: a site of a Caddyfile.

use super::{Deployment, MANY, Pages, Tls};

pub fn caddy(deployment: &Deployment) -> String {
    let scheme = match deployment.tls {
        Some(_) => "",
        None => "http://",
    };
    let names: Vec<String> = deployment
        .names
        .iter()
        .map(|name| format!("{scheme}{name}"))
        .collect();
    let tls = match &deployment.tls {
        Some(Tls { certificate, key }) => format!("\ttls {certificate} {key}\n\n"),
        None => {
            "\t# Take http:// off the name, and Caddy gets a certificate by itself.\n\n".to_owned()
        }
    };
    format!(
        "\
# Atalaya behind Caddy. Copy into /etc/caddy/Caddyfile, and
#   caddy validate --config /etc/caddy/Caddyfile --adapter caddyfile && systemctl reload caddy
# Websockets, Host and X-Forwarded-* are handed on by Caddy without being told.
{names} {{
{tls}\
\t# Above the server's own limit of {payload} bytes, so that it is the server that answers, in words.
\trequest_body {{
\t\tmax_size {body}MiB
\t}}

\thandle {socket}* {{
{live}\t}}

{pages}}}
",
        names = names.join(", "),
        payload = deployment.max_payload,
        body = deployment.body_megabytes(),
        socket = deployment.socket_path,
        live = proxied(deployment, true),
        pages = pages(deployment),
    )
}

/// `is_live` for what is held open.
fn proxied(deployment: &Deployment, is_live: bool) -> String {
    let mut out = String::new();
    if deployment.is_many() && is_live {
        out.extend(MANY.lines().map(|line| format!("\t\t{line}\n")));
    }
    out.push_str(&format!("\t\treverse_proxy {}", deployment.nodes()));
    if !deployment.is_many() && !is_live {
        return out + "\n";
    }
    out.push_str(" {\n");
    if deployment.is_many() {
        out.push_str("\t\t\tlb_policy ip_hash\n");
    }
    if is_live {
        out.push_str(&format!(
            "\t\t\t# A held answer goes out the moment it is written. The server sends {},\n\
             \t\t\t# so an answer never takes as long as this.\n\
             \t\t\tflush_interval -1\n\
             \t\t\ttransport http {{\n\t\t\t\tresponse_header_timeout {}s\n\t\t\t}}\n",
            deployment.heartbeat_in_words(),
            deployment.patience_seconds()
        ));
    }
    out.push_str("\t\t}\n");
    out
}

fn pages(deployment: &Deployment) -> String {
    let server = proxied(deployment, false);
    match &deployment.pages {
        Pages::Proxied => format!("\thandle {{\n{server}\t}}\n"),
        Pages::Folder(folder) => format!(
            "\
\t@server path /api/* /healthz /readyz
\thandle @server {{
{server}\t}}

\t# The web application is in a folder; what is no file is one of its pages.
\thandle {{
\t\troot * {folder}
\t\ttry_files {{path}} /index.html
\t\tfile_server
\t}}
"
        ),
    }
}
