//! What is counted, in the text format that Prometheus reads.
//!
//! Counting is an atomic addition, so it may stand on the path of every delivery. What is a state rather
//! than an event (open sockets, the database) is read when somebody asks.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// The content type of [`Metrics::render`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The numbers of this process since it started.
pub struct Metrics {
    registry: Registry,
    admissions: Family<Decision, Counter>,
    closes: Family<Reason, Counter>,
    published: Counter,
    delivered: Counter,
    refusals_dropped: Gauge,
    sockets: Gauge,
    users: Gauge,
    store_up: Gauge,
    bus_up: Gauge,
}

/// `admitted`, or the code of the refusal. The codes are a fixed list, so the label is bounded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
    result: String,
}

/// The close reason. A fixed list too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Whether other servers are heard.
    pub fn bus(&self, is_up: bool) {
        self.bus_up.set(i64::from(is_up));
    }

    /// Everything at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("atalaya"),
            admissions: Family::default(),
            closes: Family::default(),
            published: Counter::default(),
            delivered: Counter::default(),
            refusals_dropped: Gauge::default(),
            sockets: Gauge::default(),
            users: Gauge::default(),
            store_up: Gauge::default(),
            bus_up: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("sockets_open", "Sockets open now", self.sockets.clone());
        r.register(
            "users_connected",
            "Users with an open socket now",
            self.users.clone(),
        );
        r.register(
            "admissions",
            "Decisions on a CONNECT, by what was decided",
            self.admissions.clone(),
        );
        r.register(
            "closes",
            "Ended sockets, by close reason",
            self.closes.clone(),
        );
        r.register(
            "notifications_published",
            "Committed publishes",
            self.published.clone(),
        );
        r.register(
            "notifications_delivered",
            "Notifications queued on sockets, catch-up included",
            self.delivered.clone(),
        );
        r.register(
            "refusals_dropped",
            "Refused connections not recorded because there were too many at once",
            self.refusals_dropped.clone(),
        );
        r.register(
            "bus_up",
            "1 if what other servers commit is heard at once; 0 also where no bus is configured",
            self.bus_up.clone(),
        );
        r.register(
            "database_up",
            "1 if the database answered the last time it was asked",
            self.store_up.clone(),
        );
    }

    /// A CONNECT was admitted.
    pub fn admitted(&self) {
        self.decided("admitted");
    }

    /// A CONNECT was refused with this code.
    pub fn refused(&self, code: &str) {
        self.decided(code);
    }

    /// A socket ended for this reason.
    pub fn closed(&self, reason: &str) {
        let labels = Reason {
            reason: reason.to_owned(),
        };
        self.closes.get_or_create(&labels).inc();
    }

    /// A notification was committed.
    pub fn published(&self) {
        self.published.inc();
    }

    /// So many notifications were queued on sockets.
    pub fn delivered(&self, count: usize) {
        self.delivered.inc_by(count as u64);
    }

    /// All numbers as text, with the states as they are now.
    pub fn render(
        &self,
        sockets: usize,
        users: usize,
        store_up: bool,
        refusals_dropped: u64,
    ) -> String {
        self.sockets.set(sockets as i64);
        self.users.set(users as i64);
        self.store_up.set(store_up.into());
        self.refusals_dropped.set(refusals_dropped as i64);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String has no way to fail");
        text
    }

    fn decided(&self, result: &str) {
        let labels = Decision {
            result: result.to_owned(),
        };
        self.admissions.get_or_create(&labels).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_counted_by_its_name() {
        let metrics = Metrics::new();
        metrics.admitted();
        metrics.admitted();
        metrics.refused("token_expired");
        metrics.closed("client_disconnect");
        metrics.published();
        metrics.delivered(3);
        let text = metrics.render(2, 1, true, 0);
        for line in [
            "atalaya_admissions_total{result=\"admitted\"} 2",
            "atalaya_admissions_total{result=\"token_expired\"} 1",
            "atalaya_closes_total{reason=\"client_disconnect\"} 1",
            "atalaya_notifications_published_total 1",
            "atalaya_notifications_delivered_total 3",
            "atalaya_sockets_open 2",
            "atalaya_database_up 1",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}
