//! The site that leads to Socket.IO is written, but nothing includes it.

use std::path::{Path, PathBuf};

use super::{Check, Rule, Title, one};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Http, Include, server::Server},
};

pub(super) const RULE: Rule = Rule {
    id: "site-not-enabled",
    title: Title {
        english: "The site is written and not enabled.",
        spanish: "El sitio está escrito y no habilitado.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

/// Where sites are, those first that were to be read.
const FOLDERS: [&str; 3] = ["sites-enabled", "conf.d", "sites-available"];

pub(super) fn judge(case: &Case<'_>) -> Option<Finding> {
    let works = case
        .walks
        .as_ref()
        .is_some_and(|walks| case.reaches_socket_io(&walks.handshake));
    if works {
        return None;
    }
    candidates(case).iter().find_map(|site| examine(case, site))
}

fn prefix<'c>(case: &Case<'c>) -> &'c Path {
    let main = &case.config.files[0].path;
    main.parent().unwrap_or(Path::new("/"))
}

/// Files that are not part of the configuration.
fn candidates(case: &Case<'_>) -> Vec<PathBuf> {
    let prefix = prefix(case);
    let loaded = |path: &Path| {
        let real = case.root.resolve(path).ok();
        case.config
            .files
            .iter()
            .any(|file| Some(&file.real) == real.as_ref())
    };
    let folders = FOLDERS.iter().map(|folder| prefix.join(folder));
    let files = folders.flat_map(|folder| {
        let names = case.root.list(&folder);
        names.into_iter().map(move |name| folder.join(name))
    });
    files
        .filter(|path| case.root.is_file(path) && !loaded(path))
        .collect()
}

fn examine(case: &Case<'_>, site: &Path) -> Option<Finding> {
    let config = case.config.with_site(case.root, site)?;
    let http = Http::of(&config)?;
    let question = case.question;
    let with = Case::new(&config, &http, case.root, question, case.origin.clone());
    let of_site = |server: &Server<'_>| {
        let file = server.directive.pos.file;
        !file.is_main() && config.source(file).path == *site
    };
    let host = &case.origin.host;
    let listens = |server: &Server<'_>| {
        let mut listens = server.listens.iter();
        case.walks.is_some() || listens.any(|listen| listen.port == case.origin.port)
    };
    let found = http.servers.iter().enumerate().find(|(index, server)| {
        of_site(server)
            && server.knows(host)
            && listens(server)
            && with.reaches_socket_io(&with.walk_in(*index))
    });
    let (_, server) = found?;
    let place = server
        .directive
        .first("server_name")
        .unwrap_or(server.directive);
    let enabled = site
        .parent()?
        .parent()?
        .join("sites-enabled")
        .join(site.file_name()?);
    let is_linked = case.root.is_file(&enabled);
    let lies = if is_linked { &enabled } else { site };
    let passing = include_of(case, lies);
    // As nginx comes, it takes in `conf.d/*.conf`, and all of `sites-enabled`.
    let blamed = passing.filter(|_| !lies.starts_with(prefix(case).join("conf.d")));
    let advice = if !is_linked && site.parent()?.ends_with("sites-available") {
        say!(
            "Enable it: ln -s {site} {enabled}, then reload.",
            "Habilítelo: ln -s {site} {enabled}, y recargue.",
            site = site.display(),
            enabled = enabled.display()
        )
    } else {
        passed_over(case, lies, passing)
    };
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        blamed.map_or_else(
            || config.place(place.pos),
            |include| case.place(&include.directive),
        ),
        match blamed {
            Some(_) => say!(
                "This does not take in {site}, the site that leads {host} to Socket.IO.",
                "Esto no recoge {site}, el sitio que lleva {host} a Socket.IO.",
                site = lies.display()
            ),
            None => say!(
                "This site leads {host} to Socket.IO, but no include reads its file.",
                "Este sitio lleva {host} a Socket.IO, pero ningún include lee su archivo."
            ),
        },
        say!(
            "Another site answers: its page, a redirect or 404.",
            "Responde otro sitio: su página, una redirección o 404."
        ),
    );
    let first = case.http.block.children().first();
    let included = first.map(|first| {
        let include = format!("include {};", site.display());
        edit::before(case.config, first, &[&include])
    });
    Some(
        finding
            .advise(advice)
            .supposing(included.into_iter().collect()),
    )
}

/// The `include` that looks where the file is, and for something else.
fn include_of<'c>(case: &Case<'c>, file: &Path) -> Option<&'c Include> {
    let folder = file.parent();
    let prefix = prefix(case);
    case.config.includes.iter().find(|include| {
        let pattern = include.directive.arg(0).map(|pattern| prefix.join(pattern));
        pattern.is_some_and(|pattern| pattern.parent() == folder)
    })
}

fn passed_over(case: &Case<'_>, file: &Path, passing: Option<&Include>) -> Text {
    let file = file.display();
    match passing {
        Some(include) => say!(
            "`{written}` does not fit {file}: give the file a name that fits, or let the include take in all that is \
             there. Then reload.",
            "`{written}` no encaja con {file}: dé al archivo un nombre que encaje, o haga que el include recoja todo \
             lo que hay ahí. Luego recargue.",
            written = case.config.written(&include.directive)
        ),
        None => say!(
            "No include looks at {file}: add one to nginx.conf, or move the file to where one looks. Then reload.",
            "Ningún include mira {file}: añada uno a nginx.conf, o mueva el archivo adonde mire uno. Luego recargue."
        ),
    }
}
