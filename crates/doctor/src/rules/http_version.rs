//! The back end is asked with HTTP/1.0. Both upgrade headers get many servers over it all the same.

use super::{Check, Rule, headers, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "http-version",
    check: Check::Way(|case| one(judge(case))),
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.websocket;
    let proxied = walk.proxied()?;
    let set = walk.scope().one("proxy_http_version");
    let old = set.is_none_or(|set| set.has_arg("1.0"));
    // Without the headers nothing is upgraded, and that is the fault to name; its mend sets the version too.
    if !old || !headers::lost(proxied).is_empty() {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        set.unwrap_or(proxied.pass).pos,
        "The back end is asked with HTTP/1.0, which knows no upgrade.",
        "Node's servers take it all the same; others refuse the websocket. From nginx 1.29.7 on, 1.1 is the default.",
    );
    let edit = edit::give(case.config, set, proxied.pass, "proxy_http_version", "1.1");
    Some(finding.mend("Ask with HTTP/1.1.", true, vec![edit]))
}
