//! What a group commit costs: opening 1, 16 and 256 sessions at once, each answered when its row is on the disk.
//!
//! On SQLite, and on PostgreSQL where `ATALAYA_TEST_POSTGRES` names a server (a superuser's URL); figures worth
//! comparing need a durable one: `testbed-postgres --durable -- cargo bench -p atalaya-store`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use atalaya_store::{NewNode, NewSession, NewUser, OpenOptions, Role, Store, Timestamp, UserId};
use atalaya_testbed::postgres::{Database, SHARED_URL_VARIABLE};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use tokio::runtime::Runtime;

const NODE: &str = "node-1";
const NOW: Timestamp = Timestamp(1_772_360_430_500);
const AT_ONCE: [u64; 3] = [1, 16, 256];

fn group_commit(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    opens(c, &runtime, "sqlite", &url);
    if let Ok(admin) = std::env::var(SHARED_URL_VARIABLE) {
        let database = runtime.block_on(Database::create(&admin));
        opens(c, &runtime, "postgres", &database.url);
    }
}

fn opens(c: &mut Criterion, runtime: &Runtime, engine: &str, url: &str) {
    let (store, user) = runtime
        .block_on(ready(url))
        .expect("the database can be used");
    let mut group = c.benchmark_group(format!("open sessions, {engine}"));
    for at_once in AT_ONCE {
        group.throughput(Throughput::Elements(at_once));
        group.bench_function(at_once.to_string(), |b| {
            b.iter(|| runtime.block_on(open_at_once(&store, user, at_once)));
        });
    }
    group.finish();
    runtime.block_on(store.close());
}

async fn ready(url: &str) -> Result<(Store, UserId), Box<dyn std::error::Error>> {
    let store = Store::open(url, OpenOptions::default()).await?;
    store.migrate().await?;
    let node = NewNode {
        id: NODE.to_owned(),
        host: "host".to_owned(),
        listen: "127.0.0.1:3001".to_owned(),
        pid: 1,
        version: "0.1.0".to_owned(),
    };
    store
        .register_node(node, NOW, Duration::from_secs(30))
        .await?;
    let user = NewUser {
        username: "ana".to_owned(),
        password_hash: None,
        role: Role::User,
        display_name: None,
    };
    let user = store.create_user(user, NOW).await?.id;
    Ok((store, user))
}

async fn open_at_once(store: &Store, user: UserId, at_once: u64) {
    let opened = join_all((0..at_once).map(|_| store.open_session(session(user)))).await;
    assert!(opened.iter().all(Result::is_ok), "{opened:?}");
}

fn session(user_id: UserId) -> NewSession {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NewSession {
        user_id,
        socket_id: format!("socket-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        connected_at: NOW,
        ip_address: Some("192.0.2.7".to_owned()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)".to_owned()),
        transport: "websocket",
        node: NODE.to_owned(),
        recovery_id: "id".to_owned(),
        recovers: None,
        max_active: None,
    }
}

criterion_group!(benches, group_commit);
criterion_main!(benches);
