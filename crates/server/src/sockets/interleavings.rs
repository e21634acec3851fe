//! The race between a catch-up and the live stream, in every order in which it can go: a notification that commits
//! between the reading of a backlog and the going live is sent once, and in its place.
//!
//! The decisions are the real ones ([`Seat`], [`Hub`]); what the tables, the catch-up and the fan-out do between two of
//! them is written down here as steps, and the steps of all three are mixed in every way.

use std::sync::{Mutex, atomic::AtomicBool};

use atalaya_store::model::{
    Account, ChangePosition, Position, Role, SessionId, Standing, Timestamp, UserId,
};

use super::{
    hub::Hub,
    seat::{Entry, Place, Seat},
};

/// Notifications that are published while the socket connects.
const PUBLISHES: i64 = 3;

/// Who takes the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Publisher,
    FanOut,
    Socket,
}

/// What the fan-out does next.
#[derive(Clone, Copy)]
enum FanOut {
    Begin,
    Feed,
}

/// What the socket does next (`Sockets::connected`, `delivery::catch_up`).
#[derive(Clone, Copy)]
enum Step {
    Admit,
    Join,
    Meet,
    ReadHead,
    Query,
    Send,
    Live,
}

/// One run: the table, the fan-out and the socket.
struct Run {
    hub: Hub,
    seat: Seat,
    committed: i64,
    fan_out: FanOut,
    /// The notification that the fan-out is at.
    at: i64,
    step: Step,
    is_joined: bool,
    head: i64,
    sent_up_to: i64,
    page: Vec<i64>,
    received: Vec<i64>,
}

impl Run {
    fn new() -> Self {
        let standing = Standing {
            head: Position(0),
            newest: Position(0),
            read_up_to: Position(0),
            version: 0,
            pruned_up_to: Position(0),
        };
        let account = Account {
            role: Role::User,
            role_since: Position(0),
            topics: Vec::new(),
        };
        Self {
            hub: Hub::starting_at(Position(0), ChangePosition(0)),
            seat: Seat {
                session_id: SessionId(1),
                recovered_from: None,
                user_id: UserId(7),
                connected_at: Timestamp(0),
                node: "node".into(),
                place: Mutex::new(Place {
                    account,
                    as_of: ChangePosition(0),
                }),
                entry: Entry::of(None, &standing),
                feed: Mutex::default(),
                left: AtomicBool::new(false),
            },
            committed: 0,
            fan_out: FanOut::Begin,
            at: 1,
            step: Step::Admit,
            is_joined: false,
            head: 0,
            sent_up_to: 0,
            page: Vec::new(),
            received: Vec::new(),
        }
    }

    fn may(&self, who: Who) -> bool {
        match who {
            Who::Publisher => self.committed < PUBLISHES,
            Who::FanOut => self.at <= self.committed,
            Who::Socket => !matches!(self.step, Step::Live),
        }
    }

    fn take(&mut self, who: Who) {
        match who {
            Who::Publisher => self.committed += 1,
            Who::FanOut => self.fan_out(),
            Who::Socket => self.step = self.socket(),
        }
    }

    fn fan_out(&mut self) {
        match self.fan_out {
            FanOut::Begin => {
                self.hub.begin_fan_out(self.at);
                self.fan_out = FanOut::Feed;
            }
            FanOut::Feed => {
                let received = &mut self.received;
                if self.is_joined {
                    self.seat.feed(self.at, || {
                        received.push(self.at);
                        true
                    });
                }
                self.at += 1;
                self.fan_out = FanOut::Begin;
            }
        }
    }

    fn socket(&mut self) -> Step {
        match self.step {
            // Nothing was there when the row was committed; the head is what the statement saw.
            Step::Admit => {
                self.sent_up_to = self.committed;
                self.received.extend(1..=self.committed);
                Step::Join
            }
            Step::Join => {
                self.is_joined = true;
                Step::Meet
            }
            Step::Meet => {
                self.sent_up_to = self.sent_up_to.max(self.head);
                let sent_up_to = self.sent_up_to;
                let hub = &self.hub;
                let is_live = self
                    .seat
                    .go_live(sent_up_to, || hub.fanned_out() <= sent_up_to);
                if is_live.is_some() {
                    Step::Live
                } else {
                    Step::ReadHead
                }
            }
            Step::ReadHead => {
                self.head = self.committed;
                Step::Query
            }
            Step::Query => {
                self.page = (self.sent_up_to + 1..=self.committed).collect();
                Step::Send
            }
            Step::Send => {
                for position in self.page.drain(..) {
                    self.received.push(position);
                    self.sent_up_to = position;
                }
                Step::Meet
            }
            Step::Live => Step::Live,
        }
    }
}

/// Runs one order, given by the choice at each point where several could go on. Returns how many could at each.
fn run(choices: &[usize]) -> (Run, Vec<(usize, usize)>) {
    let mut run = Run::new();
    let mut taken = Vec::new();
    loop {
        let everybody = [Who::Publisher, Who::FanOut, Who::Socket];
        let able: Vec<Who> = everybody.into_iter().filter(|who| run.may(*who)).collect();
        if able.is_empty() {
            return (run, taken);
        }
        let choice = choices.get(taken.len()).copied().unwrap_or(0);
        run.take(able[choice]);
        taken.push((choice, able.len()));
    }
}

/// The order after this one, as an odometer counts.
fn next(mut taken: Vec<(usize, usize)>) -> Option<Vec<usize>> {
    while let Some((choice, of)) = taken.pop() {
        if choice + 1 < of {
            let mut choices: Vec<usize> = taken.into_iter().map(|(choice, _)| choice).collect();
            choices.push(choice + 1);
            return Some(choices);
        }
    }
    None
}

#[test]
fn whatever_the_order_each_is_received_once_and_in_its_place() {
    let mut choices = Vec::new();
    let (mut orders, mut caught_up) = (0_u32, 0_u32);
    loop {
        let (run, taken) = run(&choices);
        let expected: Vec<i64> = (1..=PUBLISHES).collect();
        assert_eq!(run.received, expected, "in the order {taken:?}");
        assert!(matches!(run.step, Step::Live));
        orders += 1;
        caught_up += u32::from(run.head > 0);
        match next(taken) {
            Some(following) => choices = following,
            None => break,
        }
    }
    // Both ways were gone: straight to the live stream, and through the table.
    assert!(
        caught_up > 100 && orders - caught_up > 100,
        "{caught_up} of {orders}"
    );
}
