//! The back end refuses the page's origin.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    nginx::request::Origin,
    probe::Which,
};

pub(super) const RULE: Rule = Rule {
    id: "origin-refused",
    title: Title {
        english: "The server does not let this page connect.",
        spanish: "El servidor no deja conectarse a esta página.",
    },
    check: Check::Live(|live| one(judge(live))),
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let which = live.evidence.refuses_the_page?;
    let url = live.question.url.as_ref().map(|url| url.origin.clone());
    let page = url.or_else(|| live.plan.proxied.clone())?;
    // The back end itself was asked in the page's name, and let it in: it does not hear that name from the proxy.
    if which == Which::Proxied && live.opens(Which::Direct) {
        return Some(host_lost(live, &page));
    }
    let where_to = match which {
        Which::Direct => live.plan.direct.as_ref()?,
        Which::Proxied => live.plan.proxied.as_ref()?,
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The server at {where_to} refuses the page {page}, and takes the same request without its Origin.",
            "El servidor en {where_to} rechaza la página {page}, y acepta la misma petición sin su Origin."
        ),
        say!(
            "Browsers do not connect; scripts and tools do.",
            "Los navegadores no se conectan; los scripts y las herramientas sí."
        ),
    );
    Some(finding.advise(say!(
        "Name {page} in the server's list of origins (`cors.origin`; with Atalaya ATALAYA_ALLOWED_ORIGINS).",
        "Ponga {page} en la lista de orígenes del servidor (`cors.origin`; en Atalaya ATALAYA_ALLOWED_ORIGINS)."
    )))
}

fn host_lost(live: &Live<'_>, page: &Origin) -> Finding {
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        live.blame(),
        say!(
            "The server takes the page {page} at its own address, and refuses it through the proxy.",
            "El servidor acepta la página {page} en su propia dirección, y la rechaza a través del proxy."
        ),
        say!(
            "Browsers do not connect; scripts and tools do.",
            "Los navegadores no se conectan; los scripts y las herramientas sí."
        ),
    );
    finding.advise(say!(
        "It compares the page with the name that it is asked by: proxy_set_header Host $http_host;",
        "Compara la página con el nombre por el que se le pregunta: proxy_set_header Host $http_host;"
    ))
}
