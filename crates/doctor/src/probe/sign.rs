//! What an answer is a sign of. The signs are those that a real Socket.IO server and a real nginx give.

use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION};
use serde::Deserialize;

use super::{
    Distrust, Unreachable,
    exchange::{Answer, Unanswered},
};
use crate::language::Text;

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
    /// The websocket opens, and closes before this comes.
    Closed(&'static str),
    /// The websocket opens, and this does not come.
    Missing(&'static str),
}

/// Engine.IO's own refusal.
#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
}

/// `Transport unknown`, `Session ID unknown`, …: the numbers of Engine.IO.
pub mod code {
    pub const UNKNOWN_TRANSPORT: i64 = 0;
    pub const UNKNOWN_SESSION: i64 = 1;
    pub const BAD_REQUEST: i64 = 3;
    pub const FORBIDDEN: i64 = 4;
    pub const OTHER_VERSION: i64 = 5;
}

/// The same refusals in the words of python-engineio, which has no numbers.
fn python_code(body: &str) -> Option<i64> {
    let words = [
        ("\"Invalid session", code::UNKNOWN_SESSION),
        ("\"Invalid websocket upgrade", code::BAD_REQUEST),
        (" is not an accepted origin.\"", code::FORBIDDEN),
        (
            "\"The client is using an unsupported version",
            code::OTHER_VERSION,
        ),
    ];
    let mut words = words.into_iter();
    words.find_map(|(words, code)| body.contains(words).then_some(code))
}

/// What nginx's own pages have at their end.
const NGINX_PAGES: [&str; 2] = ["<center>nginx", "<center>openresty"];

impl Sign {
    /// Of an answer that is not what was asked for.
    pub(super) fn of(answer: &Answer) -> Self {
        let text = answer.text();
        let status = answer.status.as_u16();
        if let Ok(Refusal { code, message }) = serde_json::from_str(&text) {
            return Self::EngineIo(code, message);
        }
        if let Some(code) = python_code(&text) {
            return Self::EngineIo(code, text.trim_matches('"').to_owned());
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
                // The header `Server` is nginx's in whatever it hands on.
                let is_nginx = is_page && NGINX_PAGES.iter().any(|mark| text.contains(mark));
                Self::Status(status, is_nginx)
            }
        }
    }

    /// Whether nobody was reached.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unanswered(Unanswered::Unreachable(_)))
    }

    /// Whether nothing came at all: it is not reached, or says nothing.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }

    /// What came, in words.
    pub fn words(&self) -> Text {
        match self {
            Self::Unanswered(unanswered) => unanswered.words(),
            Self::Page => say!("200 with an HTML page", "200 con una página HTML"),
            Self::Other(text) => say!(
                "200 with {text:?}, which is not Engine.IO's",
                "200 con {text:?}, que no es de Engine.IO"
            ),
            Self::Redirect(to) => say!("a redirect to {to}", "una redirección a {to}"),
            Self::EngineIo(code, message) => say!(
                "Engine.IO refuses: {message} (code {code})",
                "Engine.IO se niega: {message} (código {code})"
            ),
            Self::SharedSession => say!(
                "two clients are given the same session",
                "a dos clientes se les da la misma sesión"
            ),
            Self::ForcedUpgrade => say!(
                "the back end was asked for a websocket",
                "al back end se le pidió un websocket"
            ),
            Self::Status(status, true) => {
                say!("{status} from nginx itself", "{status} del propio nginx")
            }
            Self::Status(status, false) => {
                say!("{status}, not from Engine.IO", "{status}, no de Engine.IO")
            }
            Self::HalfUpgraded => say!(
                "101 without the headers that make it a websocket",
                "101 sin las cabeceras que lo hacen un websocket"
            ),
            Self::Closed(before) => say!(
                "the websocket closes before {before} comes",
                "el websocket se cierra antes de que llegue {before}"
            ),
            Self::Missing(what) => say!(
                "the websocket opens, and {what} does not come",
                "el websocket se abre, y {what} no llega"
            ),
        }
    }

    /// What that means, where the same goes well with the back end itself.
    pub fn meaning(&self) -> Text {
        match self {
            Self::Page => say!(
                "The front end's page is served where Socket.IO's path should be proxied.",
                "Se sirve la página del front end donde la ruta de Socket.IO debería pasar al back end."
            ),
            Self::Other(_) => say!(
                "Something else answers: the path is cut or changed on the way.",
                "Responde otra cosa: la ruta se corta o se cambia por el camino."
            ),
            Self::Redirect(_) => say!(
                "A redirect is in the way, which a client does not follow with its messages.",
                "Hay una redirección en el camino, que un cliente no sigue con sus mensajes."
            ),
            Self::EngineIo(code::UNKNOWN_SESSION, _) => say!(
                "Requests of one session reach different back ends: sticky sessions are missing.",
                "Las peticiones de una sesión llegan a back ends distintos: faltan sesiones fijas (sticky)."
            ),
            Self::EngineIo(code::BAD_REQUEST, _) => say!(
                "The headers Upgrade and Connection do not reach the back end.",
                "Las cabeceras Upgrade y Connection no llegan al back end."
            ),
            Self::EngineIo(..) => say!(
                "The request is changed on the way.",
                "La petición se cambia por el camino."
            ),
            Self::SharedSession => say!(
                "The proxy keeps answers, and gives one client's to another.",
                "El proxy guarda respuestas, y da a un cliente la de otro."
            ),
            Self::ForcedUpgrade => say!(
                "The proxy says Upgrade: websocket for every request, polling too.",
                "El proxy dice Upgrade: websocket en cada petición, también en polling."
            ),
            Self::Status(401, _) => say!(
                "A password is asked for on the way, which the client does not send.",
                "Por el camino se pide una contraseña, que el cliente no envía."
            ),
            Self::Status(403, _) => say!(
                "The proxy does not let the request through.",
                "El proxy no deja pasar la petición."
            ),
            Self::Status(404, true) => say!(
                "No location is meant for this path, or another server block gets the request.",
                "Ningún location es para esta ruta, o la petición la recibe otro bloque server."
            ),
            Self::Status(404, false) => say!(
                "The back end gets another path than the client asked for.",
                "El back end recibe otra ruta que la que pidió el cliente."
            ),
            Self::Status(405, _) => say!(
                "What takes no POST answers here: the request does not reach the back end.",
                "Responde algo que no admite POST: la petición no llega al back end."
            ),
            Self::Status(413, _) => say!(
                "Messages are larger than the proxy lets through.",
                "Los mensajes son mayores de lo que el proxy deja pasar."
            ),
            Self::Status(429 | 503, _) => say!(
                "The proxy limits how often or how much may be asked.",
                "El proxy limita con qué frecuencia o cuánto se puede pedir."
            ),
            Self::Status(502, _) => say!(
                "The proxy reaches nobody at the address that it asks.",
                "El proxy no encuentra a nadie en la dirección a la que pregunta."
            ),
            Self::Status(504, _) => say!(
                "The proxy gives up before the back end answers a long poll.",
                "El proxy se rinde antes de que el back end responda a un long poll."
            ),
            Self::Status(..) => say!(
                "Something else on the way answers the request.",
                "Otra cosa por el camino responde a la petición."
            ),
            Self::HalfUpgraded => say!(
                "The proxy takes headers away from the back end's answer.",
                "El proxy quita cabeceras de la respuesta del back end."
            ),
            Self::Closed(_) | Self::Missing(_) => say!(
                "The websocket is not carried through.",
                "El websocket no se lleva hasta el final."
            ),
            Self::Unanswered(Unanswered::Late(_)) => say!(
                "The answer is held back on the way.",
                "La respuesta se retiene por el camino."
            ),
            Self::Unanswered(Unanswered::Cut) => say!(
                "The connection is cut on the way.",
                "La conexión se corta por el camino."
            ),
            Self::Unanswered(Unanswered::Unreachable(_)) => say!(
                "The proxy itself is not reached.",
                "No se llega al propio proxy."
            ),
        }
    }
}

impl Unanswered {
    pub fn words(&self) -> Text {
        match self {
            Self::Unreachable(unreachable) => unreachable.words(),
            Self::Cut => say!(
                "the connection is cut without an answer",
                "la conexión se corta sin respuesta"
            ),
            Self::Late(patience) => say!(
                "no answer within {seconds} s",
                "sin respuesta en {seconds} s",
                seconds = patience.as_secs()
            ),
        }
    }
}

impl Unreachable {
    pub fn words(&self) -> Text {
        match self {
            Self::NoAddress(name) => say!(
                "the name {name} leads to no address",
                "el nombre {name} no lleva a ninguna dirección"
            ),
            Self::Refused(address) => {
                say!("nobody listens at {address}", "nadie escucha en {address}")
            }
            Self::Broken { address, error } => Text::same(format!("{address}: {error}")),
            Self::Silent(address) => say!(
                "nothing comes from {address} within 5 s",
                "de {address} no llega nada en 5 s"
            ),
            Self::Certificate { host, why } => say!(
                "the certificate of {host} is not trusted: {why}",
                "el certificado de {host} no es de confianza: {why}";
                why = why.words()
            ),
            Self::Tls { host, error } => say!(
                "TLS with {host} fails: {error}",
                "TLS con {host} falla: {error}"
            ),
        }
    }
}

impl Distrust {
    pub fn words(&self) -> Text {
        match self {
            Self::UnknownIssuer => say!(
                "it is signed by itself, or by an authority that is not known here",
                "está firmado por sí mismo, o por una autoridad que aquí no se conoce"
            ),
            Self::Expired => say!("it has expired", "ha caducado"),
            Self::NotYetValid => say!("it is not valid yet", "todavía no es válido"),
            Self::OtherName => say!("it is for another name", "es para otro nombre"),
            Self::Other(error) => Text::same(error.clone()),
        }
    }
}

/// How much later (or, negative, earlier) it is there than here, by the header `Date`; to the second.
pub(super) fn skew(answer: &Answer, now: Duration) -> Option<i64> {
    let date = httpdate::parse_http_date(answer.header(http::header::DATE)).ok()?;
    let there = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(there.as_secs() as i64 - now.as_secs() as i64)
}
