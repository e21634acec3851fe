//! `https` to a port that speaks plain HTTP, or the reverse.

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::listen::Listen,
};

pub(super) const RULE: Rule = Rule {
    id: "tls-mismatch",
    title: Title {
        english: "TLS to a plain port, or the reverse.",
        spanish: "TLS hacia un puerto sin cifrar, o al revés.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

fn judge(case: &Case<'_>) -> Option<Finding> {
    let walks = case.walks.as_ref()?;
    let arriving = &case.arriving;
    let port = arriving.port;
    // `ssl` holds for the address, whichever block says it.
    let same_place = |listen: &&Listen<'_>| {
        listen.port == port && listen.address == walks.handshake.choice.listen.address
    };
    let mut listens = case
        .http
        .servers
        .iter()
        .flat_map(|server| &server.listens)
        .filter(same_place);
    let server = walks.handshake.server().directive;
    let old_switch = server.first("ssl").is_some_and(|ssl| ssl.has_arg("on"));
    let tls = old_switch || listens.any(|listen| listen.tls);
    let wants_tls = arriving.scheme == "https";
    // Where a port is mapped, something in front of nginx may end TLS.
    if tls == wants_tls || port != case.origin.port {
        return None;
    }
    let listen = &walks.handshake.choice.listen;
    let place = listen.directive.unwrap_or(server);
    let (message, effect, advice) = if wants_tls {
        (
            say!(
                "{origin} is opened with TLS, and this `listen` has no `ssl`.",
                "{origin} se abre con TLS, y este `listen` no lleva `ssl`.",
                origin = case.origin
            ),
            say!(
                "The browser shows a protocol error; nginx logs a 400 for the TLS greeting.",
                "El navegador muestra un error de protocolo; nginx anota un 400 por el saludo TLS."
            ),
            say!(
                "Add `ssl` to the listen, and a certificate.",
                "Añada `ssl` al listen, y un certificado."
            ),
        )
    } else {
        (
            say!(
                "{origin} is opened without TLS, and port {port} speaks TLS.",
                "{origin} se abre sin TLS, y el puerto {port} habla TLS.",
                origin = case.origin
            ),
            say!(
                "nginx answers 400, \"The plain HTTP request was sent to HTTPS port\".",
                "nginx responde 400, \"The plain HTTP request was sent to HTTPS port\"."
            ),
            say!(
                "Use https:// in the addresses of the page and of the client.",
                "Use https:// en las direcciones de la página y del cliente."
            ),
        )
    };
    let finding = case.finding(RULE.id, Severity::Error, place.pos, message, effect);
    let last = place
        .args
        .last()
        .filter(|_| wants_tls && listen.directive.is_some());
    Some(match last {
        Some(word) => {
            let edits = vec![edit::replace(
                case.config,
                place,
                word,
                &format!("{} ssl", word.text),
            )];
            finding.mend(advice, false, edits)
        }
        None => finding.advise(advice),
    })
}
