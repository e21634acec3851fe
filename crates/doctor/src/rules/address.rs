//! The address of a `proxy_pass` as it is written.

/// Host and port, or the Unix socket.
pub(super) fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = match rest.strip_prefix("unix:") {
        // unix:/path/of/socket:/uri
        Some(path) => path.find(':').map(|colon| colon + "unix:".len()),
        None => rest.find('/'),
    };
    &rest[..end.unwrap_or(rest.len())]
}

/// The address without what follows it; `None` if a variable holds its scheme.
pub(super) fn without_uri(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once("://")?;
    Some(format!("{scheme}://{}", authority(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_cut_out() {
        assert_eq!(authority("http://app:3001/x/"), "app:3001");
        assert_eq!(
            authority("http://unix:/run/app.sock:/x/"),
            "unix:/run/app.sock"
        );
        assert_eq!(authority("$backend"), "$backend");
        assert_eq!(
            without_uri("https://$host$uri/").as_deref(),
            Some("https://$host$uri")
        );
        assert_eq!(without_uri("$backend"), None);
    }
}
