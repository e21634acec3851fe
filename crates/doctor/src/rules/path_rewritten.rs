//! The back end gets another path than the one at which Socket.IO listens.

use super::{Check, Rule, address::without_uri, blame, first_proxied};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Walk},
};

pub(super) const RULE: Rule = Rule {
    id: "path-rewritten",
    check: Check::Way(|case| first_proxied(case, judge)),
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let path = proxied.path()?;
    if case.owns(path) {
        return None;
    }
    let rewrite = blame::last_change(walk);
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
