//! All sockets of a measurement on one thread, over one epoll set.
//!
//! A scenario tells the driver what to do (`dial`, `publish`, `read`, `hang_up`), lets it [`Driver::turn`], and
//! looks through what happened. Nothing here decides anything, so that every scenario measures with the same
//! few instructions for each message. Events are edge-triggered: a read that does not fill the buffer is the last.

mod client;
mod polling;
mod publisher;
mod requests;
mod socket;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::OwnedFd,
    io::{self, Errno},
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create,
        timerfd_settime,
    },
};

use crate::{
    Error,
    plan::{Plan, Transport},
    rows::Sampler,
    wire::notification::{Recipient, Template},
};
use client::{Client, Stage};
use publisher::Publishers;
use requests::Requests;

pub(crate) use socket::Ending;

/// Marks an event as a publisher's, with its index below; the timer is marked by all bits.
const PUBLISHER: u64 = 1 << 40;
const TIMER: u64 = u64::MAX;
const EVENTS_AT_ONCE: usize = 1024;
/// More than a broadcast that waits on one socket; shared by all.
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// Something that a scenario may want to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happening {
    /// `usize::MAX` when it is about a publish.
    pub(crate) client: usize,
    pub(crate) kind: Kind,
    pub(crate) at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// CONNECT arrived, this long after the attempt began.
    Joined { waited: Duration },
    /// The attempt failed.
    Refused,
    /// A client that had joined is gone, though nobody here hung up.
    Lost,
    /// A notification of this run arrived.
    Notified { number: u32, id: u64 },
    /// What a client asked for was answered.
    Acknowledged { number: u64, ok: bool },
    /// A publish was answered.
    Answered { number: u32, ok: bool },
}

pub(crate) struct Driver {
    clients: Vec<Client>,
    publishers: Publishers,
    shared: Shared,
    timer: OwnedFd,
    ready: Vec<epoll::Event>,
    /// How many sockets had something during the last turn.
    busy: usize,
    buffer: Box<[u8]>,
    /// Attempts in the order in which they began, for those that take too long.
    attempts: VecDeque<(usize, Instant)>,
    patience: Duration,
}

/// What clients and publishers need besides themselves.
struct Shared {
    epoll: OwnedFd,
    address: SocketAddr,
    transport: Transport,
    requests: Requests,
    template: Template,
    happenings: Vec<Happening>,
    first_failure: Option<String>,
    /// Attempts that have neither joined nor failed.
    under_way: usize,
    rows: Option<Sampler>,
    /// Polling clients whose next request is due.
    polls: Vec<usize>,
    scratch: Vec<u8>,
}

impl Driver {
    pub(crate) fn new(plan: &Plan) -> Result<Self, Error> {
        let system = "epoll set";
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Error::system(system))?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, flags).map_err(Error::system("timer"))?;
        let interest = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), interest)
            .map_err(Error::system(system))?;
        let head = plan.target.publish_head(&plan.publisher_token);
        let now = Instant::now();
        Ok(Self {
            clients: (0..plan.clients())
                .map(|number| Client::new(number, now))
                .collect(),
            publishers: Publishers::default(),
            shared: Shared {
                epoll,
                address: plan.target.address(),
                transport: plan.transport,
                requests: Requests::new(plan),
                template: Template::new(head, plan.payload_bytes),
                happenings: Vec::with_capacity(EVENTS_AT_ONCE),
                first_failure: None,
                under_way: 0,
                rows: None,
                polls: Vec::new(),
                scratch: Vec::with_capacity(1024),
            },
            timer,
            ready: Vec::with_capacity(EVENTS_AT_ONCE),
            busy: 0,
            buffer: vec![0; READ_BUFFER_BYTES].into(),
            attempts: VecDeque::with_capacity(plan.clients()),
            patience: plan.patience,
        })
    }

    pub(crate) fn dial(&mut self, client: usize) {
        let now = Instant::now();
        self.attempts.push_back((client, now));
        self.clients[client].dial(&mut self.shared, now);
    }

    /// Attempts that have neither joined nor failed.
    pub(crate) fn under_way(&self) -> usize {
        self.shared.under_way
    }

    pub(crate) fn has_joined(&self, client: usize) -> bool {
        self.clients[client].stage == Stage::Joined
    }

    pub(crate) fn is_under_way(&self, client: usize) -> bool {
        !matches!(
            self.clients[client].stage,
            Stage::Joined | Stage::Stuck | Stage::Away
        )
    }

    pub(crate) fn joined(&self) -> impl Iterator<Item = usize> {
        (0..self.clients.len()).filter(|client| self.has_joined(*client))
    }

    pub(crate) fn publish(&mut self, number: u32, to: Recipient) {
        self.publishers.publish(number, to, &mut self.shared);
    }

    /// Asks for a notification to be marked as read; the answer is acknowledged under `number`.
    pub(crate) fn read(&mut self, client: usize, number: u32, id: u64) {
        let event = &self.shared.requests.event;
        let packet = format!("{event}{number}[\"read\",{{\"ids\":[{id}]}}]");
        self.clients[client].say(packet.as_bytes(), &mut self.shared);
    }

    /// The first of those who have joined do not read any more.
    pub(crate) fn stop_reading(&mut self, count: usize) {
        let joined: Vec<usize> = self.joined().take(count).collect();
        for client in joined {
            self.clients[client].get_stuck(&self.shared);
        }
    }

    pub(crate) fn hang_up(&mut self, client: usize, ending: Ending) {
        self.clients[client].hang_up(ending);
    }

    /// From now on, looks up the row of some of those who join.
    pub(crate) fn sample_rows(&mut self, sampler: Sampler) {
        self.shared.rows = Some(sampler);
    }

    pub(crate) fn take_sampler(&mut self) -> Option<Sampler> {
        self.shared.rows.take()
    }

    pub(crate) fn first_failure(&self) -> Option<&str> {
        self.shared.first_failure.as_deref()
    }

    /// Whether nothing at all came in during the last turn.
    pub(crate) fn was_silent(&self) -> bool {
        self.busy == 0
    }

    /// Lets a little more come in while many answers are awaited, before the next turn takes it all. To be woken for
    /// each packet would cost both sides a good part of what they do, as no client does that is elsewhere on a
    /// network; and a tenth of a millisecond is nothing beside the time that one of so many takes.
    pub(crate) fn let_more_come(&self, awaited: usize) {
        const MANY: usize = 64;
        const FEW: usize = 16;
        #[expect(
            clippy::disallowed_methods,
            reason = "this thread is the clients' own, and runs no runtime"
        )]
        if awaited >= MANY && self.busy < FEW {
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// Makes some turn end at this moment, more exactly than the milliseconds of a turn's own bound.
    pub(crate) fn wake_at(&mut self, at: Instant) -> Result<(), Error> {
        // Nothing at all would disarm it.
        let left = at
            .saturating_duration_since(Instant::now())
            .max(Duration::from_nanos(1));
        let setting = Itimerspec {
            it_interval: Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            },
            it_value: timespec(left),
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &setting)
            .map(drop)
            .map_err(Error::system("timer"))
    }

    /// Waits until something happens, for `limit` at most, and carries it out. What happened replaces what
    /// was in `happened`.
    pub(crate) fn turn(
        &mut self,
        limit: Duration,
        happened: &mut Vec<Happening>,
    ) -> Result<(), Error> {
        self.poll_on();
        // What was noticed since the last turn is told before anything is waited for.
        let limit = match self.shared.happenings.is_empty() {
            true => limit.min(Duration::from_secs(1)),
            false => Duration::ZERO,
        };
        match epoll::wait(
            &self.shared.epoll,
            spare_capacity(&mut self.ready),
            Some(&timespec(limit)),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::system("epoll set")(errno)),
        }
        self.busy = self.ready.len();
        for event in self.ready.drain(..) {
            let (token, flags) = (event.data.u64(), event.flags);
            let (buffer, shared) = (&mut self.buffer, &mut self.shared);
            if token < PUBLISHER {
                self.clients[token as usize].ready(flags, buffer, shared);
            } else if token == TIMER {
                // Its count of expirations does not matter.
                let _ = io::read(&self.timer, &mut [0; 8]);
            } else {
                let index = (token - PUBLISHER) as usize;
                self.publishers.ready(index, flags, buffer, shared);
            }
        }
        self.give_up_on_the_late();
        happened.clear();
        std::mem::swap(happened, &mut self.shared.happenings);
        Ok(())
    }

    fn poll_on(&mut self) {
        let mut due = std::mem::take(&mut self.shared.polls);
        for client in due.drain(..) {
            self.clients[client].poll_on(&mut self.shared);
        }
        self.shared.polls = due;
    }

    fn give_up_on_the_late(&mut self) {
        while let Some((number, begun)) = self.attempts.front().copied() {
            let client = &mut self.clients[number];
            let is_over =
                client.begun != begun || matches!(client.stage, Stage::Joined | Stage::Away);
            if !is_over {
                if begun.elapsed() < self.patience {
                    return;
                }
                client.lose(&mut self.shared, "no CONNECT came in time");
            }
            self.attempts.pop_front();
        }
    }
}

impl Shared {
    fn note_failure(&mut self, why: &str) {
        self.first_failure
            .get_or_insert_with(|| why.chars().take(300).collect());
    }

    fn offer_row(&mut self, client: usize, sid: &[u8]) {
        if let Some(rows) = &mut self.rows {
            rows.offer(client, sid);
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs() as i64,
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
