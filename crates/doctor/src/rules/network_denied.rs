//! A unit that keeps its server where nginx does not reach it: off the network, or in temporary folders of its own.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "network-denied",
    title: Title {
        english: "The unit keeps the server out of nginx's reach.",
        spanish: "La unidad deja al servidor fuera del alcance de nginx.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    back_ends
        .filter_map(|(app, _)| match site.local_ports().first() {
            Some(port) => judge(app, *port),
            None => judge_socket(app, site),
        })
        .collect()
}

/// A socket in the file system is reached whatever is said of the network, but for a folder of its own.
fn judge_socket(app: &App, site: &Site<'_>) -> Option<Finding> {
    let set = app.unit.as_ref()?.private_tmp.as_ref()?;
    let mut asked = site.asked().into_iter();
    let (socket, _) = asked.find_map(|(address, by)| {
        let path = address.host.strip_prefix("unix:")?;
        let is_hidden = path.starts_with("/tmp/") || path.starts_with("/var/tmp/");
        is_hidden.then(|| (path.to_owned(), by))
    })?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        set.place.clone(),
        say!(
            "With PrivateTmp {name} has a /tmp of its own, and nginx does not find {socket} in the machine's.",
            "Con PrivateTmp {name} tiene un /tmp propio, y nginx no encuentra {socket} en el de la máquina.",
            name = app.name
        ),
        say!(
            "nginx cannot connect: clients get 502, though the server runs.",
            "nginx no puede conectar: los clientes reciben 502, aunque el servidor corre."
        ),
    );
    Some(finding.advise(say!(
        "Put the socket into a folder under /run (RuntimeDirectory=), for the server and for nginx.",
        "Ponga el socket en una carpeta bajo /run (RuntimeDirectory=), para el servidor y para nginx."
    )))
}

fn judge(app: &App, port: u16) -> Option<Finding> {
    let set = app.unit.as_ref()?.cut_off.as_ref()?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        set.place.clone(),
        say!(
            "With {key}={value} no other program reaches {name} at port {port}.",
            "Con {key}={value} ningún otro programa llega a {name} en el puerto {port}.",
            key = set.name.as_deref().unwrap_or_default(),
            value = set.value,
            name = app.name
        ),
        say!(
            "nginx cannot connect: clients get 502 or 504, though the server runs.",
            "nginx no puede conectar: los clientes reciben 502 o 504, aunque el servidor corre."
        ),
    );
    Some(finding.advise(say!(
        "Leave the loopback open: no PrivateNetwork, AF_INET and AF_INET6 among the families, IPAddressAllow=localhost.",
        "Deje abierta la interfaz local: sin PrivateNetwork, con AF_INET y AF_INET6 entre las familias, \
         IPAddressAllow=localhost."
    )))
}
