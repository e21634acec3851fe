//! TLS without a certificate, and certificates without their keys.

use super::Refusal;
use crate::nginx::{listen::Listen, tree::Directive};

pub(super) fn in_http<'c>(http: &'c Directive, refusals: &mut Vec<Refusal<'c>>) {
    let mut seen = Vec::new();
    for server in http.all("server") {
        for listen in server.all("listen") {
            let Some(parsed) = Listen::parse(listen).filter(|listen| listen.tls) else {
                continue;
            };
            let place = (parsed.address.clone(), parsed.port);
            if seen.contains(&place) {
                continue;
            }
            // The others may leave it to them that whoever asks for their names gets no TLS.
            let (asked, by) = default_at(http, &parsed).unwrap_or((server, listen));
            seen.push(place);
            let refuses =
                first(http, asked, "ssl_reject_handshake").is_some_and(|it| it.has_arg("on"));
            if !refuses && first(http, asked, "ssl_certificate").is_none() {
                let why = say!(
                    "TLS is spoken here, and no ssl_certificate is there for it",
                    "aquí se habla TLS, y no hay ssl_certificate para ello"
                );
                refusals.push((&by.name, why));
            }
        }
        keyless(server, &[server, http], refusals);
    }
    keyless(http, &[http], refusals);
}

/// The block that answers for an address whatever name is asked for, with its `listen`.
fn default_at<'c>(
    http: &'c Directive,
    wanted: &Listen<'_>,
) -> Option<(&'c Directive, &'c Directive)> {
    let listens = http.all("server").flat_map(|server| {
        let listens = server.all("listen");
        listens.filter_map(move |listen| Some((server, listen, Listen::parse(listen)?)))
    });
    let here: Vec<_> = listens
        .filter(|(_, _, listen)| (&listen.address, listen.port) == (&wanted.address, wanted.port))
        .collect();
    let default = here.iter().find(|(_, _, listen)| listen.is_default);
    let (server, listen, _) = default.or(here.first())?;
    Some((server, listen))
}

/// What holds in a server block: its own, or that of `http`.
fn first<'c>(http: &'c Directive, server: &'c Directive, name: &str) -> Option<&'c Directive> {
    server.first(name).or(http.first(name))
}

fn keyless<'c>(block: &'c Directive, around: &[&Directive], refusals: &mut Vec<Refusal<'c>>) {
    let has_key = around
        .iter()
        .any(|level| level.first("ssl_certificate_key").is_some());
    if let Some(certificate) = block.first("ssl_certificate").filter(|_| !has_key) {
        let why = say!(
            "there is no ssl_certificate_key for this certificate",
            "no hay ssl_certificate_key para este certificado"
        );
        refusals.push((&certificate.name, why));
    }
}
