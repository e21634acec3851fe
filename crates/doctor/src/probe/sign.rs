//! What an answer is a sign of. The signs are those that a real Socket.IO server and a real nginx give.

use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION, SERVER};
use serde::Deserialize;

use super::exchange::{Answer, Unanswered};

/// How a step did not go as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    Unanswered(Unanswered),
    /// A page instead of the server's answer.
    Page,
    /// Something else instead of it.
    Other(String),
    Redirect(String),
    /// Engine.IO itself refuses: its code, and its words.
    EngineIo(i64, String),
    /// Two clients are given the same session.
    SharedSession,
    /// A websocket was asked of it where polling was meant.
    ForcedUpgrade,
    /// An answer with this status that is not Engine.IO's; whether it looks like nginx's own.
    Status(u16, bool),
    /// 101, with what makes it one missing.
    HalfUpgraded,
    /// The websocket opens, and ends without what was expected.
    Dropped(String),
    /// The namespace refuses: code, and words.
    Refused(Option<String>, String),
}

/// Engine.IO's own refusal.
#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
}

/// `Transport unknown`, `Session ID unknown`, …: the numbers of Engine.IO.
pub mod code {
    pub const UNKNOWN_SESSION: i64 = 1;
    pub const BAD_REQUEST: i64 = 3;
    pub const FORBIDDEN: i64 = 4;
    pub const OTHER_VERSION: i64 = 5;
}

impl Sign {
    /// Of an answer that is not what was asked for.
    pub(super) fn of(answer: &Answer) -> Self {
        let text = answer.text();
        let status = answer.status.as_u16();
        if let Ok(Refusal { code, message }) = serde_json::from_str(&text) {
            return Self::EngineIo(code, message);
        }
        let is_page = answer.header(CONTENT_TYPE).starts_with("text/html");
        match status {
            101 => Self::HalfUpgraded,
            200 if is_page => Self::Page,
            200 => Self::Other(text.chars().take(60).collect()),
            301..=308 => Self::Redirect(answer.header(LOCATION).to_owned()),
            400 | 426 if text.contains("Sec-WebSocket") || text.contains("Upgrade Required") => {
                Self::ForcedUpgrade
            }
            _ => {
                let is_nginx = is_page && answer.header(SERVER).starts_with("nginx");
                Self::Status(status, is_nginx)
            }
        }
    }

    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unanswered(Unanswered::Unreachable(_)))
    }

    /// What came, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Unanswered(error) => error.to_string(),
            Self::Page => "200 with an HTML page".to_owned(),
            Self::Other(text) => format!("200 with {text:?}, which is not Engine.IO's"),
            Self::Redirect(to) => format!("a redirect to {to}"),
            Self::EngineIo(code, message) => {
                format!("Engine.IO refuses: {message} (code {code})")
            }
            Self::SharedSession => "two clients are given the same session".to_owned(),
            Self::ForcedUpgrade => "the back end was asked for a websocket".to_owned(),
            Self::Status(status, true) => format!("{status} from nginx itself"),
            Self::Status(status, false) => format!("{status}, not from Engine.IO"),
            Self::HalfUpgraded => "101 without the headers that make it a websocket".to_owned(),
            Self::Dropped(what) => what.clone(),
            Self::Refused(Some(code), message) => format!("refused: {message} ({code})"),
            Self::Refused(None, message) => format!("refused: {message}"),
        }
    }

    /// What that means, where the same goes well with the back end itself.
    pub fn meaning(&self) -> String {
        let known = match self {
            Self::Page => {
                "The front end's page is served where Socket.IO's path should be proxied."
            }
            Self::Other(_) => "Something else answers: the path is cut or changed on the way.",
            Self::Redirect(_) => {
                "A redirect is in the way, which a polling client does not follow with its messages."
            }
            Self::EngineIo(code::UNKNOWN_SESSION, _) => {
                "Requests of one session reach different back ends: sticky sessions are missing."
            }
            Self::EngineIo(code::BAD_REQUEST, _) => {
                "The headers Upgrade and Connection do not reach the back end."
            }
            Self::EngineIo(code::OTHER_VERSION, _) => "The query is changed on the way.",
            Self::EngineIo(..) => "The request is changed on the way.",
            Self::SharedSession => "The proxy keeps answers, and gives one client's to another.",
            Self::ForcedUpgrade => {
                "The proxy says Upgrade: websocket for every request, polling too."
            }
            Self::Status(401, _) => {
                "A password is asked for on the way, which the client does not send."
            }
            Self::Status(403, _) => "The proxy does not let the request through.",
            Self::Status(404, true) => {
                "No location is meant for this path, or another server block gets the request."
            }
            Self::Status(404, false) => "The back end gets another path than the client asked for.",
            Self::Status(405, _) => {
                "Something that takes no POST answers here: the request does not reach the back end."
            }
            Self::Status(413, _) => "Messages are larger than the proxy lets through.",
            Self::Status(429 | 503, _) => "The proxy limits how often or how much may be asked.",
            Self::Status(502, _) => "The proxy reaches nobody, at the address that it asks.",
            Self::Status(504, _) => "The proxy gives up before the back end answers a long poll.",
            Self::Status(..) => "The request is answered by something else on the way.",
            Self::HalfUpgraded => "The proxy takes headers away from the back end's answer.",
            Self::Dropped(_) => "The websocket is not carried through.",
            Self::Unanswered(Unanswered::Late(_)) => "The answer is held back on the way.",
            Self::Unanswered(Unanswered::Cut) => "The connection is cut on the way.",
            Self::Unanswered(Unanswered::Unreachable(_)) => "The proxy itself is not reached.",
            Self::Refused(..) => "The token does not arrive as it was sent.",
        };
        known.to_owned()
    }
}

/// How much later (or, negative, earlier) it is there than here, by the header `Date`; to the second.
pub(super) fn skew(answer: &Answer, now: Duration) -> Option<i64> {
    let date = httpdate::parse_http_date(answer.header(http::header::DATE)).ok()?;
    let there = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(there.as_secs() as i64 - now.as_secs() as i64)
}
