//! The data of an event is one JSON array: the name, then the arguments. Here the two are taken apart and
//! put together on the text, so that arguments are parsed only by who understands them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Error;

/// Names that both sides keep for events of their own; a peer that sends one is lying or broken.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

const EVENT: &str = "event";

/// Split the data of an event into its name and the JSON array of its arguments. A number as the name,
/// which JavaScript allows, is returned as it was written.
///
/// # Errors
/// [`Error::WrongShape`] if this is not an array that starts with a name, [`Error::ReservedEvent`],
/// [`Error::InvalidJson`].
pub fn event(data: &str) -> Result<(String, Box<RawValue>), Error> {
    let (name, arguments) = split(data)?;
    let mut array = String::with_capacity(1 + arguments.len());
    array.push('[');
    array.push_str(arguments);
    let array = RawValue::from_string(array).map_err(|_| Error::InvalidJson)?;
    Ok((name.into_owned(), array))
}

/// The data of an event from its name and the JSON array of its arguments: the inverse of [`event`].
///
/// # Errors
/// [`Error::WrongShape`] if `arguments` has no brackets around it. What stands between them is not checked.
pub fn event_data(name: &str, arguments: &str) -> Result<String, Error> {
    let inner = arguments
        .trim()
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .ok_or(Error::WrongShape(EVENT))?
        .trim();
    let name = serde_json::to_string(name).expect("a string always becomes JSON");
    let mut data = String::with_capacity(name.len() + inner.len() + 3);
    data.push('[');
    data.push_str(&name);
    if !inner.is_empty() {
        data.push(',');
        data.push_str(inner);
    }
    data.push(']');
    Ok(data)
}

/// The name, and what follows its comma up to and including the closing bracket.
pub(super) fn split(data: &str) -> Result<(Cow<'_, str>, &str), Error> {
    let shape = Error::WrongShape(EVENT);
    let inner = data.trim().strip_prefix('[').ok_or(shape)?;
    // The stream stops after the first element, which leaves the rest of the array untouched.
    let mut elements = serde_json::Deserializer::from_str(inner).into_iter::<&RawValue>();
    let first = elements.next().ok_or(shape)?.map_err(|_| shape)?;
    let rest = inner[elements.byte_offset()..].trim_start();
    let arguments = match rest.strip_prefix(',') {
        Some(arguments) if arguments.trim_start() != "]" => arguments,
        None if rest == "]" => rest,
        _ => return Err(shape),
    };
    Ok((name_of(first.get())?, arguments))
}

fn name_of(element: &str) -> Result<Cow<'_, str>, Error> {
    if element.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Cow::Borrowed(element));
    }
    if !element.starts_with('"') {
        return Err(Error::WrongShape(EVENT));
    }
    // Escapes are undone before comparing, or "\u0063onnect" would slip through.
    let name: String = serde_json::from_str(element).map_err(|_| Error::InvalidJson)?;
    match RESERVED.iter().find(|reserved| **reserved == name) {
        Some(reserved) => Err(Error::ReservedEvent(reserved)),
        None => Ok(Cow::Owned(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split_owned(data: &str) -> Result<(String, String), Error> {
        event(data).map(|(name, arguments)| (name, arguments.get().to_owned()))
    }

    #[test]
    fn a_name_is_taken_off_its_arguments() {
        let cases = [
            (r#"["read"]"#, "read", "[]"),
            (r#"["read",1,{"a":[2]}]"#, "read", r#"[1,{"a":[2]}]"#),
            (r#" [ "a b" , "c" ] "#, "a b", r#"[ "c" ]"#),
            (r#"["\u00e9\"",null]"#, "é\"", "[null]"),
            ("[7,true]", "7", "[true]"),
            ("[-1.5]", "-1.5", "[]"),
        ];
        for (data, name, arguments) in cases {
            assert_eq!(
                split_owned(data),
                Ok((name.to_owned(), arguments.to_owned())),
                "{data}"
            );
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for data in [
            "",
            "{}",
            "[]",
            "[,1]",
            "[null]",
            "[[\"a\"]]",
            r#"{"a":1}"#,
            r#"["a""b"]"#,
            r#"["a", ]"#,
            r#"["a"#,
            "[true,1]",
        ] {
            assert_eq!(split_owned(data), Err(Error::WrongShape("event")), "{data}");
        }
        assert_eq!(split_owned(r#"["\ud800"]"#), Err(Error::InvalidJson));
    }

    #[test]
    fn reserved_names_are_refused_however_they_are_written() {
        for name in RESERVED {
            assert_eq!(
                split_owned(&format!("[\"{name}\",1]")),
                Err(Error::ReservedEvent(name))
            );
        }
        assert_eq!(
            split_owned(r#"["\u0063onnect"]"#),
            Err(Error::ReservedEvent("connect"))
        );
    }

    #[test]
    fn an_event_needs_an_array_of_arguments() {
        assert_eq!(event_data("read", " [ ] ").unwrap(), r#"["read"]"#);
        assert_eq!(
            event_data("re\"ad", "[1, 2]").unwrap(),
            r#"["re\"ad",1, 2]"#
        );
        assert!(event_data("read", "").is_err());
        assert!(event_data("read", "[").is_err());
        assert!(event_data("read", "{}").is_err());
    }

    proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart(name in "\\PC{0,12}", numbers in proptest::collection::vec(any::<i64>(), 0..5)) {
            prop_assume!(!RESERVED.contains(&name.as_str()));
            let arguments = serde_json::to_string(&numbers).unwrap();
            let data = event_data(&name, &arguments).unwrap();
            prop_assert_eq!(split_owned(&data), Ok((name, arguments)));
        }

        #[test]
        fn arbitrary_text_never_panics(data in "\\PC{0,40}", json in "[\\[\\]{},:\"a0-9 \\\\-]{0,30}") {
            let _ = event(&data);
            let _ = event(&json);
            let _ = event_data("a", &json);
        }
    }
}
