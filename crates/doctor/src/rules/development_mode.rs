//! The back end is run as on a developer's machine: by its environment, or by a command that builds as it goes.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    language::Text,
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "development-mode",
    title: Title {
        english: "The back end runs as on a developer's machine.",
        spanish: "El back end corre como en la máquina de un desarrollador.",
    },
    checks: &[Check::Processes(check)],
};

fn effect() -> Text {
    say!(
        "Errors are shown to clients, every change of a file may restart the server and drop its sockets, and it is \
         slower; what works here is not what was tested.",
        "Los clientes ven los errores, cada cambio de un archivo puede reiniciar el servidor y cortar sus sockets, \
         y va más lento; lo que corre aquí no es lo que se probó."
    )
}

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let standings = standings(processes, site);
    standings
        .into_iter()
        .flat_map(|(app, standing)| [environment(app, standing), command(app, standing)])
        .flatten()
        .collect()
}

fn environment(app: &App, standing: Standing) -> Option<Finding> {
    let told = app.production_variable("NODE_ENV");
    let set = match told.filter(|set| is_for_developers(set)) {
        Some(set) => set,
        None => app.variable("NODE_ENV")?,
    };
    if set.value == "production" {
        return None;
    }
    let name = &app.name;
    let is_production = |setting: &Setting| setting.value == "production";
    let mut modes = app.modes.iter();
    let is_of_mode = told.is_some_and(|told| told.place == set.place);
    let mode = modes
        .find(|mode| mode.variable("NODE_ENV").is_some_and(is_production))
        .filter(|_| !is_of_mode);
    // Other names than this one are for installations that are meant to differ, such as `staging`.
    let is_for_developers = is_for_developers(set);
    let severity = if is_for_developers && mode.is_none() && set.is_certain {
        standing.warning()
    } else {
        Severity::Hint
    };
    let finding =
        |message: Text| Finding::new(RULE.id, severity, set.place.clone(), message, effect());
    if let Some(mode) = mode {
        let started = format!("pm2 start FILE --env {}", mode.name);
        let message = say!(
            "{name} runs with NODE_ENV={value} unless it is started with --env {mode}.",
            "{name} corre con NODE_ENV={value} si no se arranca con --env {mode}.",
            value = set.value,
            mode = mode.name
        );
        return Some(finding(message).advise(say!(
            "Start it with `{started}`, and `pm2 save`.",
            "Arránquelo con `{started}`, y `pm2 save`."
        )));
    }
    let finding = finding(say!(
        "{name} runs with NODE_ENV={value}.",
        "{name} corre con NODE_ENV={value}.",
        value = set.value
    ));
    let advice = say!(
        "Run it in production mode: NODE_ENV=production.",
        "Ejecútelo en modo de producción: NODE_ENV=production."
    );
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

/// Whether a `NODE_ENV` says so.
pub(super) fn is_for_developers(set: &Setting) -> bool {
    matches!(set.value.as_str(), "development" | "dev")
}

fn command(app: &App, standing: Standing) -> Option<Finding> {
    let word = app.developing()?;
    let finding = Finding::new(
        RULE.id,
        standing.warning(),
        word.place.clone(),
        say!(
            "{name} is run by a command for development: {word}.",
            "{name} se ejecuta con una orden de desarrollo: {word}.",
            name = app.name,
            word = word.value
        ),
        effect(),
    );
    // Only a script's name can be replaced by another's.
    let script = app.production_script().filter(|_| app.is_script(word));
    Some(match script.filter(|_| word.is_literal) {
        Some(script) => finding.mend(
            say!(
                "Run the package's script for production, {script}, after a build.",
                "Ejecute el script de producción del paquete, {script}, tras compilar."
            ),
            true,
            vec![word.replaced_by(script)],
        ),
        None => finding.advise(say!(
            "Build it, and run what was built: node dist/main.js, or the package's script for production.",
            "Compílelo y ejecute lo compilado: node dist/main.js, o el script de producción del paquete."
        )),
    })
}
