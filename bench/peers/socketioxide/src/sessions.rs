//! Who is connected: the row is awaited before CONNECT, and closed when the socket is gone.

use std::{net::SocketAddr, sync::Arc};

use axum::{extract::ConnectInfo, http::header::USER_AGENT};
use serde::Deserialize;
use socketioxide::extract::{Data, Extension, SocketRef, State};

use crate::{
    App,
    database::{Database, NewSession},
};

/// What a client puts into `auth`.
#[derive(Deserialize)]
pub struct Auth {
    token: String,
}

#[derive(Clone, Copy)]
pub struct UserId(i64);

/// The middleware of the namespace: what it refuses is told in `connect_error`.
pub async fn admit(
    socket: SocketRef,
    State(app): State<Arc<App>>,
    Data(auth): Data<Auth>,
) -> Result<(), &'static str> {
    let user_id = app.tokens.user_of(&auth.token).ok_or("token_invalid")?;
    if !app
        .database
        .is_welcome(user_id)
        .await
        .map_err(unavailable)?
    {
        return Err("token_invalid");
    }
    let session = session_of(&socket, user_id);
    let session_id = app
        .database
        .open_session(&session)
        .await
        .map_err(unavailable)?;
    socket.extensions.insert(UserId(user_id));
    socket.extensions.insert(Arc::new(OpenRow {
        id: session_id,
        database: app.database.clone(),
    }));
    Ok(())
}

fn unavailable(error: sqlx::Error) -> &'static str {
    eprintln!("a connection was not recorded: {error}");
    "ledger_unavailable"
}

pub async fn connected(socket: SocketRef, Extension(UserId(id)): Extension<UserId>) {
    socket.join(format!("user:{id}"));
}

fn session_of(socket: &SocketRef, user_id: i64) -> NewSession {
    let request = socket.req_parts();
    let address = request.extensions.get::<ConnectInfo<SocketAddr>>();
    let user_agent = request.headers.get(USER_AGENT);
    NewSession {
        user_id,
        socket_id: socket.id.to_string(),
        ip_address: address.map(|ConnectInfo(address)| address.ip().to_string()),
        user_agent: user_agent.and_then(|agent| Some(agent.to_str().ok()?.to_owned())),
    }
}

/// An open row, closed when its socket is dropped. A disconnect handler would not do: it is not called for a
/// client that leaves while its row is being written.
struct OpenRow {
    id: i64,
    database: Database,
}

impl Drop for OpenRow {
    fn drop(&mut self) {
        let (id, database) = (self.id, self.database.clone());
        tokio::spawn(async move {
            if let Err(error) = database.close_session(id).await {
                eprintln!("a row was not closed: {error}");
            }
        });
    }
}
