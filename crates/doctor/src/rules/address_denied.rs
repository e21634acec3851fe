//! `allow` and `deny`, or an `if` on a `geo`, keep the clients out of Socket.IO, and not out of the page.

use std::net::Ipv4Addr;

use super::{Check, Rule, Title, each_proxied, one};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{
        Proxied, Step, Walk, condition_words, listen::is_loopback, tree::Directive, variables_in,
    },
};

pub(super) const RULE: Rule = Rule {
    id: "address-denied",
    title: Title {
        english: "Addresses are kept out.",
        spanish: "Hay direcciones que quedan fuera.",
    },
    checks: &[
        Check::Way(|case| each_proxied(case, judge)),
        Check::Way(|case| one(by_list(case))),
    ],
};

/// Both directives make one list, which is inherited as one.
pub(super) fn rules<'c>(walk: &Walk<'c>) -> Vec<&'c Directive> {
    let is_rule = |child: &&'c Directive| child.is("allow") || child.is("deny");
    let mut inwards = walk.scope().blocks().iter().rev();
    let level = inwards.find(|block| block.children().iter().any(|child| is_rule(&child)));
    level
        .map(|block| block.children().iter().filter(is_rule).collect())
        .unwrap_or_default()
}

/// `satisfy any`, and a password or another service that may let in whom the addresses do not.
fn passes_otherwise(walk: &Walk<'_>) -> bool {
    let is_on = |name| walk.scope().arg(name).is_some_and(|value| value != "off");
    walk.scope().arg("satisfy") == Some("any") && (is_on("auth_basic") || is_on("auth_request"))
}

fn is_private(host: &str) -> bool {
    host.parse()
        .is_ok_and(|address: Ipv4Addr| address.is_private())
}

fn judge(case: &Case<'_>, walk: &Walk<'_>, _: &Proxied<'_>) -> Option<Finding> {
    let rules = rules(walk);
    let last = rules.iter().find(|rule| rule.has_arg("all"))?;
    if last.is("allow") || passes_otherwise(walk) {
        return None;
    }
    let allowed: Vec<&str> = rules
        .iter()
        .take_while(|rule| !std::ptr::eq(**rule, *last))
        .filter(|rule| rule.is("allow"))
        .filter_map(|rule| rule.arg(0))
        .collect();
    let only_here = allowed.iter().all(|address| is_loopback(address));
    if only_here && !allowed.is_empty() && is_loopback(&case.origin.host) {
        return None;
    }
    if allowed.contains(&"0.0.0.0/0") {
        return None;
    }
    // The page is for the same people: whoever sees it may connect.
    let page = self::rules(&case.walks.as_ref()?.page);
    let same = page.iter().any(|rule| std::ptr::eq(*rule, *last));
    if same && !allowed.is_empty() && !passes_otherwise(&case.walks.as_ref()?.page) {
        return None;
    }
    let walks = case.walks.as_ref()?;
    let page_is_open = passes_otherwise(&walks.page)
        || page
            .iter()
            .find(|rule| rule.has_arg("all"))
            .is_none_or(|rule| rule.is("allow"));
    let severity = match (only_here, page_is_open) {
        (true, _) => Severity::Error,
        // A page at a private address is seen by neighbours alone, whom the list may well name.
        (false, true) if !is_private(&case.origin.host) => Severity::Warning,
        (false, _) => Severity::Hint,
    };
    let path = &case.question.path;
    let method = walk.request().method;
    let whom = match allowed.is_empty() {
        true => say!("everybody", "todos"),
        false => say!(
            "everybody but {allowed}",
            "todos menos {allowed}",
            allowed = allowed.join(", ")
        ),
    };
    let finding = case.finding(
        RULE.id,
        severity,
        last.pos,
        say!(
            "This keeps {whom} from {path} ({method}).",
            "Esto cierra {path} ({method}) a {whom}.";
            whom = whom
        ),
        say!(
            "Whoever is kept out gets 403, and never a session.",
            "Quien queda fuera recibe 403, y nunca una sesión."
        ),
    );
    Some(finding.advise(say!(
        "Allow for {path} whoever may open the page.",
        "Permita en {path} a quien puede abrir la página."
    )))
}

/// An `if` on a `geo` whose default refuses: what is in its list is all that gets through.
fn by_list(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let page = undecided(&walks.page);
    let own = undecided(&walks.handshake).into_iter();
    let mut own = own.filter(|by| !page.iter().any(|other| std::ptr::eq(*other, *by)));
    let (condition, list) = own.find_map(|by| Some((by, refusing(case, by)?)))?;
    let place = condition.first("return")?;
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        place.pos,
        say!(
            "This keeps everybody from {path} whom the list at {list} does not let through.",
            "Esto cierra {path} a todos los que la lista de {list} no deja pasar.",
            list = case.at(list)
        ),
        say!(
            "Whoever is kept out gets {status}, and never a session.",
            "Quien queda fuera recibe {status}, y nunca una sesión.",
            status = place.arg(0).unwrap_or("403")
        ),
    );
    Some(finding.advise(say!(
        "Allow for {path} whoever may open the page.",
        "Permita en {path} a quien puede abrir la página."
    )))
}

/// The conditions on the way that only a real request decides.
fn undecided<'c>(walk: &Walk<'c>) -> Vec<&'c Directive> {
    let steps = walk.steps.iter().filter_map(|step| match step {
        Step::Unknown(by) => Some(*by),
        _ => None,
    });
    steps.collect()
}

/// The `geo` by whose default this condition holds, if it then refuses.
fn refusing<'c>(case: &Case<'c>, condition: &Directive) -> Option<&'c Directive> {
    let status = condition.first("return")?.arg(0)?;
    if !status.starts_with(['4', '5']) {
        return None;
    }
    let words = condition_words(condition);
    let (subject, wanted) = match &words[..] {
        [subject] => (subject, None),
        [subject, operator, wanted] if operator == "=" => (subject, Some(wanted)),
        _ => return None,
    };
    let variable = variables_in(subject).into_iter().next()?;
    let list = case.http.source(variable).filter(|by| by.is("geo"))?;
    let mut entries = list.children().iter();
    let default = entries.find(|entry| entry.is("default"));
    let default = default.and_then(|entry| entry.arg(0)).unwrap_or_default();
    let holds = match wanted {
        Some(wanted) => wanted == default,
        None => !default.is_empty() && default != "0",
    };
    holds.then_some(list)
}
