//! The back end gets the path without the query, which holds the transport and the session.

use super::{Check, Rule, Title, address::without_uri, blame, first_proxied};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Walk},
};

pub(super) const RULE: Rule = Rule {
    id: "query-lost",
    title: Title {
        english: "The query is lost.",
        spanish: "La query se pierde.",
    },
    checks: &[Check::Way(|case| first_proxied(case, judge))],
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let uri = proxied.uri.known()?;
    if uri.contains("transport=") && uri.contains("EIO=") {
        return None;
    }
    let rewrite = blame::last_change(walk);
    let by_variables = proxied.has_variables
        && proxied
            .pass
            .arg(0)
            .is_some_and(|address| !address.ends_with("$uri"));
    let place = rewrite.filter(|_| !by_variables).unwrap_or(proxied.pass);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        place.pos,
        say!(
            "The query is lost here: the back end is asked for {uri}, without transport and session.",
            "La query se pierde aquí: al back end se le pide {uri}, sin transporte ni sesión."
        ),
        say!(
            "The client gets 400 with {{\"code\":0,\"message\":\"Transport unknown\"}} or an unsupported protocol \
             version.",
            "El cliente recibe 400 con {{\"code\":0,\"message\":\"Transport unknown\"}} o una versión del protocolo \
             no admitida."
        ),
    );
    let same_path = proxied.path() == Some(&case.question.path);
    let word = proxied.pass.args.first();
    let word = word.filter(|_| place.is("proxy_pass") && proxied.has_variables && same_path);
    let Some((word, bare)) = word.and_then(|word| Some((word, without_uri(&word.text)?))) else {
        return Some(finding.advise(say!(
            "Keep the query: add $is_args$args to the URI, or take the `?` off its end.",
            "Conserve la query: añada $is_args$args a la URI, o quite el `?` de su final."
        )));
    };
    let edits = vec![edit::replace(case.config, proxied.pass, word, &bare)];
    let advice = say!(
        "An address with variables and a URI is sent as it stands. Without the URI, the request goes on unchanged.",
        "Una dirección con variables y URI se envía tal cual. Sin la URI, la petición sigue sin cambios."
    );
    Some(finding.mend(advice, true, edits))
}
