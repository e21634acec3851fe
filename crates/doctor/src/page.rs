//! The site that serves the front end's files, where the question names the one for its sockets.

use std::path::{Path, PathBuf};

use crate::{
    case::Case,
    front_end::{Address, FrontEnd},
    nginx::{
        Landing, Walk,
        listen::is_loopback,
        request::Origin,
        server::{NameKind, Server},
        tree::Directive,
    },
    root::Root,
    url::Url,
};

/// Names of folders that builds write to, or that hold a part of what they write.
const BUILT: [&str; 9] = [
    "dist", "build", "out", "public", "browser", "static", "assets", "_nuxt", "www",
];
/// Words of names that sites for sockets and APIs have, and pages seldom.
const SERVICES: [&str; 20] = [
    "api",
    "apis",
    "backend",
    "events",
    "gateway",
    "graphql",
    "hub",
    "io",
    "live",
    "notifications",
    "notify",
    "push",
    "realtime",
    "rest",
    "rt",
    "server",
    "socket",
    "sockets",
    "stream",
    "ws",
];
/// The same of pages that are not the ones that people open.
const TRIALS: [&str; 12] = [
    "staging", "stage", "test", "dev", "preview", "beta", "demo", "old", "legacy", "qa", "uat",
    "next",
];
/// A part of what is built lies no deeper below its page.
const MAX_DEPTH: usize = 2;
/// More names than this are a catalogue, and not one page.
const MAX_NAMES: usize = 4;

/// The page by each of its names; none where the question names the page, or where that is not known.
pub(crate) fn pages<'c>(case: &Case<'c>, front_end: &FrontEnd) -> Vec<Case<'c>> {
    let addresses = front_end.addresses.iter().chain(&front_end.left_out);
    let is_asked =
        |address: &Address| address.is_socket() && address.url.origin.host == case.origin.host;
    let own = case.walks.as_ref().map(|walks| walks.page.server());
    let is_asked_for = case.question.url.is_some() && case.circle.is_none();
    let Some(own) = own.filter(|_| is_asked_for) else {
        return Vec::new();
    };
    let folders = Folders::of(case);
    let serves = |server: &&Server<'_>| folders.are_served_by(server.directive, case.root);
    // What answers at its own root may be the page itself, whoever else has the same files.
    let opened = case.walks.as_ref().map(|walks| &walks.page.landing);
    let is_proxied = matches!(opened, Some(Landing::Proxied(_)));
    let may_be_page = is_proxied && !has_word(&case.origin.host, &SERVICES);
    if !addresses.into_iter().any(is_asked) || serves(&own) || may_be_page {
        return Vec::new();
    }
    let servers: Vec<_> = case.http.servers.iter().filter(serves).collect();
    let mut pages: Vec<Case<'c>> = Vec::new();
    for server in servers {
        for name in names(server) {
            let is_known = pages.iter().any(|page| page.origin.host == name);
            let page = case.at_origin(Origin {
                host: name.to_owned(),
                ..case.origin.clone()
            });
            let walks = page.walks.as_ref();
            let is_its = walks
                .is_some_and(|walks| std::ptr::eq(walks.page.server().directive, server.directive));
            let is_opened = walks.is_some_and(|walks| is_page(&walks.page, case.root));
            if is_its && is_opened && !is_known && !has_word(name, &TRIALS) {
                pages.push(page);
            }
        }
    }
    if pages.len() > MAX_NAMES {
        return Vec::new();
    }
    pages
}

/// The pages that maps of `$http_origin` name, of a site that has none itself.
pub(crate) fn named_by_maps(case: &Case<'_>) -> Vec<Origin> {
    let opened = case.walks.as_ref().map(|walks| &walks.page.landing);
    let has_page = match opened {
        Some(Landing::Answer { .. }) => false,
        Some(Landing::Proxied(_) | Landing::Static { status: 404, .. }) => {
            !has_word(&case.origin.host, &SERVICES)
        }
        _ => true,
    };
    if has_page || case.circle.is_some() {
        return Vec::new();
    }
    let maps = case.http.block.all("map");
    let of_pages = maps.filter(|map| map.arg(0).is_some_and(|it| it.contains("http_origin")));
    let keys = of_pages.flat_map(|map| map.children());
    let urls = keys.filter_map(|entry| entry.name.text.parse::<Url>().ok());
    let origins = urls.map(|url| url.origin);
    origins
        .filter(|origin| !is_loopback(&origin.host) && *origin != case.origin)
        .take(MAX_NAMES)
        .collect()
}

fn names<'s>(server: &'s Server<'_>) -> impl Iterator<Item = &'s str> {
    server.names.iter().filter_map(|name| match &name.kind {
        NameKind::Exact(name) => Some(name.as_str()).filter(|name| is_name(name)),
        NameKind::Dotted(name) => Some(&name[1..]),
        _ => None,
    })
}

/// Whether one of the parts of a name before its domain has one of these words.
fn has_word(name: &str, known: &[&str]) -> bool {
    let mut parts: Vec<&str> = name.split('.').collect();
    parts.truncate(parts.len().saturating_sub(2));
    let mut words = parts
        .iter()
        .flat_map(|part| part.split(|c: char| !c.is_ascii_alphabetic()));
    words.any(|word| known.contains(&word))
}

/// Whether a page is answered, as far as a copy without its files can tell; a site for the files alone has none.
fn is_page(walk: &Walk<'_>, root: &Root) -> bool {
    match &walk.landing {
        Landing::Proxied(_) | Landing::Static { status: 200, .. } => true,
        Landing::Static { status: 404, .. } | Landing::Cycle => root.is_copy(),
        _ => false,
    }
}

fn is_name(name: &str) -> bool {
    name.contains('.') && !is_loopback(name)
}

/// Where the built files are, or else the environment that they are built from.
struct Folders {
    built: Vec<PathBuf>,
    sources: Vec<PathBuf>,
}

impl Folders {
    fn of(case: &Case<'_>) -> Self {
        let question = case.question;
        let environments = question.env.iter().filter_map(|file| file.parent());
        // What lies below a folder of many projects may be anybody's.
        let environments = environments.filter(|folder| folder.components().count() > 2);
        Self {
            built: all(case.root, question.bundles.iter().map(PathBuf::as_path)),
            sources: all(case.root, environments),
        }
    }

    fn are_served_by(&self, server: &Directive, root: &Root) -> bool {
        let served = served(server);
        let served = all(root, served.iter().map(Path::new));
        served.iter().any(|folder| match &self.built[..] {
            [] => self.sources.iter().any(|source| {
                folder != source && folder.starts_with(source) && is_built(folder, root)
            }),
            built => built.iter().any(|built| holds(folder, built, root)),
        })
    }
}

/// As they are, without links.
fn all<'p>(root: &Root, folders: impl Iterator<Item = &'p Path>) -> Vec<PathBuf> {
    let real = |folder: &Path| {
        let folder: PathBuf = Path::new("/").join(folder).components().collect();
        root.resolve(&folder).unwrap_or(folder)
    };
    folders.map(real).collect()
}

/// Whether a folder is that of the built files, a part of it, or the page's of which they are a part.
fn holds(folder: &Path, built: &Path, root: &Root) -> bool {
    let has_page = |folder: &Path| root.is_file(&folder.join("index.html"));
    let rest = built
        .strip_prefix(folder)
        .map(|rest| rest.components().count());
    folder.starts_with(built)
        || rest.is_ok_and(|depth| depth <= MAX_DEPTH) && has_page(folder) && !has_page(built)
}

fn is_built(folder: &Path, root: &Root) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| BUILT.contains(&name)) || root.is_file(&folder.join("index.html"))
}

/// The folders of a server block, at whatever depth.
fn served(block: &Directive) -> Vec<&str> {
    let mut found = Vec::new();
    for child in block.children() {
        if child.is("root") || child.is("alias") {
            let folder = child.arg(0).filter(|folder| !folder.contains('$'));
            found.extend(folder);
        }
        found.extend(served(child));
    }
    found
}
