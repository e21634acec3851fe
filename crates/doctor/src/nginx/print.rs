//! A tree back to text that nginx reads as the same tree. Comments and layout are not kept.

use super::tree::{Body, Directive, Word};

/// The directives, one a line, indented by four spaces for each block.
pub fn print(directives: &[Directive]) -> String {
    let mut out = String::new();
    for directive in directives {
        write(directive, 0, &mut out);
    }
    out
}

/// A word, in quotes where it needs them.
pub fn word(word: &Word) -> String {
    let text = &word.text;
    let special = |c: char| c.is_ascii_whitespace() || "\"'\\;{}#$()\u{feff}".contains(c);
    let harmless = |c: char| "$()".contains(c) && !text.contains("${");
    let plain = !text.is_empty() && text.chars().all(|c| !special(c) || harmless(c));
    if plain && !word.quoted {
        return text.clone();
    }
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

fn write(directive: &Directive, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    out.push_str(&indent);
    out.push_str(&directive.head());
    match &directive.body {
        Body::None => out.push_str(";\n"),
        Body::Opaque(text) => {
            out.push_str(" {");
            out.push_str(text);
            out.push_str("}\n");
        }
        Body::Block(children) => {
            out.push_str(" {\n");
            for child in children {
                write(child, depth + 1, out);
            }
            out.push_str(&indent);
            out.push_str("}\n");
        }
    }
}
