//! A disk that is full under a running server, and has room again.
//!
//! For SQLite the server runs on a file system of 4 MiB that exists in its own mount namespace alone, and so
//! ends with it. Where namespaces may not be made (some containers), only the store's own test remains:
//! `a_full_sqlite_opens_no_session_and_keeps_what_it_has`. PostgreSQL is made to say what it says then.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use atalaya_client::Client;
use atalaya_store::model::{Role, UserId};
use serde_json::json;

use crate::{
    database::{until_readiness, until_ready},
    wire::request,
    witness::Witness,
    world::{PATIENCE, World, token},
};

/// The first user of a new database is its administrator.
const ADMINISTRATOR: UserId = UserId(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_on_a_full_disk() {
    let Some(namespace) = Namespace::possible() else {
        return;
    };
    let mut world = World::on_sqlite().await;
    let folder = world.folder().join("small");
    fs::create_dir(&folder).unwrap();
    world.set_launcher(&namespace.launcher(&folder));
    world.set_database_url(format!("sqlite://{}/atalaya.db", folder.display()));
    world.start().await;
    let pid = world.server().pid();
    let filler = PathBuf::from(format!("/proc/{pid}/root{}/filler", folder.display()));
    let first = world.connect(ADMINISTRATOR).await.unwrap();
    let second = world.connect(ADMINISTRATOR).await.unwrap();

    fill(&filler);
    full_is_told(&world, ADMINISTRATOR).await;
    assert!(first.closed().is_none(), "an open socket stays");
    second.disconnect().await.unwrap();

    fs::remove_file(&filler).unwrap();
    let third = works_again(&world, ADMINISTRATOR).await;
    let sessions = until_active(&world, 2).await;
    let mut active: Vec<_> = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["socket_id"].as_str().unwrap())
        .collect();
    active.sort_unstable();
    let mut open = [first.id(), third.id()];
    open.sort_unstable();
    assert_eq!(
        active, open,
        "the row of the one that left meanwhile is closed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_on_a_full_disk() {
    let mut world = World::on_postgres().await;
    let operator = world.user(Role::Operator).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let full = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$";
    world.execute_on_postgres(full.to_owned()).await;
    for table in [
        "user_sessions",
        "notifications",
        "nodes",
        "refused_connections",
    ] {
        let trigger = format!(
            "CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()"
        );
        world.execute_on_postgres(trigger).await;
    }
    full_is_told(&world, operator).await;
    assert!(witness.client.closed().is_none(), "an open socket stays");
    world
        .execute_on_postgres("DROP FUNCTION no_room() CASCADE".to_owned())
        .await;
    let client = works_again(&world, operator).await;
    assert!(world.has_active_row(client.id()).await);
    witness.is_undisturbed(&world).await;
    assert_eq!(world.active().await, 2);
}

/// More than once: the first failure must not change the answer to the next.
async fn full_is_told(world: &World, publisher: UserId) {
    for _ in 0..3 {
        let refused = world.connect(publisher).await.unwrap_err();
        assert_eq!(refused.code(), Some("ledger_unavailable"), "{refused}");
        assert_eq!(publish(world, publisher, "while it was full").await, 503);
    }
    let unready = until_readiness(world, 503).await;
    assert_eq!(unready["checks"]["database"], "no space left", "{unready}");
}

async fn works_again(world: &World, publisher: UserId) -> Client {
    until_ready(world).await;
    let client = world.connect(publisher).await.unwrap();
    assert_eq!(publish(world, publisher, "afterwards").await, 201);
    let inbox = world.get(publisher, "/api/notifications").await;
    assert_eq!(inbox["unread"], 1, "{inbox}");
    client
}

async fn publish(world: &World, publisher: UserId, title: &str) -> u16 {
    let bearer = format!("Authorization: Bearer {}", token(publisher, 3_600));
    let headers = ["Content-Type: application/json", &bearer];
    let body = json!({"to": {"all": true}, "title": title}).to_string();
    let address = world.address();
    let answer = request(
        address,
        "POST",
        "/api/notifications",
        &headers,
        body.as_bytes(),
    )
    .await;
    answer.status
}

async fn until_active(world: &World, wanted: u64) -> serde_json::Value {
    let started = std::time::Instant::now();
    loop {
        let sessions = world.get(ADMINISTRATOR, "/api/sessions?active=true").await;
        if sessions["active"] == wanted {
            return sessions;
        }
        assert!(started.elapsed() < PATIENCE, "{sessions}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Writes until no byte more fits.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    for size in [64 * 1024, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// How to give a program a file system of its own.
struct Namespace {
    unshare: &'static [&'static str],
}

impl Namespace {
    /// None where this user may not make one; then the test says that it was left out.
    #[expect(
        clippy::print_stderr,
        reason = "a test that proves nothing must not look like one that does"
    )]
    fn possible() -> Option<Self> {
        const AS_ROOT: &[&str] = &["unshare", "--mount"];
        const AS_USER: &[&str] = &["unshare", "--user", "--map-root-user", "--mount"];
        let works = |words: &&&[&str]| {
            let mut command = Command::new(words[0]);
            command
                .args(&words[1..])
                .args(["mount", "-t", "tmpfs", "none", "/mnt"]);
            command.status().is_ok_and(|status| status.success())
        };
        let found = [AS_ROOT, AS_USER].into_iter().find(|words| works(&words));
        if found.is_none() {
            eprintln!("left out: no mount namespace can be made here");
        }
        found.map(|unshare| Self { unshare })
    }

    fn launcher<'a>(&self, folder: &'a Path) -> Vec<&'a str> {
        let script = r#"mount -t tmpfs -o size=4m none "$0" && exec "$@""#;
        let folder = folder.to_str().unwrap();
        [self.unshare, &["sh", "-c", script, folder]].concat()
    }
}
