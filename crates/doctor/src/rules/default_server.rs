//! No `server_name` fits the host, and the default server does not lead to Socket.IO, while another block does.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{server::Why, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "default-server",
    title: Title {
        english: "The default server answers.",
        spanish: "Responde el servidor por defecto.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let choice = &walks.handshake.choice;
    let by_name = matches!(choice.why, Why::Name(_));
    if by_name || case.reaches_socket_io(&walks.handshake) {
        return None;
    }
    let others = (0..case.http.servers.len()).filter(|&server| server != choice.server);
    let meant = others
        .into_iter()
        .find(|&server| case.reaches_socket_io(&case.walk_in(server)))?;
    let server = &case.http.servers[meant];
    let names = server.directive.first("server_name");
    let place = names.unwrap_or(server.directive);
    let taken = case.at(walks.handshake.server().directive);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        message(case, place, &taken),
        say!(
            "The default server answers in its stead: another site's page, a redirect or 404.",
            "En su lugar responde el servidor por defecto: la página de otro sitio, una redirección o 404."
        ),
    );
    let host = &case.origin.host;
    Some(match names.and_then(|names| names.args.last()) {
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
    })
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
