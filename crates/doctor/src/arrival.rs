//! Where a request arrives: at which port of nginx, and at which address of this machine.

use std::net::IpAddr;

use crate::{
    nginx::{Http, request::Origin},
    question::Question,
    root::Root,
};

/// A request's origin as nginx sees it. Nobody listens on the URL's own port where something in front of nginx
/// ends TLS, or maps the port.
pub(crate) fn arriving(http: &Http<'_>, question: &Question, origin: &Origin) -> Origin {
    let mut arriving = origin.clone();
    let ports = listening_ports(http);
    if ports.contains(&origin.port) || is_around_nginx(question, origin) {
        return arriving;
    }
    if origin.scheme == "https" && ports.contains(&80) {
        arriving.port = 80;
        arriving.scheme = "http";
    } else if let [only] = ports[..] {
        arriving.port = only;
    }
    arriving
}

/// Whether the URL is the back end's own.
fn is_around_nginx(question: &Question, origin: &Origin) -> bool {
    let direct = question.direct.as_ref();
    direct.is_some_and(|direct| direct.origin.port == origin.port)
}

fn listening_ports(http: &Http<'_>) -> Vec<u16> {
    let servers = http.servers.iter().flat_map(|server| &server.listens);
    let listens = servers.chain(http.fronts.iter().flat_map(|front| &front.listens));
    let mut ports: Vec<u16> = listens
        .map(|listen| listen.port)
        .filter(|&port| port != 0)
        .collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The address that a name leads to, if it is one or stands in the machine's own list.
pub(crate) fn address_of(root: &Root, host: &str) -> Option<String> {
    if host.parse::<IpAddr>().is_ok() {
        return Some(host.to_owned());
    }
    let hosts = root.read("/etc/hosts".as_ref()).ok()?;
    let lines = hosts
        .text
        .lines()
        .map(|line| line.split('#').next().unwrap_or(""));
    lines.into_iter().find_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?;
        words
            .any(|name| name.eq_ignore_ascii_case(host))
            .then(|| address.to_owned())
    })
}
