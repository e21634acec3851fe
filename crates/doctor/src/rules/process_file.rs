//! The process manager's file is one that it refuses, or that says what it says only when it is run.

use super::{Check, Rule, Site};
use crate::{
    finding::{Finding, Severity},
    process::{Processes, Unread, Why},
};

pub(super) const RULE: Rule = Rule {
    id: "process-file",
    check: Check::Processes(check),
};

fn check(processes: &Processes, _: &Site<'_>) -> Vec<Finding> {
    processes.unread.iter().map(tell).collect()
}

fn tell(unread: &Unread) -> Finding {
    let place = unread.place.clone();
    match &unread.why {
        Why::Refused(why) => Finding::new(
            RULE.id,
            Severity::Error,
            place,
            format!("The process manager cannot read this: {why}."),
            "Nothing is started from this file; what runs is what was started before.",
        )
        .advise("Correct this line, or the one before it."),
        Why::Computed => Finding::new(
            RULE.id,
            Severity::Hint,
            place,
            "What stands here is known only when it is run, and the doctor runs nothing.",
            "Nothing breaks; but what is run there is not judged.",
        )
        .advise("Look at what the process manager made of it: pm2 show NAME, pm2 env ID."),
    }
}
