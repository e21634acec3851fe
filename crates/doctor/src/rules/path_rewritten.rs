//! The back end gets another path than the one at which Socket.IO listens.

use super::{Check, Rule, Title, address::without_uri, blame, first_proxied};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Walk},
    question::DEFAULT_PATH,
};

pub(super) const RULE: Rule = Rule {
    id: "path-rewritten",
    title: Title {
        english: "The path is changed.",
        spanish: "La ruta se cambia.",
    },
    checks: &[
        Check::Way(|case| first_proxied(case, judge)),
        Check::Way(|case| first_proxied(case, kept)),
    ],
};

/// The usual path below a prefix, which goes on as it is: whether the server knows of the prefix is not in these files.
fn kept(case: &Case<'_>, _: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let path = proxied.path()?;
    let is_known = case.question.known.socket_path.is_some();
    let is_below = path != DEFAULT_PATH && path.ends_with(DEFAULT_PATH);
    if is_known || !is_below || *path != *case.path || case.inner.is_some() {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        proxied.pass.pos,
        say!(
            "The back end is asked for {path}, as the client asks.",
            "Al back end se le pide {path}, como pide el cliente."
        ),
        say!(
            "Nothing breaks if the server has that `path` too; one that listens at {DEFAULT_PATH} answers 404.",
            "No se rompe nada si el servidor tiene también ese `path`; uno que escucha en {DEFAULT_PATH} responde 404."
        ),
    );
    Some(finding.advise(say!(
        "If it listens at {DEFAULT_PATH}, hand that on: proxy_pass http://…{DEFAULT_PATH};",
        "Si escucha en {DEFAULT_PATH}, pase esa ruta: proxy_pass http://…{DEFAULT_PATH};"
    )))
}

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let path = proxied.path()?;
    // Where it arrives as it was sent, it is the server that listens elsewhere, or the block before that changed it.
    if *path == *case.path || case.owns(arriving(case, path)?) {
        return None;
    }
    let rewrite = blame::last_change(walk);
    let place = rewrite.unwrap_or(proxied.pass);
    let wanted = &case.question.path;
    // The servers of Node and Python look at how the path begins, others at all of it: only asking tells.
    let is_longer = path.starts_with(wanted.as_str());
    let effect = match is_longer {
        true => say!(
            "Nothing with servers of Node and Python, which take whatever begins with {wanted}; others, such as \
             Atalaya, answer 404.",
            "Nada con servidores de Node y Python, que aceptan lo que empiece por {wanted}; otros, como Atalaya, \
             responden 404."
        ),
        false => say!(
            "Socket.IO does not own that path: the client gets the application's 404 or its page, and never a \
             session.",
            "Esa ruta no es de Socket.IO: el cliente recibe el 404 de la aplicación o su página, y nunca una sesión."
        ),
    };
    let severity = match is_longer {
        true => Severity::Hint,
        false => Severity::Error,
    };
    let finding = case.finding(
        RULE.id,
        severity,
        place.pos,
        say!(
            "The path {wanted} is changed here: the back end is asked for {path}.",
            "La ruta {wanted} se cambia aquí: al back end se le pide {path}."
        ),
        effect,
    );
    let Some(word) = proxied.pass.args.first().filter(|_| rewrite.is_none()) else {
        return Some(finding.advise(say!(
            "Leave {wanted} as it is, or rewrite it to the path that the server listens at.",
            "Deje {wanted} como está, o reescríbala a la ruta en que escucha el servidor."
        )));
    };
    let bare = without_uri(&word.text)?;
    let edits = vec![edit::replace(case.config, proxied.pass, word, &bare)];
    let advice = say!(
        "Without a URI (nothing after the address, not even a slash) the path goes on unchanged.",
        "Sin URI (nada tras la dirección, ni una barra) la ruta sigue sin cambios."
    );
    Some(finding.mend(advice, !proxied.has_variables, edits))
}

/// The path that the back end is asked for; `None` where a server block further on changes it, and is judged there.
fn arriving<'p>(case: &'p Case<'_>, path: &'p str) -> Option<&'p str> {
    let Some(inner) = &case.inner else {
        return Some(path);
    };
    let next = inner.walks.as_ref()?.handshake.proxied()?.path()?;
    (*next == *inner.path).then(|| arriving(inner, next))?
}
