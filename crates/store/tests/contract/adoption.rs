//! Taking over the tables of an earlier back end: rows kept, its columns untouched, and its program able to go on.

use atalaya_store::{
    Audience, Closed, NewUser, OpenError, Role, Selection, SessionFilter, StoreError, UserId,
};

use crate::bench::{
    Bench, LEASE, NODE, OBSERVER, T0, execute, new_user, node, notification, session,
};

const PRISMA_ON_POSTGRES: &str = r#"
CREATE TYPE "Role" AS ENUM ('ADMIN', 'OPERATOR', 'USER', 'AUDITOR');
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "username" TEXT NOT NULL,
    "password" TEXT NOT NULL DEFAULT '',
    "role" "Role" NOT NULL DEFAULT 'USER',
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");
CREATE TABLE "user_sessions" (
    "id" SERIAL NOT NULL,
    "user_id" INTEGER NOT NULL,
    "socket_id" TEXT NOT NULL,
    "connected_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disconnected_at" TIMESTAMP(3),
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "ip_address" VARCHAR(45),
    "device" TEXT NOT NULL DEFAULT 'unknown',
    CONSTRAINT "user_sessions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "user_sessions_socket_id_key" ON "user_sessions"("socket_id");
ALTER TABLE "user_sessions" ADD CONSTRAINT "user_sessions_user_id_fkey"
    FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
INSERT INTO users (username, role) VALUES ('ana', 'ADMIN'), ('ben', 'AUDITOR');
INSERT INTO user_sessions (user_id, socket_id, connected_at, is_active)
    VALUES (1, 'old-1', '2025-01-01 08:00:00.123', true), (2, 'old-2', '2025-01-02 08:00:00', false);
"#;

const PRISMA_ON_SQLITE: &str = r#"
CREATE TABLE "users" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "username" TEXT NOT NULL,
    "password" TEXT NOT NULL DEFAULT '',
    "role" TEXT NOT NULL DEFAULT 'USER',
    "created_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");
CREATE TABLE "user_sessions" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "user_id" INTEGER NOT NULL,
    "socket_id" TEXT NOT NULL,
    "connected_at" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disconnected_at" DATETIME,
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "ip_address" TEXT,
    "device" TEXT NOT NULL DEFAULT 'unknown',
    CONSTRAINT "user_sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "user_sessions_socket_id_key" ON "user_sessions"("socket_id");
INSERT INTO users (username, role, created_at) VALUES ('ana', 'ADMIN', 1735718400123), ('ben', 'AUDITOR', '2025-01-02 08:00:00');
INSERT INTO user_sessions (user_id, socket_id, connected_at, is_active)
    VALUES (1, 'old-1', '2025-01-01 08:00:00.123', true), (2, 'old-2', '2025-01-02T08:00:00.000Z', false);
"#;

async fn adopted_sqlite() -> Bench {
    let bench = Bench::empty_sqlite().await;
    bench.execute(PRISMA_ON_SQLITE).await;
    bench
}

async fn adopted_postgres() -> Bench {
    let bench = Bench::empty_postgres().await;
    bench.execute(PRISMA_ON_POSTGRES).await;
    bench
}

/// The whole life of Atalaya on tables that Prisma made.
async fn works_on_the_tables_of_another(bench: Bench) {
    let report = bench.store.migrate().await.unwrap();
    assert!(
        report
            .adopted
            .contains(&"user_sessions.disconnect_reason".to_owned()),
        "{report:?}"
    );
    assert!(
        report.adopted.contains(&"users.disabled".to_owned()),
        "{report:?}"
    );
    assert!(
        !report.adopted.contains(&"users.role".to_owned()),
        "{report:?}"
    );
    assert!(bench.store.migrate().await.unwrap().adopted.is_empty());

    rows_are_kept(&bench).await;
    sessions_open_and_close(&bench).await;
    accounts_are_made(&bench).await;
    the_inbox_works(&bench).await;
    their_program_goes_on(&bench).await;
}

async fn rows_are_kept(bench: &Bench) {
    let page = bench
        .store
        .list_sessions(SessionFilter::default(), None, 10)
        .await
        .unwrap();
    let kept: Vec<_> = page
        .items
        .iter()
        .map(|row| {
            (
                row.id.0,
                row.user_id.0,
                row.socket_id.as_str(),
                row.is_active,
            )
        })
        .collect();
    assert_eq!(kept, [(2, 2, "old-2", false), (1, 1, "old-1", true)]);
    assert_eq!(page.items[1].connected_at.0, 1_735_718_400_123);
    assert_eq!(
        (
            page.items[1].username.as_deref(),
            page.items[1].node.as_str()
        ),
        (Some("ana"), "")
    );
    let ana = bench.store.user_by_name("ana").await.unwrap().unwrap();
    let ben = bench.store.user_by_name("ben").await.unwrap().unwrap();
    assert_eq!(
        (ana.role, ana.disabled, ben.role),
        (Role::Admin, false, Role::User)
    );
}

async fn sessions_open_and_close(bench: &Bench) {
    bench
        .store
        .register_node(node(NODE), T0, LEASE)
        .await
        .unwrap();
    let id = bench.open(1, "new-1").await;
    assert_eq!(id.0, 3, "ids go on from theirs");
    let twice = bench.store.open_session(session(1, "new-1")).await;
    assert!(
        matches!(twice, Err(OpenError::Store(StoreError::Conflict(_)))),
        "{twice:?}"
    );
    let nobody = bench.store.open_session(session(99, "new-2")).await;
    assert!(matches!(nobody, Err(OpenError::UnknownUser)), "{nobody:?}");
    let closed = bench
        .store
        .close_session(id, "client_disconnect", T0, T0)
        .await
        .unwrap();
    assert_eq!(closed, Closed::Now);
    bench.execute("SELECT id, user_id, socket_id, connected_at, is_active\nFROM user_sessions ORDER BY connected_at DESC;").await;
    // What their back end left open has no socket behind it.
    bench.store.reap_expired(T0, OBSERVER).await.unwrap();
    assert_eq!(bench.store.count_active(None).await.unwrap(), 0);
}

async fn accounts_are_made(bench: &Bench) {
    let eva = NewUser {
        password_hash: None,
        ..new_user("eva", Role::Operator)
    };
    let eva = bench.store.create_user(eva, T0).await.unwrap();
    assert_eq!(bench.store.user(eva.id).await.unwrap(), Some(eva.clone()));
    bench.store.set_role(eva.id, Role::Admin, T0).await.unwrap();
    assert_eq!(
        bench.store.user(eva.id).await.unwrap().unwrap().role,
        Role::Admin
    );
    assert_eq!(
        bench
            .store
            .list_users(None, 10, None)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
}

async fn the_inbox_works(bench: &Bench) {
    let to = Audience {
        users: vec![UserId(2)],
        roles: vec!["admin".into()],
        all: false,
        topic: None,
    };
    let published = bench
        .store
        .publish(notification(to, "hello"), T0)
        .await
        .unwrap();
    assert_eq!(published.recipients, 3, "ana and eva are admins");
    for user in [1, 2, 3] {
        assert_eq!(bench.store.unread(UserId(user), T0).await.unwrap().count, 1);
    }
    let outcome = bench
        .store
        .mark_read(UserId(1), Selection::All, T0)
        .await
        .unwrap();
    assert_eq!(outcome.read, [published.id]);
}

async fn their_program_goes_on(bench: &Bench) {
    bench
        .execute("INSERT INTO users (username) VALUES ('theirs')")
        .await;
    bench
        .execute("INSERT INTO user_sessions (user_id, socket_id) VALUES (2, 'theirs')")
        .await;
    let page = bench
        .store
        .list_sessions(SessionFilter::default(), None, 1)
        .await
        .unwrap();
    assert_eq!(page.items[0].socket_id, "theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_prisma_made_are_taken_over_on_sqlite() {
    works_on_the_tables_of_another(adopted_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_prisma_made_are_taken_over_on_postgres() {
    works_on_the_tables_of_another(adopted_postgres().await).await;
}

#[tokio::test]
async fn their_columns_stay_as_they_were() {
    const COLUMNS: &str = "SELECT column_name || ' ' || data_type || ' ' || is_nullable || COALESCE(column_default, '') \
         FROM information_schema.columns WHERE table_name IN ('users', 'user_sessions') ORDER BY table_name, ordinal_position";
    let bench = adopted_postgres().await;
    let before = bench.texts(COLUMNS).await;
    bench.store.migrate().await.unwrap();
    let after = bench.texts(COLUMNS).await;
    for column in &before {
        assert!(after.contains(column), "{column}");
    }
    assert!(after.len() > before.len());
}

#[tokio::test]
async fn a_role_that_their_enum_lacks_is_refused_by_name() {
    let bench = Bench::empty_postgres().await;
    execute(&bench.url, &PRISMA_ON_POSTGRES.replace("'OPERATOR', ", "")).await;
    bench.store.migrate().await.unwrap();
    let error = bench
        .store
        .set_role(UserId(1), Role::Operator, T0)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("knows no operator, only ADMIN, USER, AUDITOR"),
        "{error}"
    );
}

#[tokio::test]
async fn a_table_that_cannot_work_is_refused_with_the_remedy() {
    for (theirs, instead, expected) in [
        (
            r#""socket_id" TEXT"#,
            r#""socket" TEXT"#,
            "no column socket_id",
        ),
        (
            r#""is_active" BOOLEAN NOT NULL DEFAULT true"#,
            r#""is_active" INTEGER NOT NULL DEFAULT 1"#,
            "is_active is integer",
        ),
        (
            r#""device" TEXT NOT NULL DEFAULT 'unknown'"#,
            r#""device" TEXT NOT NULL"#,
            "ALTER COLUMN device SET DEFAULT",
        ),
        (
            r#""ip_address" VARCHAR(45)"#,
            r#""ip_address" VARCHAR(45) NOT NULL"#,
            "ALTER COLUMN ip_address DROP NOT NULL",
        ),
        (
            r#""device" TEXT NOT NULL DEFAULT 'unknown'"#,
            r#""disconnect_reason" VARCHAR(12)"#,
            "ALTER COLUMN disconnect_reason TYPE TEXT",
        ),
    ] {
        let bench = Bench::empty_postgres().await;
        let tables = PRISMA_ON_POSTGRES
            .split("CREATE UNIQUE INDEX \"user_sessions")
            .next()
            .unwrap();
        execute(&bench.url, &tables.replace(theirs, instead)).await;
        let error = bench.store.migrate().await.unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Unadoptable {
                    table: "user_sessions",
                    ..
                }
            ),
            "{error:?}"
        );
        assert!(error.to_string().contains(expected), "{error}");
        let users: Vec<String> = bench.texts("SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = 'users'").await;
        assert!(
            !users.contains(&"disabled".to_owned()),
            "nothing is changed"
        );
    }
}

#[tokio::test]
async fn prismas_schema_parameter_chooses_the_schema() {
    let bench = Bench::empty_postgres().await;
    bench.execute("CREATE SCHEMA theirs").await;
    let url = format!("{}?schema=theirs", bench.url);
    let store = atalaya_store::Store::open(&url, Default::default())
        .await
        .unwrap();
    store.migrate().await.unwrap();
    let tables = bench
        .texts("SELECT CAST(table_schema AS TEXT) FROM information_schema.tables WHERE table_name = 'user_sessions'")
        .await;
    assert_eq!(tables, ["theirs"]);
}
