//! A client connects, and the table has no row of it, or there is no table.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{Failure, NotFoundOut},
};

pub(super) const RULE: Rule = Rule {
    id: "row-not-written",
    title: Title {
        english: "A client is connected, and has no row.",
        spanish: "Un cliente está conectado, y no tiene fila.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let mut seen = live.evidence.seen.iter();
    let failure = seen.find_map(|seen| match &seen.outcome {
        Err(failure @ (Failure::NoRow | Failure::Database(NotFoundOut::Refused(_)))) => {
            Some(failure)
        }
        _ => None,
    })?;
    if let Failure::Database(NotFoundOut::Refused(error)) = failure {
        return Some(refused(error));
    }
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "A client was let in, and user_sessions has no row with its socket's id.",
            "Se dejó entrar a un cliente, y user_sessions no tiene ninguna fila con el id de su socket."
        ),
        say!(
            "The list of who is connected is empty or wrong, and nobody sees why.",
            "La lista de quién está conectado está vacía o mal, y nadie ve por qué."
        ),
    );
    Some(finding.advise(say!(
        "Compare the server's database URL with this one; look in its log for the error of the insert.",
        "Compare la URL de la base de datos del servidor con ésta; busque en su registro el error del insert."
    )))
}

fn refused(error: &str) -> Finding {
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "A client was let in, and the database cannot look for its row: {error}.",
            "Se dejó entrar a un cliente, y la base de datos no puede buscar su fila: {error}."
        ),
        say!(
            "There is no table user_sessions in this database, or this user may not read it.",
            "En esta base de datos no hay tabla user_sessions, o este usuario no puede leerla."
        ),
    );
    finding.advise(say!(
        "Compare the server's database URL with this one: another name, schema or user has another table.",
        "Compare la URL de la base de datos del servidor con ésta: otro nombre, esquema o usuario tiene otra tabla."
    ))
}
