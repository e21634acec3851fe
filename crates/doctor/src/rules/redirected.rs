//! The handshake is answered with a redirect although the page is not, or the site redirects to itself.

use super::{Check, Rule, one};
use crate::{
    case::{Case, redirect},
    finding::{Finding, Severity},
    nginx::Landing,
};

pub(super) const RULE: Rule = Rule {
    id: "redirected",
    check: Check::Route(|case| one(judge(case))),
};

const EFFECT: &str = "The client gets a redirect in place of its session. A websocket does not follow one, a \
                      POST becomes a GET, and another origin is refused for want of CORS headers.";

fn judge(case: &Case<'_>) -> Option<Finding> {
    if let Some(by) = case.circle {
        let finding = case.finding(
            RULE.id,
            Severity::Error,
            by.pos,
            format!("{} is redirected to itself without end.", case.origin),
            "Browsers say ERR_TOO_MANY_REDIRECTS; clients never get a session.",
        );
        let advice = "Redirect only what came without TLS: if a proxy in front ends TLS, look at $http_x_forwarded_proto.";
        return Some(finding.advise(advice));
    }
    let walks = case.walks.as_ref()?;
    let (origin, by) = redirect(&walks.handshake, &case.origin)?;
    let Landing::Answer { status, .. } = walks.handshake.landing else {
        return None;
    };
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        by.pos,
        format!("{path} is answered with a redirect ({status}) to {origin} here."),
        EFFECT,
    );
    let advice =
        format!("Take {path} out of the redirect: give it a location of its own that is proxied.");
    Some(finding.advise(advice))
}
