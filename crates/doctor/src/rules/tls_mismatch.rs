//! `https` to a port that speaks plain HTTP, or the reverse.

use super::{Check, Rule, Title, address::authority, first_proxied, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{
        Proxied, Walk, listen::Listen, request::default_port, tree::Directive, upstream::Authority,
    },
};

pub(super) const RULE: Rule = Rule {
    id: "tls-mismatch",
    title: Title {
        english: "TLS to a plain port, or the reverse.",
        spanish: "TLS hacia un puerto sin cifrar, o al revés.",
    },
    checks: &[
        Check::Route(|case| one(judge(case))),
        Check::Way(|case| first_proxied(case, odd_one)),
    ],
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

/// The back end is asked in another way than by the other locations, and one address cannot speak both. Which of
/// them is wrong only the back end knows; the majority is believed.
fn odd_one(case: &Case<'_>, _: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let asked: Vec<Authority> = case
        .addresses(proxied)
        .into_iter()
        .map(|(address, _)| address)
        .collect();
    let mut passes = Vec::new();
    collect(case.http.block, &mut passes);
    let same_place = passes.into_iter().filter_map(|pass| {
        let (scheme, _) = pass.arg(0)?.split_once("://")?;
        let met = addresses(case, pass)
            .iter()
            .any(|address| asked.iter().any(|asked| asked.same(address)));
        met.then_some((scheme, pass))
    });
    let (alike, others): (Vec<_>, Vec<_>) =
        same_place.partition(|(scheme, _)| *scheme == proxied.scheme);
    let (their_scheme, other) = others.first().filter(|_| others.len() >= alike.len())?;
    let scheme = &proxied.scheme;
    let finding = case.finding(
        RULE.id,
        Severity::Warning,
        proxied.pass.pos,
        say!(
            "This asks {address} with {scheme}, and {other} asks the same address with {their_scheme}: it cannot \
             speak both.",
            "Esto pregunta a {address} con {scheme}, y {other} pregunta a la misma dirección con {their_scheme}: no \
             puede hablar ambos.",
            address = asked[0],
            other = case.at(other)
        ),
        say!(
            "The client gets 502; with http to a TLS port, 400.",
            "El cliente recibe 502; con http hacia un puerto TLS, 400."
        ),
    );
    Some(finding.advise(say!(
        "Ask with {their_scheme} here too, if that is what the back end speaks.",
        "Pregunte también aquí con {their_scheme}, si es lo que habla el back end."
    )))
}

fn collect<'c>(block: &'c Directive, passes: &mut Vec<&'c Directive>) {
    for child in block.children() {
        if child.is("proxy_pass") {
            passes.push(child);
        }
        collect(child, passes);
    }
}

/// Where a `proxy_pass` leads, if no variable decides it.
fn addresses(case: &Case<'_>, pass: &Directive) -> Vec<Authority> {
    let address = pass.arg(0).unwrap_or_default();
    let port = default_port(address.split("://").next().unwrap_or_default());
    let written = authority(address);
    if written.contains('$') {
        return Vec::new();
    }
    match case.http.upstream(written) {
        Some(upstream) => upstream.active().map(|peer| peer.address.clone()).collect(),
        None => vec![Authority::parse(written, port)],
    }
}
