//! nginx takes something off the request that Socket.IO needs: its headers, its body, its method, or the key of
//! the websocket.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Step, Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "request-stripped",
    title: Title {
        english: "Something is taken off the request.",
        spanish: "A la petición se le quita algo.",
    },
    checks: &[
        Check::Way(check),
        Check::Way(|case| one(turned_into_get(case))),
    ],
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    let stripped = judged.flat_map(|(walk, _)| stripping(walk));
    stripped
        .map(|(directive, what)| tell(case, directive, &what))
        .collect()
}

fn stripping<'c>(walk: &Walk<'c>) -> impl Iterator<Item = (&'c Directive, Text)> {
    let scope = walk.scope();
    let off = |name| scope.one(name).filter(|switch| switch.has_arg("off"));
    let headers = off("proxy_pass_request_headers").map(|by| {
        (
            by,
            say!(
                "its headers, the websocket's key among them",
                "sus cabeceras, la clave del websocket entre ellas"
            ),
        )
    });
    let body = off("proxy_pass_request_body").map(|by| {
        (
            by,
            say!(
                "its body, which is the message",
                "su cuerpo, que es el mensaje"
            ),
        )
    });
    let body = body.or(scope.one("proxy_set_body").map(|by| {
        (
            by,
            say!(
                "its body, which is the message",
                "su cuerpo, que es el mensaje"
            ),
        )
    }));
    let body = body.or_else(|| length(walk));
    let method = scope.one("proxy_method").filter(|by| {
        let method = by.arg(0).map(|method| walk.evaluate(method));
        method.is_some_and(|method| {
            method
                .known()
                .is_some_and(|method| !method.eq_ignore_ascii_case(walk.request().method))
        })
    });
    let method = method.map(|by| (by, say!("its method", "su método")));
    let key = walk.proxied().and_then(|proxied| {
        let names = ["sec-websocket-key", "sec-websocket-version"];
        let header = names.iter().find_map(|name| proxied.header(name))?;
        Some((
            header.by?,
            say!("its {name}", "su {name}", name = header.name),
        ))
    });
    [headers, body, method, key].into_iter().flatten()
}

/// nginx sends a body with the length that it is told, and none at all where the length is empty.
fn length<'c>(walk: &Walk<'c>) -> Option<(&'c Directive, Text)> {
    let posts = walk.request().method == "POST";
    let header = walk.proxied()?.header("content-length")?;
    let by = header.by.filter(|_| posts)?;
    Some((
        by,
        say!(
            "the length of its body, so without the message",
            "la longitud de su cuerpo, y por tanto sin el mensaje"
        ),
    ))
}

/// `error_page` asks for another URI with GET; for a named location the method stays.
fn turned_into_get(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.post;
    walk.proxied().filter(|_| walk.request().method == "GET")?;
    let is_uri =
        |step: &Step<'_>| matches!(step, Step::ErrorPage { to, .. } if to.starts_with('/'));
    let by = walk.steps.iter().find(|step| is_uri(step))?.by()?;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        by.pos,
        say!(
            "A message by polling (POST) reaches the back end as a GET: an error_page that leads to a URI changes \
             the method.",
            "Un mensaje por polling (POST) llega al back end como GET: un error_page que lleva a una URI cambia el \
             método."
        ),
        say!(
            "The client's messages are taken for polls, and polling breaks off.",
            "Los mensajes del cliente se toman por polls, y el polling se corta."
        ),
    );
    Some(finding.advise(say!(
        "Lead to a named location (`error_page … = @name;`), which keeps the method.",
        "Lleve a una location con nombre (`error_page … = @nombre;`), que conserva el método."
    )))
}

fn tell(case: &Case<'_>, directive: &Directive, what: &Text) -> Finding {
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        directive.pos,
        say!(
            "The request reaches the back end without {what}.",
            "La petición llega al back end sin {what}.";
            what = what
        ),
        say!(
            "The client gets 400, or its messages never arrive.",
            "El cliente recibe 400, o sus mensajes nunca llegan."
        ),
    );
    let edits = vec![edit::remove(case.config, directive)];
    finding.mend(
        say!(
            "Take this line away where Socket.IO is proxied.",
            "Quite esta línea donde se reenvía a Socket.IO."
        ),
        false,
        edits,
    )
}
