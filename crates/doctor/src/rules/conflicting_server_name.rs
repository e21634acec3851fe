//! Two enabled `server` blocks with the same name at the same address: nginx takes the first and ignores the
//! other, with no more than a warning.

use std::path::Path;

use super::{Check, Rule, Title};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{
        listen::Listen,
        server::{Name, NameKind, Server, Why},
        tree::Word,
    },
};

pub(super) const RULE: Rule = Rule {
    id: "conflicting-server-name",
    title: Title {
        english: "Two enabled sites with one name.",
        spanish: "Dos sitios habilitados con un solo nombre.",
    },
    checks: &[Check::Route(check)],
};

/// What people call a file that they keep for a while.
const RETIRED: [&str; 10] = [
    "old",
    "bak",
    "backup",
    "obsolete",
    "legacy",
    "orig",
    "save",
    "copy",
    "prev",
    "deprecated",
];

/// The number of a server block, and the name that it shares.
type Named<'c> = (usize, &'c Word);

fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(walks) = &case.walks else {
        return Vec::new();
    };
    let choice = &walks.handshake.choice;
    let Why::Name(winner) = choice.why else {
        return Vec::new();
    };
    let works = case.reaches_socket_io(&walks.handshake);
    let better = |&&(server, _): &&(usize, &Word)| case.reaches_socket_io(&case.walk_in(server));
    let winner = (choice.server, winner);
    if let Some(meant) = choice.ignored.iter().find(better).filter(|_| !works) {
        return vec![obsolete_wins(case, winner, *meant)];
    }
    if !works && let Some(finding) = outranked(case, winner) {
        return vec![finding];
    }
    let retired = is_retired(&case.config.source(winner.1.pos.file).path);
    let conflict = |&ignored: &(usize, &Word)| {
        let other_retired = is_retired(&case.config.source(ignored.1.pos.file).path);
        if retired && !other_retired {
            let finding = duplicate(case, winner, ignored, &say!("gets", "recibe"));
            return mended(case, finding, winner, ignored);
        }
        let finding = duplicate(case, ignored, winner, &say!("does not get", "no recibe"));
        if other_retired || !is_rival(case, ignored.0) {
            return mended(case, finding, ignored, winner).harmless_alone();
        }
        finding.advise(say!(
            "Keep the one that leads to the back end that runs: this one, or the one at {other}; or name it with \
             --direct.",
            "Quédese con el que lleva al back end que funciona: este, o el de {other}; o indíquelo con --direct.",
            other = case.config.at(winner.1.pos)
        ))
    };
    choice.ignored.iter().map(conflict).collect()
}

/// Whether the block that nginx ignores leads to another back end than the one that it takes, and nobody has said
/// which is right.
fn is_rival(case: &Case<'_>, ignored: usize) -> bool {
    let Some(walks) = &case.walks else {
        return false;
    };
    let taken = case.back_ends(&walks.handshake);
    let other = case.back_ends(&case.walk_in(ignored));
    case.question.direct.is_none()
        && !other.is_empty()
        && !other.iter().any(|address| taken.contains(address))
}

/// The block that has Socket.IO is the one that nginx ignores.
fn obsolete_wins(case: &Case<'_>, obsolete: Named<'_>, meant: Named<'_>) -> Finding {
    let (_, winner) = obsolete;
    let name = &winner.text;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        winner.pos,
        say!(
            "This block takes the requests for {name}, because it is read first; the one at {other}, which leads to \
             Socket.IO, is ignored.",
            "Este bloque toma las peticiones para {name} porque se lee primero; el de {other}, que lleva a \
             Socket.IO, se ignora.",
            other = case.config.at(meant.1.pos)
        ),
        say!(
            "The old site answers: its page, or 404, in place of the handshake.",
            "Responde el sitio antiguo: su página, o 404, en lugar del handshake."
        ),
    );
    mended(case, finding, obsolete, meant)
}

/// The block that has Socket.IO is named by a regular expression, and a wildcard is looked at before.
fn outranked(case: &Case<'_>, winner: Named<'_>) -> Option<Finding> {
    let is = |name: &Name<'_>, word: &Word| std::ptr::eq(name.word, word);
    let servers = &case.http.servers;
    let mut names = servers[winner.0].names.iter();
    let kind = &names.find(|name| is(name, winner.1))?.kind;
    if matches!(kind, NameKind::Exact(_) | NameKind::Regex(_)) {
        return None;
    }
    let listen = &case.walks.as_ref()?.handshake.choice.listen;
    let host = &case.arriving.host;
    let meant = servers.iter().enumerate().find(|(index, server)| {
        let mut listens = server.listens.iter();
        let here = listens.any(|own| (own.port, &own.address) == (listen.port, &listen.address));
        here && server.knows(host) && case.reaches_socket_io(&case.walk_in(*index))
    });
    let mut names = meant?.1.names.iter();
    let name = names
        .find(|name| matches!(name.kind, NameKind::Regex(_)))?
        .word;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        winner.1.pos,
        say!(
            "{wildcard} takes the requests for {host}: a wildcard wins over a regular expression, such as {name} at \
             {other}, which leads to Socket.IO.",
            "{wildcard} toma las peticiones para {host}: un comodín gana a una expresión regular, como {name} de \
             {other}, que lleva a Socket.IO.",
            wildcard = winner.1.text,
            other = case.config.at(name.pos),
            name = name.text
        ),
        say!(
            "The other site answers: its page, or 404, in place of the handshake.",
            "Responde el otro sitio: su página, o 404, en lugar del handshake."
        ),
    );
    Some(finding.advise(say!(
        "Give the block at {other} a longer wildcard, or {host} itself, beside the regular expression; what this \
         captures is then empty.",
        "Dé al bloque de {other} un comodín más largo, o el propio {host}, junto a la expresión regular; lo que esta \
         captura queda entonces vacío.",
        other = case.config.at(name.pos)
    )))
}

fn duplicate(case: &Case<'_>, obsolete: Named<'_>, kept: Named<'_>, gets: &Text) -> Finding {
    let ((_, place), (_, other)) = (obsolete, kept);
    let name = &place.text;
    let files = [place, other].map(|word| case.config.source(word.pos.file));
    let twice = files[0].real == files[1].real;
    let message = if twice {
        say!(
            "This site is enabled twice: {one} and {two} are the same file.",
            "Este sitio está habilitado dos veces: {one} y {two} son el mismo archivo.",
            one = files[0].path.display(),
            two = files[1].path.display()
        )
    } else {
        say!(
            "{name} is the name of two enabled server blocks: this one {gets} the requests, and the other is at \
             {other}.",
            "{name} es el nombre de dos bloques server habilitados: este {gets} las peticiones, y el otro está en \
             {other}.",
            other = case.config.at(other.pos);
            gets = gets
        )
    };
    case.finding(
        RULE.id,
        Severity::Warning,
        place.pos,
        message,
        say!(
            "Which of the two answers depends on the order in which the files are read; changes to the other do \
             nothing.",
            "Cuál de los dos responde depende del orden en que se leen los archivos; los cambios en el otro no \
             hacen nada."
        ),
    )
}

/// The block goes, if the other one answers all that it answers. One file under two names is both of them.
fn mended(case: &Case<'_>, finding: Finding, obsolete: Named<'_>, kept: Named<'_>) -> Finding {
    let servers = &case.http.servers;
    let (obsolete, kept, word) = (&servers[obsolete.0], &servers[kept.0], obsolete.1);
    let advice = advice(case, word);
    let real = |server: &Server<'_>| &case.config.source(server.directive.pos.file).real;
    if word.pos.file.is_main() || real(obsolete) == real(kept) || !answers_all_of(kept, obsolete) {
        return finding.advise(advice);
    }
    let edits = vec![edit::remove(case.config, obsolete.directive)];
    finding.mend(advice, true, edits)
}

/// Whether a block has every name and every address of another, which is nobody's default.
fn answers_all_of(kept: &Server<'_>, other: &Server<'_>) -> bool {
    let named = |name: &Name<'_>| {
        let mut names = kept.names.iter();
        names.any(|kept| kept.word.text.eq_ignore_ascii_case(&name.word.text))
    };
    let listens = |listen: &Listen<'_>| {
        let mut listens = kept.listens.iter();
        !listen.is_default
            && listens.any(|kept| (kept.port, &kept.address) == (listen.port, &listen.address))
    };
    other.names.iter().all(named) && other.listens.iter().all(listens)
}

fn advice(case: &Case<'_>, word: &Word) -> Text {
    let file = case.config.source(word.pos.file);
    let path = &file.path;
    if !word.pos.file.is_main() && file.real == *path {
        return say!(
            "Take the obsolete block out of {path}, and keep a copy: this is a file of its own, no link. Then \
             reload.",
            "Quite el bloque obsoleto de {path}, y guarde una copia: es un archivo propio, no un enlace. Luego \
             recargue.",
            path = path.display()
        );
    }
    if word.pos.file.is_main() {
        say!(
            "Take the obsolete block away, or give it another name.",
            "Quite el bloque obsoleto, o dele otro nombre."
        )
        .to_owned()
    } else {
        say!(
            "Disable the obsolete site: rm {path} (in sites-enabled it is only a link), then reload.",
            "Deshabilite el sitio obsoleto: rm {path} (en sites-enabled es solo un enlace), y recargue.",
            path = path.display()
        )
    }
}

fn is_retired(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    name.ends_with('~') || words.any(|word| RETIRED.contains(&word))
}
