//! A client leaves, and its row stays active.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::Failure,
};

pub(super) const RULE: Rule = Rule {
    id: "row-not-closed",
    title: Title {
        english: "The socket is closed, and its row is still active.",
        spanish: "El socket está cerrado, y su fila sigue activa.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let mut seen = live.evidence.seen.iter();
    seen.find(|seen| seen.outcome == Err(Failure::StillActive))?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The socket is closed, and its row in user_sessions is still active 3 s later.",
            "El socket está cerrado, y su fila en user_sessions sigue activa 3 s después."
        ),
        say!(
            "Who left still counts as connected.",
            "Quien se fue sigue contando como conectado."
        ),
    );
    Some(finding.advise(say!(
        "The handler of `disconnect` must await its update; with Atalaya look in its log.",
        "El manejador de `disconnect` debe esperar (await) su update; en Atalaya mire su registro."
    )))
}
