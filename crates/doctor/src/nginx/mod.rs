//! Nginx, as far as a request's way through it goes: reading (`lexer`, `parser`, `config`), the picture
//! (`http`, `server`, `location`, `upstream`, `scope`) and the walk (`walk` and what it calls).
//!
//! Nothing here judges; that is what `rules` is for. Everything borrows from one [`Config`].

mod condition;
mod config;
mod content;
pub mod directives;
mod http;
mod lexer;
pub mod listen;
pub mod location;
pub mod names;
mod parser;
pub mod pattern;
pub mod print;
mod proxy;
mod referer;
pub mod request;
pub mod response;
mod rewrite;
mod scope;
pub mod server;
pub mod stream;
pub mod tree;
pub mod units;
pub mod upstream;
mod value;
mod variables;
mod walk;

pub use self::{
    condition::words as condition_words,
    config::{Config, Include},
    http::Http,
    parser::{Mistake, Parsed, parse},
    proxy::{Header, Proxied, Target},
    scope::Scope,
    value::Value,
    walk::{Landing, Step, Walk, walk},
};

/// The variables that a text names.
pub fn variables_in(text: &str) -> Vec<&str> {
    variables::names(text)
}
