//! The database that was named does not answer.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{Failure, NotFoundOut},
};

pub(super) const RULE: Rule = Rule {
    id: "database-unreachable",
    title: Title {
        english: "The database does not answer.",
        spanish: "La base de datos no responde.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let mut seen = live.evidence.seen.iter();
    let error = seen.find_map(|seen| match &seen.outcome {
        Err(Failure::Database(NotFoundOut::Unreachable(error))) => Some(error),
        _ => None,
    })?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The database does not answer: {error}.",
            "La base de datos no responde: {error}."
        ),
        say!(
            "Clients may connect, and nobody knows who is.",
            "Puede que los clientes se conecten, y nadie sabe quiénes son."
        ),
    );
    Some(finding.advise(say!(
        "Give --database the URL that the server has, and let this machine reach it.",
        "Dé a --database la URL que tiene el servidor, y deje que esta máquina llegue a ella."
    )))
}
