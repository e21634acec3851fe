//! HTTP/1.1 by hand: one request, one connection.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::within;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// Sends a request whose headers are given as lines, and reads the answer to its end.
pub async fn request(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &str,
) -> Answer {
    let stream = begin(addr, method, target, headers, body).await;
    finish(stream).await
}

/// Sends a request and leaves the answer for later.
pub async fn begin(
    addr: SocketAddr,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n");
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    for header in headers {
        head += &format!("{header}\r\n");
    }
    stream
        .write_all((head + "\r\n" + body).as_bytes())
        .await
        .unwrap();
    stream
}

pub async fn finish(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("no head in the answer");
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// A client that polls.
pub struct Polling {
    pub addr: SocketAddr,
    pub sid: String,
}

impl Polling {
    pub async fn open(addr: SocketAddr) -> Self {
        let answer = request(addr, "GET", "/socket.io/?EIO=4&transport=polling", &[], "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self {
            addr,
            sid: sid_of(&answer.body),
        }
    }

    pub fn target(&self) -> String {
        format!("/socket.io/?EIO=4&transport=polling&sid={}", self.sid)
    }

    pub async fn get(&self) -> Answer {
        finish(self.begin_get().await).await
    }

    pub async fn begin_get(&self) -> TcpStream {
        begin(self.addr, "GET", &self.target(), &[], "").await
    }

    pub async fn post(&self, body: &str) -> Answer {
        request(self.addr, "POST", &self.target(), &[], body).await
    }
}

/// The secret in an open packet.
pub fn sid_of(open: &str) -> String {
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}
