//! The process manager's file is one that it refuses, or that says what it says only when it is run.

use super::{Check, Rule, Site, Title};
use crate::{
    finding::{Finding, Severity},
    process::{Processes, Unread, Why},
};

pub(super) const RULE: Rule = Rule {
    id: "process-file",
    title: Title {
        english: "The process manager cannot read its file, or only running it would tell what it says.",
        spanish: "El gestor de procesos no puede leer su archivo, o solo al ejecutarlo se sabría qué dice.",
    },
    checks: &[Check::Processes(check)],
};

fn check(processes: &Processes, _: &Site<'_>) -> Vec<Finding> {
    processes.unread.iter().map(tell).collect()
}

fn tell(unread: &Unread) -> Finding {
    let place = unread.place.clone();
    match &unread.why {
        Why::Refused(why) => Finding::new(
            RULE.id,
            Severity::Error,
            place,
            say!(
                "The process manager cannot read this: {why}.",
                "El gestor de procesos no puede leer esto: {why}.";
                why = why
            ),
            say!(
                "Nothing is started from this file; what runs is what was started before.",
                "De este archivo no se arranca nada; lo que corre es lo que se arrancó antes."
            ),
        )
        .advise(say!(
            "Correct this line, or the one before it.",
            "Corrija esta línea, o la anterior."
        )),
        Why::Computed => Finding::new(
            RULE.id,
            Severity::Hint,
            place,
            say!(
                "What stands here is known only when it is run, and the doctor runs nothing.",
                "Lo que hay aquí solo se sabe al ejecutarlo, y el doctor no ejecuta nada."
            ),
            say!(
                "Nothing breaks; but what is run there is not judged.",
                "No se rompe nada; pero lo que ahí se ejecuta no se juzga."
            ),
        )
        .advise(say!(
            "Look at what the process manager made of it: pm2 show NAME, pm2 env ID.",
            "Mire qué hizo de ello el gestor de procesos: pm2 show NOMBRE, pm2 env ID."
        )),
    }
}
