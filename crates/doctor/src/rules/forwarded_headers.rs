//! The back end is not told the host, the client's address or the scheme, is told what the client claims, or does
//! not believe what nginx tells it.

use super::{Check, Rule, Site, Title, back_end::each_own};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::Proxied,
    process::Processes,
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "forwarded-headers",
    title: Title {
        english: "The back end is not told who asks (hint).",
        spanish: "Al back end no se le dice quién pregunta (sugerencia).",
    },
    checks: &[Check::Way(check), Check::Processes(believed)],
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let walks = case.walks.iter();
    walks
        .filter_map(|walks| walks.handshake.proxied())
        .flat_map(|proxied| [absent(case, proxied), forgeable(case, proxied)])
        .flatten()
        .collect()
}

fn absent(case: &Case<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    // Without TLS there is one scheme only, and nothing to be told.
    let is_secure = case.origin.scheme == "https";
    let set = |name: &str| {
        proxied
            .header(name)
            .is_some_and(|header| header.by.is_some())
    };
    let wanted = [
        ("host", "Host"),
        ("x-forwarded-for", "X-Forwarded-For"),
        ("x-forwarded-proto", "X-Forwarded-Proto"),
    ];
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|(name, _)| !set(name) && (is_secure || *name != "x-forwarded-proto"))
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let finding = case.finding(
        RULE.id,
        Severity::Hint,
        proxied.pass.pos,
        say!(
            "The back end is not told: {missing}.",
            "Al back end no se le dice: {missing}.",
            missing = missing.join(", ")
        ),
        say!(
            "Nothing breaks; but the back end sees nginx's address for every client, and may build wrong addresses \
             or refuse an origin.",
            "No se rompe nada; pero el back end ve la dirección de nginx para todos los clientes, y puede formar \
             direcciones erróneas o rechazar un origen."
        ),
    );
    Some(finding.advise(say!(
        "Set them from $http_host, $remote_addr and $scheme.",
        "Póngalos con $http_host, $remote_addr y $scheme."
    )))
}

fn forgeable(case: &Case<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let by = proxied.header("x-forwarded-for")?.by?;
    let claimed = by
        .arg(1)
        .is_some_and(|value| value == "$http_x_forwarded_for");
    let finding = || {
        case.finding(
            RULE.id,
            Severity::Hint,
            by.pos,
            say!(
                "The back end is told the address that the client claims.",
                "Al back end se le dice la dirección que el cliente afirma tener."
            ),
            say!(
                "Nothing breaks; but anybody can give any address.",
                "No se rompe nada; pero cualquiera puede dar cualquier dirección."
            ),
        )
        .advise(say!(
            "Use $remote_addr, or $proxy_add_x_forwarded_for behind another proxy.",
            "Use $remote_addr, o $proxy_add_x_forwarded_for detrás de otro proxy."
        ))
    };
    claimed.then(finding)
}

fn believed(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    each_own(processes, site, "trusted_proxies", judge_list)
}

/// nginx asks over the loopback address, and Atalaya believes other proxies only.
fn judge_list(list: &Setting, site: &Site<'_>) -> Option<Finding> {
    site.local_ports().first()?;
    let mut networks = list.value.split(',').map(str::trim);
    if networks.any(|network| {
        network.starts_with("127.") || network.starts_with("::") || network.ends_with("/0")
    }) {
        return None;
    }
    let finding = Finding::new(
        RULE.id,
        Severity::Hint,
        list.place.clone(),
        say!(
            "Atalaya does not believe the nginx of this machine, which asks from 127.0.0.1.",
            "Atalaya no cree al nginx de esta máquina, que pregunta desde 127.0.0.1."
        ),
        say!(
            "Nothing breaks; but every session is kept with nginx's address.",
            "No se rompe nada; pero todas las sesiones se guardan con la dirección de nginx."
        ),
    );
    Some(finding.advise(say!(
        "Add 127.0.0.1/32,::1/128.",
        "Añada 127.0.0.1/32,::1/128."
    )))
}
