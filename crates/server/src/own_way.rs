//! The server walks a client's way to itself: at its own address, and at the one that people open.
//!
//! Every few minutes quietly, without joining the namespace: that leaves no row. When an administrator asks, as a client of
//! theirs, down to the row and back. What follows from it is the doctor's to say.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atalaya_doctor::{
    Diagnosis, Verdict, live,
    nginx::request::Origin,
    probe::{Lookup, NotFoundOut, Plan, Row, Table, examine},
    question::Question,
    url::Url,
};
use atalaya_store::{Store, StoreError, Timestamp};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{App, config::reachable};

/// A server that starts has better things to do, and so has its proxy.
const FIRST: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_secs(5 * 60);

/// What the last walk came to.
pub struct OwnWay {
    last: Mutex<Option<Arc<Walked>>>,
    /// One at a time.
    turn: Semaphore,
}

impl Default for OwnWay {
    fn default() -> Self {
        Self {
            last: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }
}

/// One walk.
pub(crate) struct Walked {
    pub(crate) at: Timestamp,
    pub(crate) took: Duration,
    pub(crate) diagnosis: Diagnosis,
}

impl OwnWay {
    pub(crate) fn last(&self) -> Option<Arc<Walked>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Walked>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Walks again and again until `stop`; a verdict that changes is logged.
pub(crate) async fn keep_walking(app: Arc<App>, stop: CancellationToken) {
    let work = async {
        tokio::time::sleep(FIRST).await;
        loop {
            let before = app.own_way.last().map(|walked| walked.diagnosis.verdict);
            if let Some(walked) = walk(&app, None).await {
                log_change(before, &walked.diagnosis);
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    stop.run_until_cancelled(work).await;
}

/// Walks the way now: with a token as its owner, with the row. `None` if somebody does at the moment.
pub(crate) async fn walk(app: &App, token: Option<String>) -> Option<Arc<Walked>> {
    let _turn = app.own_way.turn.try_acquire().ok()?;
    let (at, began) = (app.clock.now(), Instant::now());
    let public = app.config.public_url.as_deref();
    let url: Option<Url> = public.and_then(|url| url.parse().ok());
    let plan = Plan {
        direct: Some(own_origin(app.local_addr)),
        proxied: url.as_ref().map(|url| url.origin.clone()),
        connect_to: None,
        joins: token.is_some(),
        token,
        sessions: 2,
        hold: None,
        is_here: true,
        has_answered: false,
    };
    let question = Question {
        nginx: None,
        url,
        path: app.config.socket_path.clone(),
        namespace: app.config.namespace.clone(),
        ..Question::default()
    };
    let table = Ledger(app.store.clone());
    let evidence = Box::pin(examine(&question, &plan, Some(&table), |_| {})).await;
    let walked = Arc::new(Walked {
        at,
        took: began.elapsed(),
        diagnosis: live::alone(&question, &plan, &evidence),
    });
    *app.own_way.lock() = Some(Arc::clone(&walked));
    Some(walked)
}

/// Where this process itself is asked.
fn own_origin(listen: SocketAddr) -> Origin {
    let address = reachable(listen);
    Origin {
        scheme: "http",
        host: address.ip().to_string(),
        port: address.port(),
    }
}

fn log_change(before: Option<Verdict>, diagnosis: &Diagnosis) {
    let rules: Vec<_> = diagnosis.findings.iter().map(|it| it.rule).collect();
    match (before, diagnosis.verdict) {
        (None | Some(Verdict::Healthy), Verdict::Faulty) => tracing::warn!(
            rules = ?rules,
            "clients do not get through: see the health page, or run atalaya doctor"
        ),
        (Some(Verdict::Faulty), Verdict::Healthy) => {
            tracing::info!("clients get through again");
        }
        _ => {}
    }
}

/// The server's own table.
struct Ledger(Store);

impl Table for Ledger {
    fn row<'a>(&'a self, socket_id: &'a str) -> Lookup<'a> {
        Box::pin(look_up(&self.0, socket_id))
    }
}

/// Whether a socket has a row, for an examination.
pub async fn look_up(store: &Store, socket_id: &str) -> Result<Option<Row>, NotFoundOut> {
    let found = store.is_socket_active(socket_id).await;
    let found = found.map_err(|error| match error {
        // It answers, and has no such table, or shows it to others only.
        StoreError::Bug(cause) => NotFoundOut::Refused(cause.to_string()),
        error => NotFoundOut::Unreachable(error.to_string()),
    })?;
    Ok(found.map(|is_active| Row { is_active }))
}
