//! In which blocks a directive may stand.

use super::{Around, Refusal};
use crate::nginx::{Config, Include, directives, tree::Directive};

pub(super) fn judge<'c>(
    directive: &'c Directive,
    around: &Around<'c>,
    refusals: &mut Vec<Refusal<'c>>,
) {
    // A brace that is missing puts the next server inside this one.
    let is_site = directive.is("server") && !directive.children().is_empty();
    if is_site && !matches!(around.name, "http" | "stream") {
        let why = say!(
            "\"server\" is not allowed here; is a `}}` missing before it?",
            "\"server\" no se permite aquí; ¿falta un `}}` antes?"
        );
        refusals.push((&directive.name, why));
        return;
    }
    elsewhere(directive, around, refusals);
    outside(directive, around, refusals);
}

fn elsewhere<'c>(directive: &'c Directive, around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    let name = &directive.name.text;
    let blocks = match directives::known(around.section, name) {
        Some(known) => known.blocks(),
        None => directives::known(directives::Section::Http, name).and_then(|known| known.blocks()),
    };
    let Some(blocks) = blocks.filter(|blocks| !blocks.contains(&around.name)) else {
        return;
    };
    let why = say!(
        "\"{name}\" is not allowed in {here}, only in {listed}",
        "\"{name}\" no se permite en {here}, solo en {listed}",
        here = plain(around.name),
        listed = blocks
            .iter()
            .map(|block| plain(block))
            .collect::<Vec<_>>()
            .join(", ")
    );
    refusals.push((&directive.name, why));
}

/// A file with what belongs in a block is included outside of all: that is the line to mend.
pub(super) fn blame_includes<'c>(config: &'c Config, refusals: &mut Vec<Refusal<'c>>) {
    let mut blamed: Vec<&Include> = Vec::new();
    refusals.retain_mut(|(word, why)| {
        let is_it = |directive: &&Directive| directive.name.pos == word.pos;
        let Some(directive) = config.directives.iter().find(is_it) else {
            return true;
        };
        let brings = |include: &&Include| {
            let is_outside = include.directive.pos.file.is_main();
            is_outside && include.files.contains(&directive.pos.file)
        };
        let Some(include) = config.includes.iter().find(brings) else {
            return true;
        };
        let is_first = !blamed.iter().any(|other| std::ptr::eq(*other, include));
        blamed.push(include);
        *word = &include.directive.name;
        *why = say!(
            "what this brings here belongs in a block; {why}",
            "lo que esto trae aquí va dentro de un bloque; {why}";
            why = why.clone()
        );
        is_first
    });
}

fn plain(block: &str) -> &str {
    match block {
        "server-if" => "server/if",
        "location-if" => "location/if",
        block => block,
    }
}

/// A brace that is missing puts the next location inside this one.
fn outside<'c>(directive: &'c Directive, around: &Around<'c>, refusals: &mut Vec<Refusal<'c>>) {
    let outer = around.block.and_then(plain_prefix);
    let (Some(outer), Some(inner)) = (outer, plain_prefix(directive)) else {
        return;
    };
    if !inner.starts_with(outer) {
        let why = say!(
            "location \"{inner}\" is outside location \"{outer}\"; is a `}}` missing before it?",
            "la location \"{inner}\" está fuera de la location \"{outer}\"; ¿falta un `}}` antes?"
        );
        refusals.push((&directive.name, why));
    }
}

fn plain_prefix(block: &Directive) -> Option<&str> {
    let prefix = block
        .args
        .last()
        .filter(|_| block.is("location") && block.args.len() == 1)?;
    prefix.text.starts_with('/').then_some(&prefix.text)
}
