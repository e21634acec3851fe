//! nginx asks at one loopback address, and the back end is said to be at that of the other family.

use std::net::IpAddr;

use super::{
    Site,
    back_end::{Standing, standings},
    wrong_address::{RULE, back_end},
};
use crate::{
    case::Case,
    finding::{Finding, Severity},
    nginx::upstream::Authority,
    process::Processes,
};

pub(super) fn judge(processes: &Processes, site: &Site<'_>) -> Option<Finding> {
    let case = site.case?.innermost();
    let meant = back_end(site.question.direct.as_ref()?);
    let own = meant.host.parse::<IpAddr>().ok()?;
    let is_known = |(_, standing): &(_, Standing)| *standing == Standing::BackEnd;
    let is_other = |address: &Authority| {
        let asked = address.host.parse::<IpAddr>();
        let crosses = |asked: IpAddr| asked.is_loopback() && asked.is_ipv4() != own.is_ipv4();
        address.port == meant.port && asked.is_ok_and(crosses)
    };
    let lines = site.asked();
    let (address, line) = lines.first().filter(|_| own.is_loopback())?;
    // Where the program itself is known, it is judged by what it is told.
    if !lines.iter().all(|(address, _)| is_other(address))
        || standings(processes, site).iter().any(is_known)
    {
        return None;
    }
    let severity = match is_asked(case, &meant) {
        true => Severity::Warning,
        // A server that is told nothing listens at both.
        false => Severity::Hint,
    };
    let finding = case.finding(
        RULE.id,
        severity,
        line.pos,
        say!(
            "nginx asks at {address}, and the back end is at {meant}: that is another address of this machine.",
            "nginx pregunta en {address}, y el back end está en {meant}: es otra dirección de esta máquina."
        ),
        say!(
            "The client gets 502, unless the server listens at both.",
            "El cliente recibe 502, salvo que el servidor escuche en ambas."
        ),
    );
    Some(finding.advise(say!(
        "Use one address in both, such as {meant}.",
        "Use una sola dirección en ambos, como {meant}."
    )))
}

/// Whether some other request is sent to the very address.
fn is_asked(case: &Case<'_>, address: &Authority) -> bool {
    let mut blocks = case.http.block.all("upstream");
    let upstream = blocks.find(|block| {
        let upstream = block.arg(0).and_then(|name| case.http.upstream(name));
        upstream.is_some_and(|upstream| upstream.active().any(|peer| peer.address == *address))
    });
    upstream.is_some() || case.http.is_looked_up(address)
}
