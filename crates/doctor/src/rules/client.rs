//! Where the client's requests go: to the host and the path that the front end's own files name, where nginx serves
//! them, or else to the page's host and the path of the question.

use std::net::IpAddr;

use super::{
    blame::first_location, headers, near::is_near_host, no_location::is_for_everything,
    site_not_enabled,
};
use crate::{
    case::{Case, redirect},
    finding::Place,
    front_end::{Address, FrontEnd, SocketPath},
    nginx::{
        Proxied, Walk,
        listen::is_loopback,
        request::Origin,
        server::{NameKind, Why},
    },
    question::DEFAULT_PATH,
};

/// Words of a location's prefix that is for sockets.
const SOCKETS: [&str; 8] = [
    "socket",
    "sockets",
    "ws",
    "wss",
    "websocket",
    "realtime",
    "live",
    "rt",
];

pub(crate) struct Client {
    /// `None` if it is the page's.
    pub(crate) origin: Option<Origin>,
    pub(crate) path: String,
    /// Where it connects, if that is none of this nginx's sites.
    pub(crate) far: Option<(Origin, Place)>,
}

impl Client {
    /// Of a page, as the front end's files have it.
    pub(crate) fn of(page: &Case<'_>, front_end: &FrontEnd) -> Self {
        let elsewhere = elsewhere(page, front_end);
        Self {
            path: path(elsewhere.as_ref().unwrap_or(page), front_end),
            far: far(page, front_end).filter(|_| elsewhere.is_none()),
            origin: elsewhere.map(|case| case.origin),
        }
    }
}

/// The address of sockets that are a service's, or another machine's: nothing here is for them.
fn far(page: &Case<'_>, front_end: &FrontEnd) -> Option<(Origin, Place)> {
    let is_here = page.question.has_its_back_end_here() || plain(page).is_some();
    let sockets = front_end.addresses.iter();
    let sockets: Vec<_> = sockets.filter(|address| address.is_socket()).collect();
    let is_far = |address: &&Address| {
        let host = &address.url.origin.host;
        is_strange(page, host) && misspelt(page, host).is_none()
    };
    let first = sockets
        .first()
        .filter(|_| !is_here && sockets.iter().all(is_far))?;
    Some((first.url.origin.clone(), first.setting.place.clone()))
}

/// Whether no server block, and not this machine either, has this name.
pub(super) fn is_strange(page: &Case<'_>, host: &str) -> bool {
    let is_name = host.parse::<IpAddr>().is_err() && !is_loopback(host);
    is_name && host != page.origin.host && !knows(page, host)
}

/// The site of another host or port of this nginx that is asked instead of the page's.
fn elsewhere<'c>(page: &Case<'c>, front_end: &FrontEnd) -> Option<Case<'c>> {
    // What the build leaves out is where the sockets are meant to be.
    let addresses = || front_end.addresses.iter().chain(&front_end.left_out);
    let sockets = || addresses().filter(|one| one.is_socket());
    let leads = |case: &Case<'_>| {
        has_socket_io(case, &front_end.socket_paths) && !is_outdone(case, addresses())
    };
    let is_named = sockets().any(|address| address.url.origin == page.origin);
    if is_named && leads(page) {
        return None;
    }
    let mut sites = sockets().filter_map(|address| asked_at(page, address));
    let page_leads = leads(page);
    // A pattern of names may take in somebody else's.
    let is_sure = |host: &str| host == page.origin.host || names(page, host);
    if let Some(site) =
        sites.find(|site| leads(site) && (!page_leads || is_sure(&site.origin.host)))
    {
        return Some(site);
    }
    if page_leads {
        return None;
    }
    // Whoever names the API alone has the sockets there too.
    let others = front_end.addresses.iter();
    let mut sites = others.filter_map(|address| asked_at(page, address));
    let of_api = sites.find(|site| {
        let path = &site.question.path;
        plain(site).is_some() || leads_all(site) && upgrades(site, path)
    });
    of_api.or_else(|| {
        let missing = |address| unnamed(page, address).or_else(|| waiting(page, address));
        let told = |address| told_site(page, address);
        sockets()
            .find_map(missing)
            .or_else(|| sockets().find_map(told))
    })
}

/// The site of a name that the front end says is the sockets', and that lacks a location for them as all others do.
fn told_site<'c>(page: &Case<'c>, address: &Address) -> Option<Case<'c>> {
    let host = &address.url.origin.host;
    let is_told = address.setting.name.is_some() && *host != page.origin.host && names(page, host);
    let site = asked_at(page, address).filter(|_| is_told)?;
    let walks = site.walks.as_ref()?;
    let is_named = matches!(walks.page.choice.why, Why::Name(_));
    let is_answered = redirect(&walks.handshake, &site.origin).is_none();
    (is_named && is_answered).then_some(site)
}

/// The requests for a name whose site is written and not enabled.
fn waiting<'c>(page: &Case<'c>, address: &Address) -> Option<Case<'c>> {
    let asked = meant(page, &address.url.origin);
    let is_here = knows(page, &asked.host) || is_loopback(&asked.host);
    let site = Some(page.at_origin(asked)).filter(|_| !is_here)?;
    site_not_enabled::judge(&site).is_some().then_some(site)
}

/// The requests for a name of the page's domain that no server block has at this port, where one with another name, and
/// the same first label, has a location for Socket.IO: the domain was another once.
fn unnamed<'c>(page: &Case<'c>, address: &Address) -> Option<Case<'c>> {
    let asked = &meant(page, &address.url.origin);
    let (label, domain) = asked.host.split_once('.')?;
    if !domain.contains('.') || !page.origin.host.ends_with(domain) {
        return None;
    }
    let site = page.at_origin(asked.clone());
    let answering = &site.walks.as_ref()?.handshake.choice;
    let servers = page.http.servers.iter().enumerate();
    let mut others = servers.filter(|(index, server)| {
        let is_alike = |name: &str| name.split_once('.').is_some_and(|(own, _)| own == label);
        *index != answering.server
            && server.names.iter().any(|name| is_alike(&name.word.text))
            && !is_for_everything(first_location(&site.walk_in(*index)))
            && site.reaches_socket_io(&site.walk_in(*index))
    });
    let is_named = matches!(answering.why, Why::Name(_));
    (!is_named && others.next().is_some()).then_some(site)
}

/// Whether a site leads everything to a back end that gets no upgrade, and one of these addresses to a site that has a
/// location for Socket.IO.
pub(super) fn is_outdone<'a>(
    case: &Case<'_>,
    mut addresses: impl Iterator<Item = &'a Address>,
) -> bool {
    let is_one_s_own = |address| asked_at(case, address).is_some_and(|site| plain(&site).is_some());
    plain(case).is_none() && !upgrades(case, &case.question.path) && addresses.any(is_one_s_own)
}

/// Whether everything of a site goes to a back end.
fn leads_all(case: &Case<'_>) -> bool {
    let walks = case.walks.as_ref();
    walks.is_some_and(|walks| case.reaches_socket_io(&walks.handshake))
}

/// The requests for an address that nginx serves apart from the page; what is wrong in it is told, and then it is
/// judged as it is meant.
pub(super) fn asked_at<'c>(page: &Case<'c>, address: &Address) -> Option<Case<'c>> {
    let asked = &meant(page, &address.url.origin);
    let is_same = asked.host == page.origin.host && asked.port == page.origin.port;
    if is_same || is_loopback(&asked.host) {
        return None;
    }
    let is_known = asked.host == page.origin.host || knows(page, &asked.host);
    let listens = page.http.servers.iter().flat_map(|server| &server.listens);
    let mut ports = listens.map(|listen| listen.port);
    let is_usual = asked.host != page.origin.host && !address.has_port;
    if !is_known || !is_usual && !ports.any(|port| port == asked.port) {
        return None;
    }
    Some(page.at_origin(asked.clone()))
}

/// Encrypted as the page is, and with the name that is misspelt.
fn meant(page: &Case<'_>, asked: &Origin) -> Origin {
    let mut meant = asked.clone();
    if page.origin.scheme == "https" && asked.scheme == "http" {
        meant.scheme = "https";
        meant.port = if asked.port == 80 { 443 } else { asked.port };
    }
    if let Some(host) = misspelt(page, &asked.host) {
        meant.host = host;
    }
    meant
}

/// The name of this nginx that a host is a slip of.
pub(super) fn misspelt(page: &Case<'_>, host: &str) -> Option<String> {
    if host == page.origin.host || knows(page, host) {
        return None;
    }
    let names = page.http.servers.iter().flat_map(|server| &server.names);
    let mut names = names.filter_map(|name| match &name.kind {
        NameKind::Exact(name) => Some(name.as_str()),
        _ => None,
    });
    let page = Some(page.origin.host.as_str());
    let mut known = page.into_iter().chain(names.by_ref());
    known
        .find(|name| is_near_host(host, name))
        .map(str::to_owned)
}

/// Whether a server block has this very name, and not just a pattern for many.
pub(super) fn names(case: &Case<'_>, host: &str) -> bool {
    let mut names = case.http.servers.iter().flat_map(|server| &server.names);
    names.any(|name| matches!(&name.kind, NameKind::Exact(name) if name == host))
}

/// Whether a server block has this name.
pub(super) fn knows(case: &Case<'_>, host: &str) -> bool {
    !host.is_empty() && case.http.servers.iter().any(|server| server.knows(host))
}

/// Whether anything of a site leads to Socket.IO, or is meant to.
pub(super) fn has_socket_io(case: &Case<'_>, told: &[SocketPath]) -> bool {
    let Some(walks) = &case.walks else {
        return false;
    };
    let is_named = |prefix: &str| prefix.contains("socket.io");
    let mut prefixes = walks.page.server().locations.iter();
    let mut paths = told.iter().map(|path| asked(&path.setting.value));
    paths.any(|path| leads(case, &path))
        || leads(case, &case.question.path)
        || prefixes.any(|location| location.prefix().is_some_and(is_named))
        || plain(case).is_some()
}

/// The path as socket.io-client asks for it.
pub(super) fn asked(path: &str) -> String {
    format!("{}/", path.trim_end_matches('/'))
}

/// What is asked for: as it is given, or as the front end has it, or, where nginx does not lead that to the back end,
/// what it leads there. Then a rule tells the difference.
fn path(case: &Case<'_>, front_end: &FrontEnd) -> String {
    let question = case.question;
    let usual = plain(case);
    let is_usual = usual.as_deref() == Some(DEFAULT_PATH);
    let told = front_end.socket_paths.iter();
    let told = told.filter(|path| is_for(case, path) && (path.is_certain || !is_usual));
    let told: Vec<String> = told.map(|path| asked(&path.setting.value)).collect();
    let Some(first) = told.first().filter(|_| !question.is_path_given) else {
        return question.path.clone();
    };
    let led = told.iter().find(|path| leads(case, path));
    let meant = told
        .iter()
        .find(|path| has_location(case, path) && !goes_with_the_api(case, path));
    led.or(meant)
        .cloned()
        .or(usual)
        .or_else(|| leads(case, DEFAULT_PATH).then(|| DEFAULT_PATH.to_owned()))
        .unwrap_or_else(|| first.clone())
}

/// Whether a client's own call does not ask somebody else for it.
pub(super) fn is_for(case: &Case<'_>, path: &SocketPath) -> bool {
    path.at.as_ref().is_none_or(|at| {
        let host = &at.origin.host;
        *host == case.origin.host || names(case, host) || is_loopback(host)
    })
}

/// Whether a location is meant for a path, though another one may take its requests.
fn has_location(case: &Case<'_>, path: &str) -> bool {
    let server = case.walks.as_ref().map(|walks| walks.page.server());
    let locations = server.into_iter().flat_map(|server| &server.locations);
    let mut prefixes = locations.filter_map(|location| location.prefix());
    prefixes.any(|prefix| prefix.len() > 1 && path.starts_with(prefix))
}

/// Whether requests for a path get to a back end, and not just with everything else to one that is not Socket.IO's.
pub(super) fn leads(case: &Case<'_>, path: &str) -> bool {
    let Some(walk) = case.handshake_at(path) else {
        return false;
    };
    let Some(proxied) = walk.proxied() else {
        return false;
    };
    let doubled = proxied.path().is_none_or(|path| path.contains("//"));
    if path.contains("//") && doubled {
        return false;
    }
    if !is_for_everything(first_location(&walk)) {
        // The API may have one for what the namespace is called after.
        let is_namespace = path.trim_end_matches('/') == case.question.namespace;
        let is_meant = !is_namespace || upgrades(case, path) || plain(case).is_none();
        return is_meant && !is_of_the_api(case, path, proxied);
    }
    let own = plain(case).and_then(|own| case.handshake_at(&own));
    let Some(own) = own.as_ref().and_then(Walk::proxied) else {
        return true;
    };
    own.target == proxied.target && upgrades(case, path)
}

fn goes_with_the_api(case: &Case<'_>, path: &str) -> bool {
    let walk = case.handshake_at(path);
    let proxied = walk.as_ref().and_then(Walk::proxied);
    proxied.is_some_and(|proxied| is_of_the_api(case, path, proxied))
}

/// Whether a path gets to the back end with the API's requests, unchanged and without an upgrade, while the same back end
/// has a location of its own for Socket.IO.
fn is_of_the_api(case: &Case<'_>, path: &str, proxied: &Proxied<'_>) -> bool {
    let question = case.question;
    let is_owned = proxied.path().is_none_or(|path| {
        let own = question.known.socket_path.as_deref();
        path == own.unwrap_or(DEFAULT_PATH)
    });
    let is_told = question.is_path_given && path == question.path;
    if is_owned || is_told || upgrades(case, path) {
        return false;
    }
    let own = plain(case).filter(|own| own != path && upgrades(case, own));
    let own = own.and_then(|own| case.handshake_at(&own));
    let own = own.as_ref().and_then(Walk::proxied);
    own.is_some_and(|own| own.target == proxied.target)
}

/// The path of a location that is Socket.IO's alone, by its name, or by what it hands on.
pub(super) fn plain(case: &Case<'_>) -> Option<String> {
    let fits = |path: &String| {
        let walk = case.handshake_at(path);
        walk.is_some_and(|walk| {
            walk.proxied().is_some() && !is_for_everything(first_location(&walk))
        })
    };
    let default = Some(DEFAULT_PATH.to_owned()).filter(fits);
    default.or_else(|| {
        let walks = case.walks.as_ref()?;
        let locations = walks.page.server().locations.iter();
        let prefixes = locations.filter_map(|location| location.prefix());
        // An expression behind `^~` is taken letter by letter, and fits nothing.
        let prefixes = prefixes.filter(|prefix| {
            !prefix.trim_matches('/').is_empty() && !prefix.contains(['\\', '^', '(', '*'])
        });
        prefixes
            .map(|prefix| within(case, prefix))
            .find_map(|path| path.filter(fits))
    })
}

/// The path below a prefix that reaches a server at its own, or the prefix itself if its name is for sockets.
fn within(case: &Case<'_>, prefix: &str) -> Option<String> {
    let itself = asked(prefix);
    if itself.ends_with("/socket.io/") {
        return Some(itself);
    }
    let arrives = |path: &String| {
        let walk = case.handshake_at(path);
        let walk = walk.filter(|_| upgrades(case, path))?;
        walk.proxied().and_then(Proxied::path).map(str::to_owned)
    };
    let below = format!("{itself}socket.io/");
    if arrives(&below).is_some_and(|path| case.owns(&path)) {
        return Some(below);
    }
    let mut words = prefix.split(|c: char| !c.is_ascii_alphanumeric());
    let is_named = words.any(|word| SOCKETS.contains(&word));
    let arrived = arrives(&itself)?;
    (is_named || case.owns(&arrived)).then_some(itself)
}

/// Whether a websocket's headers are handed on.
fn upgrades(case: &Case<'_>, path: &str) -> bool {
    let walk = case.websocket_at(path);
    let proxied = walk.as_ref().and_then(Walk::proxied);
    proxied.is_some_and(|proxied| headers::lost(proxied).is_empty())
}
