//! What is run does not start: it names a folder or a file that is not there, or that its unit hides from it.

use super::{Check, Rule, Site, Title, back_end::standings};
use crate::{
    finding::{Finding, Severity},
    process::{App, Obstacle, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "start-fails",
    title: Title {
        english: "The server does not start: a folder or a file that it needs is not there for it.",
        spanish: "El servidor no arranca: una carpeta o un archivo que necesita no está ahí para él.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let judged = standings(processes, site).into_iter();
    judged
        .flat_map(|(app, standing)| {
            let obstacles = app.obstacles.iter();
            let obstacles = obstacles.filter(|obstacle| concerns(obstacle, site));
            // One is enough, and what it leads to is none of its own.
            let first = obstacles.take(1);
            first.map(move |obstacle| tell(app, obstacle, standing.error()))
        })
        .collect()
}

/// A socket that nginx does not ask may be another server's.
fn concerns(obstacle: &Obstacle, site: &Site<'_>) -> bool {
    let (Obstacle::OtherFolder { socket, .. } | Obstacle::Sealed { socket, .. }) = obstacle else {
        return true;
    };
    let asked = site.asked().into_iter();
    let mut hosts = asked.map(|(address, _)| address.host);
    hosts.any(|host| host.strip_prefix("unix:") == Some(socket.as_str()))
}

fn tell(app: &App, obstacle: &Obstacle, severity: Severity) -> Finding {
    let name = &app.name;
    let effect = say!(
        "The process manager tries again and again, or gives up; nginx finds nobody, and clients get 502.",
        "El gestor de procesos lo intenta una y otra vez, o desiste; nginx no encuentra a nadie, y los clientes reciben \
         502."
    );
    let (by, message, advice) = match obstacle {
        Obstacle::Elsewhere {
            told,
            missing,
            meant,
        } => (
            told,
            say!(
                "{name} cannot be started: there is no {missing}, but there is {meant}.",
                "{name} no se puede arrancar: no existe {missing}, pero sí {meant}.",
                missing = missing.display(),
                meant = meant.display()
            ),
            say!(
                "Name what is there, {meant}, or put it where it is looked for.",
                "Nombre lo que hay, {meant}, o póngalo donde se busca.",
                meant = meant.display()
            ),
        ),
        Obstacle::Hidden { by, path } => (
            by,
            say!(
                "{name} cannot be started: it needs {path}, which ProtectHome={value} hides from it.",
                "{name} no se puede arrancar: necesita {path}, que ProtectHome={value} le oculta.",
                path = path.display(),
                value = by.value
            ),
            say!(
                "Move it out of the home folders, such as to /srv or /opt, or say ProtectHome=read-only.",
                "Sáquelo de las carpetas personales, por ejemplo a /srv u /opt, o ponga ProtectHome=read-only."
            ),
        ),
        Obstacle::Sealed { by, socket } => (
            by,
            say!(
                "{name} is to make its socket {socket}, and with ProtectSystem=strict it may write there to \
                 nothing.",
                "{name} debe crear su socket {socket}, y con ProtectSystem=strict no puede escribir ahí."
            ),
            say!(
                "Have the unit make the socket's folder under /run (RuntimeDirectory=), or name it in ReadWritePaths=.",
                "Haga que la unidad cree la carpeta del socket bajo /run (RuntimeDirectory=), o nómbrela en \
                 ReadWritePaths=."
            ),
        ),
        Obstacle::OtherFolder {
            made,
            socket,
            folder,
        } => (
            made,
            say!(
                "{name} is to make its socket {socket}, and nobody makes {folder}: the unit makes /run/{made}.",
                "{name} debe crear su socket {socket}, y nadie crea {folder}: la unidad crea /run/{made}.",
                folder = folder.display(),
                made = made.value
            ),
            say!(
                "Give the folder one name in RuntimeDirectory=, in what the server is told, and in nginx.",
                "Dé a la carpeta un solo nombre en RuntimeDirectory=, en lo que se le dice al servidor y en nginx."
            ),
        ),
    };
    Finding::new(RULE.id, severity, by.place.clone(), message, effect).advise(advice)
}
