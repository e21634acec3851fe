//! Reads a JSON body field by field, so that every mistake in it is told at once, by name.
//!
//! serde stops at the first error; a person who writes a request wants all of them. A body type says how
//! it is read in [`FromFields`]; whatever it did not ask for is an unknown field, and refused.

use std::collections::BTreeMap;

use atalaya_store::model::{Role, Timestamp};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::problem::FieldError;

/// What a body is, in the words of the parser's error.
pub(super) const EXPECTED: &str = "a JSON object";

/// A type that is the body of a request.
pub(super) trait FromFields: Sized {
    /// Takes its fields, or reports what is wrong with them and returns nothing.
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// The fields of one JSON object that nobody has taken yet, and the mistakes found so far.
pub(super) struct Fields {
    /// The path of the object within the body, with its dot: `to.`
    prefix: String,
    values: BTreeMap<String, Box<RawValue>>,
    taken: Vec<&'static str>,
    errors: Vec<FieldError>,
    now: Timestamp,
}

impl Fields {
    /// Reads a whole body. `Err` is the parser's own error, with line and column.
    pub(super) fn parse(body: &[u8], now: Timestamp) -> Result<Self, serde_json::Error> {
        let Members(values) = serde_json::from_slice(body)?;
        Ok(Self::of(String::new(), values, now))
    }

    /// The body as `T`, or every mistake in it.
    pub(super) fn read<T: FromFields>(mut self) -> Result<T, Vec<FieldError>> {
        let value = T::from_fields(&mut self);
        self.refuse_the_rest();
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }

    /// The time at which the request is judged.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// A field that may be left out; `null` is the same as leaving it out. `expected` completes the
    /// sentence "must be …".
    pub(super) fn optional<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        expected: &str,
    ) -> Option<T> {
        let raw = self.take(name)?;
        match serde_json::from_str::<T>(raw.get()) {
            Ok(value) => Some(value),
            Err(_) => {
                self.refuse(name, format!("must be {expected}"));
                None
            }
        }
    }

    /// A field that must be there.
    pub(super) fn required<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        expected: &str,
    ) -> Option<T> {
        if !self.has(name) {
            self.taken.push(name);
            self.values.remove(name);
            self.refuse(name, format!("is required and must be {expected}"));
            return None;
        }
        self.optional(name, expected)
    }

    /// A field's own JSON text.
    pub(super) fn raw(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        self.take(name)
    }

    /// A field that must be an object; its mistakes are reported under `name.`.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let Members(values) = self.required(name, expected)?;
        let mut inner = Self::of(format!("{}{name}.", self.prefix), values, self.now);
        let value = read(&mut inner);
        inner.refuse_the_rest();
        self.errors.append(&mut inner.errors);
        value
    }

    /// A list of roles, at least one.
    pub(super) fn roles(&mut self, name: &'static str) -> Option<Vec<Role>> {
        let names = self.optional::<Vec<String>>(name, "a list of roles")?;
        if names.is_empty() {
            self.refuse(name, "must name at least one role");
            return None;
        }
        let roles: Result<Vec<Role>, _> = names.iter().map(|name| role(name)).collect();
        roles.map_err(|error| self.refuse(name, error)).ok()
    }

    /// Whether the field is there and not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|raw| raw.get() != "null")
    }

    /// Reports a mistake in a field.
    pub(super) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: format!("{}{name}", self.prefix),
            message: message.into(),
        });
    }

    /// Reports a mistake in the object as a whole.
    pub(super) fn refuse_whole(&mut self, message: impl Into<String>) {
        let field = self.prefix.trim_end_matches('.');
        self.errors.push(FieldError {
            field: if field.is_empty() { "body" } else { field }.to_owned(),
            message: message.into(),
        });
    }

    /// Takes a field without looking at it: a mistake that concerns it is reported already.
    pub(super) fn ignore(&mut self, name: &'static str) {
        if !self.taken.contains(&name) {
            self.take(name);
        }
    }

    /// Keeps `value` if `check` has nothing to say against it.
    pub(super) fn check<T>(
        &mut self,
        name: &str,
        value: Option<T>,
        check: impl FnOnce(&T) -> Result<(), String>,
    ) -> Option<T> {
        let value = value?;
        match check(&value) {
            Ok(()) => Some(value),
            Err(message) => {
                self.refuse(name, message);
                None
            }
        }
    }

    fn of(prefix: String, values: BTreeMap<String, Box<RawValue>>, now: Timestamp) -> Self {
        Self {
            prefix,
            values,
            taken: Vec::new(),
            errors: Vec::new(),
            now,
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        self.taken.push(name);
        self.values.remove(name).filter(|raw| raw.get() != "null")
    }

    fn refuse_the_rest(&mut self) {
        let known = self.taken.join(", ");
        for name in std::mem::take(&mut self.values).into_keys() {
            let name: String = name.chars().take(64).collect();
            self.refuse(&name, format!("unknown field; there are {known}"));
        }
    }
}

/// Names on the wire are written in one way.
fn role(name: &str) -> Result<Role, String> {
    let mut roles = Role::ALL.into_iter();
    roles.find(|role| role.as_str() == name).ok_or_else(|| {
        let allowed = Role::ALL.map(Role::as_str).join(", ");
        format!("{name:?} is not a role; there are {allowed}")
    })
}

/// A JSON object with each member's own text, so that numbers and order inside `data` survive.
struct Members(BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            // Readers disagree on which of two counts, so neither does.
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the field `{name}` is there twice"
                )));
            }
            members.insert(name, value);
        }
        Ok(Members(members))
    }
}
