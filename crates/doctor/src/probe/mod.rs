//! The live examination: what a client does, step by step, at the back end itself and then through the proxy, down to the
//! row in the table and back.
//!
//! A websocket alone proves little: it passes without sticky sessions, with a small body limit and with a strict
//! limit of requests. So polling is tried too, and each step is compared: what fails in both is not the proxy's fault.
//! `steps` has the steps, `sign` what their answers mean; what follows from them is for the rules to say.

mod connection;
mod exchange;
mod packet;
pub mod sign;
mod socket;
mod steps;
mod table;

use std::{net::SocketAddr, time::Duration};

use connection::Trust;
pub use connection::{Distrust, Unreachable};
pub use exchange::Unanswered;
pub use packet::Opened;
pub use table::{Lookup, NotFoundOut, Row, Table};

use self::sign::Sign;
use crate::{diagnose::Probe, language::Text, nginx::request::Origin, question::Question};

/// What is asked of whom.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The back end's own address.
    pub direct: Option<Origin>,
    /// What people open.
    pub proxied: Option<Origin>,
    /// Where that is looked for, whatever its name leads to.
    pub connect_to: Option<SocketAddr>,
    /// A client's access token.
    pub token: Option<String>,
    /// Whether the namespace is joined: that is a row in the ledger, or a refusal.
    pub joins: bool,
    /// How many sessions are opened by polling: several, where several back ends may answer.
    pub sessions: usize,
    /// For how long a poll is held, where that is asked for.
    pub hold: Option<Duration>,
    /// It is the machine on which all of it runs: what does not answer is down.
    pub is_here: bool,
    /// It has answered before: silence is news.
    pub has_answered: bool,
}

/// One address under examination.
#[derive(Clone, Debug)]
pub(super) struct Target {
    which: Which,
    origin: Origin,
    connect_to: Option<SocketAddr>,
    /// As in the header `Host`.
    host: String,
    path: String,
    /// The page's origin, which a browser sends with websockets and messages.
    page: String,
    says_its_page: bool,
    /// Of Engine.IO.
    revision: u8,
    trust: Trust,
}

/// Which of the two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    Direct,
    Proxied,
}

impl Which {
    fn word(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Proxied => "proxied",
        }
    }
}

/// A step that a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The first request.
    Polling,
    /// A message in that session.
    Post,
    /// The next poll of it, and the namespace's answer in it.
    Poll,
    /// A message nearly as long as the server takes.
    LargeMessage,
    Websocket,
    /// The namespace's answer over the websocket.
    Namespace,
    /// From polling to the websocket.
    Upgrade,
    /// A poll with nothing to say, until the server's heartbeat.
    HeldPoll,
    /// The row in the table, open.
    Row,
    /// The same, closed.
    RowClosed,
}

impl Step {
    /// Its name in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::Post => "post",
            Self::Poll => "poll",
            Self::LargeMessage => "large-message",
            Self::Websocket => "websocket",
            Self::Namespace => "namespace",
            Self::Upgrade => "upgrade",
            Self::HeldPoll => "held-poll",
            Self::Row => "row",
            Self::RowClosed => "row-closed",
        }
    }
}

/// A step that was taken.
#[derive(Clone, Debug)]
pub struct Seen {
    pub which: Which,
    pub step: Step,
    pub outcome: Result<Text, Failure>,
    pub took: Duration,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The answer was another.
    Sign(Sign),
    /// The database did not tell.
    Database(NotFoundOut),
    /// There is no such row.
    NoRow,
    /// It is not closed.
    StillActive,
}

impl Failure {
    pub fn words(&self) -> Text {
        match self {
            Self::Sign(sign) => sign.words(),
            Self::Database(NotFoundOut::Unreachable(error)) => say!(
                "the database does not answer: {error}",
                "la base de datos no responde: {error}"
            ),
            Self::Database(NotFoundOut::Refused(error)) => say!(
                "the database refuses to look for it: {error}",
                "la base de datos se niega a buscarla: {error}"
            ),
            Self::NoRow => say!(
                "no row with this socket's id within 3 s",
                "ninguna fila con el id de este socket en 3 s"
            ),
            Self::StillActive => say!(
                "the row is still active 3 s after the socket closed",
                "la fila sigue activa 3 s después de cerrarse el socket"
            ),
        }
    }
}

/// All that was seen.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub seen: Vec<Seen>,
    /// What the server announced, the back end itself before the proxy.
    pub opened: Option<Opened>,
    /// How many seconds later (or, negative, earlier) it is at the back end than here.
    pub skew_s: Option<i64>,
    /// Why the certificate is not trusted.
    pub certificate: Option<Unreachable>,
    /// What the namespace said to whom it did not let in: code, where there is one, and words.
    pub refused: Option<(Option<String>, String)>,
    /// Where the server answers if the page is not named, and refuses if it is: the back end itself before the proxy.
    pub refuses_the_page: Option<Which>,
    /// The namespace lets a client in, and disconnects it at once.
    pub disconnects: bool,
    /// Which pages the answer to a page of another origin gives leave, through the proxy.
    pub leave: Option<Leave>,
}

/// What a browser looks at before it gives a page an answer of another origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// The page's origin.
    pub page: String,
    /// The values of `Access-Control-Allow-Origin`: one, if all is well.
    pub given: Vec<String>,
}

impl Leave {
    /// Whether a browser is content. Without cookies, which Socket.IO's client sends only if it is told to, a `*` does.
    pub fn is_given(&self) -> bool {
        matches!(&self.given[..], [one] if *one == self.page || one == "*")
    }
}

impl Evidence {
    pub fn of(&self, which: Which, step: Step) -> Option<&Seen> {
        let mut seen = self.seen.iter();
        seen.find(|seen| seen.which == which && seen.step == step)
    }

    /// How a step failed there.
    pub fn failure(&self, which: Which, step: Step) -> Option<&Failure> {
        self.of(which, step)?.outcome.as_ref().err()
    }

    /// The answer by which a step failed there.
    pub fn sign(&self, which: Which, step: Step) -> Option<&Sign> {
        match self.failure(which, step)? {
            Failure::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// The first step that failed there.
    pub fn first_failure(&self, which: Which) -> Option<(Step, &Failure)> {
        let mut seen = self.seen.iter().filter(|seen| seen.which == which);
        seen.find_map(|seen| Some((seen.step, seen.outcome.as_ref().err()?)))
    }

    pub fn was_asked(&self, which: Which) -> bool {
        self.seen.iter().any(|seen| seen.which == which)
    }

    /// Whether anything at all answered there.
    pub fn is_there(&self, which: Which) -> bool {
        self.was_asked(which)
            && !matches!(
                self.failure(which, Step::Polling),
                Some(Failure::Sign(sign)) if sign.is_unreachable()
            )
    }

    /// Whether anything at all answered anywhere.
    pub fn has_answers(&self) -> bool {
        self.is_there(Which::Direct) || self.is_there(Which::Proxied)
    }

    /// In the shape of the report.
    pub fn probes(&self, plan: &Plan) -> Vec<Probe> {
        self.seen.iter().map(|seen| seen.probe(plan)).collect()
    }
}

impl Seen {
    pub fn probe(&self, plan: &Plan) -> Probe {
        let target = match self.which {
            Which::Direct => &plan.direct,
            Which::Proxied => &plan.proxied,
        };
        let target = target.as_ref().map(Origin::to_string).unwrap_or_default();
        Probe {
            step: format!("{} {}", self.which.word(), self.step.word()),
            target,
            ok: self.outcome.is_ok(),
            duration_ms: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            detail: match &self.outcome {
                Ok(detail) => detail.clone(),
                Err(failure) => failure.words(),
            },
        }
    }
}

/// Takes all the steps; each is told as it is done. No wait is longer than ten seconds, but for the poll that is held on request.
pub async fn examine(
    question: &Question,
    plan: &Plan,
    table: Option<&dyn Table>,
    mut on_step: impl FnMut(&Seen) + Send,
) -> Evidence {
    let mut evidence = Evidence::default();
    let page = question.url.as_ref().map(|url| url.origin.clone());
    let page = page.or_else(|| plan.proxied.clone());
    let targets = [
        (Which::Direct, &plan.direct),
        (Which::Proxied, &plan.proxied),
    ];
    for (which, origin) in targets {
        let Some(origin) = origin else { continue };
        let target = Target {
            which,
            origin: origin.clone(),
            connect_to: plan.connect_to.filter(|_| which == Which::Proxied),
            // The back end is asked as the proxy asks it, for the page's own host.
            host: page
                .as_ref()
                .filter(|_| which == Which::Direct)
                .unwrap_or(origin)
                .authority(),
            path: question.path.clone(),
            page: page.as_ref().unwrap_or(origin).to_string(),
            says_its_page: true,
            revision: 4,
            trust: Trust::AsABrowser,
        };
        // The row is looked for once, on the way that people take.
        let is_last = which == Which::Proxied || plan.proxied.is_none();
        let table = table.filter(|_| is_last);
        steps::take(target, question, plan, table, &mut evidence, &mut on_step).await;
    }
    evidence
}
