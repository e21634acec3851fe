//! A tree as a provider of hosting has it: many sites, each a file that is linked into sites-enabled, with TLS, a
//! redirect from plain HTTP, an upstream of its own, shared snippets, and Socket.IO behind it.

use std::{fmt::Write, fs, os::unix::fs::symlink, path::Path};

use atalaya_doctor::question::Question;
use tempfile::TempDir;

const MAIN: &str = "\
user www-data;
worker_processes auto;
events { worker_connections 4096; }
http {
    include mime.types;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    gzip on;
    include conf.d/*.conf;
    include sites-enabled/*;
}
";

const PROXY: &str = "\
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $connection_upgrade;
proxy_read_timeout 120s;
";

const TLS: &str = "\
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:tls:10m;
ssl_prefer_server_ciphers off;
add_header Strict-Transport-Security \"max-age=31536000\" always;
";

/// So many sites; the site `broken` lacks the headers of the upgrade.
pub(crate) fn tree(sites: usize, broken: Option<usize>) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let nginx = tree.path().join("etc/nginx");
    for folder in ["conf.d", "sites-available", "sites-enabled", "snippets"] {
        fs::create_dir_all(nginx.join(folder)).unwrap();
    }
    let write = |file: &str, text: &str| fs::write(nginx.join(file), text).unwrap();
    write("nginx.conf", MAIN);
    write("mime.types", "types { text/html html; text/css css; }\n");
    write("snippets/proxy.conf", PROXY);
    write("snippets/tls.conf", TLS);
    for site in 0..sites {
        let name = host(site);
        let available = format!("/etc/nginx/sites-available/{name}");
        write(
            &format!("sites-available/{name}"),
            &text(site, broken == Some(site)),
        );
        symlink(available, nginx.join("sites-enabled").join(&name)).unwrap();
    }
    tree
}

/// What is asked of one of them. It is opened by plain HTTP, as people type it.
pub(crate) fn question(site: usize) -> Question {
    Question {
        url: Some(format!("http://{}/", host(site)).parse().unwrap()),
        ..Question::default()
    }
}

/// Where a site's Socket.IO is handed on.
#[allow(dead_code, reason = "the bench does not look")]
pub(crate) fn line_of_the_proxy(file: &Path) -> usize {
    let text = fs::read_to_string(file).unwrap();
    let socket = text.lines().position(|line| line.contains("/socket.io/"));
    let socket = socket.unwrap();
    let pass = text.lines().skip(socket);
    let pass = pass.take_while(|line| !line.contains("proxy_pass")).count();
    socket + pass + 1
}

pub(crate) fn host(site: usize) -> String {
    format!("site-{site:04}.example.com")
}

fn text(site: usize, is_broken: bool) -> String {
    let (host, port) = (host(site), 10_000 + site);
    let headers = match is_broken {
        true => "proxy_set_header Host $http_host;",
        false => "include snippets/proxy.conf;",
    };
    let mut text = String::new();
    write!(
        text,
        r#"# {host}: written by the panel, do not edit.
upstream app_{site} {{
    server 127.0.0.1:{port} max_fails=0;
    keepalive 8;
}}

server {{
    listen 80;
    listen [::]:80;
    server_name {host} www.{host};
    location /.well-known/acme-challenge/ {{
        root /var/www/letsencrypt;
    }}
    location / {{
        return 301 https://$host$request_uri;
    }}
}}

server {{
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    server_name {host} www.{host};
    ssl_certificate     /etc/letsencrypt/live/{host}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;
    include snippets/tls.conf;

    root /var/www/{host}/public;
    index index.html;
    client_max_body_size 20m;
    access_log /var/log/nginx/{host}.access.log;
    error_log  /var/log/nginx/{host}.error.log;

    location ~ /\.(?!well-known) {{
        deny all;
    }}
    location ~* \.(?:css|js|png|svg|woff2)$ {{
        expires 30d;
        try_files $uri =404;
    }}
    location /api/ {{
        include snippets/proxy.conf;
        proxy_pass http://app_{site};
    }}
    location ^~ /socket.io/ {{
        {headers}
        proxy_pass http://app_{site};
    }}
    location / {{
        try_files $uri $uri/ /index.html;
    }}
}}
"#
    )
    .unwrap();
    text
}
