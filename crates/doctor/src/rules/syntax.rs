//! What nginx's own reader stumbles over.

use super::{Check, Rule};
use crate::{
    finding::{Finding, Severity},
    nginx::Config,
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "syntax",
    check: Check::Loading(check),
};

fn check(config: &Config, _: &Root) -> Vec<Finding> {
    let mistakes = config
        .mistakes
        .iter()
        .filter(|mistake| mistake.missing.is_none());
    mistakes
        .map(|mistake| {
            Finding::new(
                RULE.id,
                Severity::Error,
                config.place(mistake.pos),
                format!("nginx cannot read this: {}.", mistake.message),
                "nginx refuses the configuration: it does not start, or goes on with the old one after a reload.",
            )
            .advise("Look at this line and the one before it for a missing `;`, brace or quote; `nginx -t` checks it.")
        })
        .collect()
}

/// Whether it says that the file ends too early.
pub(super) fn is_end_of_file(finding: &Finding) -> bool {
    finding.rule == RULE.id
        && finding
            .message
            .contains("unexpected end of file, expecting")
}
