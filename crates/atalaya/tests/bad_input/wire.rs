//! HTTP, long-polling and WebSocket by hand: what no library would send can be sent.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::world::PATIENCE;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
/// The bit of a frame that ends a message.
pub(crate) const FIN: u8 = 0x80;

#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// One request on a connection of its own. The length of the body is declared unless it is empty.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> Answer {
    finish(begin(address, method, target, headers, body).await).await
}

/// Sends a request and leaves the answer for later.
pub(crate) async fn begin(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> TcpStream {
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    for header in headers {
        head += &format!("{header}\r\n");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"\r\n").await.unwrap();
    // A server that refuses a body may stop reading it.
    stream.write_all(body).await.ok();
    stream
}

/// Reads an answer up to the end of the connection.
pub(crate) async fn finish(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A reset after the answer, because not all of the body was read, takes nothing from it.
    timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .ok();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("no head in the answer");
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: body.to_owned(),
    }
}

/// A session over long-polling.
pub(crate) struct Polling {
    pub address: SocketAddr,
    /// The secret that opens the transport.
    pub sid: String,
}

impl Polling {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let target = "/socket.io/?EIO=4&transport=polling";
        let answer = request(address, "GET", target, &[], b"").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self {
            address,
            sid: id_in(&answer.body),
        }
    }

    /// Joins the namespace; gives the socket id.
    pub(crate) async fn join(&self, token: &str) -> String {
        assert_eq!(self.post(connect(token).as_bytes()).await.status, 200);
        for _ in 0..10 {
            let body = self.get().await.body;
            if let Some(packet) = body.split('\u{1e}').find(|packet| packet.starts_with("40")) {
                return id_in(packet);
            }
        }
        panic!("no CONNECT came");
    }

    pub(crate) fn target(&self) -> String {
        format!("/socket.io/?EIO=4&transport=polling&sid={}", self.sid)
    }

    pub(crate) async fn get(&self) -> Answer {
        request(self.address, "GET", &self.target(), &[], b"").await
    }

    pub(crate) async fn post(&self, body: &[u8]) -> Answer {
        request(self.address, "POST", &self.target(), &[], body).await
    }
}

/// A websocket.
pub(crate) struct WebSocket {
    stream: TcpStream,
    /// The secret of its session, where it opened one.
    pub sid: String,
}

impl WebSocket {
    /// A websocket that opens a session.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let mut socket = Self::connect(address, "/socket.io/?EIO=4&transport=websocket").await;
        socket.sid = id_in(&socket.text().await);
        socket
    }

    /// A websocket for the session that this secret opens.
    pub(crate) async fn for_session(address: SocketAddr, sid: &str) -> Self {
        let target = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
        Self::connect(address, &target).await
    }

    async fn connect(address: SocketAddr, target: &str) -> Self {
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        Self {
            stream,
            sid: String::new(),
        }
    }

    /// Joins the namespace; gives the socket id.
    pub(crate) async fn join(&mut self, token: &str) -> String {
        self.send(&connect(token)).await;
        id_in(&self.text_that_starts_with("40").await)
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(&frame(FIN | TEXT, text.as_bytes())).await;
    }

    /// Sends what may be refused before all of it is read.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.ok();
    }

    pub(crate) async fn text_that_starts_with(&mut self, beginning: &str) -> String {
        loop {
            let text = self.text().await;
            if text.starts_with(beginning) {
                return text;
            }
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.receive().await {
            Some((TEXT, payload)) => String::from_utf8(payload).unwrap(),
            other => panic!("{other:?} in place of a text"),
        }
    }

    /// Reads on until the connection ends; the status of the close frame that came last.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        const CLOSE: u8 = 0x8;
        let mut status = None;
        while let Some((kind, payload)) = self.receive().await {
            status = (kind == CLOSE).then(|| u16::from_be_bytes([payload[0], payload[1]]));
        }
        status
    }

    async fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(PATIENCE, self.read_frame()).await.unwrap().ok()
    }

    async fn read_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let kind = self.stream.read_u8().await? & 0x0F;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok((kind, payload))
    }
}

/// A client's frame, masked with zeros: the payload stays readable.
pub(crate) fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        middle @ 126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// CONNECT to the namespace, with a token.
pub(crate) fn connect(token: &str) -> String {
    format!("40/notifications,{}", serde_json::json!({"token": token}))
}

/// The `sid` in an open packet or in the answer to CONNECT.
fn id_in(packet: &str) -> String {
    let json = &packet[packet.find('{').expect("it carries an object")..];
    let data: serde_json::Value = serde_json::from_str(json).unwrap();
    data["sid"].as_str().unwrap().to_owned()
}
