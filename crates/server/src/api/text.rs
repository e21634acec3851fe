//! What the text fields of a request may hold. Each check completes the sentence "the field …".

/// Socket.IO's own event names, which a publisher must not imitate, and this server's.
const RESERVED_EVENTS: &[&str] = &[
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
    "session",
    "sessions",
    "inbox",
    "sync",
    "removed",
    "acknowledged",
    "membership",
];

/// Not blank, and at most `max` characters.
pub(super) fn title(text: &str, max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be blank".to_owned());
    }
    if text.chars().count() > max {
        return Err(format!("has at most {max} characters"));
    }
    storable(text)
}

/// At most `max` bytes of UTF-8.
pub(super) fn body(text: &str, max: usize) -> Result<(), String> {
    if text.len() > max {
        return Err(format!("has at most {max} bytes"));
    }
    storable(text)
}

/// PostgreSQL cannot keep U+0000 in a text.
pub(super) fn storable(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("must not contain U+0000".to_owned());
    }
    Ok(())
}

/// 1 to 64 of `a-z 0-9 . _ -`.
pub(super) fn kind(text: &str) -> Result<(), String> {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    if text.is_empty() || text.len() > 64 || !text.bytes().all(legal) {
        return Err("must be 1 to 64 of the characters a-z 0-9 . _ -".to_owned());
    }
    Ok(())
}

/// 1 to 128 characters, none of them a control character.
pub(super) fn collapse_key(text: &str) -> Result<(), String> {
    if text.is_empty() || text.chars().count() > 128 || text.chars().any(char::is_control) {
        return Err("must be 1 to 128 characters, none of them a control character".to_owned());
    }
    Ok(())
}

/// A name that a client's listener can have, and no one else uses.
pub(super) fn event(text: &str) -> Result<(), String> {
    if text.is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
        return Err("must be 1 to 64 characters, none of them a control character".to_owned());
    }
    if RESERVED_EVENTS.contains(&text) {
        return Err(format!("must not be one of {}", RESERVED_EVENTS.join(", ")));
    }
    Ok(())
}

/// An `http(s)` address, or a path on the page's own site: nothing that a click would run.
pub(super) fn link(text: &str) -> Result<(), String> {
    let refused = "must be an http:// or https:// address, or a path that begins with one /";
    if text.len() > 2_048 {
        return Err("has at most 2048 bytes".to_owned());
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("must not contain blanks or control characters".to_owned());
    }
    // Browsers read a backslash as a slash, and `//host` as another site.
    let is_path = text.starts_with('/') && !text[1..].starts_with(['/', '\\']);
    if is_path || has_web_host(text) {
        Ok(())
    } else {
        Err(refused.to_owned())
    }
}

fn has_web_host(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let rest = lower
        .strip_prefix("https://")
        .or_else(|| lower.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_page_and_runs_nothing() {
        for good in [
            "/alerts/7",
            "/",
            "https://example.com/a?b=c#d",
            "HTTP://EXAMPLE.COM",
            "http://[::1]/",
        ] {
            assert_eq!(link(good), Ok(()), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "alerts/7",
            "",
            "https://",
            "https:///x",
            "mailto:a@b.c",
            "http://exa mple.com",
        ] {
            assert!(link(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_event_is_not_one_of_the_protocols_own() {
        assert_eq!(event("alert:new"), Ok(()));
        assert_eq!(event("notification"), Ok(()));
        for bad in ["", "connect", "disconnect", "inbox", "a\nb"] {
            assert!(event(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_type_is_a_plain_word() {
        assert_eq!(kind("disk.full-2"), Ok(()));
        for bad in ["", "Disk", "a b", "ñ"] {
            assert!(kind(bad).is_err(), "{bad}");
        }
        assert!(kind(&"a".repeat(65)).is_err());
    }

    #[test]
    fn a_title_is_not_blank_and_fits() {
        assert_eq!(title("Disco lleno", 200), Ok(()));
        assert_eq!(title(&"ñ".repeat(200), 200), Ok(()));
        assert!(title(" \n", 200).is_err());
        assert!(title(&"ñ".repeat(201), 200).is_err());
        assert!(title("a\0b", 200).is_err());
    }
}
