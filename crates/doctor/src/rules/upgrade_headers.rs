//! A websocket's `Upgrade` and `Connection` do not reach the back end: they go from hop to hop, and nginx hands
//! them on only if it is told to.

use super::{Check, Rule, Title, headers, near::is_near, one};
use crate::{
    case::Case,
    edit,
    finding::{Edit, Finding, Severity},
    language::Text,
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
    if lost.is_empty() || hidden_outside(walk, &lost) {
        return None;
    }
    Some(missing(case, walk, proxied, &lost))
}

/// Whether an outer level sets one of these headers, and this one hides it; that is `inherited-headers-lost`.
pub(super) fn hidden_outside(walk: &Walk<'_>, lost: &[&str]) -> bool {
    let hidden = walk.scope().hidden("proxy_set_header");
    let own = walk.scope().all("proxy_set_header");
    let sets = |lines: &[&Directive], name: &str| {
        let mut named = lines.iter().filter_map(|set| set.arg(0));
        named.any(|set| set.eq_ignore_ascii_case(name))
    };
    lost.iter()
        .any(|name| sets(&hidden, name) && !sets(&own, name))
}

fn missing(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>, lost: &[&str]) -> Finding {
    let set_wrong = lost.iter().find_map(|name| {
        let header = proxied.header(&name.to_ascii_lowercase())?;
        Some((*name, headers::source(walk, header)?))
    });
    if let Some((name, set)) = set_wrong {
        return wrong(case, walk, proxied, name, set);
    }
    if let Some((name, set)) = misspelt(walk, lost) {
        return look_alike(case, walk, name, set);
    }
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        proxied.pass.pos,
        say!(
            "The back end does not get a websocket's {names}: nothing here hands them on.",
            "El back end no recibe {names} de un websocket: nada los reenvía aquí.";
            names = headers::listed(lost)
        ),
        effect(),
    );
    finding.mend(
        say!(
            "Hand on both headers, and HTTP/1.1, where this request is proxied.",
            "Reenvíe ambas cabeceras, y HTTP/1.1, donde se reenvía esta petición."
        ),
        true,
        vec![addition(case, walk, proxied, lost)],
    )
}

fn effect() -> Text {
    say!(
        "The websocket gets 400, {{\"code\":3,\"message\":\"Bad request\"}}; clients stay on polling, or, with \
         transports: [\"websocket\"], never connect.",
        "El websocket recibe 400, {{\"code\":3,\"message\":\"Bad request\"}}; los clientes se quedan en polling o, \
         con transports: [\"websocket\"], nunca se conectan."
    )
}

/// The header is set, and to something else.
fn wrong(
    case: &Case<'_>,
    walk: &Walk<'_>,
    proxied: &Proxied<'_>,
    name: &str,
    set: &Directive,
) -> Finding {
    let key = name.to_ascii_lowercase();
    let sent = proxied.headers.iter();
    let sent = sent.filter(|header| header.name == key && header.by.is_some());
    let values: Vec<String> = sent.map(|header| header.value.to_string()).collect();
    let value = values.join(", ");
    let included = headers::included(case, walk, set);
    let message = if value.is_empty() {
        say!(
            "With this{included}, the back end does not get a websocket's {name}.",
            "Con esto{included} el back end no recibe {name} de un websocket.";
            included = included
        )
    } else {
        say!(
            "With this{included}, a websocket's {name} reaches the back end as `{value}`.",
            "Con esto{included}, {name} de un websocket llega al back end como `{value}`.";
            included = included
        )
    };
    let finding = case.finding(RULE.id, Severity::Error, set.pos, message, effect());
    let slip = set.args.iter().find_map(|word| headers::slip(&word.text));
    if let Some(slip) = slip {
        return finding.advise(say!(
            "Write $http_upgrade: what a client says is not in ${slip}.",
            "Escriba $http_upgrade: lo que dice un cliente no está en ${slip}."
        ));
    }
    if values.len() > 1 && name == "Upgrade" {
        return finding.advise(say!(
            "It is set more than once here: leave one `proxy_set_header Upgrade $http_upgrade;`.",
            "Está puesta aquí más de una vez: deje un solo `proxy_set_header Upgrade $http_upgrade;`."
        ));
    }
    finding.advise(if name == "Upgrade" {
        say!(
            "Hand on what the client says: `proxy_set_header Upgrade $http_upgrade;`.",
            "Reenvíe lo que dice el cliente: `proxy_set_header Upgrade $http_upgrade;`."
        )
    } else {
        say!(
            "For a websocket this has to be `upgrade`: `proxy_set_header Connection \"upgrade\";`, or a map that \
             says so wherever $http_upgrade is not empty.",
            "Para un websocket tiene que ser `upgrade`: `proxy_set_header Connection \"upgrade\";`, o un map que lo \
             diga donde $http_upgrade no está vacía."
        )
    })
}

/// A header that is set under a name that is almost the right one.
fn misspelt<'c, 'n>(walk: &Walk<'c>, lost: &[&'n str]) -> Option<(&'n str, &'c Directive)> {
    let set = walk.scope().all("proxy_set_header");
    lost.iter().find_map(|name| {
        let near = |set: &&&Directive| set.arg(0).is_some_and(|written| is_near(written, name));
        Some((*name, *set.iter().find(near)?))
    })
}

fn look_alike(case: &Case<'_>, walk: &Walk<'_>, name: &str, set: &Directive) -> Finding {
    let written = set.arg(0).unwrap_or_default();
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        set.pos,
        say!(
            "The back end does not get a websocket's {name}: {written} is another header.",
            "El back end no recibe {name} de un websocket: {written} es otra cabecera."
        ),
        effect(),
    );
    let advice = say!("Write {name}.", "Escriba {name}.");
    let value = set.arg(1).map(|value| walk.evaluate(value).to_string());
    let wanted = ["upgrade", "websocket"];
    let right =
        value.is_some_and(|value| wanted.iter().any(|word| value.eq_ignore_ascii_case(word)));
    match set.args.first().filter(|_| right) {
        Some(word) => {
            let edits = vec![edit::replace(case.config, set, word, name)];
            finding.mend(advice, true, edits)
        }
        None => finding.advise(advice),
    }
}

/// The headers, beside those that are set already, so that none of these is lost.
fn addition(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>, lost: &[&str]) -> Edit {
    let set = walk.scope().all("proxy_set_header");
    let neighbour: &Directive = set.last().copied().unwrap_or(proxied.pass);
    // Not into a file that others include as well.
    let neighbour = headers::brought_by(case, walk, neighbour).unwrap_or(neighbour);
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
