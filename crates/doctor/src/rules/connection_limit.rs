//! `limit_conn` allows fewer connections than one client has open.

use super::{Check, Rule, Title};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "connection-limit",
    title: Title {
        english: "Too few connections are allowed.",
        spanish: "Se permiten muy pocas conexiones.",
    },
    checks: &[Check::Way(check)],
};

/// A long poll, a POST, and the websocket that will take over.
const OPEN: u64 = 3;

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    judged
        .flat_map(|(walk, _)| {
            let limits = walk.scope().all("limit_conn");
            let findings = limits
                .into_iter()
                .filter_map(|limit| judge(case, walk, limit));
            findings.collect::<Vec<_>>()
        })
        .collect()
}

fn judge(case: &Case<'_>, walk: &Walk<'_>, limit: &Directive) -> Option<Finding> {
    let zone = case.http.zone("limit_conn_zone", limit.arg(0)?)?;
    let allowed: u64 = limit.arg(1)?.parse().ok()?;
    let dry = walk.scope().arg("limit_conn_dry_run") == Some("on");
    if dry || allowed >= OPEN || walk.evaluate(zone.arg(0)?).is_empty() {
        return None;
    }
    let status = walk.scope().arg("limit_conn_status").unwrap_or("503");
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        limit.pos,
        say!(
            "{allowed} connections at a time are allowed, and a client has {OPEN} open while it connects.",
            "Se permiten {allowed} conexiones a la vez, y un cliente tiene {OPEN} abiertas mientras se conecta."
        ),
        say!(
            "While a long poll waits, the client's POST gets {status}, and it is disconnected with \"transport \
             error\".",
            "Mientras espera un long poll, el POST del cliente recibe {status}, y se desconecta con \"transport \
             error\"."
        ),
    );
    let path = &case.question.path;
    Some(finding.advise(say!(
        "Do not limit {path}, or allow as many as the clients behind one address need.",
        "No limite {path}, o permita tantas como necesiten los clientes tras una misma dirección."
    )))
}
