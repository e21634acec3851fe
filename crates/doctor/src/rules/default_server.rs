//! No `server_name` fits the host, and the default server does not lead to Socket.IO, while another block does.

use super::{Check, Rule, Site, Title, blame, headers, no_location::is_for_everything, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{
        Walk,
        listen::Listen,
        server::{Server, Why},
        tree::Directive,
    },
};

pub(super) const RULE: Rule = Rule {
    id: "default-server",
    title: Title {
        english: "The default server answers.",
        spanish: "Responde el servidor por defecto.",
    },
    checks: &[
        Check::Route(|case| one(judge(case))),
        Check::Route(|case| one(host_lost(case))),
        Check::FrontEnd(|_, site: &Site<'_>| one(site.page.and_then(page_elsewhere))),
    ],
};

/// The page has a block of its own, which does not listen where it is opened.
fn page_elsewhere(page: &Case<'_>) -> Option<Finding> {
    let choice = &page.walks.as_ref()?.page.choice;
    if matches!(choice.why, Why::Name(_)) {
        return None;
    }
    let host = &page.arriving.host;
    let servers = page.http.servers.iter();
    let mut own = servers.filter(|server| server.knows(host));
    let server = own.next().filter(|_| own.next().is_none())?;
    match obstacle(page, server, &choice.listen)? {
        Obstacle::Port => Some(not_listening(page, server, &Obstacle::Port)),
        Obstacle::Address(_) => None,
    }
}

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let choice = &walks.handshake.choice;
    let by_name = matches!(choice.why, Why::Name(_));
    let servers = &case.http.servers;
    if by_name {
        return None;
    }
    if case.reaches_socket_io(&walks.handshake) {
        // It is for everything, and not for this path; a name that is misspelt has a location that is.
        let meant = servers.iter().enumerate().find(|(at, server)| {
            *at != choice.server
                && difference(server, &case.arriving.host) <= 1
                && obstacle(case, server, &choice.listen).is_none()
                && is_meant(case, &case.walk_in(*at), &walks.handshake)
        });
        return meant.map(|(_, server)| not_named(case, server));
    }
    let leads =
        |server: &usize| *server != choice.server && case.reaches_socket_io(&case.walk_in(*server));
    let candidates = || (0..servers.len()).filter(leads);
    let host = &case.arriving.host;
    let named = candidates().find(|&server| servers[server].knows(host));
    let alike = || candidates().min_by_key(|&server| difference(&servers[server], host));
    let server = &servers[named.or_else(alike)?];
    Some(match obstacle(case, server, &choice.listen) {
        Some(obstacle) => not_listening(case, server, &obstacle),
        None => not_named(case, server),
    })
}

/// Whether a location that is not for everything leads to another back end than the one that is asked.
fn is_meant(case: &Case<'_>, walk: &Walk<'_>, taken: &Walk<'_>) -> bool {
    !is_for_everything(blame::first_location(walk))
        && is_for_everything(blame::first_location(taken))
        && case.reaches_socket_io(walk)
        && walk.proxied().map(|proxied| &proxied.target)
            != taken.proxied().map(|proxied| &proxied.target)
}

/// By how many letters the block's most similar name differs.
fn difference(server: &Server<'_>, host: &str) -> usize {
    let names = server.names.iter().map(|name| name.word.text.as_str());
    let each = names.map(|name| strsim::levenshtein(name, host));
    each.min().unwrap_or(usize::MAX)
}

/// Why a block is not asked, whatever its names are.
enum Obstacle<'l, 'c> {
    /// It does not listen on the port.
    Port,
    /// Another block listens at the very address, and this one only at others, or at the wildcard.
    Address(&'l Listen<'c>),
}

fn obstacle<'l, 'c>(
    case: &Case<'c>,
    server: &Server<'c>,
    taken: &'l Listen<'c>,
) -> Option<Obstacle<'l, 'c>> {
    let mut listens = server.listens.iter();
    let mut on_port = listens.clone().filter(|listen| listen.port == taken.port);
    if listens.any(|listen| listen.port == taken.port && listen.address == taken.address) {
        return None;
    }
    let is_named = server.knows(&case.arriving.host);
    match on_port.next() {
        // A name that is not there is told first.
        None if is_named => Some(Obstacle::Port),
        Some(_) if is_named || !taken.address.is_any() => Some(Obstacle::Address(taken)),
        _ => None,
    }
}

fn not_listening(case: &Case<'_>, server: &Server<'_>, obstacle: &Obstacle<'_, '_>) -> Finding {
    let host = &case.origin.host;
    let port = case.arriving.port;
    let walks = case.walks.as_ref();
    let taken = walks.map_or_else(String::new, |walks| {
        case.at(walks.handshake.server().directive)
    });
    let own = server.listens.iter().find_map(|listen| listen.directive);
    let place = own.unwrap_or(server.directive);
    let (place, message, advice) = match obstacle {
        Obstacle::Port => (
            place,
            say!(
                "The block that is meant for {host} does not listen on port {port}, so the default server at {taken} \
                 gets the requests.",
                "El bloque que es para {host} no escucha en el puerto {port}, así que las peticiones van al servidor \
                 por defecto de {taken}."
            ),
            say!(
                "Add a `listen` for port {port} to this block.",
                "Añada a este bloque un `listen` para el puerto {port}."
            ),
        ),
        Obstacle::Address(listen) => {
            let written = listen
                .directive
                .map_or_else(String::new, |listen| case.config.written(listen));
            let default = if server.knows(host) {
                ""
            } else {
                " default_server"
            };
            (
                listen.directive.unwrap_or(place),
                say!(
                    "`{written}` takes all that comes to that address, so the block that leads to Socket.IO ({own}) \
                     gets nothing of it.",
                    "`{written}` toma todo lo que llega a esa dirección, así que al bloque que lleva a Socket.IO \
                     ({own}) no le llega nada.",
                    own = case.at(place)
                ),
                say!(
                    "Add `{written}{default};` to that block too, or let this one give up the address.",
                    "Añada `{written}{default};` también a ese bloque, o haga que este deje la dirección."
                ),
            )
        }
    };
    let finding = case.finding(RULE.id, Severity::Error, place.pos, message, effect());
    finding.advise(advice)
}

fn effect() -> Text {
    say!(
        "The default server answers in its stead: another site's page, a redirect or 404.",
        "En su lugar responde el servidor por defecto: la página de otro sitio, una redirección o 404."
    )
}

fn not_named(case: &Case<'_>, server: &Server<'_>) -> Finding {
    let names = server.directive.first("server_name");
    let place = names.unwrap_or(server.directive);
    let walks = case.walks.as_ref();
    let taken = walks.map_or_else(String::new, |walks| {
        case.at(walks.handshake.server().directive)
    });
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        message(case, place, &taken),
        effect(),
    );
    let host = &case.origin.host;
    match names.and_then(|names| names.args.last()) {
        Some(word) => {
            let text = format!("{} {host}", word.text);
            let edits = vec![edit::replace(case.config, place, word, &text)];
            finding.mend(
                say!("Add {host} to the names.", "Añada {host} a los nombres."),
                false,
                edits,
            )
        }
        None => finding.advise(say!(
            "Add `server_name {host};` to this block.",
            "Añada `server_name {host};` a este bloque."
        )),
    }
}

fn message(case: &Case<'_>, place: &Directive, taken: &str) -> Text {
    let host = &case.origin.host;
    let port = case.arriving.port;
    let says = if place.is("server_name") {
        say!("These names do not", "Estos nombres no incluyen")
    } else {
        say!("This block does not", "Este bloque no incluye")
    };
    say!(
        "{says} take in {host} on port {port}, so the default server at {taken} gets its requests.",
        "{says} {host} en el puerto {port}, así que sus peticiones van al servidor por defecto de {taken}.";
        says = says
    )
}

/// nginx asks itself with another Host than the site's, and so not the block that has the site's name.
fn host_lost(case: &Case<'_>) -> Option<Finding> {
    let inner = case.inner.as_ref()?;
    let answering = &inner.walks.as_ref()?.handshake;
    let host = &case.origin.host;
    let walk = &case.walks.as_ref()?.handshake;
    let proxied = walk.proxied()?;
    let header = proxied.header("host")?;
    let is_known = header.by.is_none() || header.value.known().is_some();
    if !is_known || inner.arriving.host == *host || inner.reaches_socket_io(answering) {
        return None;
    }
    let choice = &answering.choice;
    let servers = case.http.servers.iter().enumerate();
    let mut leading = servers.filter(|(index, server)| {
        *index != choice.server
            && server.knows(host)
            && obstacle(inner, server, &choice.listen).is_none()
            && inner.reaches_socket_io(&inner.walk_in(*index))
    });
    let (_, server) = leading.next()?;
    let place = header
        .by
        .or_else(|| cancelling(case, walk))
        .unwrap_or(proxied.pass);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "nginx asks itself with the Host {sent}, so {taken} answers, and not {own}, which leads {host} to \
             Socket.IO.",
            "nginx se pregunta a sí mismo con el Host {sent}, así que responde {taken}, y no {own}, que lleva {host} \
             a Socket.IO.",
            sent = inner.arriving.host,
            taken = case.at(answering.server().directive),
            own = case.at(server.directive)
        ),
        effect(),
    );
    Some(finding.advise(say!(
        "Add `proxy_set_header Host $host;` to the headers that hold here: a block with one of its own inherits none.",
        "Añada `proxy_set_header Host $host;` a las cabeceras que valen aquí: un bloque con alguna propia no hereda \
         ninguna."
    )))
}

/// The line that throws away the outer one that sets the Host, or the `include` that brought it.
fn cancelling<'c>(case: &Case<'c>, walk: &Walk<'c>) -> Option<&'c Directive> {
    let scope = walk.scope();
    let hidden = scope.hidden("proxy_set_header");
    let own = scope.one("proxy_set_header")?;
    let mut names = hidden.iter().filter_map(|set| set.arg(0));
    names.find(|name| name.eq_ignore_ascii_case("host"))?;
    headers::brought_by(case, walk, own).or(Some(own))
}
