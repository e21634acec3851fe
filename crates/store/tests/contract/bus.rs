//! The bus between servers on one PostgreSQL: others hear, a gap is told, and it never grows.

use std::{collections::HashSet, sync::Arc};

use atalaya_store::{
    UserId,
    bus::{Bus, Listening, Wake},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// One server's ears and mouth, until it is dropped.
struct Server {
    bus: Arc<Bus>,
    heard: mpsc::Receiver<Listening>,
    stop: CancellationToken,
}

impl Server {
    async fn on(bench: &Bench, node: &str) -> Self {
        let bus = Arc::new(bench.second_store().await.bus(node).unwrap());
        let stop = CancellationToken::new();
        let (send, heard) = mpsc::channel(10_000);
        let (listener, speaker) = (Arc::clone(&bus), Arc::clone(&bus));
        let (stop_listening, stop_speaking) = (stop.clone(), stop.clone());
        tokio::spawn(async move {
            let on = |it| send.try_send(it).unwrap();
            listener.listen(on, stop_listening).await;
        });
        tokio::spawn(async move { speaker.speak(stop_speaking).await });
        let mut server = Self { bus, heard, stop };
        server.until(Listening::Connected).await;
        assert_eq!(server.next().await, Listening::Heard(Wake::Everything));
        server
    }

    async fn next(&mut self) -> Listening {
        self.heard.recv().await.unwrap()
    }

    async fn until(&mut self, wanted: Listening) {
        while self.next().await != wanted {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test]
async fn sqlite_is_one_servers_alone() {
    assert!(Bench::sqlite().await.store.bus("node-1").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_hear_what_is_told_and_the_teller_does_not() {
    let bench = Bench::postgres().await;
    let mut one = Server::on(&bench, "one").await;
    let mut other = Server::on(&bench, "other").await;
    let wakes = [Wake::Published, Wake::Changed, Wake::Inbox(UserId(27))];
    for wake in wakes {
        one.bus.tell(wake);
    }
    let mut heard = HashSet::new();
    while heard.len() < wakes.len() {
        match other.next().await {
            Listening::Heard(wake) => heard.insert(wake),
            listening => panic!("{listening:?}"),
        };
    }
    assert_eq!(heard, HashSet::from(wakes));
    // What comes to the teller is the other's.
    other.bus.tell(Wake::Changed);
    assert_eq!(one.next().await, Listening::Heard(Wake::Changed));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gathers_goes_as_one() {
    let bench = Bench::postgres().await;
    let one = Server::on(&bench, "one").await;
    let mut other = Server::on(&bench, "other").await;
    for _ in 0..5_000 {
        one.bus.tell(Wake::Published);
    }
    one.bus.tell(Wake::Changed);
    other.until(Listening::Heard(Wake::Changed)).await;
    let mut more = 0;
    while other.heard.try_recv().is_ok() {
        more += 1;
    }
    assert!(more < 10, "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn past_a_bound_one_wake_stands_for_all() {
    let bench = Bench::postgres().await;
    let one = Server::on(&bench, "one").await;
    let mut other = Server::on(&bench, "other").await;
    for user in 0..100_000 {
        one.bus.tell(Wake::Inbox(UserId(user)));
    }
    other.until(Listening::Heard(Wake::Everything)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_made_again_and_the_gap_is_told() {
    let bench = Bench::postgres().await;
    let one = Server::on(&bench, "one").await;
    let mut other = Server::on(&bench, "other").await;
    for _ in 0..3 {
        let cut = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
                   WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        // The other's is among them, as it hears; the teller's may just be on its way back.
        assert!(!bench.texts(cut).await.is_empty());
        other.until(Listening::Lost).await;
        other.until(Listening::Connected).await;
        assert_eq!(other.next().await, Listening::Heard(Wake::Everything));
        one.bus.tell(Wake::Published);
        other.until(Listening::Heard(Wake::Published)).await;
    }
}
