//! `proxy_pass` with a variable whose value is a name: nginx looks it up at run time, and has nobody to ask.

use super::{Check, Rule, Title, address::authority, first_proxied, missed_name::missed};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::{Proxied, Target, Walk, upstream::Authority, variables_in},
};

pub(super) const RULE: Rule = Rule {
    id: "no-resolver",
    title: Title {
        english: "A name in a variable, and no resolver.",
        spanish: "Un nombre en una variable, y ningún resolver.",
    },
    checks: &[Check::Way(|case| first_proxied(case, judge))],
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let address = &match &proxied.target {
        Target::Address(address) => address.clone(),
        Target::Unknown(_) => of_default(case, proxied)?,
        Target::Upstream(_) => return None,
    };
    if !proxied.has_variables || address.is_literal() || walk.scope().one("resolver").is_some() {
        return None;
    }
    let is_missed = address.host.is_empty() && missed(walk, proxied).is_some();
    if case.http.is_looked_up(address) || is_missed {
        return None;
    }
    let host = &address.host;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        proxied.pass.pos,
        say!(
            "This address has a variable, so {host} is looked up at run time, and no resolver is set.",
            "Esta dirección lleva una variable, así que {host} se busca en ejecución, y no hay resolver."
        ),
        say!(
            "Every request gets 502; nginx logs \"no resolver defined to resolve {host}\".",
            "Toda petición recibe 502; nginx anota \"no resolver defined to resolve {host}\"."
        ),
    );
    Some(finding.advise(
        say!(
            "Write the address without a variable, name an `upstream` of that name, or set `resolver` to a name \
             server.",
            "Escriba la dirección sin variable, haga un `upstream` con ese nombre, o ponga en `resolver` un \
             servidor de nombres."
        ),
    ))
}

/// What is asked by the default of a `map` whose value only a request decides.
fn of_default(case: &Case<'_>, proxied: &Proxied<'_>) -> Option<Authority> {
    let written = authority(proxied.pass.arg(0)?);
    let variable = variables_in(written).into_iter().next()?;
    let source = case.http.source(variable)?;
    let mut entries = source.children().iter();
    let default = entries.find(|entry| entry.is("default"))?.arg(0)?;
    if default.is_empty() || default.contains(['$', '/']) {
        return None;
    }
    let braced = written.replace(&format!("${{{variable}}}"), default);
    let asked = braced.replace(&format!("${variable}"), default);
    let is_whole = !asked.contains('$') && case.http.upstream(&asked).is_none();
    is_whole.then(|| Authority::parse(&asked, 80))
}
