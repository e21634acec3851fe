//! A unit that keeps its server off the network, where nginx asks it by TCP.

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
        english: "The unit keeps the server off the network.",
        spanish: "La unidad deja al servidor sin red.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    // A socket in the file system is reached all the same.
    let ports = site.local_ports();
    let Some(port) = ports.first() else {
        return Vec::new();
    };
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    back_ends
        .filter_map(|(app, _)| judge(app, *port))
        .collect()
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
