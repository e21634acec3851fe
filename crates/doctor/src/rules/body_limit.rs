//! nginx takes smaller bodies than Socket.IO takes messages.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::units,
};

pub(super) const RULE: Rule = Rule {
    id: "body-limit",
    title: Title {
        english: "Smaller bodies than messages.",
        spanish: "Cuerpos más pequeños que los mensajes.",
    },
    checks: &[Check::Way(|case| one(judge(case)))],
};

/// nginx's own, where none is set.
const DEFAULT: u64 = 1 << 20;

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walk = &case.walks.as_ref()?.post;
    let proxied = walk.proxied()?;
    let set = walk.scope().one("client_max_body_size");
    let limit = set
        .and_then(|set| units::size(set.arg(0)?))
        .unwrap_or(DEFAULT);
    let wanted = case.question.max_payload();
    if limit == 0 || limit >= wanted {
        return None;
    }
    let place = set.unwrap_or(proxied.pass);
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        place.pos,
        say!(
            "nginx takes {limit} bytes, and the server announces messages of up to {wanted} (maxPayload).",
            "nginx acepta {limit} bytes, y el servidor anuncia mensajes de hasta {wanted} (maxPayload)."
        ),
        say!(
            "A large message by polling gets 413, and the client is disconnected with \"transport error\"; a \
             websocket alone does not show it.",
            "Un mensaje grande por polling recibe 413, y el cliente se desconecta con \"transport error\"; con un \
             websocket solo no se nota."
        ),
    );
    let larger = format!("{}m", wanted.div_ceil(1 << 20).max(1) + 1);
    let edit = edit::give(case.config, set, place, "client_max_body_size", &larger);
    Some(finding.mend(
        say!(
            "Let nginx take what the server takes.",
            "Haga que nginx acepte lo que acepta el servidor."
        ),
        true,
        vec![edit],
    ))
}
