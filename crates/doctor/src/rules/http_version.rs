//! The back end is asked with HTTP/1.0. Both upgrade headers get many servers over it all the same.

use super::{Check, Rule, headers};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "http-version",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(walks) = &case.walks else {
        return Vec::new();
    };
    let walk = &walks.websocket;
    let Some(proxied) = walk.proxied() else {
        return Vec::new();
    };
    let set = walk.scope().one("proxy_http_version");
    let old = set.is_none_or(|set| set.has_arg("1.0"));
    // Without the headers nothing is upgraded, and that is the fault to name; its mend sets the version too.
    if !old || !headers::lost(proxied).is_empty() {
        return Vec::new();
    }
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        set.unwrap_or(proxied.pass).pos,
        "The back end is asked with HTTP/1.0, which knows no upgrade.",
        "Node's servers take it all the same; others refuse the websocket. From nginx 1.29.7 on, 1.1 is the default.",
    );
    let edit = match set.and_then(|set| Some((set, set.args.first()?))) {
        Some((set, word)) => edit::replace(case.config, set, word, "1.1"),
        None => edit::after(case.config, proxied.pass, &["proxy_http_version 1.1;"]),
    };
    vec![finding.mend("Ask with HTTP/1.1.", true, vec![edit])]
}
