//! The back end is asked with HTTP/1.0. Both upgrade headers get many servers over it all the same.

use super::{Check, Rule, Title, headers, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "http-version",
    title: Title {
        english: "HTTP/1.0 to the back end (hint).",
        spanish: "HTTP/1.0 hacia el back end (sugerencia).",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
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
        say!(
            "The back end is asked with HTTP/1.0, which knows no upgrade.",
            "Al back end se le pregunta con HTTP/1.0, que no conoce el upgrade."
        ),
        say!(
            "Node's servers take it all the same; others refuse the websocket. From nginx 1.29.7 on, 1.1 is the \
             default.",
            "Los servidores de Node lo aceptan igualmente; otros rechazan el websocket. Desde nginx 1.29.7 el valor \
             por defecto es 1.1."
        ),
    );
    let edit = edit::give(case.config, set, proxied.pass, "proxy_http_version", "1.1");
    Some(finding.mend(
        say!("Ask with HTTP/1.1.", "Pregunte con HTTP/1.1."),
        true,
        vec![edit],
    ))
}
