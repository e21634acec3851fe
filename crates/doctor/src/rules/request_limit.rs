//! `limit_req` allows fewer requests than a client makes when it connects.

use super::{Check, Rule, Title};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "request-limit",
    title: Title {
        english: "Too few requests are allowed.",
        spanish: "Se permiten muy pocas peticiones.",
    },
    checks: &[Check::Way(check)],
};

/// What a client sends within a fraction of a second: handshake, CONNECT, two polls, the websocket.
const AT_ONCE: u64 = 5;
/// At this rate only requests that leave together meet a limit: CONNECT and the first poll.
const FAST: f64 = 500.0;
const TOGETHER: u64 = 2;
/// A heartbeat by polling takes a GET and a POST every 25 s; below this rate not even that passes.
const SLOW: f64 = 0.1;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    judged.flat_map(|(walk, _)| limits(case, walk)).collect()
}

fn limits(case: &Case<'_>, walk: &Walk<'_>) -> Vec<Finding> {
    if walk.scope().arg("limit_req_dry_run") == Some("on") {
        return Vec::new();
    }
    let limits = walk.scope().all("limit_req");
    limits
        .into_iter()
        .filter_map(|limit| judge(case, walk, limit))
        .collect()
}

fn judge(case: &Case<'_>, walk: &Walk<'_>, limit: &Directive) -> Option<Finding> {
    let zone = case.http.zone("limit_req_zone", option(limit, "zone=")?)?;
    let exempt = walk.evaluate(zone.arg(0)?).is_empty();
    let rate = rate(option(zone, "rate=")?)?;
    let burst: u64 = option(limit, "burst=")
        .and_then(|burst| burst.parse().ok())
        .unwrap_or(0);
    let needed = if rate >= FAST { TOGETHER } else { AT_ONCE };
    let enough = burst + 1 >= needed && rate > SLOW;
    if exempt || enough {
        return None;
    }
    let status = walk.scope().arg("limit_req_status").unwrap_or("503");
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        limit.pos,
        say!(
            "{rate} requests a second and a burst of {burst} are fewer than a client needs to connect ({needed} at \
             once).",
            "{rate} peticiones por segundo y una ráfaga de {burst} son menos de lo que un cliente necesita para \
             conectarse ({needed} a la vez)."
        ),
        say!(
            "Some of a client's first requests get {status}, and it starts anew; a websocket alone passes.",
            "Algunas de las primeras peticiones de un cliente reciben {status}, y empieza de nuevo; un websocket \
             solo pasa."
        ),
    );
    let path = &case.question.path;
    Some(finding.advise(say!(
        "Do not limit {path}, or allow `burst=20 nodelay` and more where many clients share an address.",
        "No limite {path}, o permita `burst=20 nodelay` y más donde muchos clientes comparten dirección."
    )))
}

fn option<'c>(directive: &'c Directive, name: &str) -> Option<&'c str> {
    directive
        .args
        .iter()
        .find_map(|word| word.text.strip_prefix(name))
}

/// `10r/s` or `30r/m`, in requests a second.
fn rate(text: &str) -> Option<f64> {
    match text.split_once("r/")? {
        (number, "s") => number.parse().ok(),
        (number, "m") => number.parse::<f64>().ok().map(|number| number / 60.0),
        _ => None,
    }
}
