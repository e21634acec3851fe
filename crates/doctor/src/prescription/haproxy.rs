//! For HAProxy: a whole configuration.

use thiserror::Error;

use super::{Deployment, MANY, Pages};

/// HAProxy serves no files.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("HAProxy serves no files: leave the folder out, and the pages come from the server")]
pub struct NoFiles;

pub fn haproxy(deployment: &Deployment) -> Result<String, NoFiles> {
    if matches!(deployment.pages, Pages::Folder(_)) {
        return Err(NoFiles);
    }
    let tls = match &deployment.tls {
        None => String::new(),
        Some(tls) => format!(
            "    # HAProxy reads the key from the certificate's file, or from one of that name with .key at its end:
    #   cat {certificate} {key} > COMBINED.pem
    bind :::443 v4v6 ssl crt {certificate}
    http-request redirect scheme https code 301 unless {{ ssl_fc }}
",
            certificate = tls.certificate,
            key = tls.key,
        ),
    };
    Ok(format!(
        "\
# Atalaya behind HAProxy. Copy to /etc/haproxy/haproxy.cfg, and
#   haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy

global
    log stdout format raw local0

defaults
    mode http
    log global
    # Without the query, which holds a session's id.
    log-format \"%ci [%t] %HM %HP %ST %B %Ta\"
    timeout connect 5s
    timeout http-request 10s
    # The server sends {heartbeat}: a connection
    # that is well is never silent for as long as these. `tunnel` is for websockets.
    timeout client {patience}s
    timeout server {patience}s
    timeout tunnel {patience}s

frontend atalaya
    bind :::80 v4v6
{tls}    # The address that HAProxy saw, and nothing that the client claims.
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    acl named req.hdr(host),field(1,:),lower -m str {names}
    use_backend atalaya if named

backend atalaya
{balance}    option httpchk GET /readyz
    http-check expect status 200
{servers}",
        heartbeat = deployment.heartbeat_in_words(),
        patience = deployment.patience_seconds(),
        names = deployment.names().to_lowercase(),
        balance = balance(deployment),
        servers = servers(deployment),
    ))
}

fn balance(deployment: &Deployment) -> String {
    if !deployment.is_many() {
        return String::new();
    }
    let many: String = MANY.lines().map(|line| format!("    {line}\n")).collect();
    format!("{many}    balance source\n    hash-type consistent\n")
}

fn servers(deployment: &Deployment) -> String {
    let nodes = deployment.nodes.iter().enumerate();
    nodes
        .map(|(index, node)| format!("    server node{} {node} check\n", index + 1))
        .collect()
}
