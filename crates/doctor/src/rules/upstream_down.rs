//! Every server of the upstream is marked `down`, or every one but its backups.

use super::{Check, Rule, Title, first_proxied, wrong_address};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{Proxied, Target, Walk, upstream::Upstream},
};

pub(super) const RULE: Rule = Rule {
    id: "upstream-down",
    title: Title {
        english: "Every server is marked down.",
        spanish: "Todos los servidores están marcados como down.",
    },
    checks: &[Check::Way(|case| first_proxied(case, judge))],
};

fn judge(case: &Case<'_>, _: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let Target::Upstream(name) = &proxied.target else {
        return None;
    };
    let upstream = case.http.upstream(name)?;
    let first = upstream.servers.first()?;
    if upstream.is_on_backup() {
        return on_backup(case, upstream);
    }
    if upstream.servers.iter().any(|peer| !peer.down) {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        first.directive.pos,
        say!(
            "Every server of upstream {name} is marked down.",
            "Todos los servidores del upstream {name} están marcados como down."
        ),
        say!(
            "The client gets 502; nginx logs \"no live upstreams\".",
            "El cliente recibe 502; nginx anota \"no live upstreams\"."
        ),
    );
    Some(finding.advise(say!(
        "Take `down` away from a server that runs.",
        "Quite `down` de un servidor que funcione."
    )))
}

/// A backup is often a page that says "back soon". Where it is known to be the back end, all is well.
fn on_backup(case: &Case<'_>, upstream: &Upstream<'_>) -> Option<Finding> {
    let known = case.question.direct.as_ref().map(wrong_address::back_end);
    if known.is_some_and(|known| upstream.active().any(|peer| peer.address.same(&known))) {
        return None;
    }
    let regular = upstream.servers.iter().find(|peer| !peer.backup)?;
    let backup = upstream.active().next()?;
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        regular.directive.pos,
        say!(
            "Every regular server of upstream {name} is marked down, so all requests go to its backup {backup}.",
            "Todos los servidores regulares del upstream {name} están marcados como down, así que todas las \
             peticiones van a su reserva {backup}.",
            name = upstream.name,
            backup = backup.address
        ),
        say!(
            "If the backup is no Socket.IO server, but a page for the meantime, no client connects.",
            "Si la reserva no es un servidor Socket.IO, sino una página para entretanto, ningún cliente se conecta."
        ),
    );
    Some(finding.advise(say!(
        "Take `down` away when the server runs again.",
        "Quite `down` cuando el servidor vuelva a funcionar."
    )))
}
