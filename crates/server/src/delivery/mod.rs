//! How a notification reaches the sockets of its recipients.
//!
//! There is one path: the table. A publish commits and then only *wakes*; the fan-out reads what is new
//! since the last it sent and feeds the live sockets, and a socket that has just connected reads the same
//! table from where it left off until it meets the fan-out. What becomes of a notification later goes the same way: a
//! stream of changes in the table, which the fan-out follows. What a wake-up loses, the poll finds (L8).

mod catch_up;
mod changes;
mod expiry;
mod fan_out;
mod frames;
mod membership;
mod recount;
mod scheduled;

use std::{sync::Arc, time::Duration};

use atalaya_store::{
    PublishError, Publishing, Store,
    bus::{Bus, Wake},
    model::{NewNotification, Published, Scheduled, Timestamp},
};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::{
    ops::Metrics,
    sockets::{Hub, Member},
};
use recount::Recounts;

pub(crate) use catch_up::{catch_up, meets_the_fan_out};
pub(crate) use expiry::end_expired;
pub(crate) use fan_out::fan_out;
pub(crate) use frames::Frames;
pub(crate) use recount::recount;
pub(crate) use scheduled::publish_scheduled;

/// How long a notification may wait when every wake-up is lost (L8).
pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How many sockets read their backlog at the same moment, half of the store's reading connections. The rest
/// wait their turn, so that a storm cannot keep the admissions and the API from reading.
const CATCH_UPS_AT_ONCE: usize = 4;

/// The publishing side of the delivery path, and what its readers share.
pub struct Delivery {
    store: Store,
    metrics: Arc<Metrics>,
    /// Woken after each commit; the fan-out waits on it, or on the poll interval.
    wake: Notify,
    /// Woken when something was scheduled.
    scheduled: Notify,
    /// Woken after each change of what was published before.
    changed: Notify,
    recounts: Recounts,
    catch_ups: Semaphore,
    /// The other servers, if they are to be told.
    bus: Option<Arc<Bus>>,
}

impl Delivery {
    pub fn new(store: Store, metrics: Arc<Metrics>, bus: Option<Arc<Bus>>) -> Self {
        Self {
            bus,
            store,
            metrics,
            wake: Notify::new(),
            scheduled: Notify::new(),
            changed: Notify::new(),
            recounts: Recounts::default(),
            catch_ups: Semaphore::new(CATCH_UPS_AT_ONCE),
        }
    }

    /// Waits for a turn to read for a socket that has just connected.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.catch_ups.acquire().await.ok()
    }

    /// Wakes the fan-out to tell of a change that is committed.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
        self.tell(Wake::Changed);
    }

    /// Has the other servers woken.
    fn tell(&self, wake: Wake) {
        if let Some(bus) = &self.bus {
            bus.tell(wake);
        }
    }

    /// Looks where another server says that there is something.
    pub(crate) fn hear(&self, hub: &Hub, wake: Wake) {
        match wake {
            Wake::Published => self.wake.notify_one(),
            Wake::Changed => self.changed.notify_one(),
            Wake::Inbox(user) => self.recount(&hub.members_of_user(user)),
            Wake::Everything => {
                self.changed.notify_one();
                self.recount(&hub.members());
            }
        }
    }

    /// Has the users of these sockets told how many are unread now.
    fn recount(&self, members: &[Arc<Member>]) {
        self.recounts.add(members);
    }

    /// Stores a notification and wakes the fan-out. When this returns `Ok`, the notification is committed
    /// and will reach its recipients whatever happens to this process.
    pub async fn publish(
        &self,
        notification: NewNotification,
        now: Timestamp,
    ) -> Result<Published, PublishError> {
        let publishing = self.begin(notification, now).await?;
        self.committed(publishing).await
    }

    /// Stores a notification that is to be published at a time.
    pub(crate) async fn schedule(
        &self,
        notification: NewNotification,
        deliver_at: Timestamp,
        now: Timestamp,
    ) -> Result<Scheduled, PublishError> {
        let scheduled = self.store.schedule(notification, deliver_at, now).await?;
        self.scheduled.notify_one();
        Ok(scheduled)
    }

    /// The first half of [`publish`](Self::publish): those begun one after the other get their ids in that order.
    pub(crate) async fn begin(
        &self,
        notification: NewNotification,
        now: Timestamp,
    ) -> Result<Publishing, PublishError> {
        self.store.begin_publish(notification, now).await
    }

    /// The second half.
    pub(crate) async fn committed(
        &self,
        publishing: Publishing,
    ) -> Result<Published, PublishError> {
        let published = publishing.committed().await?;
        self.published(&published);
        Ok(published)
    }

    /// Wakes the fan-out, unless there is nothing new.
    fn published(&self, published: &Published) {
        if !published.is_repeat {
            self.metrics.published();
            self.wake.notify_one();
            self.tell(Wake::Published);
        }
    }
}
