//! The back end is told one port or one address of its machine, and nginx asks at another.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, is_other, is_server, standings},
    development_mode::is_for_developers,
    listening,
};
use crate::{
    finding::{Finding, Severity},
    nginx::{Walk, upstream::Authority},
    process::{App, Processes},
    setting::Setting,
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
        .flat_map(|(app, _)| [judge, listening::judge, file].map(|judge| judge(app, site)));
    let judged = judged.flatten().chain(astray(processes, site));
    judged.chain(taken(processes)).collect()
}

fn judge(app: &App, site: &Site<'_>) -> Option<Finding> {
    let in_production = in_production(app);
    let (told, port) = in_production.clone().or_else(|| app.port())?;
    let asked = site.local_ports();
    let meant = *asked.first()?;
    let is_asked = match in_production {
        Some((_, port)) => asked.contains(&port),
        None => app.ports().any(|port| asked.contains(&port)),
    };
    if is_asked || app.counts_ports {
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

/// The port of the environment for production, where the one that holds without it has none, or is for developers.
fn in_production(app: &App) -> Option<(Setting, u16)> {
    let told = app.production_variable("PORT")?;
    let plain = app.variable("NODE_ENV");
    let counts = app.port().is_none() || plain.is_some_and(is_for_developers);
    let port = told.value.parse().ok().filter(|_| counts)?;
    Some((told.clone(), port))
}

/// Sockets in the file system, and none of those that nginx asks.
fn file(app: &App, site: &Site<'_>) -> Option<Finding> {
    let lines = site.asked();
    let asked: Option<Vec<&str>> = lines
        .iter()
        .map(|(address, _)| address.host.strip_prefix("unix:"))
        .collect();
    let asked = asked.filter(|asked| !asked.is_empty())?;
    let (told, path) = app.socket_files().next()?;
    // A link may lead from the one to the other.
    if app.socket_files().any(|(_, path)| asked.contains(&path)) || path.contains('%') {
        return None;
    }
    let at = site
        .case
        .map(|case| case.at(lines[0].1))
        .unwrap_or_default();
    let meant = asked[0];
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        told.place.clone(),
        say!(
            "{name} is told to listen at {path}, and nginx asks at {meant} ({at}).",
            "A {name} se le dice que escuche en {path}, y nginx pregunta en {meant} ({at}).",
            name = app.name
        ),
        say!(
            "The client gets 502: nobody made the file that nginx looks for.",
            "El cliente recibe 502: nadie creó el archivo que busca nginx."
        ),
    );
    Some(finding.advise(say!(
        "Use one file in both: {meant} here, or {path} in nginx.",
        "Use un solo archivo en ambos: {meant} aquí, o {path} en nginx."
    )))
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
    let asks = |walk: &Walk<'_>| case.back_ends(walk).iter().any(is_own);
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
             port {port} ({at}).",
            "Las peticiones de Socket.IO se envían a {address}, y a {name}, a quien se pide lo demás, se le dice que \
             escuche en el puerto {port} ({at}).",
            name = app.name,
            at = told.place.at()
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

/// Two programs of PM2's file are told one port. Of those that count, the first process has the port itself.
fn taken(processes: &Processes) -> Option<Finding> {
    let alone = |app: &&App| !(app.is_cluster || app.unit.is_some());
    let told = processes.apps.iter().filter(alone);
    let told = told.filter_map(|app| Some((app, app.own_port()?)));
    let told: Vec<_> = told.collect();
    let pairs = told
        .iter()
        .enumerate()
        .flat_map(|(at, one)| told[at + 1..].iter().map(move |other| (one, other)));
    // What stands in one place is said to whoever listens at all.
    let mut same = pairs.filter(|((_, (own, port)), (_, (told, theirs)))| {
        theirs == port && told.place != own.place
    });
    let (first, second) = same.next()?;
    // The port is sooner the server's than that of what stands beside it.
    let is_first_wrong = is_other(first.0) && !is_other(second.0);
    let ((first, (own, _)), (second, (told, port))) = match is_first_wrong {
        true => (second, first),
        false => (first, second),
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        told.place.clone(),
        say!(
            "{name} is told port {port}, which is {other}'s too ({at}).",
            "A {name} se le dice el puerto {port}, que es también de {other} ({at}).",
            name = second.name,
            other = first.name,
            at = own.place.at()
        ),
        say!(
            "The one that starts first gets it; the other ends with EADDRINUSE, and is started again and again.",
            "Lo obtiene el que arranca primero; el otro termina con EADDRINUSE y se arranca una y otra vez."
        ),
    );
    Some(finding.advise(say!(
        "Give each of them a port of its own.",
        "Dé a cada uno un puerto propio."
    )))
}
