//! `/api/` and Socket.IO are the same back end's, and go to different addresses.

use super::{
    Check, Rule, Title,
    address::authority,
    no_location::is_for_everything,
    one,
    wrong_address::{back_end, differs},
};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::upstream::Authority,
};

pub(super) const RULE: Rule = Rule {
    id: "api-elsewhere",
    title: Title {
        english: "/api/ goes elsewhere.",
        spanish: "/api/ va a otra parte.",
    },
    checks: &[Check::Beside(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let proxied = walks.api.proxied()?;
    let meant = meant(case)?;
    let addresses = case.addresses(proxied);
    let (address, place) = addresses.first()?;
    let met = |(address, _): &(Authority, _)| meant.iter().any(|meant| !differs(address, meant));
    if is_for_everything(walks.api.location()) || addresses.iter().any(met) {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        severity(address, &meant[0]),
        place.pos,
        say!(
            "/api/ is sent to {address}, and Socket.IO's back end is at {meant}.",
            "/api/ se envía a {address}, y el back end de Socket.IO está en {meant}.",
            meant = meant[0]
        ),
        say!(
            "Logins and requests of the page fail or reach another installation, whose tokens the sockets do not \
             accept.",
            "El inicio de sesión y las peticiones de la página fallan o llegan a otra instalación, cuyos tokens no \
             aceptan los sockets."
        ),
    );
    let advice = say!(
        "If one back end serves both, send /api/ to {meant}.",
        "Si un solo back end sirve ambos, envíe /api/ a {meant}.",
        meant = meant[0]
    );
    let written = place.args.first().filter(|_| place.is("proxy_pass"));
    Some(match written {
        Some(word) => {
            let right = meant[0].to_string();
            let text = word.text.replacen(authority(&word.text), &right, 1);
            let edits = vec![edit::replace(case.config, place, word, &text)];
            // A service of its own would be near, and who names the back end may have meant another one.
            let is_sure = case.question.direct.is_some() && is_far(address, &meant[0]);
            finding.mend(advice, is_sure && !proxied.has_variables, edits)
        }
        None => finding.advise(advice),
    })
}

/// The back end as it was given, or as the Socket.IO requests reach it.
fn meant(case: &Case<'_>) -> Option<Vec<Authority>> {
    if let Some(direct) = &case.question.direct {
        return Some(vec![back_end(direct)]);
    }
    let (_, proxied) = case.proxied().first().copied()?;
    let addresses: Vec<_> = case
        .addresses(proxied)
        .into_iter()
        .map(|(address, _)| address)
        .collect();
    (!addresses.is_empty()).then_some(addresses)
}

/// Two services on one machine, or in one network of containers, are usual. One of them far away is not.
fn severity(address: &Authority, meant: &Authority) -> Severity {
    match is_far(address, meant) {
        true => Severity::Warning,
        false => Severity::Hint,
    }
}

/// On another machine, while the back end is on this one.
fn is_far(address: &Authority, meant: &Authority) -> bool {
    meant.is_loopback() && address.is_literal() && !address.is_loopback()
}
