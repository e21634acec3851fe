//! Which `server` block gets a request, as `ngx_http_find_virtual_server` decides it: first the address and
//! port, then exact names, `*.name`, `name.*`, regular expressions in order, and the default server at last.

use std::collections::HashSet;

use super::{
    listen::{Address, Listen},
    location::Location,
    pattern::{Captures, Pattern},
    tree::{Directive, Word},
};

/// A `server` block.
#[derive(Clone, Debug)]
pub struct Server<'c> {
    pub directive: &'c Directive,
    pub listens: Vec<Listen<'c>>,
    pub names: Vec<Name<'c>>,
    pub locations: Vec<Location<'c>>,
}

/// One name of `server_name`.
#[derive(Clone, Debug)]
pub struct Name<'c> {
    pub word: &'c Word,
    pub kind: NameKind,
}

#[derive(Clone, Debug)]
pub enum NameKind {
    Exact(String),
    /// `*.example.com`, kept as `.example.com`.
    Leading(String),
    /// `.example.com`: the name itself and everything below it.
    Dotted(String),
    /// `www.example.*`, kept as `www.example.`.
    Trailing(String),
    Regex(Pattern),
}

/// Why a server block was chosen.
#[derive(Clone, Copy, Debug)]
pub enum Why<'c> {
    Name(&'c Word),
    /// No name fits; `default_server` says so, or it is the first of its address.
    Default {
        declared: bool,
    },
    /// The only one that listens there.
    Only,
}

/// The block that was chosen, and its rivals.
#[derive(Clone, Debug)]
pub struct Choice<'c> {
    /// Its number among the server blocks.
    pub server: usize,
    pub listen: Listen<'c>,
    pub why: Why<'c>,
    pub captures: Captures,
    /// The blocks with the same name at the same address, which nginx ignores: number and name.
    pub ignored: Vec<(usize, &'c Word)>,
}

impl<'c> Server<'c> {
    pub fn new(directive: &'c Directive) -> Self {
        let mut listens: Vec<_> = directive.all("listen").filter_map(Listen::parse).collect();
        if directive.first("listen").is_none() {
            listens.push(Listen::implicit());
        }
        let words = directive.all("server_name").flat_map(|names| &names.args);
        Self {
            directive,
            listens,
            names: words.map(Name::new).collect(),
            locations: Location::all_in(directive),
        }
    }

    /// Whether one of its names fits the host.
    pub fn knows(&self, host: &str) -> bool {
        self.names.iter().any(|name| name.fits(host).is_some())
    }
}

/// Lower wins; among wildcards the longest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Leading(std::cmp::Reverse<usize>),
    Trailing(std::cmp::Reverse<usize>),
    Regex,
}

impl<'c> Name<'c> {
    fn new(word: &'c Word) -> Self {
        let text = word.text.to_ascii_lowercase();
        let kind = if let Some(pattern) = word.text.strip_prefix('~') {
            // nginx matches names without regard to case.
            NameKind::Regex(Pattern::new(pattern, true))
        } else if let Some(rest) = text.strip_prefix("*.") {
            NameKind::Leading(format!(".{rest}"))
        } else if text.starts_with('.') {
            NameKind::Dotted(text)
        } else if let Some(rest) = text.strip_suffix(".*") {
            NameKind::Trailing(format!("{rest}."))
        } else {
            NameKind::Exact(text)
        };
        Self { word, kind }
    }

    fn fits(&self, host: &str) -> Option<(Rank, Captures)> {
        use std::cmp::Reverse;
        let rank = match &self.kind {
            NameKind::Exact(name) => (name == host).then_some(Rank::Exact),
            NameKind::Dotted(name) if &name[1..] == host => Some(Rank::Exact),
            NameKind::Leading(name) | NameKind::Dotted(name) => (host.len() > name.len()
                && host.ends_with(name))
            .then_some(Rank::Leading(Reverse(name.len()))),
            NameKind::Trailing(name) => (host.len() > name.len() && host.starts_with(name))
                .then_some(Rank::Trailing(Reverse(name.len()))),
            NameKind::Regex(pattern) => return Some((Rank::Regex, pattern.captures(host)?)),
        };
        Some((rank?, Captures::default()))
    }
}

/// Where a request arrives.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'r> {
    /// The address of this machine that it came to, if it can be known.
    pub address: Option<&'r str>,
    pub port: u16,
    /// In lower case, without port.
    pub host: &'r str,
}

/// The block that nginx takes; `None` if none listens on that port.
pub fn choose<'c>(servers: &[Server<'c>], arrival: Arrival<'_>) -> Option<Choice<'c>> {
    let address = address_for(servers, arrival)?;
    choose_at(servers, &address, arrival.port, arrival.host)
}

/// The same where the listening address is known; `host` in lower case, without port.
pub fn choose_at<'c>(
    servers: &[Server<'c>],
    address: &Address,
    port: u16,
    host: &str,
) -> Option<Choice<'c>> {
    let group = group_at(servers, address, port);
    let (kept, ignored) = without_conflicts(servers, &group);
    let fitting = kept.into_iter().filter_map(|(index, name)| {
        let (rank, captures) = name.fits(host)?;
        Some((rank, index, name, captures))
    });
    let Some((_, server, name, captures)) = fitting.min_by_key(|&(rank, index, ..)| (rank, index))
    else {
        return default_of(&group);
    };
    let (_, listen) = group.iter().find(|(index, _)| *index == server)?;
    let rivals = ignored
        .into_iter()
        .filter(|(index, name)| *index != server && name.fits(host).is_some());
    Some(Choice {
        server,
        listen: (*listen).clone(),
        why: Why::Name(name.word),
        captures,
        ignored: rivals.map(|(index, name)| (index, name.word)).collect(),
    })
}

/// A name and the number of its server block.
type Owned<'s, 'c> = (usize, &'s Name<'c>);

/// The names that nginx keeps, and those that it ignores because an earlier one is the same (`ngx_hash_add_key`
/// in `src/core/ngx_hash.c`). A name such as `.example.com` is ignored whole if either half of it is taken.
fn without_conflicts<'s, 'c>(
    servers: &'s [Server<'c>],
    group: &[(usize, &Listen<'c>)],
) -> (Vec<Owned<'s, 'c>>, Vec<Owned<'s, 'c>>) {
    let mut taken = HashSet::new();
    let names = group
        .iter()
        .flat_map(|&(index, _)| servers[index].names.iter().map(move |name| (index, name)));
    names.partition(|(_, name)| match &name.kind {
        NameKind::Exact(name) => taken.insert(name.clone()),
        NameKind::Leading(name) => taken.insert(format!("*{name}")),
        NameKind::Trailing(name) => taken.insert(format!("{name}*")),
        NameKind::Dotted(name) => {
            taken.insert(name[1..].to_owned()) && taken.insert(format!("*{name}"))
        }
        NameKind::Regex(_) => true,
    })
}

fn default_of<'c>(group: &[(usize, &Listen<'c>)]) -> Option<Choice<'c>> {
    let declared = group.iter().find(|(_, listen)| listen.is_default);
    let &(server, listen) = declared.or(group.first())?;
    let why = match (declared, group.len()) {
        (None, 1) => Why::Only,
        (declared, _) => Why::Default {
            declared: declared.is_some(),
        },
    };
    Some(Choice {
        server,
        listen: listen.clone(),
        why,
        captures: Captures::default(),
        ignored: Vec::new(),
    })
}

/// Every server block at an address, with its `listen` there, in order.
fn group_at<'s, 'c>(
    servers: &'s [Server<'c>],
    address: &Address,
    port: u16,
) -> Vec<(usize, &'s Listen<'c>)> {
    let at = |server: &'s Server<'c>| {
        server
            .listens
            .iter()
            .find(|listen| listen.port == port && listen.address == *address)
    };
    servers
        .iter()
        .enumerate()
        .filter_map(|(index, server)| Some((index, at(server)?)))
        .collect()
}

/// The listening address that takes the connection. A `listen` for one address takes it from the wildcards;
/// which address a name leads to is not in the configuration, so the wildcard is assumed where there is one
/// that knows the name.
fn address_for(servers: &[Server<'_>], arrival: Arrival<'_>) -> Option<Address> {
    let on_port: Vec<_> = servers
        .iter()
        .flat_map(|server| server.listens.iter().map(move |listen| (server, listen)))
        .filter(|(_, listen)| {
            listen.port == arrival.port && !matches!(listen.address, Address::Unix(_))
        })
        .collect();
    if let Some(wanted) = arrival.address {
        let exact = on_port
            .iter()
            .find(|(_, listen)| matches!(&listen.address, Address::Host(host) if host == wanted));
        if let Some((_, listen)) = exact {
            return Some(listen.address.clone());
        }
    }
    let preference = |server: &Server<'_>, listen: &Listen<'_>| {
        let named = server.knows(arrival.host);
        match &listen.address {
            Address::AnyV4 => (!named, 0),
            Address::AnyV6 if listen.both_families => (!named, 1),
            Address::Host(_) if !listen.address.is_loopback() => (!named, 2),
            Address::AnyV6 => (!named, 3),
            Address::Host(_) => (!named, 4),
            Address::Unix(_) => (true, 5),
        }
    };
    let best = on_port
        .iter()
        .min_by_key(|(server, listen)| preference(server, listen));
    best.map(|(_, listen)| listen.address.clone())
}
