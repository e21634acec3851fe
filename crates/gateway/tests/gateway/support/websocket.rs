//! A WebSocket client by hand: it can send what no library would.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{http, within};

pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    /// With the status code.
    Close(u16),
    /// The TCP connection ended.
    End,
}

pub struct Client {
    pub stream: TcpStream,
    /// The secret, after [`Client::open`].
    pub sid: String,
}

impl Client {
    /// A websocket for a target, still without its open packet.
    pub async fn connect(addr: SocketAddr, target: &str, headers: &[&str]) -> Self {
        let mut all = vec![
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ];
        all.extend_from_slice(headers);
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\n{}\r\n\r\n",
            all.join("\r\n")
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(within(stream.read_u8()).await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        Self {
            stream,
            sid: String::new(),
        }
    }

    /// A session of its own.
    pub async fn open(addr: SocketAddr) -> Self {
        Self::open_with(addr, &[]).await
    }

    pub async fn open_with(addr: SocketAddr, headers: &[&str]) -> Self {
        let mut client =
            Self::connect(addr, "/socket.io/?EIO=4&transport=websocket", headers).await;
        client.sid = http::sid_of(&client.text().await);
        client
    }

    /// A session that has joined `/`: CONNECT and the welcome are read.
    pub async fn join(addr: SocketAddr) -> Self {
        let mut client = Self::open(addr).await;
        client.send("40").await;
        assert!(client.text().await.starts_with("40{\"sid\":"));
        assert!(client.text().await.starts_with("42[\"welcome\""));
        client
    }

    /// The websocket of an upgrade.
    pub async fn beside(polling: &http::Polling) -> Self {
        let target = format!("/socket.io/?EIO=4&transport=websocket&sid={}", polling.sid);
        Self::connect(polling.addr, &target, &[]).await
    }

    pub async fn send(&mut self, text: &str) {
        self.send_frame(0x80 | TEXT, text.as_bytes()).await;
    }

    pub async fn send_frame(&mut self, first_byte: u8, payload: &[u8]) {
        self.stream
            .write_all(&frame(first_byte, payload))
            .await
            .unwrap();
    }

    /// The next message that is no heartbeat.
    pub async fn text(&mut self) -> String {
        loop {
            match self.receive().await {
                Received::Text(text) if text == "2" => {}
                Received::Text(text) => return text,
                other => panic!("{other:?} in place of a text"),
            }
        }
    }

    /// Reads on until the connection ends; the last word, and then nothing.
    pub async fn closed(&mut self) -> Received {
        let mut last = Received::End;
        loop {
            match self.receive().await {
                Received::End => return last,
                other => last = other,
            }
        }
    }

    pub async fn receive(&mut self) -> Received {
        within(self.read_frame()).await.unwrap_or(Received::End)
    }

    async fn read_frame(&mut self) -> std::io::Result<Received> {
        let opcode = self.stream.read_u8().await? & 0x0F;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await?;
        Ok(match opcode {
            TEXT => Received::Text(String::from_utf8(payload).unwrap()),
            BINARY => Received::Binary(payload),
            PONG => Received::Pong(payload),
            CLOSE => Received::Close(u16::from_be_bytes([payload[0], payload[1]])),
            other => panic!("a frame of kind {other}"),
        })
    }
}

/// A client's frame, masked with zeros: the payload stays readable.
pub fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
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
