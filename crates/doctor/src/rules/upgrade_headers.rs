//! A websocket's `Upgrade` and `Connection` do not reach the back end: they go from hop to hop, and nginx hands
//! them on only if it is told to.

use super::{Check, Rule, Title, headers, one};
use crate::{
    case::Case,
    edit,
    finding::{Edit, Finding, Severity},
    nginx::{Proxied, Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "upgrade-headers",
    title: Title {
        english: "Upgrade and Connection are not handed on.",
        spanish: "Upgrade y Connection no se reenvían.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.websocket;
    let proxied = walk.proxied()?;
    let lost = headers::lost(proxied);
    if lost.is_empty() || hidden_outside(walk) {
        return None;
    }
    Some(missing(case, walk, proxied, &lost))
}

/// Whether an outer level sets them, and this one hides it; that is `inherited-headers-lost`.
pub(super) fn hidden_outside(walk: &Walk<'_>) -> bool {
    let hidden = walk.scope().hidden("proxy_set_header");
    hidden.iter().any(|set| {
        set.arg(0)
            .is_some_and(|name| name.eq_ignore_ascii_case("Upgrade"))
    })
}

fn missing(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>, lost: &[&str]) -> Finding {
    let set_wrong = lost.iter().find_map(|name| {
        let header = proxied.header(&name.to_ascii_lowercase())?;
        headers::source(walk, header)
    });
    let place = set_wrong.unwrap_or(proxied.pass);
    let names = headers::listed(lost);
    let message = match set_wrong {
        Some(_) => say!(
            "With this, the back end does not get a websocket's {names}.",
            "Con esto el back end no recibe {names} de un websocket.";
            names = names
        ),
        None => {
            say!(
                "The back end does not get a websocket's {names}: nothing here hands them on.",
                "El back end no recibe {names} de un websocket: nada los reenvía aquí.";
                names = names
            )
        }
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        message,
        say!(
            "The websocket gets 400, {{\"code\":3,\"message\":\"Bad request\"}}; clients stay on polling, or, with \
             transports: [\"websocket\"], never connect.",
            "El websocket recibe 400, {{\"code\":3,\"message\":\"Bad request\"}}; los clientes se quedan en polling \
             o, con transports: [\"websocket\"], nunca se conectan."
        ),
    );
    let advice = say!(
        "Hand on both headers, and HTTP/1.1, where this request is proxied.",
        "Reenvíe ambas cabeceras, y HTTP/1.1, donde se reenvía esta petición."
    );
    match set_wrong {
        Some(_) => finding.advise(advice),
        None => finding.mend(advice, true, vec![addition(case, walk, proxied, lost)]),
    }
}

/// The headers, beside those that are set already, so that none of these is lost.
fn addition(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>, lost: &[&str]) -> Edit {
    let set = walk.scope().all("proxy_set_header");
    let neighbour: &Directive = set.last().copied().unwrap_or(proxied.pass);
    let mut lines = Vec::new();
    if walk.scope().one("proxy_http_version").is_none() {
        lines.push("proxy_http_version 1.1;");
    }
    for (name, line) in [
        ("Upgrade", "proxy_set_header Upgrade $http_upgrade;"),
        ("Connection", "proxy_set_header Connection \"upgrade\";"),
    ] {
        if lost.contains(&name) {
            lines.push(line);
        }
    }
    edit::after(case.config, neighbour, &lines)
}
