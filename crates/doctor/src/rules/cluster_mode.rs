//! Several processes of the back end share a port, and a session's requests go to any of them; or they would share
//! it, and cannot.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "cluster-mode",
    title: Title {
        english: "Several processes of the back end, and the requests of one session go to any of them.",
        spanish: "Varios procesos del back end, y las peticiones de una sesión van a cualquiera de ellos.",
    },
    checks: &[Check::Processes(check)],
};

/// Packages that send a session's requests to one process.
const STICKY: [&str; 2] = ["@socket.io/sticky", "@socket.io/pm2"];

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site);
    standings
        .into_iter()
        .filter_map(|(app, standing)| judge(app, standing, site))
        .collect()
}

fn judge(app: &App, standing: Standing, site: &Site<'_>) -> Option<Finding> {
    let instances = app.instances.as_ref().filter(|_| app.is_many())?;
    let is_sticky = STICKY.iter().any(|package| app.package.depends_on(package));
    if standing == Standing::Other || is_sticky || app.counts_ports {
        return None;
    }
    let name = &app.name;
    let (message, effect) = if app.is_cluster {
        (
            say!(
                "{name} runs as several processes at one port (instances: {count}), and a session's requests go to \
                 any of them.",
                "{name} corre como varios procesos en un puerto (instances: {count}), y las peticiones de una \
                 sesión van a cualquiera de ellos.",
                count = instances.value
            ),
            say!(
                "Polling gets 400, {{\"code\":1,\"message\":\"Session ID unknown\"}}, now and then or every time; a \
                 websocket alone works.",
                "El polling recibe 400, {{\"code\":1,\"message\":\"Session ID unknown\"}}, a veces o siempre; un \
                 websocket solo funciona."
            ),
        )
    } else {
        (
            say!(
                "{name} runs as several processes (instances: {count}) that want the same port.",
                "{name} corre como varios procesos (instances: {count}) que quieren el mismo puerto.",
                count = instances.value
            ),
            say!(
                "Only the first gets the port; the others end with EADDRINUSE, and are started again and again.",
                "Solo el primero obtiene el puerto; los demás terminan con EADDRINUSE y se arrancan una y otra vez."
            ),
        )
    };
    // A websocket is one connection, and so one process's.
    let is_alone = app.is_cluster && site.question.is_websocket_only;
    let severity = match standing {
        _ if is_alone => Severity::Hint,
        Standing::BackEnd if instances.is_certain => Severity::Error,
        _ => Severity::Hint,
    };
    let finding = Finding::new(RULE.id, severity, instances.place.clone(), message, effect);
    let advice = say!(
        "Run one process. Several need @socket.io/sticky in the server, or a port for each and `ip_hash` in nginx.",
        "Ejecute un solo proceso. Varios necesitan @socket.io/sticky en el servidor, o un puerto para cada uno e \
         `ip_hash` en nginx."
    );
    Some(if instances.is_literal {
        finding.mend(advice, true, vec![instances.replaced_by("1")])
    } else {
        finding.advise(advice)
    })
}
