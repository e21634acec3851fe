//! The back end refuses the page's origin: it was seen to, or Atalaya's own list says so.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, each_own, standings},
    cross_origin::{ALLOW_ORIGIN, Crossing, is_about_origins},
    one,
};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    nginx::{Walk, request::Origin},
    probe::{
        Step, Which,
        sign::{Sign, code},
    },
    process::{App, Processes},
    setting::Setting,
    url::Url,
};

pub(super) const RULE: Rule = Rule {
    id: "origin-refused",
    title: Title {
        english: "The server does not let this page connect.",
        spanish: "El servidor no deja conectarse a esta página.",
    },
    checks: &[
        Check::Live(|live| one(judge(live))),
        Check::Live(|live| one(without_leave(live))),
        Check::Processes(listed),
        Check::Processes(told),
    ],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let Some(which) = live.evidence.refuses_the_page else {
        return forbidden(live);
    };
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

/// An answer that a browser does not give to the page, for all that it is one.
fn without_leave(live: &Live<'_>) -> Option<Finding> {
    let leave = live.evidence.leave.as_ref();
    let leave = leave.filter(|leave| !leave.is_given() && leave.given.len() < 2)?;
    let page = &leave.page;
    let given = match leave.given.first() {
        Some(other) => say!("to {other} alone", "solo a {other}"),
        None => say!("to none", "a ninguna"),
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The page {page} is of another origin, and the answers give leave {given} (Access-Control-Allow-Origin).",
            "La página {page} es de otro origen, y las respuestas dan permiso {given} (Access-Control-Allow-Origin).";
            given = given
        ),
        say!(
            "The browser drops the answers of polling: connect_error, \"xhr poll error\". Scripts and tools connect.",
            "El navegador descarta las respuestas del polling: connect_error, «xhr poll error». Los scripts y las \
             herramientas se conectan."
        ),
    );
    Some(finding.advise(say!(
        "Name {page} in the server's list of origins (`cors.origin`; with Atalaya ATALAYA_ALLOWED_ORIGINS).",
        "Ponga {page} en la lista de orígenes del servidor (`cors.origin`; en Atalaya ATALAYA_ALLOWED_ORIGINS)."
    )))
}

/// Forbidden whether the page is named or not: the server wants something that the doctor does not know of.
fn forbidden(live: &Live<'_>) -> Option<Finding> {
    let is_forbidden = |which: &Which| {
        let sign = live.sign(*which, Step::Polling);
        sign.is_some_and(|sign| matches!(sign, Sign::EngineIo(code::FORBIDDEN, _)))
    };
    // What the back end itself takes is another rule's.
    let which = [Which::Direct, Which::Proxied]
        .into_iter()
        .find(is_forbidden)?;
    if live.opens(Which::Direct) || live.opens(Which::Proxied) {
        return None;
    }
    let asked = match which {
        Which::Direct => live.plan.direct.as_ref()?,
        Which::Proxied => live.plan.proxied.as_ref()?,
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Hint,
        None,
        say!(
            "The server at {asked} forbids the handshake, with the page's Origin and without it.",
            "El servidor en {asked} prohíbe el handshake, con el Origin de la página y sin él."
        ),
        say!(
            "Only clients connect that bring what it wants: a cookie, a header, another page.",
            "Sólo se conectan los clientes que traen lo que pide: una cookie, una cabecera, otra página."
        ),
    );
    Some(finding.advise(say!(
        "Look at what `allowRequest` of the server asks for; a browser sends no Origin with polling to its own site.",
        "Mire qué pide `allowRequest` del servidor; un navegador no envía Origin al hacer polling a su propio sitio."
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

fn listed(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    each_own(processes, site, "allowed_origins", judge_list)
}

/// Atalaya takes every page, the pages that are listed, and the page of the host that it is asked by.
fn judge_list(list: &Setting, site: &Site<'_>) -> Option<Finding> {
    let page = site.origin.as_ref()?.to_string();
    let mut listed = list.value.split(',').map(str::trim);
    if listed.any(|origin| origin == "*" || origin.eq_ignore_ascii_case(&page)) {
        return None;
    }
    let proxied = site.case?.walks.as_ref()?.websocket.proxied()?;
    let host = proxied.header("host")?;
    let (_, authority) = page.split_once("://")?;
    // What is not known may be right.
    let sent = match host.by {
        Some(_) => host.value.known()?,
        None => "$proxy_host",
    };
    if sent.eq_ignore_ascii_case(authority) {
        return None;
    }
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        list.place.clone(),
        say!(
            "Atalaya takes these pages only, and {page} is not among them; nginx asks it by another host, {sent}.",
            "Atalaya acepta solo estas páginas, y {page} no está entre ellas; nginx le pregunta por otro host, {sent}."
        ),
        say!(
            "Browsers do not connect by websocket; scripts and tools do.",
            "Los navegadores no se conectan por websocket; los scripts y las herramientas sí."
        ),
    );
    let advice = say!(
        "Name {page} here, or let nginx send the page's host: proxy_set_header Host $http_host;",
        "Ponga {page} aquí, o haga que nginx envíe el host de la página: proxy_set_header Host $http_host;"
    );
    Some(match list.is_literal {
        true => {
            let longer = match list.value.trim() {
                "" => page,
                others => format!("{others},{page}"),
            };
            finding.mend(advice, true, vec![list.replaced_by(&longer)])
        }
        false => finding.advise(advice),
    })
}

/// Of other servers, what their environment says of origins; they need it only for pages of another origin.
fn told(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends =
        standings.filter(|(app, standing)| *standing == Standing::BackEnd && !app.is_atalaya());
    back_ends
        .filter_map(|(app, _)| judge_variable(app, site))
        .collect()
}

fn judge_variable(app: &App, site: &Site<'_>) -> Option<Finding> {
    let crossing = Crossing::of(site)?;
    let (page, case) = (&crossing.page, crossing.case);
    let list = app.in_production(|it| is_about_origins(it) && origins(it).is_some())?;
    let is_answered = |walk: &Walk<'_>| !walk.added(ALLOW_ORIGIN).is_empty();
    let page = page.to_string();
    let mut listed = origins(list)?;
    if listed.any(|origin| origin.eq_ignore_ascii_case(&page))
        || crossing.walks.iter().any(is_answered)
    {
        return None;
    }
    let name = list.name.as_deref().unwrap_or_default();
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        list.place.clone(),
        say!(
            "{name} names {value}, and the page is {page}, which asks {there}.",
            "{name} nombra {value}, y la página es {page}, que pregunta a {there}.",
            value = list.value,
            there = case.origin
        ),
        say!(
            "The browser drops the answers of polling: connect_error, \"xhr poll error\". Scripts and tools connect.",
            "El navegador descarta las respuestas del polling: connect_error, «xhr poll error». Los scripts y las \
             herramientas se conectan."
        ),
    );
    let advice = say!(
        "Name the page's origin as the browser sends it: {page}, with no slash at its end.",
        "Ponga el origen de la página como lo envía el navegador: {page}, sin barra al final."
    );
    Some(match list.is_literal {
        true => finding.mend(advice, false, vec![list.replaced_by(&page)]),
        false => finding.advise(advice),
    })
}

/// The origins of a list; `None` if it is something else, or takes every page.
fn origins(list: &Setting) -> Option<impl Iterator<Item = &str>> {
    let words = || {
        let words = list.value.split([',', ' ', ';']);
        words.map(str::trim).filter(|word| !word.is_empty())
    };
    let are_addresses = words().all(|word| !word.contains('*') && word.parse::<Url>().is_ok());
    (are_addresses && words().next().is_some()).then(words)
}
