//! Bytes in and out: websocket frames, HTTP answers, the packets of Engine.IO and Socket.IO, the body of a
//! notification. Only what a server of ours sends to a client that asks for nothing special; no I/O, and
//! nothing is copied.

pub(crate) mod frame;
pub(crate) mod http;
pub(crate) mod notification;
pub(crate) mod packet;

/// What the first bytes of a stream hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<T> {
    Whole(T),
    /// The rest has not arrived yet.
    Partial,
    Broken(&'static str),
}

/// Where `needle` begins.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0;
    loop {
        let at = from + bytes.get(from..)?.iter().position(|byte| byte == first)?;
        if bytes[at + 1..].starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The number that bytes begin with.
pub(crate) fn leading_number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let mut number = None;
    for digit in digits {
        let so_far: u64 = number.unwrap_or(0);
        number = Some(
            so_far
                .checked_mul(10)?
                .checked_add(u64::from(digit - b'0'))?,
        );
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_needle_is_found_where_it_begins() {
        assert_eq!(find(b"aab-ab", b"ab"), Some(1));
        assert_eq!(find(b"abab", b"abc"), None);
        assert_eq!(find(b"", b"a"), None);
    }

    #[test]
    fn a_number_ends_where_its_digits_do() {
        assert_eq!(leading_number(b"42,"), Some(42));
        assert_eq!(leading_number(b",42"), None);
        assert_eq!(leading_number(b"99999999999999999999"), None);
    }
}
