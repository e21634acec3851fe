//! A variable that nothing makes, most often `$connection_upgrade` without its `map`. nginx refuses it, and does
//! not say where it stands.

use std::collections::HashSet;

use super::{Check, Rule, Title, near::is_near};
use crate::{
    edit,
    finding::{Finding, Severity},
    nginx::{Config, names, tree::Directive, variables_in},
    root::Root,
};

pub(super) const RULE: Rule = Rule {
    id: "unknown-variable",
    title: Title {
        english: "A variable that nothing makes.",
        spanish: "Una variable que nada crea.",
    },
    checks: &[Check::Loading(check)],
};

fn check(config: &Config, _: &Root) -> Vec<Finding> {
    let made = names::made(&config.directives);
    let mut unknown = Vec::new();
    search(&config.directives, &made, &mut unknown);
    let mut seen = HashSet::new();
    let first = unknown.into_iter().filter(|(_, name)| seen.insert(*name));
    let mut used = HashSet::new();
    uses(&config.directives, &mut used);
    first
        .map(|(directive, name)| {
            let place = misnamed(&config.directives, name, &used).unwrap_or(directive);
            tell(config, place, name)
        })
        .collect()
}

/// Directives that make the variable which they name.
const MAKERS: [&str; 4] = ["map", "geo", "split_clients", "set"];

/// The directive that makes a variable which is almost called so, and which nobody asks for.
fn misnamed<'c>(
    directives: &'c [Directive],
    name: &str,
    used: &HashSet<&str>,
) -> Option<&'c Directive> {
    directives.iter().find_map(|directive| {
        let made = made_by(directive).filter(|made| is_near(made, name) && !used.contains(made));
        made.map(|_| directive)
            .or_else(|| misnamed(directive.children(), name, used))
    })
}

fn made_by(directive: &Directive) -> Option<&str> {
    let is_maker = MAKERS.iter().any(|maker| directive.is(maker));
    let word = match directive.is("set") {
        true => directive.args.first(),
        false => directive.args.last(),
    };
    word.filter(|_| is_maker)?.text.strip_prefix('$')
}

/// The variables that are asked for.
fn uses<'c>(directives: &'c [Directive], used: &mut HashSet<&'c str>) {
    for directive in directives {
        let made = made_by(directive);
        let words = directive.args.iter().chain([&directive.name]);
        let asked = words.flat_map(|word| variables_in(&word.text));
        used.extend(asked.filter(|name| Some(*name) != made));
        uses(directive.children(), used);
    }
}

fn search<'c>(
    directives: &'c [Directive],
    made: &HashSet<String>,
    unknown: &mut Vec<(&'c Directive, &'c str)>,
) {
    for directive in directives {
        if directive.is("proxy_set_header") || directive.is("proxy_pass") {
            let names = directive
                .args
                .iter()
                .flat_map(|word| variables_in(&word.text));
            let missing = names.filter(|name| !names::is_own(name) && !made.contains(*name));
            unknown.extend(missing.map(|name| (directive, name)));
        }
        search(directive.children(), made, unknown);
    }
}

fn tell(config: &Config, directive: &Directive, name: &str) -> Finding {
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        config.place(directive.pos),
        say!(
            "Nothing makes the variable ${name}, so nginx refuses the configuration.",
            "Nada crea la variable ${name}, así que nginx rechaza la configuración."
        ),
        say!(
            "nginx says only `unknown \"{name}\" variable`: it does not start, or goes on with the old \
             configuration after a reload.",
            "nginx solo dice `unknown \"{name}\" variable`: no arranca, o sigue con la configuración antigua tras \
             recargar."
        ),
    );
    let http = config.directives.iter().find(|block| block.is("http"));
    let first = http.and_then(|http| http.children().first());
    match first.filter(|first| name == "connection_upgrade" && first.pos.file.is_main()) {
        Some(first) => {
            let map = [
                "map $http_upgrade $connection_upgrade {",
                "    default upgrade;",
                "    ''      close;",
                "}",
            ];
            let edits = vec![edit::before(config, first, &map)];
            finding.mend(
                say!(
                    "Add the map that makes it, inside http.",
                    "Añada el map que la crea, dentro de http."
                ),
                true,
                edits,
            )
        }
        None => finding.advise(say!(
            "Correct the name, or make it with `map` or `set`.",
            "Corrija el nombre, o créela con `map` o `set`."
        )),
    }
}
