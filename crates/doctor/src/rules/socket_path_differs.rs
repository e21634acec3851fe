//! The front end, or the server, was told another Socket.IO path than the one that nginx leads from the one to
//! the other.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
    client,
};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    front_end::{FrontEnd, SocketPath},
    language::Text,
    nginx::Walk,
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "socket-path-differs",
    title: Title {
        english: "The client was told another Socket.IO path than the one that nginx leads to the back end.",
        spanish: "Al cliente se le dijo otra ruta de Socket.IO que la que nginx lleva al back end.",
    },
    checks: &[Check::FrontEnd(of_client), Check::Processes(server)],
};

fn of_client(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    let paths = front_end.socket_paths.iter();
    paths.filter_map(|path| judge(path, site)).collect()
}

fn judge(path: &SocketPath, site: &Site<'_>) -> Option<Finding> {
    let setting = &path.setting;
    let case = site.case.filter(|case| client::is_for(case, path))?;
    let asked = client::asked(&setting.value);
    let meant = &case.question.path;
    let walks = case.walks.as_ref()?;
    let works = case.reaches_socket_io(&walks.handshake);
    // Where nginx leads both or neither to the back end, the file says nothing about which is right.
    if asked == *meant || !works || client::leads(case, &asked) {
        return None;
    }
    // A websocket that is not Socket.IO's has no slash at its end.
    let is_other = || {
        case.walk_to(&setting.value)
            .is_some_and(|walk| walk.proxied().is_some())
    };
    if !path.is_certain && is_other() {
        return None;
    }
    let says = setting.name.as_ref().map_or_else(Text::default, |name| {
        say!(", as {name} says", ", como dice {name}")
    });
    let arrives = case.handshake_at(&asked);
    let message = match arrives.as_ref().and_then(Walk::proxied) {
        // The API's location takes it along.
        Some(proxied) if proxied.path() == Some(&asked) => say!(
            "The client asks for {asked}{says}, which gets to the back end as it is, with the API's requests and without \
             an upgrade; the location for Socket.IO is {meant}.",
            "El cliente pide {asked}{says}, que llega al back end tal cual, con las peticiones de la API y sin upgrade; \
             la location de Socket.IO es {meant}.";
            says = says
        ),
        _ => say!(
            "The client asks for {asked}{says}; nginx leads {meant} to the back end, and not {asked}.{namespace}",
            "El cliente pide {asked}{says}; nginx lleva {meant} al back end, y no {asked}.{namespace}";
            says = says, namespace = namespace(case, &asked)
        ),
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        setting.place.clone(),
        message,
        say!(
            "The handshake gets 404, or 200 with the page's HTML, and never a session.",
            "El handshake recibe 404, o 200 con el HTML de la página, y nunca una sesión."
        ),
    );
    Some(finding.advise(say!(
        "Use one path in the client, in nginx's location and in the server: {meant} if the server was told nothing.",
        "Use una sola ruta en el cliente, en la location de nginx y en el servidor: {meant} si al servidor no se le \
         dijo nada."
    )))
}

/// A frequent mistake.
fn namespace(case: &Case<'_>, asked: &str) -> Text {
    let namespace = &case.question.namespace;
    if asked.trim_end_matches('/') != namespace {
        return Text::default();
    }
    say!(
        " {namespace} is the namespace, which is no path.",
        " {namespace} es el namespace, que no es una ruta."
    )
}

fn server(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    let told = back_ends.filter_map(|(app, _)| Some((app, app.socket_path()?)));
    told.filter_map(|(app, path)| judge_server(app, &path, site))
        .collect()
}

fn judge_server(app: &App, own: &Setting, site: &Site<'_>) -> Option<Finding> {
    let handshake = &site.case?.walks.as_ref()?.handshake;
    let arrives = handshake.proxied()?.path()?;
    // Where nginx changes the path on the way, that line is told.
    if own.value == *arrives || *arrives != *site.question.path {
        return None;
    }
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        own.place.clone(),
        say!(
            "{name} listens for Socket.IO at {own}, and the clients' requests arrive at {arrives}.",
            "{name} espera a Socket.IO en {own}, y las peticiones de los clientes llegan a {arrives}.",
            name = app.name,
            own = own.value
        ),
        say!(
            "The handshake gets 404, and never a session.",
            "El handshake recibe 404, y nunca una sesión."
        ),
    );
    let advice = say!(
        "Use one path in the client, in nginx and here; the client's is given with --path.",
        "Use una sola ruta en el cliente, en nginx y aquí; la del cliente se da con --path."
    );
    Some(match own.is_literal {
        true => finding.mend(advice, false, vec![own.replaced_by(arrives)]),
        false => finding.advise(advice),
    })
}
