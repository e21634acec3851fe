//! Nodes: each running server is a row with a lease that it renews, and the rows of a server whose lease ran
//! out are closed by whoever sees it first (law L2).
//!
//! A node is reaped by a conditional update of its row, so by exactly one caller. A commit of opens holds its
//! node's row shared until it ends, and one that comes later finds it stopped: no open slips in behind the reaper.

use std::time::Duration;

use crate::{
    Store,
    db::{self, on},
    error::StoreError,
    model::{Lease, NewNode, Reaped, Timestamp},
};

/// Why a row is closed by another than the node that held it.
const NODE_LOST: &str = "node_lost";
/// Why a row is closed by its node's own end.
const SERVER_SHUTDOWN: &str = "server_shutdown";

/// How long a row that no node holds may stand: another program may have written it a moment ago.
const UNHELD_GRACE_MS: i64 = 60_000;

/// No close moves a row's end before its beginning (law L3).
const CLOSE_OF_NODE: &str = "UPDATE user_sessions SET is_active = FALSE, disconnect_reason = $2, \
     disconnected_at = CASE WHEN connected_at > $3 THEN connected_at ELSE $3 END \
     WHERE node = $1 AND is_active = TRUE";

/// The holders of active rows that are no running node, each found by one step through the index
/// `user_sessions_active_node`, whatever the number of its rows. Of a node that stopped already, rows can only be
/// left by a mistake; of an unknown one, by another program.
const UNHELD_BY: &str = "WITH RECURSIVE holders(node) AS ( \
         SELECT (SELECT node FROM user_sessions WHERE is_active = TRUE AND node IS NOT NULL \
                 ORDER BY node LIMIT 1) \
         UNION ALL \
         SELECT (SELECT s.node FROM user_sessions AS s WHERE s.is_active = TRUE AND s.node > holders.node \
                 ORDER BY s.node LIMIT 1) \
         FROM holders WHERE holders.node IS NOT NULL) \
     SELECT node FROM holders WHERE node IS NOT NULL AND node <> $1 AND NOT EXISTS \
         (SELECT 1 FROM nodes WHERE nodes.id = holders.node AND nodes.stopped_at IS NULL)";

macro_rules! close_unheld {
    ($where:literal) => {
        concat!(
            "UPDATE user_sessions SET is_active = FALSE, disconnect_reason = $1, \
             disconnected_at = CASE WHEN connected_at > $2 THEN connected_at ELSE $2 END \
             WHERE is_active = TRUE AND COALESCE(last_seen_at, connected_at) < $3 AND ",
            $where
        )
    };
}
const CLOSE_OF_NOBODY: &str = close_unheld!("node IS NULL");
/// Looks once more whether the node runs: it may have registered since.
const CLOSE_UNHELD: &str = close_unheld!(
    "node = $4 AND NOT EXISTS (SELECT 1 FROM nodes WHERE id = $4 AND stopped_at IS NULL)"
);

const STOP_EXPIRED: &str = "UPDATE nodes SET stopped_at = $1 \
     WHERE stopped_at IS NULL AND lease_expires_at < $1 AND id <> $2 RETURNING id";

const STOP_PREDECESSORS: &str = "UPDATE nodes SET stopped_at = $1 \
     WHERE stopped_at IS NULL AND host = $2 AND listen = $3 AND id <> $4 RETURNING id";

impl Store {
    /// Registers a process that starts. [`StoreError::Conflict`] if the id was used before: an id is for one
    /// life of a process.
    pub async fn register_node(
        &self,
        node: NewNode,
        now: Timestamp,
        lease: Duration,
    ) -> Result<(), StoreError> {
        on!(&self.inner.db, writers, |connection, _engine| {
            sqlx::query(
                "INSERT INTO nodes (id, host, listen, pid, version, started_at, lease_expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(&node.id)
            .bind(&node.host)
            .bind(&node.listen)
            .bind(i64::from(node.pid))
            .bind(&node.version)
            .bind(now)
            .bind(after(now, lease))
            .execute(connection)
            .await?;
            Ok(())
        })
    }

    /// Renews a node's lease, unless it was reaped.
    pub async fn renew_lease(
        &self,
        node_id: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Lease, StoreError> {
        on!(&self.inner.db, writers, |connection, _engine| {
            let renewed = sqlx::query(
                "UPDATE nodes SET lease_expires_at = $2 WHERE id = $1 AND stopped_at IS NULL",
            )
            .bind(node_id)
            .bind(after(now, lease))
            .execute(connection)
            .await?;
            Ok(match renewed.rows_affected() {
                0 => Lease::Lost,
                _ => Lease::Renewed,
            })
        })
    }

    /// Closes the rows of every node whose lease ran out (`node_lost`), each node by exactly one caller;
    /// and, after a minute's grace, those that no running node holds (`Reaped::node` is `None`).
    ///
    /// Never those of `except`, the node of the caller: who looks for lost servers is not lost, whatever a clock
    /// or a late renewal says.
    pub async fn reap_expired(
        &self,
        now: Timestamp,
        except: &str,
    ) -> Result<Vec<Reaped>, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            let nodes: Vec<String> = sqlx::query_scalar(STOP_EXPIRED)
                .bind(now)
                .bind(except)
                .fetch_all(&mut *transaction)
                .await?;
            let mut reaped = Vec::new();
            for node in nodes {
                let closed = sqlx::query(CLOSE_OF_NODE)
                    .bind(&node)
                    .bind(NODE_LOST)
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                reaped.push(Reaped {
                    node: Some(node),
                    sessions: closed.rows_affected(),
                });
            }
            let grace = now.plus_ms(-UNHELD_GRACE_MS);
            let mut unheld = sqlx::query(CLOSE_OF_NOBODY)
                .bind(NODE_LOST)
                .bind(now)
                .bind(grace)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            let holders: Vec<String> = sqlx::query_scalar(UNHELD_BY)
                .bind(except)
                .fetch_all(&mut *transaction)
                .await?;
            for node in holders {
                unheld += sqlx::query(CLOSE_UNHELD)
                    .bind(NODE_LOST)
                    .bind(now)
                    .bind(grace)
                    .bind(node)
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
            }
            if unheld > 0 {
                reaped.push(Reaped {
                    node: None,
                    sessions: unheld,
                });
            }
            transaction.commit().await?;
            Ok(reaped)
        })
    }

    /// Marks a node as stopped and closes what it left active (`server_shutdown`); how many rows that was.
    pub async fn stop_node(&self, node_id: &str, now: Timestamp) -> Result<u64, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            sqlx::query("UPDATE nodes SET stopped_at = $2 WHERE id = $1 AND stopped_at IS NULL")
                .bind(node_id)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            let closed = sqlx::query(CLOSE_OF_NODE)
                .bind(node_id)
                .bind(SERVER_SHUTDOWN)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(closed.rows_affected())
        })
    }

    /// Closes what earlier processes at the same address left (`node_lost`): they cannot be alive, since
    /// this one listens there.
    pub async fn reap_predecessors(
        &self,
        host: &str,
        listen: &str,
        except: &str,
        now: Timestamp,
    ) -> Result<Vec<Reaped>, StoreError> {
        on!(&self.inner.db, writers, |connection, engine| {
            let mut transaction = db::begin(connection, engine).await?;
            let nodes: Vec<String> = sqlx::query_scalar(STOP_PREDECESSORS)
                .bind(now)
                .bind(host)
                .bind(listen)
                .bind(except)
                .fetch_all(&mut *transaction)
                .await?;
            let mut reaped = Vec::new();
            for node in nodes {
                let closed = sqlx::query(CLOSE_OF_NODE)
                    .bind(&node)
                    .bind(NODE_LOST)
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
                reaped.push(Reaped {
                    node: Some(node),
                    sessions: closed.rows_affected(),
                });
            }
            transaction.commit().await?;
            Ok(reaped)
        })
    }
}

fn after(now: Timestamp, lease: Duration) -> Timestamp {
    now.plus_ms(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}
