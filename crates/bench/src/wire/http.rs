//! The answer to an HTTP/1.1 request, as far as a client that measures looks at it.

use std::borrow::Cow;

use super::{Parsed, find};

/// Longer heads than this are not waited for.
const MAX_HEAD_BYTES: usize = 16 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: Cow<'a, [u8]>,
    /// Of the answer in the stream.
    pub(crate) length: usize,
}

/// The head of an answer: its status, and where its body begins.
pub(crate) fn head(bytes: &[u8]) -> Parsed<(u16, usize)> {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return match bytes.len() {
            ..MAX_HEAD_BYTES => Parsed::Partial,
            _ => Parsed::Broken("the head of an answer does not end"),
        };
    };
    let status = bytes
        .strip_prefix(b"HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(super::leading_number);
    match status {
        Some(status) => Parsed::Whole((status as u16, end + 4)),
        None => Parsed::Broken("what answers is not HTTP"),
    }
}

/// The first answer of a stream, with its body.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Answer<'_>> {
    let (status, body_at) = match head(bytes) {
        Parsed::Whole(head) => head,
        Parsed::Partial => return Parsed::Partial,
        Parsed::Broken(why) => return Parsed::Broken(why),
    };
    let (head, rest) = bytes.split_at(body_at);
    if header(head, "transfer-encoding").is_some() {
        return chunked(status, body_at, rest);
    }
    let length = match header(head, "content-length").map(super::leading_number) {
        Some(Some(length)) => length as usize,
        None if status == 204 || status == 304 => 0,
        _ => return Parsed::Broken("an answer does not say how long it is"),
    };
    match rest.get(..length) {
        Some(body) => Parsed::Whole(Answer {
            status,
            body: Cow::Borrowed(body),
            length: body_at + length,
        }),
        None => Parsed::Partial,
    }
}

/// The value of a header, whose name is given in lower case.
fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (key, value) = line.split_at(colon);
        key.eq_ignore_ascii_case(name.as_bytes())
            .then(|| value[1..].trim_ascii())
    })
}

/// RFC 9112, 7.1; trailers are not expected.
fn chunked(status: u16, body_at: usize, mut rest: &[u8]) -> Parsed<Answer<'_>> {
    let whole = rest.len();
    let mut body = Vec::new();
    loop {
        let Some(line_end) = find(rest, b"\r\n") else {
            return Parsed::Partial;
        };
        let size = std::str::from_utf8(&rest[..line_end]).ok();
        let size = size.and_then(|text| usize::from_str_radix(text.split(';').next()?, 16).ok());
        let Some(size) = size.filter(|size| *size < 1 << 30) else {
            return Parsed::Broken("the chunks of an answer are not counted");
        };
        let data_at = line_end + 2;
        let Some(data) = rest.get(data_at..data_at + size + 2) else {
            return Parsed::Partial;
        };
        rest = &rest[data_at + size + 2..];
        if size == 0 {
            return Parsed::Whole(Answer {
                status,
                body: Cow::Owned(body),
                length: body_at + whole - rest.len(),
            });
        }
        body.extend_from_slice(&data[..size]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stream: &[u8], status: u16, body: &[u8]) {
        for end in 0..stream.len() {
            assert_eq!(parse(&stream[..end]), Parsed::Partial, "{end}");
        }
        let longer = [stream, b"HTTP/1.1"].concat();
        let answer = Answer {
            status,
            body: Cow::Borrowed(body),
            length: stream.len(),
        };
        assert_eq!(parse(&longer), Parsed::Whole(answer));
    }

    #[test]
    fn an_answer_with_a_length_is_read_whole() {
        check(
            b"HTTP/1.1 201 Created\r\nCONTENT-length: 5\r\nX: y\r\n\r\nhello",
            201,
            b"hello",
        );
    }

    #[test]
    fn an_answer_in_chunks_is_read_whole() {
        check(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            200,
            b"hello",
        );
    }

    #[test]
    fn an_upgrade_has_a_head_alone() {
        let stream = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81";
        assert_eq!(head(stream), Parsed::Whole((101, stream.len() - 1)));
    }

    #[test]
    fn what_is_not_http_is_broken() {
        assert!(matches!(parse(b"SSH-2.0\r\n\r\n"), Parsed::Broken(_)));
        assert!(matches!(
            parse(b"HTTP/1.1 200 OK\r\n\r\n"),
            Parsed::Broken(_)
        ));
    }
}
