//! The live sockets of this process, by the targets they answer to.
//!
//! A *target* is the store's own key of an audience (`user:27`, `role:operator`, `all`), so the room that
//! a notification goes to and the row that says who may read it cannot disagree. The hub holds no
//! content: what a socket is sent is read from the tables by `delivery`.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use atalaya_store::model::{
    Account, ChangePosition, Membership, Position, SessionId, Target, UserId,
};

use super::seat::Member;

/// The rooms of this process.
#[derive(Default)]
pub struct Hub {
    rooms: Mutex<Rooms>,
    /// The newest notification whose fan-out has begun. Written before the rooms are read for it, so that
    /// a socket which goes live after seeing an older value is certain to be found there.
    fanned_out: AtomicI64,
    /// Up to where changes of memberships were taken into account, or are being. Written before the members are looked up,
    /// so that a socket which joins after seeing an older value is certain to be found.
    moved_up_to: AtomicI64,
}

#[derive(Default)]
struct Rooms {
    members: BTreeMap<SessionId, Arc<Member>>,
    by_target: HashMap<Target, BTreeMap<SessionId, Guest>>,
    /// Sockets that asked to be told when the ledger changes.
    watchers: HashMap<SessionId, Arc<Member>>,
}

/// Who is in a room, and after which notification.
struct Guest {
    member: Arc<Member>,
    since: Position,
}

/// How many are connected to this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    pub sockets: usize,
    pub users: usize,
}

impl Hub {
    /// A hub that counts everything up to these positions as already fanned out, and taken into account.
    pub fn starting_at(position: Position, changes: ChangePosition) -> Self {
        Self {
            rooms: Mutex::default(),
            fanned_out: AtomicI64::new(position.0),
            moved_up_to: AtomicI64::new(changes.0),
        }
    }

    /// Puts a socket into the rooms of its user. Returns whether they are known to be the right ones: a change of its
    /// user's memberships may have been taken into account before it was here.
    pub fn join(&self, member: &Arc<Member>) -> bool {
        let mut rooms = self.lock();
        let place = member.state().place();
        rooms.enter(member, &place.account);
        rooms
            .members
            .insert(member.state().session_id, Arc::clone(member));
        let moved_up_to = self.moved_up_to.load(Ordering::SeqCst);
        moved_up_to <= place.as_of.0
    }

    /// Takes a socket out of every room. Leaving twice changes nothing.
    pub fn leave(&self, member: &Member) {
        let mut rooms = self.lock();
        rooms.exit(member, &member.state().place().account);
        rooms.watchers.remove(&member.state().session_id);
        rooms.members.remove(&member.state().session_id);
    }

    /// Puts the sockets of a user into the rooms that are theirs now, unless a newer word was heard before. Returns those for
    /// whom something changed.
    pub fn place(&self, membership: &Membership, account: &Account) -> Vec<Arc<Member>> {
        let mut rooms = self.lock();
        let mut moved = rooms.members_of(&Target::User(membership.user));
        moved.retain(|member| {
            let mut place = member.state().place();
            if place.as_of > membership.as_of {
                return false;
            }
            place.as_of = membership.as_of;
            if place.account == *account {
                return false;
            }
            rooms.exit(member, &place.account);
            place.account = account.clone();
            rooms.enter(member, account);
            true
        });
        moved
    }

    /// Whoever is in one of these rooms, each once.
    pub fn members_of(&self, targets: &[Target]) -> Vec<Arc<Member>> {
        self.readers_of(targets, i64::MAX)
    }

    /// Those of them for whom the notification at this position is.
    pub fn readers_of(&self, targets: &[Target], position: i64) -> Vec<Arc<Member>> {
        let rooms = self.lock();
        let reads = |guest: &&Guest| guest.since.0 < position;
        match targets {
            [only] => rooms
                .by_target
                .get(only)
                .map(|room| room.values().filter(reads).map(Guest::member).collect())
                .unwrap_or_default(),
            several => {
                let mut found = BTreeMap::new();
                for room in several
                    .iter()
                    .filter_map(|target| rooms.by_target.get(target))
                {
                    let readers = room.iter().filter(|(_, guest)| reads(guest));
                    found.extend(readers.map(|(id, guest)| (*id, guest.member())));
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
        self.lock().members_of(&Target::User(user))
    }

    /// Every live socket.
    pub fn members(&self) -> Vec<Arc<Member>> {
        self.lock().members.values().cloned().collect()
    }

    /// Whether a user has a live socket here.
    pub fn is_here(&self, user: UserId) -> bool {
        self.lock().by_target.contains_key(&Target::User(user))
    }

    /// Whoever has a live socket here.
    pub fn users(&self) -> BTreeSet<UserId> {
        let rooms = self.lock();
        let members = rooms.members.values();
        members.map(|member| member.state().user_id).collect()
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

    /// Says that changes of memberships up to this one are taken into account from now on.
    pub fn begin_move(&self, up_to: ChangePosition) {
        self.moved_up_to.store(up_to.0, Ordering::SeqCst);
    }

    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // A panic while the lock was held leaves maps that are still maps: go on.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    fn member(&self) -> Arc<Member> {
        Arc::clone(&self.member)
    }
}

impl Rooms {
    fn enter(&mut self, member: &Arc<Member>, account: &Account) {
        for (target, since) in targets(member.state().user_id, account) {
            let guest = Guest {
                member: Arc::clone(member),
                since,
            };
            let room = self.by_target.entry(target).or_default();
            room.insert(member.state().session_id, guest);
        }
    }

    fn exit(&mut self, member: &Member, account: &Account) {
        for (target, _) in targets(member.state().user_id, account) {
            if let Some(room) = self.by_target.get_mut(&target) {
                room.remove(&member.state().session_id);
                if room.is_empty() {
                    self.by_target.remove(&target);
                }
            }
        }
    }

    fn members_of(&self, target: &Target) -> Vec<Arc<Member>> {
        let room = self.by_target.get(target);
        room.map(|room| room.values().map(Guest::member).collect())
            .unwrap_or_default()
    }
}

/// Where a user belongs, and after which notification.
fn targets(user: UserId, account: &Account) -> impl Iterator<Item = (Target, Position)> {
    let own = [
        (Target::User(user), Position::START),
        (Target::Role(account.role), account.role_since),
        (Target::All, Position::START),
    ];
    let topics = account.topics.iter();
    own.into_iter()
        .chain(topics.map(|it| (Target::Topic(it.topic.clone()), it.since)))
}
