//! What two publishes are compared by: a digest of all that they say.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Targets;
use crate::model::{NewNotification, Timestamp, UserId};

#[derive(Serialize)]
struct Said<'a> {
    to: Vec<String>,
    title: &'a str,
    body: Option<&'a str>,
    severity: &'a str,
    kind: Option<&'a str>,
    event: Option<&'a str>,
    link: Option<&'a str>,
    data: Option<&'a str>,
    expires_at: Option<Timestamp>,
    requires_ack: bool,
    collapse_key: Option<&'a str>,
    deliver_at: Option<Timestamp>,
}

/// The same for publishes that say the same, in whatever order they name their audience.
pub(super) fn of(
    new: &NewNotification,
    targets: &Targets,
    deliver_at: Option<Timestamp>,
) -> String {
    digest(&Said {
        to: addresses(targets),
        title: &new.title,
        body: new.body.as_deref(),
        severity: new.severity.as_str(),
        kind: new.kind.as_deref(),
        event: new.event.as_deref(),
        link: new.link.as_deref(),
        data: new.data.as_deref(),
        expires_at: new.expires_at,
        requires_ack: new.requires_ack,
        collapse_key: new.collapse_key.as_deref(),
        deliver_at,
    })
}

/// The same for notifications of which the newest replaces the others: one publisher, one key, one audience.
pub(super) fn group(publisher: Option<UserId>, collapse_key: &str, targets: &Targets) -> String {
    digest(&(
        publisher.map(|user| user.0),
        collapse_key,
        addresses(targets),
    ))
}

fn addresses(targets: &Targets) -> Vec<String> {
    let mut addresses: Vec<_> = targets.keys().map(|target| target.to_string()).collect();
    addresses.sort_unstable();
    addresses
}

fn digest(said: &impl Serialize) -> String {
    let text = serde_json::to_vec(said).expect("texts, numbers and booleans are always JSON");
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
