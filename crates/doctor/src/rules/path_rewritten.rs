//! The back end gets another path than the one at which Socket.IO listens.

use super::{Check, Rule};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Step, Walk},
};

pub(super) const RULE: Rule = Rule {
    id: "path-rewritten",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    judged
        .filter_map(|(walk, proxied)| judge(case, walk, proxied))
        .take(1)
        .collect()
}

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let path = proxied.path()?;
    if case.owns(path) {
        return None;
    }
    let rewrite = walk.steps.iter().rev().find_map(|step| match step {
        Step::Rewrite { by, .. } | Step::FellBack { by, .. } => Some(*by),
        _ => None,
    });
    let place = rewrite.unwrap_or(proxied.pass);
    let wanted = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        format!("The path {wanted} is changed here: the back end is asked for {path}."),
        "Socket.IO does not own that path: the client gets the application's 404 or its page, and never a session.",
    );
    let Some(word) = proxied.pass.args.first().filter(|_| rewrite.is_none()) else {
        return Some(finding.advise(format!(
            "Leave {wanted} as it is, or rewrite it to the path that the server listens at."
        )));
    };
    let bare = without_uri(&word.text)?;
    let edits = vec![edit::replace(case.config, proxied.pass, word, &bare)];
    let advice =
        "Without a URI (nothing after the address, not even a slash) the path goes on unchanged.";
    Some(finding.mend(advice, !proxied.has_variables, edits))
}

/// The address without what follows it.
pub(super) fn without_uri(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = if rest.starts_with("unix:") {
        rest.rsplit_once(':')?.0
    } else {
        rest.split('/').next()?
    };
    Some(format!("{scheme}://{authority}"))
}
