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

/// What socket.io-client sends within 15 ms of a server close by: handshake, CONNECT, two polls, the websocket.
const AT_ONCE: u64 = 5;
/// A first message by polling: its POST, and the poll that brings the answer.
const FIRST_MESSAGE: u64 = 2;
/// A page that shares the limit comes a moment before: itself, a script, a style and an icon at least.
const PAGE: u64 = 4;
/// At this rate only requests that leave together meet a limit: CONNECT and the first poll.
const FAST: f64 = 500.0;
const TOGETHER: u64 = 2;
/// By polling each message takes a request, and each heartbeat two: fewer than one a second are soon used up, whatever
/// the burst.
const SLOW: f64 = 1.0;

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
    if exempt {
        return None;
    }
    let needed = if rate >= FAST { TOGETHER } else { AT_ONCE };
    let with_page = PAGE + AT_ONCE + FIRST_MESSAGE;
    let is_polled = !case.question.is_websocket_only;
    let message = if burst + 1 < needed {
        say!(
            "At {rate} a second and with a burst of {burst}, fewer requests pass than a client needs to connect \
             ({needed} at once).",
            "A {rate} por segundo y con una ráfaga de {burst} pasan menos peticiones de las que un cliente necesita \
             para conectarse ({needed} a la vez)."
        )
    } else if rate < SLOW && is_polled {
        say!(
            "{written} is fewer than one request a second, and by polling each message takes one.",
            "{written} es menos de una petición por segundo, y con polling cada mensaje necesita una.",
            written = option(zone, "rate=")?
        )
    } else if refuses_at_once(limit)
        && takes_the_page(case, limit, zone)
        && in_a_second(rate, burst) < with_page
    {
        say!(
            "At {rate} a second and with a burst of {burst}, for the page too, fewer requests pass than the page and \
             its client make in their first second (about {with_page}).",
            "A {rate} por segundo y con una ráfaga de {burst}, también para la página, pasan menos peticiones de las \
             que la página y su cliente hacen en su primer segundo (unas {with_page})."
        )
    } else {
        return None;
    };
    let status = walk.scope().arg("limit_req_status").unwrap_or("503");
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        limit.pos,
        message,
        say!(
            "Some of a client's requests get {status}, and it starts anew; a websocket alone passes.",
            "Algunas peticiones de un cliente reciben {status}, y empieza de nuevo; un websocket solo pasa."
        ),
    );
    let path = &case.question.path;
    Some(finding.advise(say!(
        "Do not limit {path}, or allow `burst=20 nodelay` and more where many clients share an address.",
        "No limite {path}, o permita `burst=20 nodelay` y más donde muchos clientes comparten dirección."
    )))
}

/// What passes within a second of the first request.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is a small positive number"
)]
fn in_a_second(rate: f64, burst: u64) -> u64 {
    1 + burst + rate as u64
}

/// Otherwise what is too much waits its turn, and a client that waits for its answers is never far ahead.
fn refuses_at_once(limit: &Directive) -> bool {
    limit.has_arg("nodelay") || option(limit, "delay=").is_some()
}

/// Whether the page's own requests are counted with the client's.
fn takes_the_page(case: &Case<'_>, limit: &Directive, zone: &Directive) -> bool {
    let page = case.walks.as_ref().map(|walks| &walks.page);
    page.is_some_and(|page| {
        let limits = page.scope().all("limit_req");
        let counted = zone
            .arg(0)
            .is_some_and(|key| !page.evaluate(key).is_empty());
        let shared = limits
            .iter()
            .any(|other| option(other, "zone=") == option(limit, "zone="));
        counted && shared
    })
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
