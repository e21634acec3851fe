//! Several tabs of several users, while everything happens at once: whatever order the counts arrive in, each tab ends
//! with the number that the inbox has, because it takes only newer ones and adds what arrived since.

use std::collections::BTreeSet;

use atalaya_store::{
    Audience, NewNotification, NotificationId, Role, Selection, Statuses, Store, Timestamp,
    TopicName, Unread, User, UserId,
};
use futures_util::future::join_all;
use proptest::{prelude::*, test_runner::TestRunner};

use crate::bench::{Bench, T0, notification};

#[derive(Clone, Debug)]
enum Step {
    Publish {
        to: usize,
        brief: bool,
        collapses: bool,
        asks: bool,
    },
    /// Of the n-th notification published so far.
    Read {
        user: usize,
        of: usize,
    },
    ReadUpTo {
        user: usize,
        of: usize,
    },
    Archive {
        user: usize,
        of: usize,
    },
    Acknowledge {
        user: usize,
        of: usize,
    },
    Recall {
        of: usize,
    },
    Subscribe {
        user: usize,
    },
    Unsubscribe {
        user: usize,
    },
    /// Time goes on, and what has expired is ended.
    Wait,
    /// A tab reads the whole inbox anew, as after a reconnection.
    Reload {
        user: usize,
    },
}

/// Those of one group happen at the same moment.
fn groups() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let user = 0..3_usize;
    let of = 0..12_usize;
    let step = prop_oneof![
        6 => (0..6_usize, any::<[bool; 3]>()).prop_map(|(to, [brief, collapses, asks])| Step::Publish {
            to, brief, collapses, asks,
        }),
        4 => (user.clone(), of.clone()).prop_map(|(user, of)| Step::Read { user, of }),
        1 => (user.clone(), of.clone()).prop_map(|(user, of)| Step::ReadUpTo { user, of }),
        2 => (user.clone(), of.clone()).prop_map(|(user, of)| Step::Archive { user, of }),
        2 => (user.clone(), of.clone()).prop_map(|(user, of)| Step::Acknowledge { user, of }),
        2 => of.prop_map(|of| Step::Recall { of }),
        1 => user.clone().prop_map(|user| Step::Subscribe { user }),
        1 => user.clone().prop_map(|user| Step::Unsubscribe { user }),
        1 => Just(Step::Wait),
        1 => user.prop_map(|user| Step::Reload { user }),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..5), 1..8)
}

fn topic() -> TopicName {
    "pumps".parse().unwrap()
}

/// What a page does with what it is told (docs/guarantees.md).
#[derive(Default)]
struct Tab {
    unread: Unread,
    /// What arrived and was not yet counted.
    arrived: BTreeSet<NotificationId>,
}

impl Tab {
    fn hears(&mut self, unread: Unread) {
        if unread.version >= self.unread.version {
            self.unread = unread;
            self.arrived.retain(|id| id.0 > unread.position);
        }
    }

    fn receives(&mut self, id: NotificationId) {
        if id.0 > self.unread.position {
            self.arrived.insert(id);
        }
    }

    fn badge(&self) -> u64 {
        self.unread.count + self.arrived.len() as u64
    }
}

struct World<'a> {
    bench: &'a Bench,
    other: &'a Store,
    users: [User; 3],
    published: Vec<NotificationId>,
    now: Timestamp,
}

/// What a step made known, to whom.
#[derive(Debug)]
enum Told {
    Unread(UserId, Unread),
    Published(NotificationId),
    Nothing,
}

impl World<'_> {
    fn id(&self, of: usize) -> NotificationId {
        self.published
            .get(of)
            .copied()
            .unwrap_or(NotificationId(99_999))
    }

    async fn take(&self, step: &Step, nth: usize) -> Told {
        let store = [&self.bench.store, self.other][nth % 2];
        let now = self.now;
        match *step {
            Step::Publish {
                to,
                brief,
                collapses,
                asks,
            } => {
                let to = match to {
                    0..3 => Audience::users([self.users[to].id]),
                    3 => Audience::roles(["user"]),
                    4 => Audience::topic(topic()),
                    _ => Audience::all(),
                };
                let new = NewNotification {
                    publisher: Some(self.users[0].id),
                    expires_at: brief.then(|| now.plus_ms(1_000)),
                    collapse_key: collapses.then(|| "c".to_owned()),
                    requires_ack: asks,
                    ..notification(to, "x")
                };
                Told::Published(store.publish(new, now).await.unwrap().id)
            }
            Step::Read { user, of } => {
                let selection = Selection::Ids(vec![self.id(of)]);
                let user = self.users[user].id;
                let change = store.mark_read(user, selection, now).await.unwrap();
                Told::Unread(user, change.unread)
            }
            Step::ReadUpTo { user, of } => {
                let user = self.users[user].id;
                let selection = Selection::UpTo(self.id(of));
                let change = store.mark_read(user, selection, now).await.unwrap();
                Told::Unread(user, change.unread)
            }
            Step::Archive { user, of } => {
                let user = self.users[user].id;
                let change = store.archive(user, vec![self.id(of)], now).await.unwrap();
                Told::Unread(user, change.unread)
            }
            Step::Acknowledge { user, of } => {
                let user = self.users[user].id;
                let change = store.acknowledge(user, self.id(of), now).await.unwrap();
                Told::Unread(user, change.unread)
            }
            Step::Recall { of } => {
                store.recall(self.id(of), None, now).await.ok();
                Told::Nothing
            }
            Step::Subscribe { user } => {
                let user = self.users[user].id;
                store.subscribe(user, &topic(), now).await.unwrap();
                Told::Nothing
            }
            Step::Unsubscribe { user } => {
                let user = self.users[user].id;
                store.unsubscribe(user, &topic(), now).await.unwrap();
                Told::Nothing
            }
            Step::Wait => Told::Nothing,
            Step::Reload { user } => {
                let user = self.users[user].id;
                Told::Unread(user, store.unread(user, now).await.unwrap())
            }
        }
    }
}

async fn run(bench: &Bench, other: &Store, case: usize, groups: &[Vec<Step>]) {
    let name = |n| format!("{case}-{n}");
    let users = [
        bench.user(&name(0), Role::Operator).await,
        bench.user(&name(1), Role::User).await,
        bench.user(&name(2), Role::User).await,
    ];
    let mut world = World {
        bench,
        other,
        users,
        published: Vec::new(),
        now: T0,
    };
    // Two for each user: one hears things in their order, the other in the opposite one.
    let mut tabs: [[Tab; 2]; 3] = Default::default();
    for (n, user) in world.users.iter().enumerate() {
        let unread = bench.store.unread(user.id, T0).await.unwrap();
        for tab in &mut tabs[n] {
            tab.hears(unread);
        }
    }
    for group in groups {
        let before = bench.store.changes_head().await.unwrap();
        let steps = group
            .iter()
            .enumerate()
            .map(|(n, step)| world.take(step, n));
        let mut told = join_all(steps).await;
        if group.iter().any(|step| matches!(step, Step::Wait)) {
            world.now = world.now.plus_ms(1_500);
            bench.store.end_expired(world.now).await.unwrap();
        }
        world
            .published
            .extend(told.iter().filter_map(|told| match told {
                Told::Published(id) => Some(*id),
                _ => None,
            }));
        world.published.sort();
        // A server tells each user anew after a change, and after something took another's place.
        let changed = bench.store.changes_head().await.unwrap() > before;
        let replaced = group.iter().any(|step| {
            matches!(
                step,
                Step::Publish {
                    collapses: true,
                    ..
                }
            )
        });
        if changed || replaced {
            for user in &world.users {
                let unread = other.unread(user.id, world.now).await.unwrap();
                told.push(Told::Unread(user.id, unread));
            }
        }
        for (n, user) in world.users.iter().enumerate() {
            let inbox: BTreeSet<_> = listed(bench, user, world.now).await.into_iter().collect();
            for (tab, reversed) in tabs[n].iter_mut().zip([false, true]) {
                let in_order: Vec<_> = match reversed {
                    false => told.iter().collect(),
                    true => told.iter().rev().collect(),
                };
                for told in in_order {
                    match told {
                        Told::Unread(whose, unread) if *whose == user.id => tab.hears(*unread),
                        // The live stream gives it to whom it is for, unless it is gone already.
                        Told::Published(id) if inbox.contains(id) => tab.receives(*id),
                        _ => {}
                    }
                }
                let actual = bench.store.unread(user.id, world.now).await.unwrap();
                assert_eq!(tab.badge(), actual.count, "{group:?} {told:?} {actual:?}");
            }
        }
    }
}

/// What is unread, from the list.
async fn listed(bench: &Bench, user: &User, now: Timestamp) -> Vec<NotificationId> {
    let statuses = Statuses {
        read: false,
        ..Statuses::default()
    };
    let list = bench.store.list_inbox(user.id, statuses, None, 200, now);
    let items = list.await.unwrap().items;
    let ids: Vec<_> = items.iter().map(|item| item.notification.id).collect();
    let count = bench.store.unread(user.id, now).await.unwrap().count;
    assert_eq!(count, ids.len() as u64);
    ids
}

fn check(bench: impl Future<Output = Bench>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let bench = runtime.block_on(bench);
    let other = runtime.block_on(bench.second_store());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let case = std::cell::Cell::new(0);
    let outcome = runner.run(&groups(), |groups| {
        case.set(case.get() + 1);
        runtime.block_on(run(&bench, &other, case.get(), &groups));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn every_badge_is_what_the_inbox_has_on_sqlite() {
    check(Bench::sqlite());
}

#[test]
fn every_badge_is_what_the_inbox_has_on_postgres() {
    check(Bench::postgres());
}
