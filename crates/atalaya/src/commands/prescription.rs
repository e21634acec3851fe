//! `atalaya proxy` and `atalaya service`: configurations for what stands around this server, by its own settings.

use anyhow::Result;
use atalaya_doctor::{
    prescription::{self, Deployment, Node, Pages, Service, Tls},
    question::Heartbeat,
};
use atalaya_server::config::reachable;
use serde_json::json;

use crate::{
    cli::{Manager, Proxy, ProxyArgs, ServiceArgs},
    config::Settings,
    output::{Failure, Style},
};

pub fn proxy(args: ProxyArgs, settings: &Settings, style: Style) -> Result<()> {
    let program = args.proxy;
    let deployment = deployment(args, settings)?;
    let text = match program {
        Proxy::Nginx => prescription::nginx(&deployment),
        Proxy::Caddy => prescription::caddy(&deployment),
        Proxy::Haproxy => prescription::haproxy(&deployment).map_err(|error| {
            Failure::could_not_run("writing the configuration", error)
                .try_this("leave --pages out, or use nginx or caddy")
        })?,
    };
    show(&text, style)
}

pub fn service(args: ServiceArgs, settings: &Settings, style: Style) -> Result<()> {
    let manager = args.manager;
    let service = Service {
        binary: args.binary,
        user: args.user,
        home: args.home,
        logs: args.logs,
        shutdown_grace: settings.without_secret().shutdown_grace,
    };
    let text = match manager {
        Manager::Systemd => prescription::systemd(&service),
        Manager::Pm2 => prescription::pm2(&service),
    };
    show(&text, style)
}

fn show(text: &str, style: Style) -> Result<()> {
    Ok(style.print(&json!({ "configuration": text }), |_| text.to_owned())?)
}

fn deployment(args: ProxyArgs, settings: &Settings) -> Result<Deployment> {
    let config = settings.without_secret();
    let nodes = match args.node.is_empty() {
        true => vec![reachable(config.listen).to_string().parse::<Node>()?],
        false => args.node,
    };
    let tls = args.tls_certificate.zip(args.tls_key);
    Ok(Deployment {
        names: args.name,
        tls: tls.map(|(certificate, key)| Tls { certificate, key }),
        nodes,
        pages: args.pages.map_or(Pages::Proxied, Pages::Folder),
        socket_path: config.socket_path.clone(),
        heartbeat: Heartbeat {
            interval: config.ping_interval,
            timeout: config.ping_timeout,
        },
        max_payload: config.max_payload.try_into()?,
    })
}
