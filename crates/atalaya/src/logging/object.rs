//! A flat JSON object that is written straight into one buffer, field by field: names in the order of their
//! first appearance, each once, the last value of each. The buffer is used again for the next line.

use std::{fmt, ops::Range};

use serde::{Serialize, Serializer};
use tracing::field::{Field, Visit};

/// What a line may leave allocated; few are longer than a tenth of it.
const USUAL_BYTES: usize = 4096;

/// The text so far, without the closing brace.
#[derive(Default)]
pub(super) struct Object {
    text: Vec<u8>,
    members: Vec<Member>,
}

/// Where a member's quoted name and its value stand in the text.
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

impl Object {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(USUAL_BYTES);
        self.members.clear();
    }

    pub(super) fn put(&mut self, name: &str, value: impl Serialize) {
        self.put_with(name, |text| append(text, &value));
    }

    /// Puts a member whose value is appended, as JSON, by `write`.
    pub(super) fn put_with(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let is_known = |member: &Member| {
            let known = &self.text[member.name.clone()];
            known.len() == name.len() + 2 && &known[1..=name.len()] == name.as_bytes()
        };
        match self.members.iter().position(is_known) {
            Some(index) => self.replace(index, write),
            None => self.add(name, write),
        }
    }

    /// Puts every member of another object.
    pub(super) fn put_all(&mut self, other: &Self) {
        for member in &other.members {
            let name = &other.text[member.name.start + 1..member.name.end - 1];
            if let Ok(name) = str::from_utf8(name) {
                let value = &other.text[member.value.clone()];
                self.put_with(name, |text| text.extend_from_slice(value));
            }
        }
    }

    /// Closes the object and the line.
    pub(super) fn finish_line(&mut self) -> &[u8] {
        self.text.extend_from_slice(b"}\n");
        &self.text
    }

    fn add(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.text
            .push(if self.members.is_empty() { b'{' } else { b',' });
        let name = self.measure(|text| append(text, name));
        self.text.push(b':');
        let value = self.measure(write);
        self.members.push(Member { name, value });
    }

    fn replace(&mut self, index: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let old = self.members[index].value.clone();
        // Empty, and not allocated, for the last member: that of nearly every message.
        let rest = self.text.split_off(old.end);
        self.text.truncate(old.start);
        let new = self.measure(write);
        self.text.extend_from_slice(&rest);
        let moved =
            |range: &Range<usize>| range.start - old.end + new.end..range.end - old.end + new.end;
        for member in &mut self.members[index + 1..] {
            member.name = moved(&member.name);
            member.value = moved(&member.value);
        }
        self.members[index].value = new;
    }

    fn measure(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.text.len();
        write(&mut self.text);
        start..self.text.len()
    }
}

fn append(text: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Numbers, truths and texts always have a form, and memory takes it.
    let _ = serde_json::to_writer(text, value);
}

impl Visit for Object {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.put(field.name(), in_full(error));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), Shown(value));
    }
}

/// A value as the text that it prints as, which is escaped on the way and nowhere kept.
struct Shown<'a>(&'a dyn fmt::Debug);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

/// An error with its causes: the last one is usually the one that helps.
fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(members: &[(&str, &str)]) -> Object {
        let mut object = Object::default();
        for (name, value) in members {
            object.put(name, value);
        }
        object
    }

    fn line(object: &mut Object) -> &str {
        str::from_utf8(object.finish_line()).unwrap()
    }

    #[test]
    fn each_name_stands_once_in_its_first_place_with_its_last_value() {
        let mut object = object(&[("a", "1"), ("b", "2"), ("c", "3")]);
        object.put("b", "longer than before");
        object.put("c", "");
        object.put("a", 7);
        object.put("b", true);
        assert_eq!(line(&mut object), "{\"a\":7,\"b\":true,\"c\":\"\"}\n");
    }

    #[test]
    fn names_that_begin_alike_are_different_names() {
        let mut object = object(&[("user.id", "1"), ("user", "2"), ("", "3")]);
        object.put("user", "4");
        assert_eq!(
            line(&mut object),
            "{\"user.id\":\"1\",\"user\":\"4\",\"\":\"3\"}\n"
        );
    }

    #[test]
    fn the_members_of_another_replace_those_of_the_same_name() {
        let mut outer = object(&[("a", "outer"), ("b", "outer")]);
        outer.put_all(&object(&[("b", "in\"ner"), ("c", "inner")]));
        assert_eq!(
            line(&mut outer),
            "{\"a\":\"outer\",\"b\":\"in\\\"ner\",\"c\":\"inner\"}\n"
        );
    }
}
