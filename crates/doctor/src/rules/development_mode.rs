//! The back end is run as on a developer's machine: by its environment, or by a command that builds as it goes.

use super::{
    Check, Rule, Site,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "development-mode",
    check: Check::Processes(check),
};

const EFFECT: &str = "Errors are shown to clients, every change of a file may restart the server and drop its \
                      sockets, and it is slower; what works here is not what was tested.";

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site);
    standings
        .into_iter()
        .flat_map(|(app, standing)| [environment(app, standing), command(app, standing)])
        .flatten()
        .collect()
}

fn environment(app: &App, standing: Standing) -> Option<Finding> {
    let set = app.variable("NODE_ENV")?;
    if set.value == "production" {
        return None;
    }
    let name = &app.name;
    let is_production = |setting: &Setting| setting.value == "production";
    let mut modes = app.modes.iter();
    let mode = modes.find(|mode| mode.variable("NODE_ENV").is_some_and(is_production));
    // Other names than this one are for installations that are meant to differ, such as `staging`.
    let is_for_developers = matches!(set.value.as_str(), "development" | "dev");
    let severity = if is_for_developers && mode.is_none() && set.is_certain {
        standing.warning()
    } else {
        Severity::Hint
    };
    let finding =
        |message: String| Finding::new(RULE.id, severity, set.place.clone(), message, EFFECT);
    if let Some(mode) = mode {
        let started = format!("pm2 start FILE --env {}", mode.name);
        let message = format!(
            "{name} runs with NODE_ENV={} unless it is started with --env {}.",
            set.value, mode.name
        );
        return Some(
            finding(message).advise(format!("Start it with `{started}`, and `pm2 save`.")),
        );
    }
    let finding = finding(format!("{name} runs with NODE_ENV={}.", set.value));
    let advice = "Run it in production mode: NODE_ENV=production.";
    Some(if set.is_literal {
        finding.mend(
            advice,
            is_for_developers,
            vec![set.replaced_by("production")],
        )
    } else {
        finding.advise(advice)
    })
}

fn command(app: &App, standing: Standing) -> Option<Finding> {
    let word = app.developing()?;
    let finding = Finding::new(
        RULE.id,
        standing.warning(),
        word.place.clone(),
        format!(
            "{} is run by a command for development: {}.",
            app.name, word.value
        ),
        EFFECT,
    );
    // Only a script's name can be replaced by another's.
    let script = app.production_script().filter(|_| app.is_script(word));
    Some(match script.filter(|_| word.is_literal) {
        Some(script) => finding.mend(
            format!("Run the package's script for production, {script}, after a build."),
            true,
            vec![word.replaced_by(script)],
        ),
        None => finding.advise("Build it, and run what was built: node dist/main.js, or the package's script for production."),
    })
}
