//! Configurations that can be read but that nginx refuses: words that it does not know or not so many of them, what may
//! stand only once or only in certain blocks, names that nothing has.

mod certificate;
mod list;
mod names;
mod place;
mod twice;
mod words;

use std::path::Path;

use super::{Check, Rule, Title};
use crate::{
    finding::{Finding, Severity},
    language::Text,
    nginx::{
        Config, Include,
        directives::{self, Section},
        tree::{Directive, Word},
    },
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "nginx-refuses",
    title: Title {
        english: "nginx refuses a directive.",
        spanish: "nginx rechaza una directiva.",
    },
    checks: &[Check::Loading(check)],
};

/// The word that nginx stumbles over, and why.
type Refusal<'c> = (&'c Word, Text);

/// Blocks whose directives are nginx's, and not words of their own or another module's.
const BLOCKS: [&str; 8] = [
    "http",
    "stream",
    "events",
    "server",
    "location",
    "if",
    "limit_except",
    "upstream",
];

fn check(config: &Config, root: &Root) -> Vec<Finding> {
    let mut refusals = Vec::new();
    // A file of a site alone is part of something.
    if config.directives.iter().any(|block| block.is("http")) {
        examine(&config.directives, &Around::main(), &mut refusals);
        place::blame_includes(config, &mut refusals);
    }
    for block in config.directives.iter().filter(|block| block.is("http")) {
        twice::in_http(block, &mut refusals);
        // What is refused already makes nothing.
        if is_whole(config, root) && refusals.is_empty() {
            names::in_http(block, &mut refusals);
            certificate::in_http(block, &mut refusals);
        }
    }
    let findings = refusals.into_iter().map(|(word, why)| {
        Finding::new(
            RULE.id,
            Severity::Error,
            config.place(word.pos),
            say!("nginx refuses this: {why}.", "nginx rechaza esto: {why}."; why = why),
            say!(
                "nginx does not start with this configuration, or goes on with the old one after a reload.",
                "nginx no arranca con esta configuración, o sigue con la antigua tras recargar."
            ),
        )
        .advise(say!(
            "Correct the line; `nginx -t` tells whether nginx takes it.",
            "Corrija la línea; `nginx -t` dice si nginx la acepta."
        ))
    });
    findings.collect()
}

/// Whether all that is included is there to be read: a copy of /etc/nginx lacks what lies elsewhere.
fn is_whole(config: &Config, root: &Root) -> bool {
    let prefix = config.files[0].path.parent().unwrap_or(Path::new("/"));
    let is_here = |include: &Include| {
        let pattern = include.directive.arg(0).unwrap_or_default();
        prefix.join(pattern).starts_with(prefix)
    };
    let is_missing = config.mistakes.iter().any(|it| it.missing.is_some());
    !is_missing && (!root.is_copy() || config.includes.iter().all(is_here))
}

/// What stands around a directive.
struct Around<'c> {
    section: Section,
    /// `None` outside of all blocks.
    block: Option<&'c Directive>,
    /// What takes directives here, as nginx's table calls it.
    name: &'static str,
}

impl<'c> Around<'c> {
    fn main() -> Self {
        Self {
            section: Section::Main,
            block: None,
            name: "main",
        }
    }

    /// Inside a directive that stands here; `None` if what is in it is not for nginx's table.
    fn inside(&self, block: &'c Directive) -> Option<Self> {
        let name = BLOCKS.iter().find(|name| block.is(name))?;
        let name = match (*name, self.name) {
            ("if", "server") => "server-if",
            ("if", _) => "location-if",
            (name, _) => name,
        };
        let section = match name {
            "http" => Section::Http,
            "stream" => Section::Stream,
            _ => self.section,
        };
        Some(Self {
            section,
            block: Some(block),
            name,
        })
    }
}

fn examine<'c>(directives: &'c [Directive], around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    for (index, directive) in directives.iter().enumerate() {
        if let Some(meant) = directives::slip_of(&directive.name.text) {
            let name = &directive.name.text;
            let why = say!(
                "there is no directive {name}; {meant} is probably meant",
                "no existe la directiva {name}; probablemente se quiso decir {meant}"
            );
            refusals.push((&directive.name, why));
            continue;
        }
        if directive.is("default") {
            let why = say!(
                "`default` is an entry of a map or a geo, and stands in none",
                "`default` es una entrada de un map o un geo, y no está en ninguno"
            );
            refusals.push((&directive.name, why));
            continue;
        }
        words::judge(directive, around, refusals);
        twice::judge(&directives[..index], directive, around, refusals);
        place::judge(directive, around, refusals);
        list::judge(directive, refusals);
        if let Some(inside) = around.inside(directive) {
            examine(directive.children(), &inside, refusals);
        }
    }
}
