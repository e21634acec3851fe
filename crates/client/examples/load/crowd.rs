//! Many clients: connecting them a bounded number at a time, counting what they receive, letting them go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use atalaya_client::{Client, Event, Events, Mode, Options};
use clap::{Args, ValueEnum};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::json;

use crate::report::Report;

/// Sent by the server about the socket itself; everything else is a delivery.
const NOT_DELIVERIES: [&str; 3] = ["session", "inbox", "sessions"];

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    Websocket,
    Polling,
    Upgrade,
}

/// Whom to connect, as whom, and how many.
#[derive(Args)]
pub(crate) struct Target {
    #[arg(long, default_value = "http://127.0.0.1:3001")]
    pub(crate) url: String,
    #[arg(long, default_value = "/notifications")]
    namespace: String,
    /// The secret that signs access tokens (HS256).
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    secret: String,
    /// User ids to take in turn, as `1..100` with both ends included, or one id.
    #[arg(long, default_value = "1", value_parser = parse_users)]
    users: (u64, u64),
    #[arg(long, default_value_t = 1000)]
    pub(crate) clients: usize,
    /// Connection attempts under way at once.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    #[arg(long, value_enum, default_value = "websocket")]
    transport: Transport,
    /// Seconds for one connection attempt.
    #[arg(long, default_value_t = 30)]
    timeout_seconds: u64,
}

impl Target {
    /// Files that everybody together has open: one connection each, two more while polling.
    pub(crate) fn descriptors(&self) -> usize {
        match self.transport {
            Transport::Websocket => self.clients,
            Transport::Polling | Transport::Upgrade => self.clients.saturating_mul(3),
        }
    }

    /// A token that outlives the measurement.
    pub(crate) fn token(&self, user: u64) -> anyhow::Result<String> {
        #[derive(Serialize)]
        struct Claims {
            sub: String,
            exp: u64,
        }
        let claims = Claims {
            sub: user.to_string(),
            exp: seconds_since_epoch() + 3600,
        };
        let key = jsonwebtoken::EncodingKey::from_secret(self.secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key)
            .context("signing a token")
    }

    fn options(&self, number: usize, handler: Events) -> anyhow::Result<Options> {
        let (first, last) = self.users;
        let user = first + number as u64 % (last - first + 1);
        let mut options = Options::new(&self.url)
            .namespace(&self.namespace)
            .auth(json!({"token": self.token(user)?}))
            .timeout(Duration::from_secs(self.timeout_seconds))
            .mode(match self.transport {
                Transport::Websocket => Mode::WebSocket,
                Transport::Polling => Mode::Polling,
                Transport::Upgrade => Mode::PollingThenWebSocket,
            });
        options.events = handler;
        Ok(options)
    }
}

pub(crate) struct Crowd {
    clients: Vec<Client>,
    failures: Vec<String>,
    /// Of each attempt that succeeded, from the first byte to the answer to CONNECT.
    waits: Vec<Duration>,
    pub(crate) deliveries: Arc<AtomicU64>,
}

impl Crowd {
    /// Connect everybody. Tokens are signed before the first connection, which is not what is measured.
    pub(crate) async fn gather(target: &Target) -> anyhow::Result<Self> {
        let deliveries = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&deliveries);
        let handler = Events::Handler(Arc::new(move |event: Event| {
            if !NOT_DELIVERIES.contains(&event.name.as_str()) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }));
        let options: Vec<_> = (0..target.clients)
            .map(|number| target.options(number, handler.clone()))
            .collect::<anyhow::Result<_>>()?;
        let mut crowd = Self {
            clients: Vec::with_capacity(target.clients),
            failures: Vec::new(),
            waits: Vec::with_capacity(target.clients),
            deliveries,
        };
        let mut attempts = futures_util::stream::iter(options)
            .map(|options| async {
                let start = Instant::now();
                (Client::connect(options).await, start.elapsed())
            })
            .buffer_unordered(usize::from(target.concurrency));
        while let Some((attempt, wait)) = attempts.next().await {
            match attempt {
                Ok(client) => {
                    crowd.clients.push(client);
                    crowd.waits.push(wait);
                }
                Err(error) => crowd
                    .failures
                    .push(format!("{:#}", anyhow::Error::from(error))),
            }
        }
        match (crowd.clients.is_empty(), crowd.failures.first()) {
            (true, Some(first)) => bail!("nobody could connect; the first was told: {first}"),
            (true, None) => bail!("--clients 0 measures nothing"),
            _ => Ok(crowd),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn still_connected(&self) -> usize {
        self.clients
            .iter()
            .filter(|client| client.closed().is_none())
            .count()
    }

    /// Wait until nobody has received anything for a second, for two minutes at most.
    pub(crate) async fn wait_quiet(&self) {
        let mut seen = self.deliveries.load(Ordering::Relaxed);
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.deliveries.load(Ordering::Relaxed);
            if now == seen {
                return;
            }
            seen = now;
        }
    }

    pub(crate) fn describe(&self, report: &mut Report) {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        let percentile =
            |percent: usize| waits[(waits.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        report.add("connected", self.clients.len() as f64);
        report.add("failed", self.failures.len() as f64);
        report.add("connect_p50_ms", percentile(50));
        report.add("connect_p99_ms", percentile(99));
        if let Some(first) = self.failures.first() {
            report.note("first_failure", first);
        }
    }

    /// Let everybody go politely, a few hundred at a time; who does not manage is dropped.
    pub(crate) async fn disperse(self) {
        futures_util::stream::iter(self.clients)
            .for_each_concurrent(200, |client| async {
                let _ = client.disconnect().await;
            })
            .await;
    }
}

fn parse_users(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let last = last.trim_start_matches('=');
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err("expected one user id, or two as in 1..100".into()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an expiry is wall time, and no server's clock is at hand"
)]
fn seconds_since_epoch() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
