//! The end of the stream, as far as this store wrote it itself.
//!
//! Whoever follows the stream asks for what came after a position, right after each commit. What this store has
//! committed since needs no reading, if nobody else's is in between: ids are given out in commit order, so
//! where one of ours follows directly on another, nothing was committed between them and nothing ever will be. Where there
//! is a gap, be it another server's publish or a lost commit, the tail begins anew behind it, and who stands
//! before it reads the table.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::stream;
use crate::model::{Outgoing, Outgoings, Position, Target};

/// What it holds at most: the stream's followers are a batch or two behind.
const MAX_ITEMS: usize = 1_024;
const MAX_BYTES: usize = 1024 * 1024;

/// Written by the publisher's task, read by followers.
#[derive(Default)]
pub(crate) struct Tail(Mutex<Kept>);

/// Ids without a gap.
#[derive(Default)]
struct Kept {
    items: VecDeque<Outgoing>,
    bytes: usize,
}

impl Tail {
    /// Adds what was just committed, ascending.
    pub(crate) fn push(&self, committed: impl Iterator<Item = Outgoing>) {
        let mut kept = self.lock();
        for item in committed {
            if kept
                .items
                .back()
                .is_some_and(|last| id(last) + 1 != id(&item))
            {
                *kept = Kept::default();
            }
            kept.bytes += size(&item);
            kept.items.push_back(item);
        }
        while kept.items.len() > MAX_ITEMS || kept.bytes > MAX_BYTES {
            let Some(first) = kept.items.pop_front() else {
                break;
            };
            kept.bytes -= size(&first);
        }
    }

    /// What was committed after a position, if the tail knows everything from there on and there is something.
    pub(crate) fn after(&self, after: Position, limit: i64) -> Option<Outgoings> {
        let kept = self.lock();
        let first = id(kept.items.front()?);
        let known = usize::try_from(after.0.checked_add(1)? - first).ok()?;
        if known >= kept.items.len() {
            return None;
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let newer = kept.items.range(known..).take(limit).cloned();
        Some(Outgoings {
            items: newer.collect(),
            is_complete: kept.items.len() - known <= limit,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(item: &Outgoing) -> i64 {
    item.notification.id.0
}

/// An address is a few bytes, and there may be a thousand.
fn size(item: &Outgoing) -> usize {
    stream::content_bytes(&item.notification) + item.targets.len() * size_of::<Target>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Notification, NotificationId, Severity, Timestamp};

    fn item(id: i64, bytes: usize) -> Outgoing {
        Outgoing {
            notification: Notification {
                id: NotificationId(id),
                title: "t".repeat(bytes),
                body: None,
                severity: Severity::Info,
                kind: None,
                event: None,
                link: None,
                data: None,
                created_at: Timestamp(0),
                expires_at: None,
                requires_ack: false,
                replaces: None,
                publisher: None,
            },
            targets: vec![Target::All],
        }
    }

    fn with(ids: impl IntoIterator<Item = i64>) -> Tail {
        let tail = Tail::default();
        tail.push(ids.into_iter().map(|id| item(id, 10)));
        tail
    }

    /// The ids after a position and whether they are all, if the tail knows.
    fn after(tail: &Tail, position: i64, limit: i64) -> Option<(Vec<i64>, bool)> {
        let newer = tail.after(Position(position), limit)?;
        Some((newer.items.iter().map(id).collect(), newer.is_complete))
    }

    #[test]
    fn it_answers_only_what_follows_without_a_gap() {
        let tail = with(5..=8);
        assert_eq!(after(&tail, 3, 10), None, "4 may be another's");
        assert_eq!(after(&tail, 4, 10), Some((vec![5, 6, 7, 8], true)));
        assert_eq!(after(&tail, 7, 10), Some((vec![8], true)));
        assert_eq!(after(&tail, 8, 10), None, "9 may be there by now");
        assert_eq!(after(&tail, i64::MAX, 10), None);
        assert_eq!(after(&Tail::default(), 0, 10), None);
    }

    #[test]
    fn a_page_that_is_full_says_whether_more_follows() {
        let tail = with(1..=3);
        assert_eq!(after(&tail, 0, 2), Some((vec![1, 2], false)));
        assert_eq!(after(&tail, 0, 3), Some((vec![1, 2, 3], true)));
    }

    #[test]
    fn behind_a_gap_it_begins_anew() {
        let tail = with([1, 2, 4]);
        assert_eq!(after(&tail, 1, 10), None);
        assert_eq!(after(&tail, 3, 10), Some((vec![4], true)));
        // As after a restored backup.
        tail.push([item(2, 10)].into_iter());
        assert_eq!(after(&tail, 3, 10), None);
        assert_eq!(after(&tail, 1, 10), Some((vec![2], true)));
    }

    #[test]
    fn it_is_bounded() {
        let tail = with(1..=2_000);
        assert_eq!(tail.lock().items.len(), MAX_ITEMS);
        tail.push((2_001..2_101).map(|id| item(id, 100_000)));
        let kept = tail.lock();
        assert!(kept.bytes <= MAX_BYTES, "{}", kept.bytes);
        assert_eq!(kept.bytes, kept.items.iter().map(size).sum::<usize>());
    }
}
