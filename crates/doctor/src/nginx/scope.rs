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
        let level = self.level(name);
        level
            .into_iter()
            .flat_map(|block| block.all(name))
            .collect()
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
        self.levels(name).next()
    }

    /// Occurrences in outer blocks that the innermost ones hide.
    pub fn hidden(&self, name: &str) -> Vec<&'c Directive> {
        let outer = self.levels(name).nth(1);
        outer
            .into_iter()
            .flat_map(|block| block.all(name))
            .collect()
    }

    /// The blocks that have the directive, the innermost first.
    fn levels(&self, name: &str) -> impl Iterator<Item = &'c Directive> {
        let inwards = self.blocks.iter().rev().copied();
        inwards.filter(|block| block.first(name).is_some())
    }
}
