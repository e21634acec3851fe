//! The live sockets of this process, by the targets they answer to.
//!
//! A *target* is the store's own key of an audience (`user:27`, `role:operator`, `all`), so the room that
//! a notification goes to and the row that says who may read it cannot disagree. The hub holds no
//! content: what a socket is sent is read from the tables by `delivery`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use atalaya_store::model::{SessionId, Target, UserId};

use super::seat::Member;

/// The rooms of this process.
#[derive(Default)]
pub struct Hub {
    rooms: Mutex<Rooms>,
    /// The newest notification whose fan-out has begun. Written before the rooms are read for it, so that
    /// a socket which goes live after seeing an older value is certain to be found there.
    fanned_out: AtomicI64,
}

#[derive(Default)]
struct Rooms {
    members: BTreeMap<SessionId, Arc<Member>>,
    by_target: HashMap<Target, BTreeMap<SessionId, Arc<Member>>>,
    /// Sockets that asked to be told when the ledger changes.
    watchers: HashMap<SessionId, Arc<Member>>,
}

/// How many are connected to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    pub sockets: usize,
    pub users: usize,
}

impl Hub {
    /// A hub that counts everything up to `position` as already fanned out.
    pub fn starting_at(position: i64) -> Self {
        Self {
            rooms: Mutex::default(),
            fanned_out: AtomicI64::new(position),
        }
    }

    /// Puts a socket into the rooms of its user.
    pub fn join(&self, member: &Arc<Member>) {
        let mut rooms = self.lock();
        for target in &member.state().targets {
            rooms
                .by_target
                .entry(*target)
                .or_default()
                .insert(member.state().session_id, Arc::clone(member));
        }
        rooms
            .members
            .insert(member.state().session_id, Arc::clone(member));
    }

    /// Takes a socket out of every room. Leaving twice changes nothing.
    pub fn leave(&self, member: &Member) {
        let mut rooms = self.lock();
        for target in &member.state().targets {
            if let Some(room) = rooms.by_target.get_mut(target) {
                room.remove(&member.state().session_id);
                if room.is_empty() {
                    rooms.by_target.remove(target);
                }
            }
        }
        rooms.watchers.remove(&member.state().session_id);
        rooms.members.remove(&member.state().session_id);
    }

    /// Whoever is in one of these rooms, each once.
    pub fn members_of(&self, targets: &[Target]) -> Vec<Arc<Member>> {
        let rooms = self.lock();
        match targets {
            [only] => rooms
                .by_target
                .get(only)
                .map(|room| room.values().cloned().collect())
                .unwrap_or_default(),
            several => {
                let mut found = BTreeMap::new();
                for room in several
                    .iter()
                    .filter_map(|target| rooms.by_target.get(target))
                {
                    found.extend(room.iter().map(|(id, member)| (*id, Arc::clone(member))));
                }
                found.into_values().collect()
            }
        }
    }

    /// The live socket of one row, if it is here.
    pub fn member(&self, id: SessionId) -> Option<Arc<Member>> {
        self.lock().members.get(&id).cloned()
    }

    /// The live sockets of one user.
    pub fn members_of_user(&self, user: UserId) -> Vec<Arc<Member>> {
        self.members_of(&[Target::User(user)])
    }

    /// Every live socket.
    pub fn members(&self) -> Vec<Arc<Member>> {
        self.lock().members.values().cloned().collect()
    }

    /// Starts or stops telling a socket that the ledger changed.
    pub fn watch(&self, member: &Arc<Member>, on: bool) {
        let mut rooms = self.lock();
        if !on {
            rooms.watchers.remove(&member.state().session_id);
        } else if rooms.members.contains_key(&member.state().session_id) {
            rooms
                .watchers
                .insert(member.state().session_id, Arc::clone(member));
        }
    }

    /// The sockets that asked to be told when the ledger changes.
    pub fn watchers(&self) -> Vec<Arc<Member>> {
        self.lock().watchers.values().cloned().collect()
    }

    /// How many are connected here.
    pub fn stats(&self) -> Stats {
        let rooms = self.lock();
        let is_user = |target: &&Target| matches!(target, Target::User(_));
        let users = rooms.by_target.keys().filter(is_user);
        Stats {
            sockets: rooms.members.len(),
            users: users.count(),
        }
    }

    /// The newest notification whose fan-out has begun.
    pub fn fanned_out(&self) -> i64 {
        self.fanned_out.load(Ordering::SeqCst)
    }

    /// Says that the fan-out of this notification begins now.
    pub fn begin_fan_out(&self, position: i64) {
        self.fanned_out.store(position, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // A panic while the lock was held leaves maps that are still maps: go on.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
