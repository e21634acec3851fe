//! The back end is told one port, and nginx asks at another.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    process::{App, Processes},
};

pub(super) const RULE: Rule = Rule {
    id: "port-differs",
    title: Title {
        english: "The back end is told one port, and nginx asks at another.",
        spanish: "Al back end se le dice un puerto, y nginx pregunta en otro.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site).into_iter();
    let back_ends = standings.filter(|(_, standing)| *standing == Standing::BackEnd);
    back_ends.filter_map(|(app, _)| judge(app, site)).collect()
}

fn judge(app: &App, site: &Site<'_>) -> Option<Finding> {
    let (told, port) = app.port()?;
    let asked = site.local_ports();
    let meant = *asked.first()?;
    if app.ports().any(|port| asked.contains(&port)) || app.counts_ports {
        return None;
    }
    let finding = Finding::new(
        RULE.id,
        match told.is_certain {
            true => Severity::Error,
            // Somebody may have set it where it is started; most often nobody has.
            false if told.is_default => Severity::Warning,
            false => Severity::Hint,
        },
        told.place.clone(),
        say!(
            "{name} is told to listen at port {port}, and nginx asks this machine at {meant}.",
            "A {name} se le dice que escuche en el puerto {port}, y nginx pregunta a esta máquina en el {meant}.",
            name = app.name
        ),
        say!(
            "The client gets 502, or the answer of whoever else listens there.",
            "El cliente recibe 502, o la respuesta de otro que escuche ahí."
        ),
    );
    let written = port.to_string();
    let right = told
        .value
        .strip_suffix(&written)
        .filter(|_| told.is_literal);
    // Which of the two is right is known only to who was told the back end's address.
    let is_sure = site.question.direct.is_some();
    let advice = say!(
        "Use one port in both: {meant} here, or {port} in nginx.",
        "Use un solo puerto en ambos: {meant} aquí, o {port} en nginx."
    );
    Some(match right {
        Some(host) => {
            let edit = told.replaced_by(&format!("{host}{meant}"));
            finding.mend(advice, is_sure, vec![edit])
        }
        None => finding.advise(advice),
    })
}
