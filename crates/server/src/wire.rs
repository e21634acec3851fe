//! What both the HTTP API and the sockets say: one form for each thing that crosses the wire.
//!
//! The store's types carry no serde; they become wire types here and nowhere else.

use atalaya_store::model::{self, InboxItem, NotificationId, Statuses, Timestamp};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// One notification, as its recipient sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// Also the position in the inbox: a larger id is newer.
    pub id: i64,
    pub title: String,
    pub body: Option<String>,
    #[schema(value_type = crate::api::Severity)]
    pub severity: String,
    /// The publisher's own word for the kind of thing that happened.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The Socket.IO event under which it is delivered; `notification` when null.
    pub event: Option<String>,
    pub link: Option<String>,
    /// Whatever JSON the publisher attached.
    #[schema(value_type = Option<serde_json::Value>)]
    pub data: Option<Box<RawValue>>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    pub requires_ack: bool,
    /// The notification whose place this one takes, for whoever has neither read nor archived that one.
    pub replaces: Option<i64>,
    #[schema(format = DateTime)]
    pub read_at: Option<String>,
    /// When I acknowledged it.
    #[schema(format = DateTime)]
    pub acknowledged_at: Option<String>,
    /// Who has acknowledged it, the first of them first; empty where `requires_ack` is false.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Who published it; null for a program or a user who is gone.
    pub from: Option<Publisher>,
}

/// A user, as others see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Publisher {
    pub id: i64,
    pub username: String,
}

/// Who has acknowledged a notification, and when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Acknowledgement {
    pub user: Publisher,
    #[schema(format = DateTime)]
    pub at: String,
}

/// How many of an inbox are unread, and how new that number is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Unread {
    /// How many are unread in the whole inbox.
    #[schema(examples(2))]
    pub unread: u64,
    /// Larger with whatever changes the number: one with a smaller version than the last is older, and not to be shown.
    #[schema(examples(2310))]
    pub unread_version: i64,
    /// Notifications up to this id are in the number; those above it are not.
    #[schema(examples(1042))]
    pub unread_position: i64,
}

impl From<model::Unread> for Unread {
    fn from(unread: model::Unread) -> Self {
        Self {
            unread: unread.count,
            unread_version: unread.version,
            unread_position: unread.position,
        }
    }
}

impl From<&model::Publisher> for Publisher {
    fn from(publisher: &model::Publisher) -> Self {
        Self {
            id: publisher.id.0,
            username: publisher.username.clone(),
        }
    }
}

impl Acknowledgement {
    pub(crate) fn new(by: &model::Publisher, at: Timestamp) -> Self {
        Self {
            user: by.into(),
            at: rfc3339(at),
        }
    }
}

/// One notification is acknowledged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Acknowledged {
    #[schema(examples(1042))]
    id: i64,
    /// When I did so first.
    #[schema(format = DateTime)]
    acknowledged_at: Option<String>,
    /// Who has, the first of them first.
    acknowledgements: Vec<Acknowledgement>,
    #[serde(flatten)]
    unread: Unread,
}

impl Acknowledged {
    pub(crate) fn of((item, unread): &(InboxItem, model::Unread)) -> Self {
        let shown = Notification::from(item);
        Self {
            id: shown.id,
            acknowledged_at: shown.acknowledged_at,
            acknowledgements: shown.acknowledgements,
            unread: (*unread).into(),
        }
    }
}

impl From<&model::Notification> for Notification {
    fn from(stored: &model::Notification) -> Self {
        Self {
            id: stored.id.0,
            title: stored.title.clone(),
            body: stored.body.clone(),
            severity: stored.severity.as_str().to_owned(),
            kind: stored.kind.clone(),
            event: stored.event.clone(),
            link: stored.link.clone(),
            // The store keeps the text that the publish checked; what is not JSON any more is not shown.
            data: stored
                .data
                .clone()
                .and_then(|text| RawValue::from_string(text).ok()),
            created_at: rfc3339(stored.created_at),
            expires_at: stored.expires_at.map(rfc3339),
            requires_ack: stored.requires_ack,
            replaces: stored.replaces.map(|id| id.0),
            read_at: None,
            acknowledged_at: None,
            acknowledgements: Vec::new(),
            from: stored.publisher.as_ref().map(Publisher::from),
        }
    }
}

impl From<&InboxItem> for Notification {
    fn from(item: &InboxItem) -> Self {
        Self {
            read_at: item.read_at.map(rfc3339),
            acknowledged_at: item.acknowledged_at.map(rfc3339),
            acknowledgements: item
                .acknowledgements
                .iter()
                .map(|it| Acknowledgement::new(&it.user, it.at))
                .collect(),
            ..Self::from(&item.notification)
        }
    }
}

/// Ids as numbers, in the same order.
pub(crate) fn ids(ids: &[NotificationId]) -> Vec<i64> {
    ids.iter().map(|id| id.0).collect()
}

/// RFC 3339 in UTC with milliseconds, the form of every time on the wire.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// How many items a page of a list has when nothing is asked for, and at most.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
pub(crate) const MAX_LIMIT: u32 = 200;

/// The `status` of a query: a list of `unread`, `read` and `archived`; what is not archived when absent.
/// The error names what is allowed.
pub(crate) fn parse_statuses(text: Option<&str>) -> Result<Statuses, String> {
    let Some(text) = text else {
        return Ok(Statuses::default());
    };
    let mut statuses = Statuses {
        unread: false,
        read: false,
        archived: false,
    };
    for word in text.split(',').map(str::trim) {
        match word {
            "unread" => statuses.unread = true,
            "read" => statuses.read = true,
            "archived" => statuses.archived = true,
            other => {
                return Err(format!(
                    "`status` holds {other:?}; allowed are unread, read and archived, separated by commas"
                ));
            }
        }
    }
    Ok(statuses)
}
