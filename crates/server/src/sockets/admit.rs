//! The decision on a CONNECT: whose token it is, and the committed row (L1).
//!
//! The gateway sends CONNECT only after [`admit`] returned `Ok`, and `admit` returns `Ok` only after the
//! row is committed. Whatever is refused is recorded, with no secret in the record: who could *not*
//! connect is what an operator needs to know first.

use std::{
    sync::{Mutex, atomic::AtomicBool},
    time::Duration,
};

use atalaya_gateway::{Admission, ConnectRequest, Refusal};
use atalaya_store::{
    OpenError,
    model::{NewRefusal, NewSession, Opened, Timestamp, Unread, UserId},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    resume::{Resume, new_pid, new_recovery_id, random_id},
    seat::{Entry, Place, Seat},
};
use crate::{App, auth::TokenError};

/// Why a connection is refused. The codes are public: a front end tells people what to do by them.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the handshake carries no token: connect with auth: {{ token }}")]
    TokenMissing,
    #[error("the token is not valid: {0}")]
    TokenInvalid(String),
    #[error("the token has expired: log in again")]
    TokenExpired,
    #[error("the user of this token is disabled")]
    UserDisabled(UserId),
    #[error("the user of this token does not exist")]
    UserUnknown(UserId),
    #[error("this user already has as many connections as are allowed")]
    TooManySessions(UserId),
    #[error("the connection could not be recorded: try again in a moment")]
    LedgerUnavailable,
}

impl Refused {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid(_) | Self::UserUnknown(_) => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::UserDisabled(_) => "token_revoked",
            Self::TooManySessions(_) => "too_many_sessions",
            Self::LedgerUnavailable => "ledger_unavailable",
        }
    }

    fn user(&self) -> Option<UserId> {
        match self {
            Self::UserDisabled(user) | Self::UserUnknown(user) | Self::TooManySessions(user) => {
                Some(*user)
            }
            _ => None,
        }
    }
}

/// What a client puts into `auth`. Other fields are its own business.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Auth {
    token: Option<String>,
    cursor: Value,
    pid: Value,
    offset: Value,
}

/// Decides on a CONNECT, commits the row, and records a refusal.
pub(super) async fn admit(app: &App, request: &ConnectRequest) -> Result<Admission<Seat>, Refusal> {
    let now = app.clock.now();
    match try_admit(app, request, now).await {
        Ok(admission) => {
            app.metrics.admitted();
            Ok(admission)
        }
        Err(refused) => {
            record(app, request, &refused, now);
            Err(Refusal {
                code: refused.code(),
                message: refused.to_string().into(),
            })
        }
    }
}

async fn try_admit(
    app: &App,
    request: &ConnectRequest,
    now: Timestamp,
) -> Result<Admission<Seat>, Refused> {
    let auth = parse_auth(request)?;
    let token = auth.token.as_deref().ok_or(Refused::TokenMissing)?;
    let claims = app.tokens.verify(token, now).map_err(|error| match error {
        TokenError::Missing => Refused::TokenMissing,
        TokenError::Expired => Refused::TokenExpired,
        TokenError::Invalid(why) => Refused::TokenInvalid(why.to_string()),
    })?;
    // A node whose lease ran out must not promise a row that another node may close any moment.
    if !app.ledger.holds_lease() {
        return Err(Refused::LedgerUnavailable);
    }
    let node = app.ledger.node_id();
    let user = claims.user_id;
    let resume = Resume::of(user, &auth.cursor, &auth.pid, &auth.offset);
    let session = NewSession {
        recovers: resume.recovers(now, app.config.recovery_window),
        ..new_session(app, request, user, &node, now)
    };
    let recovery_id = session.recovery_id.clone();
    let opened = open_session(app, session).await?;
    let entry = Entry::of(resume.after, &opened.inbox);
    // The client knows by its own pid that it was recovered.
    let pid = match (opened.recovered_from, resume.pid) {
        (Some(_), Some(pid)) => pid.text,
        _ => new_pid(&recovery_id, entry),
    };
    let mut greeting = vec![app.frames.session(opened.id, &opened.socket_id, now)];
    if let Some(head) = entry.nothing_up_to {
        greeting.push(app.frames.sync(resume.after, head, true));
    }
    if entry.is_unread_known {
        let unread = Unread {
            count: 0,
            version: opened.inbox.version,
            position: opened.inbox.head.0,
        };
        greeting.push(app.frames.unread(&unread));
    }
    Ok(Admission {
        socket_id: opened.socket_id.into(),
        pid: Some(pid.into()),
        greeting,
        // Asked anew: the commit may have taken its time.
        expires_in: Some(until(claims.expires_at, app.clock.now())),
        state: Seat {
            session_id: opened.id,
            recovered_from: opened.recovered_from,
            user_id: user,
            connected_at: now,
            node,
            place: Mutex::new(Place {
                account: opened.account,
                as_of: opened.as_of,
            }),
            entry,
            feed: Mutex::default(),
            left: AtomicBool::new(false),
        },
    })
}

fn parse_auth(request: &ConnectRequest) -> Result<Auth, Refused> {
    let Some(raw) = &request.auth else {
        return Ok(Auth::default());
    };
    // The parser's own words could quote what was sent, and this text is stored.
    serde_json::from_str(raw.get()).map_err(|_| {
        Refused::TokenInvalid("auth must be an object with a string `token`".to_owned())
    })
}

fn new_session(
    app: &App,
    request: &ConnectRequest,
    user: UserId,
    node: &str,
    now: Timestamp,
) -> NewSession {
    NewSession {
        user_id: user,
        socket_id: random_id(),
        connected_at: now,
        ip_address: Some(request.handshake.remote_addr.to_string()),
        user_agent: request.handshake.user_agent.as_deref().map(str::to_owned),
        transport: request.transport.as_str(),
        node: node.to_owned(),
        recovery_id: new_recovery_id(user),
        recovers: None,
        max_active: Some(app.config.max_sessions_per_user),
    }
}

async fn open_session(app: &App, session: NewSession) -> Result<Opened, Refused> {
    let user = session.user_id;
    let opened = app.store.open_session(session).await;
    match &opened {
        Err(OpenError::Store(error)) => app.health.wrote(Err(error)),
        _ => app.health.wrote(Ok(())),
    }
    match opened {
        Ok(opened) => Ok(opened),
        Err(OpenError::UnknownUser) => Err(Refused::UserUnknown(user)),
        Err(OpenError::DisabledUser) => Err(Refused::UserDisabled(user)),
        Err(OpenError::TooManySessions { .. }) => Err(Refused::TooManySessions(user)),
        Err(error @ (OpenError::NoLease | OpenError::Store(_))) => Err(unavailable(&error)),
    }
}

/// The cause belongs in the server's log; a client is told only that it should try again.
fn unavailable(error: &dyn std::error::Error) -> Refused {
    tracing::warn!(error = %error, "a connection could not be recorded");
    Refused::LedgerUnavailable
}

/// How long the token still lives, as far as a socket is concerned: a claim can name a time that no clock
/// can count up to.
fn until(at: Timestamp, now: Timestamp) -> Duration {
    const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    let left_ms = at.0.saturating_sub(now.0);
    Duration::from_millis(u64::try_from(left_ms).unwrap_or(0)).min(LONGEST)
}

fn record(app: &App, request: &ConnectRequest, refused: &Refused, now: Timestamp) {
    let detail = refused.to_string();
    let refusal = NewRefusal {
        namespace: Some(request.namespace.to_string()),
        user_id: refused.user(),
        // It may have moved on from what it was opened with.
        transport: request.transport.as_str(),
        ..super::refusal_of(app, &request.handshake, refused.code(), &detail, now)
    };
    super::record_refusal(app, refusal);
}
