//! What the front end was told, and what was built from it: the addresses that its pages ask.

mod bundle;
mod comments;
mod environment;
mod meta;
mod options;
mod precedence;
mod tool;

use std::path::PathBuf;

use crate::{
    document::{Document, Unreadable, under_root},
    dotenv,
    finding::Span,
    question::Question,
    root::Root,
    rules::is_near,
    setting::{self, Setting},
    url::Url,
};

use self::environment::Variables;

pub use self::meta::policies;

/// The files of a front end.
#[derive(Debug, Default)]
pub struct FrontEnd {
    pub addresses: Vec<Address>,
    /// Addresses for sockets in variables that no build puts into the pages.
    pub left_out: Vec<Address>,
    /// Variables for sockets that a build may have left out, for their prefix is not that of the others.
    pub odd: Vec<Setting>,
    /// The names of variables for sockets that the code asks for and the build did not know, so that the page's own
    /// address stands in for them.
    pub unknown: Vec<Setting>,
    /// What came of an address that a build did not know, in the built files.
    pub undefined: Vec<Setting>,
    /// Where a namespace has a slash too many in front of it, in the built files.
    pub doubled: Vec<Setting>,
    /// The Socket.IO path, where a variable or a client's own options give it.
    pub socket_paths: Vec<SocketPath>,
    /// Every client in the built files uses a websocket alone.
    pub is_websocket_only: bool,
    /// The client sends cookies to other origins, too.
    pub sends_cookies: bool,
}

/// A Socket.IO path that pages ask for.
#[derive(Clone, Debug)]
pub struct SocketPath {
    pub setting: Setting,
    /// Whether it is plainly Socket.IO's, and not that of websockets of another kind.
    pub is_certain: bool,
    /// Where it is asked for, if the client's own call says so.
    pub at: Option<Url>,
}

/// An address that pages ask.
#[derive(Clone, Debug)]
pub struct Address {
    pub setting: Setting,
    pub url: Url,
    /// Whether the port is written out.
    pub has_port: bool,
    /// The key that holds it in a built file.
    pub key: Option<String>,
    /// A Socket.IO client's options follow it, or the namespace does.
    pub has_options: bool,
    /// Beside it, another value is plainly for sockets or for the API.
    pub has_plain_neighbour: bool,
}

impl FrontEnd {
    /// Reads the environment files and the built ones that the question names.
    pub fn read(root: &Root, question: &Question) -> Result<Self, Unreadable> {
        let mut front_end = Self::default();
        front_end.environments(root, question)?;
        let mut websocket_alone = None;
        for path in &question.bundles {
            let path = under_root(path);
            let files = bundle::files(root, &path);
            if files.is_empty() {
                return Err(nothing_built(path));
            }
            for file in files {
                let mut document = Document::named(root, &file)?;
                document.text = comments::blanked(&document.text);
                front_end.built(&document, &question.namespace);
                front_end.sends_cookies |= options::sends_cookies(&document.text);
                let told = options::is_websocket_only(&document.text);
                websocket_alone = match (websocket_alone, told) {
                    (Some(all), Some(here)) => Some(all && here),
                    (all, here) => all.or(here),
                };
            }
        }
        front_end.is_websocket_only = websocket_alone == Some(true);
        front_end.know_by_what_was_built();
        front_end.know_by_what_is_missing();
        Ok(front_end)
    }

    /// A variable whose value a client was built with is for sockets, where none has a name that says so.
    fn know_by_what_was_built(&mut self) {
        let is_named = |one: &Address| one.setting.name.is_some() && one.setting.is_socket();
        if self.addresses.iter().any(is_named) {
            return;
        }
        let clients = self.addresses.iter().filter(|one| one.has_options);
        let clients: Vec<Url> = clients.map(|client| client.url.clone()).collect();
        let variables = self
            .addresses
            .iter_mut()
            .filter(|one| one.setting.name.is_some());
        for variable in variables {
            variable.has_options |= clients.iter().any(|client| {
                client.origin == variable.url.origin && client.path.starts_with(&variable.url.path)
            });
        }
    }

    /// A variable that is almost one which the code asks for, and which the build did not know, was meant to be that one.
    fn know_by_what_is_missing(&mut self) {
        let is_known = |name: &str| {
            let mut named = self.addresses.iter();
            named.any(|one| one.setting.name.as_deref() == Some(name))
        };
        let missing = self.unknown.iter().chain(&self.undefined);
        let missing = missing.map(|one| one.value.as_str());
        let missing: Vec<_> = missing.filter(|name| !is_known(name)).collect();
        let is_meant = |one: &&Address| {
            let name = one.setting.name.as_deref().unwrap_or_default();
            let mut missing = missing.iter();
            missing.any(|missing| is_almost(name, missing))
        };
        let meant = self.addresses.iter().filter(is_meant).cloned();
        let meant: Vec<_> = meant.collect();
        self.left_out.extend(meant);
    }

    fn environments(&mut self, root: &Root, question: &Question) -> Result<(), Unreadable> {
        let Variables {
            public,
            left_out,
            odd,
        } = environment::variables(root, &question.env)?;
        self.odd = odd;
        let has_plain = public.iter().any(Setting::is_plain);
        let left_out = left_out.into_iter();
        self.left_out = left_out
            .filter_map(|setting| Address::of(setting, |_| {}))
            .collect();
        for setting in public {
            if setting.is_socket() && setting.is_named("PATH") && setting.value.starts_with('/') {
                self.socket_paths.push(SocketPath {
                    is_certain: setting.is_socket_io() || setting.value.contains("socket.io"),
                    at: None,
                    setting,
                });
            } else {
                self.addresses.extend(Address::of(setting, |address| {
                    address.has_plain_neighbour = has_plain;
                }));
            }
        }
        Ok(())
    }

    /// Of one address that a file has several times, the first, and the first that is plainly for sockets.
    fn built(&mut self, document: &Document, namespace: &str) {
        let text = &document.text;
        let written = |span: Span| Setting {
            name: None,
            value: text[span.start..span.end].to_owned(),
            place: document.place(span),
            is_literal: true,
            is_certain: true,
            is_default: false,
        };
        let doubled = bundle::doubled(text, namespace).into_iter();
        self.doubled.extend(doubled.map(written));
        let undefined = bundle::undefined(text, namespace).into_iter();
        self.undefined.extend(undefined.map(written));
        for name in bundle::unknown(text) {
            if bundle::is_joined(text, name, namespace) {
                self.undefined.push(written(name));
            } else if bundle::falls_to_the_page(text, name) {
                self.unknown.push(written(name));
            }
        }
        let has_plain = bundle::keys(text).any(setting::is_plain);
        let mut seen: Vec<(String, bool)> = Vec::new();
        for span in bundle::addresses(text) {
            let setting = written(span);
            let options = options::after(text, span.end);
            let address = Address::of(setting, |address| {
                address.key = bundle::key(text, span).map(str::to_owned);
                let is_namespace = namespace.len() > 1 && address.url.path == namespace;
                let joins = |key: &String| bundle::joins(text, key, namespace);
                address.has_options = is_namespace
                    || options.is_some_and(options::is_options)
                    || address.key.as_ref().is_some_and(joins);
                address.has_plain_neighbour = has_plain;
            });
            let is_new = |address: &Address| {
                let value = &address.setting.value;
                let mut same = seen.iter().filter(|(other, _)| other == value);
                same.all(|(_, is_socket)| address.is_socket() && !is_socket)
            };
            if let Some(address) = address.filter(is_new) {
                seen.push((address.setting.value.clone(), address.is_socket()));
                self.addresses.push(address);
            }
        }
        let named = bundle::socket_paths(text).into_iter();
        let paths = named.chain(options::paths(text, namespace));
        self.socket_paths.extend(paths.map(|path| SocketPath {
            setting: written(path),
            is_certain: true,
            at: options::asked(text, path).and_then(|address| address.parse().ok()),
        }));
    }
}

impl Address {
    fn of(setting: Setting, more: impl FnOnce(&mut Self)) -> Option<Self> {
        let url: Url = setting.value.parse().ok()?;
        let mut address = Self {
            has_port: false,
            setting,
            url,
            key: None,
            has_options: false,
            has_plain_neighbour: false,
        };
        let port = address.written().rsplit_once(':').map(|(_, port)| port);
        address.has_port =
            port.is_some_and(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()));
        more(&mut address);
        Some(address)
    }

    /// Scheme, host and port as they stand in the file.
    pub fn written(&self) -> &str {
        let value = &self.setting.value;
        let start = value.find("://").map_or(0, |colon| colon + 3);
        let end = value[start..].find(['/', '?', '#']);
        &value[..end.map_or(value.len(), |end| start + end)]
    }

    /// Whether it is for a websocket by its own scheme.
    pub fn is_websocket(&self) -> bool {
        self.setting.value.starts_with("ws")
    }

    /// Whether it is plainly where the handshake goes.
    pub fn is_socket(&self) -> bool {
        let key = self.key.as_deref();
        self.is_websocket()
            || self.has_options
            || self.setting.is_socket()
            || key.is_some_and(setting::is_of_sockets)
    }

    /// Whether its name says that it is for sockets or the API.
    pub fn is_plain(&self) -> bool {
        let name = self.setting.name.as_deref().or(self.key.as_deref());
        name.is_some_and(setting::is_plain)
    }

    /// Whether its name says that it is for something else, while another value is plainly for sockets or the API.
    pub fn is_of_something_else(&self) -> bool {
        let name = self.setting.name.as_deref().or(self.key.as_deref());
        self.has_plain_neighbour
            && !self.is_websocket()
            && !self.has_options
            && name.is_some_and(setting::is_of_something_else)
    }
}

/// Whether a variable has another prefix than what is asked for, or a slip in its name.
pub fn is_almost(name: &str, asked: &str) -> bool {
    let Some(prefix) = dotenv::prefix(asked) else {
        return false;
    };
    let bare = &asked[prefix.len()..];
    let is_bare = name.strip_suffix(bare);
    name != asked
        && (is_bare.is_some_and(|before| before.is_empty() || before.ends_with('_'))
            || is_near(name, asked))
}

fn nothing_built(path: PathBuf) -> Unreadable {
    Unreadable {
        path,
        source: std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "no built file (.js, .mjs, .cjs, .json or .html) is there",
        ),
    }
}
