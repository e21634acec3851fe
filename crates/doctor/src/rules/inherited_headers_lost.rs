//! The outer block hands on `Upgrade` and `Connection`; a `proxy_set_header` of the inner block throws the whole
//! inherited list away.

use super::{Check, Rule, Title, headers, one, upgrade_headers::hidden_outside};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
};

pub(super) const RULE: Rule = Rule {
    id: "inherited-headers-lost",
    title: Title {
        english: "An inner header throws the outer ones away.",
        spanish: "Una cabecera interior anula las exteriores.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.websocket;
    let proxied = walk.proxied()?;
    let lost = headers::lost(proxied);
    let own = walk.scope().all("proxy_set_header");
    let (Some(first), Some(last)) = (own.first(), own.last()) else {
        return None;
    };
    if lost.is_empty() || !hidden_outside(walk, &lost) {
        return None;
    }
    let hidden = walk.scope().hidden("proxy_set_header");
    let outer = hidden
        .first()
        .map_or_else(String::new, |outer| case.at(outer));
    // A shared file is right for others: it is the line that brings it here that is not.
    let is_shared = case.config.is_shared(first.pos.file);
    let brought = headers::brought_by(case, walk, first).filter(|_| is_shared);
    let place = brought.unwrap_or(first);
    let at = match std::ptr::eq(place, *first) {
        true => String::new(),
        false => format!(" ({})", case.at(first)),
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "A proxy_set_header in this block{at} throws away all those of the outer one ({outer}), {lost} \
             among them.",
            "Un proxy_set_header de este bloque{at} anula todos los del exterior ({outer}), {lost} entre \
             ellos.",
            at = at;
            lost = headers::listed(&lost)
        ),
        say!(
            "The websocket gets 400, {{\"code\":3,\"message\":\"Bad request\"}}; clients stay on polling, or never \
             connect.",
            "El websocket recibe 400, {{\"code\":3,\"message\":\"Bad request\"}}; los clientes se quedan en \
             polling, o nunca se conectan."
        ),
    );
    let lines = headers::not_repeated(&own, &hidden);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    // Not into a file that others include as well.
    let beside = headers::brought_by(case, walk, last).unwrap_or(last);
    let edits = vec![edit::after(case.config, beside, &lines)];
    Some(finding.mend(
        say!(
            "Repeat the outer headers in this block.",
            "Repita en este bloque las cabeceras del exterior."
        ),
        true,
        edits,
    ))
}
