//! Whatever happens in whatever order, a row is closed once and ends no earlier than it began: random
//! histories, checked against a small model.

use std::collections::HashMap;

use atalaya_store::{Closed, Lease, NewSession, OpenError, SessionId, Store};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::bench::{Bench, LEASE, T0, node, session};

#[derive(Clone, Debug)]
enum Step {
    Open {
        node: usize,
    },
    /// Of the n-th session opened so far; the time may lie before its beginning.
    Close {
        session: usize,
        after_ms: i64,
    },
    Renew {
        node: usize,
    },
    /// By one of the nodes, which does not reap itself.
    Reap {
        node: usize,
        after_ms: i64,
    },
    Stop {
        node: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3_usize).prop_map(|node| Step::Open { node }),
        3 => (0..12_usize, -5_000..60_000_i64).prop_map(|(session, after_ms)| Step::Close { session, after_ms }),
        1 => (0..3_usize).prop_map(|node| Step::Renew { node }),
        1 => (0..3_usize, 0..40_000_i64).prop_map(|(node, after_ms)| Step::Reap { node, after_ms }),
        1 => (0..3_usize).prop_map(|node| Step::Stop { node }),
    ];
    prop::collection::vec(step, 1..25)
}

/// What must be true of each session: whether it is closed, and by what.
#[derive(Default)]
struct Model {
    sessions: Vec<(SessionId, usize)>,
    ended: HashMap<SessionId, &'static str>,
    stopped: [bool; 3],
    expires_ms: [i64; 3],
}

impl Model {
    fn end_node(&mut self, node: usize, reason: &'static str) {
        self.stopped[node] = true;
        for (id, held_by) in &self.sessions {
            if *held_by == node {
                self.ended.entry(*id).or_insert(reason);
            }
        }
    }
}

fn node_name(case: usize, node: usize) -> String {
    format!("case-{case}-node-{node}")
}

async fn run(store: &Store, case: usize, steps: Vec<Step>) {
    let mut model = Model {
        expires_ms: [30_000; 3],
        ..Model::default()
    };
    for n in 0..3 {
        store
            .register_node(node(&node_name(case, n)), T0, LEASE)
            .await
            .unwrap();
    }
    let mut clock_ms = 0;
    for step in steps {
        apply(store, case, &mut model, &mut clock_ms, step).await;
    }
    for (id, _) in &model.sessions {
        let row = store.session(*id).await.unwrap().unwrap();
        assert_eq!(row.is_active, !model.ended.contains_key(id));
        assert_eq!(
            row.disconnect_reason.as_deref(),
            model.ended.get(id).copied()
        );
        assert_eq!(row.disconnected_at.is_some(), !row.is_active);
        assert!(
            row.disconnected_at
                .is_none_or(|ended| ended >= row.connected_at)
        );
    }
    for n in 0..3 {
        store.stop_node(&node_name(case, n), T0).await.unwrap();
    }
}

async fn apply(store: &Store, case: usize, model: &mut Model, clock_ms: &mut i64, step: Step) {
    match step {
        Step::Open { node } => {
            let new = NewSession {
                node: node_name(case, node),
                connected_at: T0.plus_ms(*clock_ms),
                ..session(1, "s")
            };
            match store.open_session(new).await {
                Ok(opened) => {
                    assert!(!model.stopped[node]);
                    model.sessions.push((opened.id, node));
                }
                Err(error) => assert!(
                    matches!(error, OpenError::NoLease) && model.stopped[node],
                    "{error}"
                ),
            }
        }
        Step::Close { session, after_ms } => {
            let Some((id, _)) = model.sessions.get(session).copied() else {
                return;
            };
            let at = T0.plus_ms(after_ms);
            let closed = store
                .close_session(id, "client_disconnect", at, at)
                .await
                .unwrap();
            assert_eq!(closed == Closed::Now, !model.ended.contains_key(&id));
            model.ended.entry(id).or_insert("client_disconnect");
        }
        Step::Renew { node } => {
            let lease = store
                .renew_lease(&node_name(case, node), T0.plus_ms(*clock_ms), LEASE)
                .await
                .unwrap();
            assert_eq!(lease == Lease::Lost, model.stopped[node]);
            model.expires_ms[node] = *clock_ms + 30_000;
        }
        Step::Reap { node: by, after_ms } => {
            *clock_ms += after_ms;
            let now = T0.plus_ms(*clock_ms);
            store.reap_expired(now, &node_name(case, by)).await.unwrap();
            for node in 0..3 {
                if node != by && !model.stopped[node] && model.expires_ms[node] < *clock_ms {
                    model.end_node(node, "node_lost");
                }
            }
        }
        Step::Stop { node } => {
            store
                .stop_node(&node_name(case, node), T0.plus_ms(*clock_ms))
                .await
                .unwrap();
            model.end_node(node, "server_shutdown");
        }
    }
}

fn check(runtime: &tokio::runtime::Runtime, bench: &Bench) {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let case = std::cell::Cell::new(0);
    let outcome = runner.run(&steps(), |steps| {
        case.set(case.get() + 1);
        runtime.block_on(run(&bench.store, case.get(), steps));
        Ok(())
    });
    outcome.unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn in_any_history_each_row_is_closed_once_on_sqlite() {
    let runtime = runtime();
    let bench = runtime.block_on(Bench::sqlite());
    runtime.block_on(bench.crowd());
    check(&runtime, &bench);
}

#[test]
fn in_any_history_each_row_is_closed_once_on_postgres() {
    let runtime = runtime();
    let bench = runtime.block_on(Bench::postgres());
    runtime.block_on(bench.crowd());
    check(&runtime, &bench);
}
