//! What nginx does to the headers of an answer: `add_header`, and `proxy_hide_header` for those of the back end.

use super::{scope::Scope, tree::Directive, value::Value, walk::Walk};

/// A header that nginx adds. An empty one is not sent.
#[derive(Clone, Debug)]
pub struct Added<'c> {
    pub value: Value,
    pub by: &'c Directive,
}

impl<'c> Walk<'c> {
    /// The lines in force that add a header of this name, whatever its case.
    pub fn added(&self, name: &str) -> Vec<Added<'c>> {
        let lines = added(self.scope()).into_iter();
        let named = lines.filter(|line| is_for(line, name));
        named
            .filter_map(|by| {
                let value = self.evaluate_answered(by.arg(1)?);
                Some(Added { value, by })
            })
            .collect()
    }

    /// The line that takes a header off the back end's answer.
    pub fn hides(&self, name: &str) -> Option<&'c Directive> {
        let named = |directive: &str| {
            let mut lines = self.scope().all(directive).into_iter();
            lines.find(|line| is_for(line, name))
        };
        named("proxy_hide_header").filter(|_| named("proxy_pass_header").is_none())
    }

    /// Whether a module that is not nginx's own may change the headers.
    pub fn has_other_headers(&self) -> bool {
        let is_other =
            |name: &str| name.starts_with("more_") || name.starts_with("header_filter_by_lua");
        let blocks = self.scope().blocks().iter();
        let mut directives = blocks.flat_map(|block| block.children());
        directives.any(|directive| is_other(&directive.name.text))
    }
}

/// Whether a line about headers is about this one.
pub fn is_for(line: &Directive, name: &str) -> bool {
    line.arg(0)
        .is_some_and(|written| written.eq_ignore_ascii_case(name))
}

/// Those of the innermost block that has any, unless `add_header_inherit` (1.29.3) says otherwise.
fn added<'c>(scope: &Scope<'c>) -> Vec<&'c Directive> {
    let own = |block: &&'c Directive| block.all("add_header");
    match scope.arg("add_header_inherit") {
        Some("merge") => scope.blocks().iter().flat_map(own).collect(),
        Some("off") => scope.innermost().iter().flat_map(own).collect(),
        _ => scope.all("add_header"),
    }
}
