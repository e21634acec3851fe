//! For nginx: a site to be included inside `http { }`.

use super::{Deployment, MANY, Pages, Tls};

pub fn nginx(deployment: &Deployment) -> String {
    let plain = match &deployment.tls {
        Some(_) => to_tls(deployment),
        None => String::new(),
    };
    format!(
        "{}\n{}\n{plain}{}",
        HEAD,
        upstream(deployment),
        site(deployment)
    )
}

const HEAD: &str = "\
# Atalaya behind nginx. Copy to /etc/nginx/sites-available/ (or conf.d/), link it into sites-enabled/, and
#   nginx -t && systemctl reload nginx && atalaya doctor
# Only one enabled site may have this server_name.

# \"Connection: upgrade\" for a websocket; nothing for other requests, which keeps their connection for the next one.
map $http_upgrade $atalaya_connection {
    default upgrade;
    ''      '';
}

# $uri and not $request_uri: the query of a Socket.IO request holds its session id.
log_format atalaya '$remote_addr [$time_iso8601] \"$request_method $uri\" $status '
                   '$body_bytes_sent $request_time \"$http_user_agent\"';
";

fn upstream(deployment: &Deployment) -> String {
    let mut lines = Vec::new();
    if deployment.is_many() {
        lines.extend(MANY.lines().map(str::to_owned));
        lines.push("hash $remote_addr consistent;".to_owned());
    }
    let nodes = deployment.nodes.iter();
    lines.extend(nodes.map(|node| format!("server {node};")));
    lines.push("keepalive 64;".to_owned());
    lines.push(
        "# Shorter than the server's own patience with an idle connection (30 s).".to_owned(),
    );
    lines.push("keepalive_timeout 20s;".to_owned());
    format!("upstream atalaya {{\n{}}}\n", indented(&lines.join("\n")))
}

/// Whoever comes without TLS is sent to it.
fn to_tls(deployment: &Deployment) -> String {
    format!(
        "server {{\n    listen 80;\n    listen [::]:80;\n    server_name {};\n    \
         return 301 https://$host$request_uri;\n}}\n\n",
        deployment.names()
    )
}

fn site(deployment: &Deployment) -> String {
    let listen = match &deployment.tls {
        None => "listen 80;\nlisten [::]:80;".to_owned(),
        Some(Tls { certificate, key }) => format!(
            "listen 443 ssl;\nlisten [::]:443 ssl;\nssl_certificate     {certificate};\nssl_certificate_key {key};"
        ),
    };
    let (path, patience) = (&deployment.socket_path, deployment.patience_seconds());
    let inside = format!(
        "{listen}
server_name {names};

access_log /var/log/nginx/atalaya.access.log atalaya;
error_log  /var/log/nginx/atalaya.error.log warn;

# Above the server's own limit of {payload} bytes, so that it is the server that answers, in words.
client_max_body_size {body}m;

# What every location below sends. A location that sets a header of its own inherits none of these.
proxy_http_version 1.1;
proxy_set_header Host              $http_host;
proxy_set_header Upgrade           $http_upgrade;
proxy_set_header Connection        $atalaya_connection;
proxy_set_header X-Real-IP         $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
# The address that nginx saw, and nothing that the client claims.
proxy_set_header X-Forwarded-For   $remote_addr;

location {path} {{
    proxy_pass http://atalaya;
    # The server sends {heartbeat}: a connection
    # that is well is never silent for as long as this.
    proxy_read_timeout {patience}s;
    proxy_send_timeout {patience}s;
    # A held answer must go out the moment it is written, and is nobody else's.
    proxy_buffering off;
    proxy_cache off;
    gzip off;
}}

# Without anything after the address: /api/x arrives as /api/x.
location /api/ {{
    proxy_pass http://atalaya;
}}

location ~ ^/(healthz|readyz)$ {{
    proxy_pass http://atalaya;
    access_log off;
}}

{pages}

gzip on;
gzip_proxied any;
gzip_vary on;
gzip_min_length 1024;
gzip_types text/css application/javascript text/javascript application/json
           application/problem+json image/svg+xml;",
        names = deployment.names(),
        payload = deployment.max_payload,
        body = deployment.body_megabytes(),
        heartbeat = deployment.heartbeat_in_words(),
        pages = pages(&deployment.pages),
    );
    format!("server {{\n{}}}\n", indented(&inside))
}

fn pages(pages: &Pages) -> String {
    match pages {
        Pages::Proxied => "\
# The web application is in the server.
location / {
    proxy_pass http://atalaya;
}"
        .to_owned(),
        Pages::Folder(folder) => format!(
            "\
# The web application is in a folder; what is no file is one of its pages.
location / {{
    root {folder};
    try_files $uri $uri/ /index.html;
}}
location = /index.html {{
    root {folder};
    add_header Cache-Control no-cache;
}}
location /assets/ {{
    root {folder};
    try_files $uri =404;
    add_header Cache-Control \"public, max-age=31536000, immutable\";
}}"
        ),
    }
}

/// Each line four blanks further in.
fn indented(text: &str) -> String {
    text.lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        })
        .collect()
}
