//! The back end is told an address to listen at, and nginx asks it at another one, at the same port.

use std::net::IpAddr;

use super::{Site, port_differs::RULE};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    language::Text,
    nginx::{tree::Directive, upstream::Authority},
    process::App,
};

pub(super) fn judge(app: &App, site: &Site<'_>) -> Option<Finding> {
    other_address(app, site)
        .or_else(|| one_of_two(app, site))
        .or_else(|| from_outside(app, site))
}

/// It listens at one address alone, and nginx asks at another one of this machine.
fn other_address(app: &App, site: &Site<'_>) -> Option<Finding> {
    let case = site.case?;
    let (told, own) = app.address()?;
    let (_, port) = app.port()?;
    let lines = site.asked();
    let mut here = lines
        .iter()
        .filter(|(address, _)| address.port == port && address.is_loopback());
    let (address, line) = here.next()?;
    let is_other = |address: &Authority| {
        let asked = address.host.parse();
        asked.is_ok_and(|asked| is_missed(asked, own))
    };
    if !is_other(address) || !here.all(|(address, _)| is_other(address)) {
        return None;
    }
    Some(nobody(
        case,
        line,
        say!(
            "nginx asks at {address}, and {name} is told to listen at {own} ({at}).",
            "nginx pregunta en {address}, y a {name} se le dice que escuche en {own} ({at}).",
            name = app.name,
            at = told.place.at()
        ),
        say!(
            "Use one address in both, such as 127.0.0.1.",
            "Use una sola dirección en ambos, como 127.0.0.1."
        ),
    ))
}

/// `localhost` leads to an address of either family. nginx tries the other one where nobody listens, unless it is told
/// not to.
fn one_of_two(app: &App, site: &Site<'_>) -> Option<Finding> {
    let case = site.case?.innermost();
    let scope = case.walks.as_ref()?.handshake.scope();
    let off = scope.one("proxy_next_upstream")?;
    let (told, own) = app.address()?;
    let (_, port) = app.port()?;
    let lines = site.asked();
    let named = |address: &Authority| address.host == "localhost" && address.port == port;
    let (address, line) = lines.iter().find(|(address, _)| named(address))?;
    if !off.has_arg("off") {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        line.pos,
        say!(
            "{address} is 127.0.0.1 and ::1, and {name} is told to listen at {own} ({at}); by {off} nginx does \
             not try the other one.",
            "{address} es 127.0.0.1 y ::1, y a {name} se le dice que escuche en {own} ({at}); por {off} nginx \
             no prueba la otra.",
            name = app.name,
            at = told.place.at(),
            off = case.at(off)
        ),
        say!(
            "Every other request gets 502.",
            "Una de cada dos peticiones recibe 502."
        ),
    );
    Some(finding.advise(say!(
        "Name the address: {own}:{port}.",
        "Indique la dirección: {own}:{port}."
    )))
}

/// Whether who asks there surely does not meet who listens here.
fn is_missed(asked: IpAddr, own: IpAddr) -> bool {
    let is_other_family = asked.is_ipv4() != own.is_ipv4();
    asked.is_loopback() && (is_other_family || !own.is_unspecified() && !own.is_loopback())
}

/// It listens at the loopback address alone, and nginx asks at one of the network.
fn from_outside(app: &App, site: &Site<'_>) -> Option<Finding> {
    let case = site.case?.innermost();
    let (told, own) = app.address().filter(|(_, own)| own.is_loopback())?;
    let (_, port) = app.port()?;
    let lines = site.asked();
    let is_outside = |address: &Authority| {
        let asked = address.host.parse::<IpAddr>();
        address.port == port && asked.is_ok_and(|asked| !asked.is_loopback())
    };
    let (address, line) = lines.first()?;
    if !lines.iter().all(|(address, _)| is_outside(address)) {
        return None;
    }
    Some(nobody(
        case,
        line,
        say!(
            "nginx asks at {address}, and {name} is told to listen at {own} alone ({at}).",
            "nginx pregunta en {address}, y a {name} se le dice que escuche solo en {own} ({at}).",
            name = app.name,
            at = told.place.at()
        ),
        say!(
            "If it is this machine's address, ask at {own}:{port}; or let the server listen at that one.",
            "Si es la dirección de esta máquina, pregunte en {own}:{port}; o haga que el servidor escuche en aquella."
        ),
    ))
}

/// What follows where nobody listens at the address of this line.
fn nobody(case: &Case<'_>, line: &Directive, message: Text, advice: Text) -> Finding {
    let effect = say!(
        "Nobody listens there: the client gets 502.",
        "Nadie escucha ahí: el cliente recibe 502."
    );
    let finding = case.finding(RULE.id, Severity::Warning, line.pos, message, effect);
    finding.advise(advice)
}
