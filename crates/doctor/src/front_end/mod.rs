//! What the front end was told, and what was built from it: the addresses that its pages ask.

mod bundle;

use std::path::PathBuf;

use crate::{
    document::{Document, Unreadable, under_root},
    dotenv,
    question::Question,
    root::Root,
    setting::Setting,
    url::Url,
};

/// The files of a front end.
#[derive(Debug, Default)]
pub struct FrontEnd {
    pub addresses: Vec<Address>,
    /// The Socket.IO path, where a variable gives it.
    pub socket_paths: Vec<Setting>,
}

/// An address that pages ask.
#[derive(Clone, Debug)]
pub struct Address {
    pub setting: Setting,
    pub url: Url,
    /// Whether the port is written out.
    pub has_port: bool,
}

impl FrontEnd {
    /// Reads the environment files and the built ones that the question names.
    pub fn read(root: &Root, question: &Question) -> Result<Self, Unreadable> {
        let mut front_end = Self::default();
        for path in &question.env {
            front_end.environment(&Document::named(root, path)?);
        }
        for path in &question.bundles {
            let path = under_root(path);
            let files = bundle::files(root, &path);
            if files.is_empty() {
                return Err(nothing_built(path));
            }
            for file in files {
                front_end.built(&Document::named(root, &file)?);
            }
        }
        Ok(front_end)
    }

    fn environment(&mut self, document: &Document) {
        let variables = dotenv::parse(&document.text);
        for variable in variables
            .into_iter()
            .filter(|variable| variable.is_public())
        {
            let span = variable.span;
            let setting = Setting {
                is_certain: true,
                is_literal: document.text[span.start..span.end] == variable.value,
                name: Some(variable.name),
                value: variable.value,
                place: document.place(span),
            };
            if setting.is_socket() && setting.is_named("PATH") && setting.value.starts_with('/') {
                self.socket_paths.push(setting);
            } else {
                self.addresses.extend(Address::of(setting));
            }
        }
    }

    /// Of one address that a file has several times, the first.
    fn built(&mut self, document: &Document) {
        let mut seen: Vec<String> = Vec::new();
        for span in bundle::addresses(&document.text) {
            let value = document.text[span.start..span.end].to_owned();
            if seen.contains(&value) {
                continue;
            }
            seen.push(value.clone());
            self.addresses.extend(Address::of(Setting {
                name: None,
                value,
                place: document.place(span),
                is_literal: true,
                is_certain: true,
            }));
        }
    }
}

impl Address {
    fn of(setting: Setting) -> Option<Self> {
        let url: Url = setting.value.parse().ok()?;
        let authority = setting.value.split_once("://")?.1;
        let authority = authority.split(['/', '?', '#']).next().unwrap_or(authority);
        let port = authority.rsplit_once(':').map(|(_, port)| port);
        Some(Self {
            has_port: port.is_some_and(|port| port.chars().all(|c| c.is_ascii_digit())),
            setting,
            url,
        })
    }

    /// Whether it is for a websocket by its own scheme.
    pub fn is_websocket(&self) -> bool {
        self.setting.value.starts_with("ws")
    }
}

fn nothing_built(path: PathBuf) -> Unreadable {
    Unreadable {
        path,
        source: std::io::Error::new(
            std::io::ErrorKind::NotFound,
            "no built file (.js, .mjs, .cjs or .html) is there",
        ),
    }
}
