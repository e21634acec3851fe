//! The job of the benchmark, done with axum, socketioxide and sqlx: who connects is a committed row before
//! the client hears "connected", and whoever leaves has the row closed.

mod database;
mod publish;
mod sessions;
mod token;

use std::{env, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use axum::{Router, routing::post, serve::ListenerExt};
use socketioxide::{SocketIo, handler::ConnectHandler};
use tokio::net::TcpListener;

use crate::{database::Database, token::Tokens};

const NAMESPACE: &str = "/notifications";

/// What the handlers share.
struct App {
    database: Database,
    tokens: Tokens,
}

#[tokio::main]
async fn main() -> Result<()> {
    let app = Arc::new(App {
        database: Database::connect(&variable("DATABASE_URL")?).await?,
        tokens: Tokens::new(&variable("JWT_SECRET")?),
    });
    let (sockets, io) = SocketIo::builder()
        .with_state(Arc::clone(&app))
        .build_layer();
    io.ns(NAMESPACE, sessions::connected.with(sessions::admit));
    let router = Router::new()
        .route("/api/notifications", post(publish::create))
        .with_state((app, io))
        .layer(sockets);

    let port = variable("PORT")?.parse().context("PORT")?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))
        .await?
        .tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}

fn variable(name: &'static str) -> Result<String> {
    env::var(name).context(name)
}
