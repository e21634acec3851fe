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
        sent.map_err(|error| Sign::Dropped(format!("the websocket broke: {error}")))
    }

    /// The next packet for which `read` has an answer.
    pub(super) async fn next<T>(
        &mut self,
        what: &str,
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
                    Some(Ok(Message::Close(_))) | None => {
                        return Err(format!("the websocket closes before {what}"));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => {
                        return Err(format!("the websocket breaks before {what}: {error}"));
                    }
                }
            }
        };
        let late = || Err(format!("the websocket opens, and {what} does not come"));
        let wanted = timeout(PATIENCE, wanted).await;
        wanted.unwrap_or_else(|_| late()).map_err(Sign::Dropped)
    }

    pub(super) async fn close(mut self) {
        timeout(PATIENCE, self.0.close(None)).await.ok();
    }
}
