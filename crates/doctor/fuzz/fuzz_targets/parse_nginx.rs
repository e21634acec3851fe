//! Any text is read as a configuration: each directive stands at a piece of the text, and each mistake at a place in it.

#![no_main]

use atalaya_doctor::nginx::{
    parse,
    tree::{Directive, FileId},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse(text, FileId(0));
    fit(&parsed.directives, text);
    for mistake in &parsed.mistakes {
        assert!(text.get(mistake.pos.span.start..mistake.pos.span.end).is_some());
    }
});

fn fit(directives: &[Directive], text: &str) {
    for directive in directives {
        assert!(directive.end <= text.len());
        for word in std::iter::once(&directive.name).chain(&directive.args) {
            assert!(text.get(word.pos.span.start..word.pos.span.end).is_some());
        }
        fit(directive.children(), text);
    }
}
