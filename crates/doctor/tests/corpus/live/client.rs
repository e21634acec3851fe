//! What socket.io-client does, step by step, and the first step that fails: a polling session, a websocket, the
//! upgrade from one to the other, a large message, and a long poll held until the heartbeat.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use atalaya_doctor::{nginx::request::Origin, question::Question};
use tungstenite::{Message, WebSocket, client::IntoClientRequest};

/// Every wait ends; longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// Below the server's maxPayload, above many a limit.
const LARGE: usize = 900_000;
/// A page's polling and its websocket call themselves the same.
const USER_AGENT: &str = "Mozilla/5.0";

type Step = Result<(), String>;

/// `step: what was seen` of the first step that fails.
pub(crate) fn first_failure(
    address: SocketAddr,
    question: &Question,
    page: Option<&Origin>,
) -> Option<String> {
    first_failure_in(3, address, question, page)
}

/// The same after so many sessions by polling.
pub(crate) fn first_failure_in(
    sessions: usize,
    address: SocketAddr,
    question: &Question,
    page: Option<&Origin>,
) -> Option<String> {
    let asked = &question.url.as_ref().unwrap().origin;
    let client = Client {
        address,
        host: asked.authority(),
        page: page.filter(|page| *page != asked).map(Origin::to_string),
        path: question.path.clone(),
        sessions,
    };
    client.run().err()
}

struct Client {
    address: SocketAddr,
    host: String,
    path: String,
    /// The page's origin, where it is another.
    page: Option<String>,
    /// How many are opened by polling.
    sessions: usize,
}

struct Answer {
    status: u16,
    kind: String,
    body: String,
    /// Each `Access-Control-Allow-Origin`.
    allowed: Vec<String>,
}

impl Client {
    fn run(&self) -> Step {
        for _ in 0..self.sessions {
            self.polling_session()?;
        }
        self.different_clients_have_different_sessions()?;
        self.websocket()?;
        self.upgrade()?;
        self.large_message()?;
        self.hold()?;
        self.api()?;
        self.page_may_read()
    }

    fn polling_session(&self) -> Step {
        let sid = self.handshake()?;
        self.connect_namespace(&sid)?;
        let answer = self.get(&sid);
        expect("poll", &answer, answer.body.starts_with("40"))
    }

    fn handshake(&self) -> Result<String, String> {
        let answer = self.get("");
        expect("handshake", &answer, answer.body.starts_with("0{\"sid\""))?;
        Ok(answer.body.split('"').nth(3).unwrap().to_owned())
    }

    fn connect_namespace(&self, sid: &str) -> Step {
        let answer = self.post(sid, "40");
        expect("post", &answer, answer.body == "ok")
    }

    fn different_clients_have_different_sessions(&self) -> Step {
        let (one, other) = (self.handshake()?, self.handshake()?);
        if one == other {
            return Err("handshake: the session of another client".to_owned());
        }
        Ok(())
    }

    fn websocket(&self) -> Step {
        let mut socket = self
            .open_websocket("")
            .map_err(|seen| format!("websocket: {seen}"))?;
        let greeting = socket
            .read()
            .map_err(|error| format!("websocket: {error}"))?;
        match greeting.to_text() {
            Ok(text) if text.starts_with("0{\"sid\"") => Ok(()),
            other => Err(format!("websocket: {other:?}")),
        }
    }

    fn upgrade(&self) -> Step {
        let sid = self.handshake()?;
        let mut socket = self
            .open_websocket(&sid)
            .map_err(|seen| format!("upgrade: {seen}"))?;
        let probe = socket
            .send(Message::text("2probe"))
            .and_then(|()| socket.read());
        match probe {
            Ok(answer) if answer.to_text().is_ok_and(|text| text == "3probe") => Ok(()),
            other => Err(format!("upgrade: {other:?}")),
        }
    }

    fn large_message(&self) -> Step {
        let sid = self.handshake()?;
        self.connect_namespace(&sid)?;
        let body = format!("42[\"message\",\"{}\"]", "a".repeat(LARGE));
        let answer = self.post(&sid, &body);
        expect("large message", &answer, answer.body == "ok")
    }

    /// A long poll is held until the ping; meanwhile a message is sent.
    fn hold(&self) -> Step {
        let sid = self.handshake()?;
        self.connect_namespace(&sid)?;
        let answer = self.get(&sid);
        expect("poll", &answer, answer.body.starts_with("40"))?;
        let held = self.send("GET", &self.polling(&sid), "");
        let meanwhile = self.post(&sid, "42[\"x\"]");
        expect("post during a poll", &meanwhile, meanwhile.body == "ok")?;
        let answer = receive(held);
        expect("held poll", &answer, answer.body == "2")
    }

    /// Atalaya's own API is no part of the back end here: that it answers at all is enough.
    fn api(&self) -> Step {
        let answer = self.exchange("GET", "/api/", "");
        let gone = matches!(answer.status, 502..=504);
        expect("api", &answer, !gone)
    }

    /// A browser gives a page of another origin an answer that gives it leave, once.
    fn page_may_read(&self) -> Step {
        let Some(page) = &self.page else {
            return Ok(());
        };
        match &self.get("").allowed[..] {
            [allowed] if allowed == "*" || allowed == page => Ok(()),
            allowed => Err(format!("page: leave for {allowed:?}")),
        }
    }

    fn polling(&self, sid: &str) -> String {
        let sid = if sid.is_empty() {
            String::new()
        } else {
            format!("&sid={sid}")
        };
        let t = rand::random::<u32>();
        format!("{}?EIO=4&transport=polling&t={t:x}{sid}", self.path)
    }

    fn get(&self, sid: &str) -> Answer {
        self.exchange("GET", &self.polling(sid), "")
    }

    fn post(&self, sid: &str, body: &str) -> Answer {
        self.exchange("POST", &self.polling(sid), body)
    }

    fn exchange(&self, method: &str, target: &str, body: &str) -> Answer {
        receive(self.send(method, target, body))
    }

    fn send(&self, method: &str, target: &str, body: &str) -> TcpStream {
        let mut stream = self.dial();
        let content = match method {
            "POST" => format!(
                "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n",
                body.len()
            ),
            _ => String::new(),
        };
        let origin = match &self.page {
            Some(page) => format!("Origin: {page}\r\n"),
            None => String::new(),
        };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {USER_AGENT}\r\n{origin}{content}Connection: close\r\n\r\n",
            self.host
        );
        stream.write_all(head.as_bytes()).unwrap();
        // nginx may refuse a large body before it has read it.
        stream.write_all(body.as_bytes()).ok();
        stream
    }

    fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn open_websocket(&self, sid: &str) -> Result<WebSocket<TcpStream>, String> {
        let sid = if sid.is_empty() {
            String::new()
        } else {
            format!("&sid={sid}")
        };
        let url = format!(
            "ws://{}{}?EIO=4&transport=websocket{sid}",
            self.host, self.path
        );
        let mut request = url.into_client_request().unwrap();
        request
            .headers_mut()
            .insert("user-agent", http::HeaderValue::from_static(USER_AGENT));
        match tungstenite::client(request, self.dial()) {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                let body = response.body().clone().unwrap_or_default();
                let body = String::from_utf8_lossy(&body).into_owned();
                let kind = response
                    .headers()
                    .get("content-type")
                    .map_or("", |kind| kind.to_str().unwrap());
                Err(seen(response.status().as_u16(), kind, &body))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn receive(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is reset after the answer has answered all the same.
    stream.read_to_end(&mut bytes).ok();
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let headers = |name: &str| -> Vec<String> {
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let named = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.to_owned()).collect()
    };
    let header = |name: &str| headers(name).into_iter().next();
    let chunked = header("transfer-encoding").is_some();
    Answer {
        status,
        kind: header("content-type").unwrap_or_default(),
        allowed: headers("access-control-allow-origin"),
        body: if chunked {
            first_chunk(body)
        } else {
            body.to_owned()
        },
    }
}

fn first_chunk(body: &str) -> String {
    body.split_once("\r\n")
        .map_or("", |(_, rest)| rest.split("\r\n").next().unwrap_or(""))
        .to_owned()
}

fn expect(step: &str, answer: &Answer, holds: bool) -> Step {
    // The API is no part of the back end here, so its status says nothing.
    if holds && (answer.status == 200 || step == "api") {
        return Ok(());
    }
    Err(format!(
        "{step}: {}",
        seen(answer.status, &answer.kind, &answer.body)
    ))
}

/// The status, and the kind of body or the error in it.
fn seen(status: u16, kind: &str, body: &str) -> String {
    let kind = kind.split(';').next().unwrap_or_default();
    let what = if kind == "application/json" {
        body
    } else {
        kind
    };
    format!("{status} {what}").trim().to_owned()
}
