//! Inheritance: from the innermost block outwards, the first one that has the directive decides.
//!
//! For a scalar that is its value there; for a directive that may be repeated (`proxy_set_header`,
//! `error_page`, `proxy_hide_header`, …) it is all of that block and none of the outer ones.

use super::tree::Directive;

/// Nested blocks, the outermost first.
#[derive(Clone, Debug, Default)]
pub struct Scope<'c> {
    blocks: Vec<&'c Directive>,
}

impl<'c> Scope<'c> {
    pub fn new(blocks: impl IntoIterator<Item = &'c Directive>) -> Self {
        Self {
            blocks: blocks.into_iter().collect(),
        }
    }

    /// The same with one more block inside.
    pub fn within(&self, block: &'c Directive) -> Self {
        let mut blocks = self.blocks.clone();
        blocks.push(block);
        Self { blocks }
    }

    pub fn blocks(&self) -> &[&'c Directive] {
        &self.blocks
    }

    pub fn innermost(&self) -> Option<&'c Directive> {
        self.blocks.last().copied()
    }

    /// Every occurrence in the innermost block that has any.
    pub fn all(&self, name: &str) -> Vec<&'c Directive> {
        self.level(name)
            .map(|block| occurrences(block, name))
            .unwrap_or_default()
    }

    /// The one that holds.
    pub fn one(&self, name: &str) -> Option<&'c Directive> {
        self.all(name).first().copied()
    }

    /// The first argument of the one that holds.
    pub fn arg(&self, name: &str) -> Option<&'c str> {
        self.one(name)?.arg(0)
    }

    /// The innermost block that has the directive.
    pub fn level(&self, name: &str) -> Option<&'c Directive> {
        let mut inwards = self.blocks.iter().rev();
        inwards
            .find(|block| block.children().iter().any(|child| child.is(name)))
            .copied()
    }

    /// Occurrences in outer blocks that the innermost ones hide.
    pub fn hidden(&self, name: &str) -> Vec<&'c Directive> {
        let mut levels = self
            .blocks
            .iter()
            .rev()
            .filter(|block| block.children().iter().any(|child| child.is(name)));
        levels.next();
        levels
            .next()
            .map(|block| occurrences(block, name))
            .unwrap_or_default()
    }
}

fn occurrences<'c>(block: &'c Directive, name: &str) -> Vec<&'c Directive> {
    block
        .children()
        .iter()
        .filter(|child| child.is(name))
        .collect()
}
