//! The answers to polling are cached under a key that clients share.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "polling-cached",
    title: Title {
        english: "Polling is cached.",
        spanish: "El polling se guarda en caché.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let walk = &walks.handshake;
    let zone = walk
        .scope()
        .one("proxy_cache")
        .filter(|zone| !zone.has_arg("off"));
    let zone = zone.filter(|_| walk.proxied().is_some() && stores(walk))?;
    let key = shared_key(walk, &walks.poll)?;
    // Socket.IO's servers say `no-store`, which nginx heeds unless it is told not to.
    let ignores = walk.scope().all("proxy_ignore_headers");
    let ignores = ignores.iter().any(|by| {
        by.args
            .iter()
            .any(|word| word.text.eq_ignore_ascii_case("Cache-Control"))
    });
    let certain = ignores && walk.scope().one("proxy_cache_valid").is_some();
    Some(tell(case, zone, key, certain))
}

/// Whether answers are stored here at all, of clients that have no cookies.
fn stores(walk: &Walk<'_>) -> bool {
    let scope = walk.scope();
    let set = |name: &str| {
        let conditions = scope.all(name);
        let words = conditions.iter().flat_map(|by| &by.args);
        words.into_iter().any(|word| {
            let value = walk.evaluate_answered(&word.text);
            let mut unknown = value.unknowns().peekable();
            let is_cookie =
                unknown.peek().is_some() && unknown.all(|name| name.starts_with("cookie_"));
            let is_set = |value: &str| !value.is_empty() && value != "0";
            !is_cookie && value.known().is_none_or(is_set)
        })
    };
    let unbuffered = scope.arg("proxy_buffering") == Some("off");
    let passed_by = set("proxy_cache_bypass") && set("proxy_no_cache");
    !(unbuffered || passed_by)
}

/// The key, if two requests have the same one although their queries differ.
fn shared_key<'c>(one: &Walk<'c>, other: &Walk<'c>) -> Option<&'c Directive> {
    let key = one.scope().one("proxy_cache_key")?;
    let text = key.arg(0)?;
    (one.evaluate(text) == other.evaluate(text)).then_some(key)
}

fn tell(case: &Case<'_>, zone: &Directive, key: &Directive, certain: bool) -> Finding {
    let finding = case.finding(
        RULE.id,
        if certain { Severity::Error } else { Severity::Hint },
        zone.pos,
        say!(
            "Polling is cached here, under a key without the query ({key}): every client has the same one.",
            "Aquí se guarda el polling en caché, con una clave sin la query ({key}): todos los clientes tienen la \
             misma.",
            key = case.at(key)
        ),
        if certain {
            say!(
                "A client gets the session of another one, or the same message again and again.",
                "Un cliente recibe la sesión de otro, o el mismo mensaje una y otra vez."
            )
        } else {
            say!(
                "Nothing breaks while the server says `Cache-Control: no-store`; with one that does not, clients \
                 get each other's sessions.",
                "No se rompe nada mientras el servidor diga `Cache-Control: no-store`; con uno que no lo diga, los \
                 clientes reciben las sesiones de otros."
            )
        },
    );
    let word = zone
        .args
        .first()
        .map(|word| edit::replace(case.config, zone, word, "off"));
    finding.mend(
        say!(
            "Do not cache what is proxied to Socket.IO.",
            "No guarde en caché lo que va a Socket.IO."
        ),
        false,
        word.into_iter().collect(),
    )
}
