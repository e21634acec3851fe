//! A websocket of an examination.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::sign::Sign;

/// How long a packet may take that is answered at once.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Socket(WebSocketStream<TokioIo<Upgraded>>);

impl Socket {
    pub(super) async fn over(stream: TokioIo<Upgraded>) -> Self {
        Self(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }

    pub(super) async fn send(&mut self, packet: impl Into<String>) -> Result<(), Sign> {
        let sent = self.0.send(Message::text(packet.into())).await;
        sent.map_err(|_| Sign::Closed("a message"))
    }

    /// The next packet for which `read` has an answer.
    pub(super) async fn next<T>(
        &mut self,
        what: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Sign> {
        let wanted = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        if let Some(found) = read(&text) {
                            return Ok(found);
                        }
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Sign::Closed(what)),
                    Some(Ok(_)) => {}
                }
            }
        };
        let wanted = timeout(PATIENCE, wanted).await;
        wanted.unwrap_or(Err(Sign::Missing(what)))
    }

    /// Whether such a packet comes, or the end, within this time.
    pub(super) async fn says_soon(&mut self, time: Duration, is_it: fn(&str) -> bool) -> bool {
        let said = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) if is_it(&text) => return,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                }
            }
        };
        timeout(time, said).await.is_ok()
    }

    pub(super) async fn close(mut self) {
        timeout(PATIENCE, self.0.close(None)).await.ok();
    }
}
