//! The clocks differ, so that tokens are valid too late or too short.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::Which,
};

pub(super) const RULE: Rule = Rule {
    id: "clock-skew",
    title: Title {
        english: "The clocks of client and server differ.",
        spanish: "Los relojes de cliente y servidor difieren.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

/// More than what an answer takes, and than libraries for tokens leave.
const MOST_S: i64 = 60;

fn judge(live: &Live<'_>) -> Option<Finding> {
    let skew = live.evidence.skew_s?;
    if skew.abs() <= MOST_S {
        return None;
    }
    let is_refused = live.evidence.refused.is_some() || live.evidence.disconnects;
    let refuses = is_refused && live.plan.token.is_some();
    let severity = if refuses {
        Severity::Error
    } else {
        Severity::Hint
    };
    let seconds = skew.abs();
    let (english, spanish) = match skew > 0 {
        true => ("ahead", "adelantado"),
        false => ("behind", "atrasado"),
    };
    let asked = match live.evidence.was_asked(Which::Direct) {
        true => live.plan.direct.as_ref()?,
        false => live.plan.proxied.as_ref()?,
    };
    let finding = Finding::new(
        RULE.id,
        severity,
        None,
        crate::language::Text::new(
            format!("The clock of {asked} is {seconds} s {english} of this machine's."),
            format!("El reloj de {asked} va {seconds} s {spanish} respecto al de esta máquina."),
        ),
        say!(
            "Tokens expire too early, or are not yet valid, where another machine made them.",
            "Los tokens caducan antes de tiempo, o aún no son válidos, donde los hizo otra máquina."
        ),
    );
    Some(finding.advise(say!(
        "Let both follow the time by NTP: timedatectl set-ntp true.",
        "Haga que ambas sigan la hora por NTP: timedatectl set-ntp true."
    )))
}
