//! One engine session as everyone else sees it: send to it, ask about it, end it. Whatever must happen in
//! order happens in its task (`task`), which is woken through here.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use super::{
    id::Id,
    outbound::{Bounds, Farewell, Outbound, Pushed, Taken},
    packet::Packet,
    task::Received,
    websocket::Websocket,
};
use crate::{CloseReason, Handshake, Transport};

/// The session has ended: nothing can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Closed;

/// One client, over whatever transport it uses now.
pub struct Session {
    id: Id,
    handshake: Arc<Handshake>,
    opened_at: Instant,
    /// Milliseconds from `opened_at` to the last thing heard of the client.
    last_seen_ms: AtomicU64,
    /// How long a message of the client may be now.
    max_payload: AtomicUsize,
    bounds: Bounds,
    outbound: Mutex<Outbound>,
    /// What requests leave for the task: at most one POST and one websocket.
    mailbox: Mutex<Mailbox>,
    /// Wakes the task, which alone waits on it.
    wake: Notify,
    /// Tells that `outbound` changed: whoever polls, waits for room, or waits for the end looks again.
    changed: Notify,
}

#[derive(Default)]
pub(super) struct Mailbox {
    /// A POST is being read or waits to be carried out: another one is against the protocol.
    pub(super) is_posting: bool,
    pub(super) posted: Option<Box<Posted>>,
    pub(super) upgraded: Option<Box<Websocket>>,
}

/// The packets of one POST.
pub(super) struct Posted {
    pub(super) packets: VecDeque<Received>,
    /// Told when all are carried out. Dropped: the session ended before that.
    pub(super) done: oneshot::Sender<()>,
}

impl Session {
    pub(super) fn new(
        handshake: Handshake,
        outbound: Outbound,
        bounds: Bounds,
        max_payload: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: Id::random(),
            handshake: Arc::new(handshake),
            opened_at: Instant::now(),
            last_seen_ms: AtomicU64::new(0),
            max_payload: AtomicUsize::new(max_payload),
            bounds,
            outbound: Mutex::new(outbound),
            mailbox: Mutex::default(),
            wake: Notify::new(),
            changed: Notify::new(),
        })
    }

    /// How the session was opened.
    pub fn handshake(&self) -> &Arc<Handshake> {
        &self.handshake
    }

    /// What it runs over now.
    pub fn transport(&self) -> Transport {
        self.outbound().transport()
    }

    pub fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// When something was last heard from the client, heartbeats included.
    pub fn last_seen(&self) -> Instant {
        self.opened_at + Duration::from_millis(self.last_seen_ms.load(Ordering::Relaxed))
    }

    /// How long a message of the client may be now, in bytes.
    pub fn max_payload(&self) -> usize {
        self.max_payload.load(Ordering::Relaxed)
    }

    /// Sets how long a message of the client may be from the next one on: less for one that nobody knows.
    pub fn limit_payload(&self, max_payload: usize) {
        self.max_payload.store(max_payload, Ordering::Relaxed);
    }

    /// Why it ended, if it has.
    pub fn closed(&self) -> Option<CloseReason> {
        self.outbound().ending().map(|(reason, _)| reason)
    }

    /// Sends packets, with nothing in between. Never waits: over the bound the session ends as
    /// [`CloseReason::SlowConsumer`].
    ///
    /// # Errors
    /// [`Closed`] if the session has ended, also by this very call.
    pub fn send(&self, packets: &[Packet]) -> Result<(), Closed> {
        let mut outbound = self.outbound();
        let had_backlog = outbound.needs_flush();
        let result = outbound.push(packets, self.bounds);
        let has_backlog = outbound.needs_flush();
        drop(outbound);
        match result {
            Pushed::Written => Ok(()),
            Pushed::Waits => {
                match has_backlog {
                    // The task flushes already if something waited before.
                    true if had_backlog => {}
                    true => self.wake.notify_one(),
                    false => self.changed.notify_waiters(),
                }
                Ok(())
            }
            Pushed::Full => self.fail(CloseReason::SlowConsumer),
            Pushed::Broken => self.fail(CloseReason::TransportClose),
            Pushed::Closed => Err(Closed),
        }
    }

    /// Returns when less than half of what may wait for the client does, or the session has ended.
    pub async fn writable(&self) {
        self.until(|outbound| {
            (outbound.ending().is_some() || outbound.is_writable(self.bounds)).then_some(())
        })
        .await;
    }

    /// Ends the session. The first reason stands.
    pub fn end(&self, reason: CloseReason) {
        let farewell = match reason {
            CloseReason::SlowConsumer | CloseReason::TransportClose => Farewell::Nothing,
            _ => Farewell::Tell,
        };
        self.end_with(reason, farewell);
    }

    /// Has the task call [`super::Handler::tend`] soon.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

impl Session {
    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    pub(super) fn end_with(&self, reason: CloseReason, farewell: Farewell) {
        let ended = self.outbound().end(reason, farewell);
        if ended {
            tracing::debug!(engine.session = ?self.id, close.reason = %reason, "session ended");
            self.announce(true);
        }
    }

    /// Whether a request may still meet the session.
    pub(super) fn is_reachable(&self) -> bool {
        self.outbound().is_reachable()
    }

    /// The client was heard.
    pub(super) fn touch(&self, now: Instant) {
        let since_opened = now.saturating_duration_since(self.opened_at).as_millis();
        self.last_seen_ms
            .store(since_opened as u64, Ordering::Relaxed);
    }

    /// Waits for something to be so in the outbound queue.
    pub(super) async fn until<T>(&self, mut look: impl FnMut(&mut Outbound) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, or a change in between would be missed.
            changed.as_mut().enable();
            if let Some(found) = look(&mut self.outbound()) {
                return found;
            }
            changed.await;
        }
    }

    pub(super) async fn ended(&self) -> (CloseReason, Farewell) {
        self.until(|outbound| outbound.ending()).await
    }

    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Answers a poll when there is something to answer.
    pub(super) async fn take(&self, max_bytes: usize) -> Taken {
        let taken = self
            .until(|outbound| match outbound.take(max_bytes) {
                Taken::Wait => None,
                taken => Some(taken),
            })
            .await;
        // There is room again, and perhaps the goodbye is said.
        self.changed.notify_waiters();
        taken
    }

    /// Writes what waits, as far as the client takes it.
    pub(super) fn flush(&self) -> std::io::Result<()> {
        let result = self.outbound().flush();
        self.changed.notify_waiters();
        result
    }

    /// Has whoever waits for a change look again; the task too, if it is concerned.
    pub(super) fn announce(&self, to_the_task: bool) {
        self.changed.notify_waiters();
        if to_the_task {
            self.wake.notify_one();
        }
    }

    pub(super) fn outbound(&self) -> MutexGuard<'_, Outbound> {
        // A panic while the lock was held leaves a queue that is still a queue: go on.
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, reason: CloseReason) -> Result<(), Closed> {
        self.end_with(reason, Farewell::Nothing);
        Err(Closed)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("transport", &self.transport())
            .finish_non_exhaustive()
    }
}
