//! Each list is answered by its index, in the index's order, however much there is: no table is read whole or sorted.

use atalaya_store::{SessionFilter, Statuses, UserId};

use crate::bench::{Bench, T0, contract};

contract!(
    each_list_of_sessions_is_read_by_its_index,
    an_inbox_is_read_by_ranges_of_indexes_whatever_is_asked_of_it,
);

const PAGE: u32 = 50;
const USER: UserId = UserId(7);

/// Enough for reading a whole table to be the dearer way: 40,000 rows of each kind, for 400 users.
async fn fill(bench: &Bench) {
    const NUMBERS: &str =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)";
    const TIME: &str = "'2026-03-01 10:20:30.500'";
    let mut statements = vec![
        format!(
            "INSERT INTO users (id, username, created_at) {NUMBERS} \
             SELECT i, 'user-' || CAST(i AS TEXT), {TIME} FROM n WHERE i <= 400"
        ),
        format!(
            "INSERT INTO user_sessions (user_id, socket_id, connected_at, is_active, user_agent, node) {NUMBERS} \
             SELECT 1 + i % 400, 'socket-' || CAST(i AS TEXT), {TIME}, i > 38000, 'Mozilla/5.0 (X11; Linux)', 'node-1' \
             FROM n"
        ),
        format!(
            "INSERT INTO notifications (id, title, body, severity, created_at) {NUMBERS} \
             SELECT i, 'Pump 3 has stopped', '{}', 'info', {TIME} FROM n",
            "x".repeat(300)
        ),
        format!(
            "INSERT INTO notification_targets (target, notification_id) {NUMBERS} \
             SELECT CASE WHEN i % 50 = 0 THEN 'all' ELSE 'user:' || CAST(1 + i % 400 AS TEXT) END, i FROM n"
        ),
        format!(
            "INSERT INTO notification_states (user_id, notification_id, read_at, archived_at) {NUMBERS} \
             SELECT 1 + i % 400, i, {TIME}, CASE WHEN i % 7 = 0 THEN {TIME} END FROM n WHERE i < 20000"
        ),
    ];
    if bench.url.starts_with("postgres") {
        // As autovacuum does after a while; SQLite does without.
        statements.push("ANALYZE".to_owned());
    }
    let time = "TIMESTAMP '2026-03-01 10:20:30.500'";
    for statement in statements {
        let statement = if bench.url.starts_with("postgres") {
            statement.replace(TIME, time)
        } else {
            statement
        };
        bench.execute(&statement).await;
    }
}

async fn each_list_of_sessions_is_read_by_its_index(bench: Bench) {
    fill(&bench).await;
    let by_id = ["USING INTEGER PRIMARY KEY (rowid<?)", "user_sessions_pkey"];
    let cases = [
        (None, None, by_id),
        (
            Some(true),
            None,
            ["user_sessions_active (id<?)", "user_sessions_active"],
        ),
        (Some(false), None, by_id),
        (
            None,
            Some(USER),
            [
                "user_sessions_user (user_id=? AND id<?)",
                "user_sessions_user",
            ],
        ),
        (
            Some(true),
            Some(USER),
            [
                "user_sessions_active_user (user_id=? AND id<?)",
                "user_sessions_active_user",
            ],
        ),
        (
            Some(false),
            Some(USER),
            [
                "user_sessions_user (user_id=? AND id<?)",
                "user_sessions_user",
            ],
        ),
    ];
    for (active, user_id, [sqlite, postgres]) in cases {
        let filter = SessionFilter { active, user_id };
        let plan = bench
            .store
            .explain_sessions(filter, None, PAGE)
            .await
            .unwrap();
        let expected = if bench.url.starts_with("sqlite") {
            sqlite
        } else {
            postgres
        };
        let shown = format!("{filter:?}: {expected}\n{}", plan.join("\n"));
        assert!(plan.iter().any(|step| step.contains(expected)), "{shown}");
        for whole in ["Seq Scan on user_sessions", "SCAN s", "TEMP B-TREE"] {
            assert!(!shown.contains(whole), "{shown}");
        }
        sorts_at_most(PAGE + 1, &plan, &shown);
    }
}

async fn an_inbox_is_read_by_ranges_of_indexes_whatever_is_asked_of_it(bench: Bench) {
    fill(&bench).await;
    for wanted in 1..8 {
        let statuses = Statuses {
            unread: wanted & 1 != 0,
            read: wanted & 2 != 0,
            archived: wanted & 4 != 0,
        };
        let plan = bench
            .store
            .explain_inbox(USER, statuses, None, PAGE, T0)
            .await
            .unwrap();
        let shown = format!("{statuses:?}\n{}", plan.join("\n"));
        if bench.url.starts_with("sqlite") {
            reads_ranges_on_sqlite(&plan, &shown);
        } else {
            reads_ranges_on_postgres(&plan, &shown);
        }
        if statuses.archived {
            assert!(shown.contains("notification_states_archived"), "{shown}");
        }
    }
}

fn reads_ranges_on_sqlite(plan: &[String], shown: &str) {
    let targets =
        "SEARCH t USING PRIMARY KEY (target=? AND notification_id>? AND notification_id<?)";
    assert_eq!(
        plan.iter().filter(|step| *step == targets).count(),
        3,
        "{shown}"
    );
    let whole = plan.iter().filter(|step| step.starts_with("SCAN"));
    let of_a_page = [
        "SCAN one_target",
        "SCAN touched",
        "SCAN found",
        "SCAN listed",
    ];
    assert!(
        whole
            .into_iter()
            .all(|step| of_a_page.contains(&step.as_str())),
        "{shown}"
    );
    // Of the ids that the ranges gave, a page each; and of the page, in the end.
    let sorts = plan.iter().filter(|step| step.contains("FOR ORDER BY"));
    assert_eq!(sorts.count(), 2, "{shown}");
}

fn reads_ranges_on_postgres(plan: &[String], shown: &str) {
    for table in [
        "notifications",
        "notification_targets",
        "notification_states",
    ] {
        let whole = format!("Seq Scan on {table}");
        assert!(!shown.contains(&whole), "{shown}");
    }
    assert!(
        !shown.contains("Hash Join") && !shown.contains("Hash Cond"),
        "{shown}"
    );
    // Three targets, what is archived, what was read one by one: a page of each.
    sorts_at_most(5 * (PAGE + 1), plan, shown);
}

/// What PostgreSQL sorts, if anything, is what one user has of something rare, or pages.
fn sorts_at_most(most: u32, plan: &[String], shown: &str) {
    for sort in plan.iter().filter(|step| step.contains("Sort  (")) {
        let (_, rows) = sort.split_once("rows=").unwrap();
        let rows: u32 = rows.split(' ').next().unwrap().parse().unwrap();
        assert!(rows <= most, "{shown}");
    }
}
