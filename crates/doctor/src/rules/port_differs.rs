//! The back end is told one port or one address of its machine, and nginx asks at another.

use std::net::IpAddr;

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, is_server, standings},
};
use crate::{
    finding::{Finding, Severity},
    nginx::{Walk, upstream::Authority},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "port-differs",
    title: Title {
        english: "The back end is told one port, and nginx asks at another.",
        spanish: "Al back end se le dice un puerto, y nginx pregunta en otro.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    let judged = back_ends
        .flat_map(|(app, _)| [judge, other_address, one_of_two].map(|judge| judge(app, site)));
    judged.flatten().chain(astray(processes, site)).collect()
}

fn judge(app: &App, site: &Site<'_>) -> Option<Finding> {
    let (told, port) = app.port()?;
    let asked = site.local_ports();
    let meant = *asked.first()?;
    if app.ports().any(|port| asked.contains(&port)) || app.counts_ports {
        return None;
    }
    let lines = site.asked();
    let line = lines.iter().find(|(address, _)| address.port == meant);
    let at = site
        .case
        .zip(line)
        .map_or_else(String::new, |(case, (_, line))| {
            format!(" ({})", case.at(line))
        });
    let finding = Finding::new(
        RULE.id,
        match told.is_certain {
            true => Severity::Error,
            // Somebody may have set it where it is started; most often nobody has.
            false if told.is_default => Severity::Warning,
            false => Severity::Hint,
        },
        told.place.clone(),
        say!(
            "{name} is told to listen at port {port}, and nginx asks this machine at {meant}{at}.",
            "A {name} se le dice que escuche en el puerto {port}, y nginx pregunta a esta máquina en el {meant}{at}.",
            name = app.name
        ),
        say!(
            "The client gets 502, or the answer of whoever else listens there.",
            "El cliente recibe 502, o la respuesta de otro que escuche ahí."
        ),
    );
    let written = port.to_string();
    let right = told
        .value
        .strip_suffix(&written)
        .filter(|_| told.is_literal);
    // Which of the two is right is known only to who was told the back end's address.
    let is_sure = site.question.direct.is_some();
    let advice = say!(
        "Use one port in both: {meant} here, or {port} in nginx.",
        "Use un solo puerto en ambos: {meant} aquí, o {port} en nginx."
    );
    Some(match right {
        Some(host) => {
            let edit = told.replaced_by(&format!("{host}{meant}"));
            finding.mend(advice, is_sure, vec![edit])
        }
        None => finding.advise(advice),
    })
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
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        line.pos,
        say!(
            "nginx asks at {address}, and {name} is told to listen at {own} ({file}:{line}).",
            "nginx pregunta en {address}, y a {name} se le dice que escuche en {own} ({file}:{line}).",
            name = app.name,
            file = told.place.file.display(),
            line = told.place.line
        ),
        say!(
            "Nobody listens there: the client gets 502.",
            "Nadie escucha ahí: el cliente recibe 502."
        ),
    );
    Some(finding.advise(say!(
        "Use one address in both, such as 127.0.0.1.",
        "Use una sola dirección en ambos, como 127.0.0.1."
    )))
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
            "{address} is 127.0.0.1 and ::1, and {name} is told to listen at {own} ({file}:{line}); by {off} nginx does \
             not try the other one.",
            "{address} es 127.0.0.1 y ::1, y a {name} se le dice que escuche en {own} ({file}:{line}); por {off} nginx \
             no prueba la otra.",
            name = app.name,
            file = told.place.file.display(),
            line = told.place.line,
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

/// The only program is asked for the rest of the site, and Socket.IO's requests go to a port that is nobody's.
fn astray(processes: &Processes, site: &Site<'_>) -> Option<Finding> {
    let case = site.case.filter(|_| site.question.direct.is_none())?;
    let mut apps = processes.apps.iter().filter(|app| !app.is_launcher);
    let app = apps.next().filter(|_| apps.next().is_none())?;
    let (told, port) = app.port()?;
    let lines = site.asked();
    let (address, line) = lines.first()?;
    let is_own = |address: &Authority| address.is_loopback() && address.port == port;
    let is_far = |address: &Authority| !address.is_loopback() || address.port == 0;
    let asks = |walk: &Walk<'_>| {
        let proxied = walk.proxied().into_iter();
        let mut addresses = proxied.flat_map(|proxied| case.addresses(proxied));
        addresses.any(|(address, _)| is_own(&address))
    };
    let walks = case.walks.as_ref()?;
    let (page, api) = (asks(&walks.page), asks(&walks.api));
    if lines
        .iter()
        .any(|(address, _)| is_own(address) || is_far(address))
        || app.ports().any(|other| other == address.port)
        || app.counts_ports
        || !(page || api)
    {
        return None;
    }
    // Sockets may have a server of their own, which was not named.
    let host = &case.arriving.host;
    let servers = case.http.servers.iter().enumerate();
    let mut others = servers.filter(|(_, server)| server.knows(host));
    let is_sockets = others.any(|(at, _)| asks(&case.walk_in(at)))
        || app.package.depends_on("socket.io")
        || page && api && is_server(app)
        // PM2's file has whatever else is run.
        || api && app.unit.is_none();
    if !is_sockets {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        line.pos,
        say!(
            "Socket.IO's requests are sent to {address}, and {name}, who is asked for the rest, is told to listen at \
             port {port} ({file}:{line}).",
            "Las peticiones de Socket.IO se envían a {address}, y a {name}, a quien se pide lo demás, se le dice que \
             escuche en el puerto {port} ({file}:{line}).",
            name = app.name,
            file = told.place.file.display(),
            line = told.place.line
        ),
        say!(
            "The client gets 502, or the answer of whoever else listens there.",
            "El cliente recibe 502, o la respuesta de otro que escuche ahí."
        ),
    );
    Some(finding.advise(say!(
        "If {name} is Socket.IO's server too, send them to port {port}.",
        "Si {name} es también el servidor de Socket.IO, envíelas al puerto {port}.",
        name = app.name
    )))
}
