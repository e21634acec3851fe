//! A request as a browser sends it.

/// What a browser calls itself; configurations that look at it look for robots.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                          Chrome/140.0.0.0 Safari/537.36";

#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    /// `http` or `https`, as it arrives at nginx.
    pub scheme: &'static str,
    /// Without port, in lower case.
    pub host: String,
    pub port: u16,
    /// As in the request line, without the query.
    pub path: String,
    pub query: String,
    /// Nothing else in front of nginx may have added headers.
    pub is_whole: bool,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// As from a page of the same origin, which sends `Origin` with a POST and a websocket only.
    pub fn get(origin: &Origin, path: &str, query: &str) -> Self {
        let page = origin.to_string();
        Self {
            method: "GET",
            scheme: origin.scheme,
            host: origin.host.clone(),
            port: origin.port,
            path: path.to_owned(),
            query: query.to_owned(),
            is_whole: false,
            headers: [
                ("host", origin.authority()),
                ("user-agent", USER_AGENT.to_owned()),
                ("accept", "*/*".to_owned()),
                ("accept-encoding", "gzip, deflate, br".to_owned()),
                ("accept-language", "en".to_owned()),
                ("referer", format!("{page}/")),
                ("connection", "keep-alive".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        }
    }

    /// The same as a POST of a text.
    pub fn posted(mut self) -> Self {
        self.method = "POST";
        self.with_origin()
            .with("content-type", "text/plain;charset=UTF-8")
            .with("content-length", "2")
    }

    /// The same as a websocket's opening handshake, which carries no Referer.
    pub fn upgraded(mut self) -> Self {
        self.headers
            .retain(|(name, _)| !matches!(name.as_str(), "connection" | "referer"));
        self.with_origin()
            .with("connection", "Upgrade")
            .with("upgrade", "websocket")
            .with("sec-websocket-version", "13")
            .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    fn with_origin(self) -> Self {
        let origin = Origin {
            scheme: self.scheme,
            host: self.host.clone(),
            port: self.port,
        };
        self.with("origin", &origin.to_string())
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with other values of headers, by their names in lower case; of an empty one, without it.
    pub fn told(mut self, headers: &[(String, String)]) -> Self {
        for (name, value) in headers {
            self.headers.retain(|(other, _)| other != name);
            if !value.is_empty() {
                self = self.with(name, value);
            }
        }
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Path and query, as in the request line.
    pub fn target(&self) -> String {
        with_query(&self.path, &self.query)
    }

    /// The path as nginx matches it: decoded, and with slashes merged.
    pub fn uri(&self) -> String {
        let decoded = decode(&self.path);
        let mut uri = String::with_capacity(decoded.len());
        for character in decoded.chars() {
            if character != '/' || !uri.ends_with('/') {
                uri.push(character);
            }
        }
        uri
    }
}

/// A path with its query, if there is one.
pub fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if byte == b'%' => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Scheme, host and port of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// In lower case; IPv6 without brackets.
    pub host: String,
    pub port: u16,
}

impl Origin {
    /// What stands in the Host header: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        if self.port == default_port(self.scheme) {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

pub fn default_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}
