//! The ledger: who is connected, who was, and who could not.

pub(super) mod list;
pub(super) mod refused;
pub(super) mod show;

use atalaya_store::SessionRow;
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::rfc3339;

/// One row of the ledger: one connection from its first to its last moment.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    #[schema(examples(4711))]
    id: i64,
    #[schema(examples(27))]
    user_id: i64,
    /// Null when the account is gone.
    #[schema(examples("ana"))]
    username: Option<String>,
    #[schema(examples("pN2xv0Y4bq7Wc1dLrT8e"))]
    socket_id: String,
    #[schema(format = DateTime, examples("2026-01-31T09:15:00.000Z"))]
    connected_at: String,
    is_active: bool,
    #[schema(format = DateTime, examples("2026-01-31T17:02:11.480Z"))]
    disconnected_at: Option<String>,
    #[schema(examples("client_disconnect"))]
    disconnect_reason: Option<String>,
    /// The last time anything was heard on it, heartbeats included.
    #[schema(format = DateTime, examples("2026-01-31T17:02:11.480Z"))]
    last_seen_at: String,
    #[schema(examples("192.0.2.7"))]
    ip_address: Option<String>,
    #[schema(examples("Mozilla/5.0"))]
    user_agent: Option<String>,
    /// `websocket`, `polling`, or `sse` for a stream of events, as it was when the connection was admitted.
    #[schema(examples("websocket"))]
    transport: String,
    /// The server that holds, or held, the connection.
    #[schema(examples("web-1:3001"))]
    node: String,
    /// The session that this one continues.
    recovered_from: Option<i64>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id.0,
            user_id: row.user_id.0,
            username: row.username,
            socket_id: row.socket_id,
            connected_at: rfc3339(row.connected_at),
            is_active: row.is_active,
            disconnected_at: row.disconnected_at.map(rfc3339),
            disconnect_reason: row.disconnect_reason,
            last_seen_at: rfc3339(row.last_seen_at),
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            transport: row.transport,
            node: row.node,
            recovered_from: row.recovered_from.map(|id| id.0),
        }
    }
}
