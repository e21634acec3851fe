//! From what the files say to a live examination, and from what that saw to findings.

use std::{net::SocketAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{
    Diagnosis, Verdict,
    case::Case,
    finding::{Finding, Place},
    nginx::{listen::is_loopback, request::Origin},
    probe::{Evidence, Plan, Step, Which, sign::Sign},
    question::{DEFAULT_PATH, Heartbeat, Question},
    rules,
};

/// How many sessions are tried where several back ends may answer.
const SESSIONS: usize = 6;

/// What the files say of the way of a client's first request.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where the page is in the end, or where its files say that the sockets are.
    pub origin: Origin,
    /// Where the page is in the end.
    pub page: Origin,
    /// The client uses a websocket alone.
    pub is_websocket_only: bool,
    /// The Socket.IO path that the client asks for.
    pub path: String,
    /// Who is asked, where that is known.
    pub back_ends: Vec<Origin>,
    /// The directive that hands the request on, or keeps it.
    pub blame: Place,
}

impl Way {
    pub(crate) fn of(page: &Case<'_>, case: &Case<'_>) -> Option<Self> {
        let case = case.innermost();
        let handshake = &case.walks.as_ref()?.handshake;
        let proxied = handshake.proxied();
        let addresses = proxied.map(|proxied| case.addresses(proxied));
        let back_ends = addresses.into_iter().flatten();
        let back_ends = back_ends.filter(|(address, _)| address.port != 0);
        Some(Self {
            origin: case.origin.clone(),
            page: page.origin.clone(),
            is_websocket_only: case.question.is_websocket_only,
            path: case.question.path.clone(),
            back_ends: back_ends
                .map(|(address, _)| Origin {
                    scheme: "http",
                    host: address.host,
                    port: address.port,
                })
                .collect(),
            blame: case.place(proxied.map_or(rules::decisive(handshake), |proxied| proxied.pass)),
        })
    }
}

impl Way {
    /// To sockets that are not this nginx's.
    pub(crate) fn far(page: &Case<'_>, origin: Origin, blame: Place) -> Self {
        Self {
            origin,
            page: page.origin.clone(),
            is_websocket_only: page.question.is_websocket_only,
            path: page.question.path.clone(),
            back_ends: Vec::new(),
            blame,
        }
    }
}

/// What is known of the examination besides the question.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub token: Option<String>,
    pub hold: Option<Duration>,
    pub connect_to: Option<SocketAddr>,
    /// The row is to be looked for.
    pub looks_for_the_row: bool,
    /// The files are this machine's own, and not a copy.
    pub is_here: bool,
    /// It has answered in an earlier round.
    pub has_answered: bool,
}

/// Whom to ask: who is named, or on this machine who the files name. `None` if that is nobody.
///
/// The addresses of a copy of files may be of a site far away, and are only there to tell which is meant: nobody is
/// asked who is not on this machine, unless something is asked for that only a live examination tells.
pub fn plan(diagnosis: &Diagnosis, question: &Question, asked: Asked) -> Option<Plan> {
    let way = diagnosis.way.as_ref();
    let origin = |url: &Option<crate::url::Url>| url.as_ref().map(|url| url.origin.clone());
    let here = way.filter(|_| asked.is_here);
    let direct = origin(&question.direct).or_else(|| {
        let mut back_ends = here?.back_ends.iter();
        back_ends.find(|origin| is_loopback(&origin.host)).cloned()
    });
    let opened = way.map(|way| way.origin.clone());
    let named = origin(&question.url).and_then(|url| opened.clone().or(Some(url)));
    let proxied = named.or_else(|| opened.filter(|_| here.is_some()));
    let is_live_asked_for = asked.token.is_some()
        || asked.hold.is_some()
        || asked.connect_to.is_some()
        || asked.looks_for_the_row;
    let may_be_asked =
        |origin: &Origin| asked.is_here || is_live_asked_for || is_loopback(&origin.host);
    let (direct, proxied) = (direct.filter(may_be_asked), proxied.filter(may_be_asked));
    if direct.is_none() && proxied.is_none() {
        return None;
    }
    let several = way.is_some_and(|way| way.back_ends.len() > 1);
    Some(Plan {
        direct,
        proxied,
        connect_to: asked.connect_to,
        joins: true,
        token: asked.token,
        sessions: if several { SESSIONS } else { 2 },
        hold: asked.hold,
        is_here: asked.is_here,
        has_answered: asked.has_answered,
    })
}

/// The question as the client asks it: from where its page is in the end, and as its own files have it.
pub fn as_client(diagnosis: &Diagnosis, question: &Question) -> Question {
    let mut asked = question.clone();
    if let Some(way) = &diagnosis.way {
        asked.path.clone_from(&way.path);
        asked.is_websocket_only = way.is_websocket_only;
        if let Some(url) = &mut asked.url {
            url.origin = way.page.clone();
        }
    }
    asked
}

/// What a rule about a live examination looks at.
pub(crate) struct Live<'l> {
    pub(crate) evidence: &'l Evidence,
    pub(crate) plan: &'l Plan,
    pub(crate) question: &'l Question,
    pub(crate) way: Option<&'l Way>,
    /// The files alone have faults by which clients cannot connect, or not well.
    pub(crate) is_explained: bool,
}

impl Live<'_> {
    /// How the back end itself, or what stands for it, did not answer as a Socket.IO server.
    pub(crate) fn sign(&self, which: Which, step: Step) -> Option<&Sign> {
        self.evidence.sign(which, step)
    }

    /// Whether a session can be opened there.
    pub(crate) fn opens(&self, which: Which) -> bool {
        let polling = self.evidence.of(which, Step::Polling);
        polling.is_some_and(|seen| seen.outcome.is_ok())
    }

    /// Seconds since the epoch, by this machine's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "it is this clock that the token's times are compared with"
    )]
    pub(crate) fn now_s(&self) -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs() as i64)
    }

    /// The directive that handed the requests on.
    pub(crate) fn blame(&self) -> Option<Place> {
        self.way.map(|way| way.blame.clone())
    }

    pub(crate) fn claims(&self) -> Option<Claims> {
        Claims::of(self.plan.token.as_deref()?)
    }
}

/// The times of a token, where it is one that can be read.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    /// Seconds since the epoch.
    pub(crate) exp: Option<f64>,
    /// Seconds since the epoch.
    pub(crate) nbf: Option<f64>,
}

/// Why a token is not valid by its own times, and by how many seconds.
pub(crate) enum Lifetime {
    Over(i64),
    NotYet(i64),
}

impl Claims {
    pub(crate) fn state(&self, now_s: i64) -> Option<Lifetime> {
        let seconds = |time: f64| time as i64;
        match (self.exp.map(seconds), self.nbf.map(seconds)) {
            (Some(exp), _) if exp <= now_s => Some(Lifetime::Over(now_s - exp)),
            (_, Some(nbf)) if nbf > now_s => Some(Lifetime::NotYet(nbf - now_s)),
            _ => None,
        }
    }

    fn of(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&payload).ok()
    }
}

/// Whether something came of it: where nothing answers on behalf of a copy of files, there is nothing to be judged.
pub fn is_telling(plan: &Plan, evidence: &Evidence) -> bool {
    plan.is_here || plan.has_answered || evidence.has_answers()
}

/// The same question, with what the server itself announced.
pub fn informed(question: &Question, evidence: &Evidence) -> Question {
    let mut question = question.clone();
    if let Some(opened) = &evidence.opened {
        question.known.heartbeat = Some(Heartbeat {
            interval: Duration::from_millis(opened.ping_interval),
            timeout: Duration::from_millis(opened.ping_timeout),
        });
        question.known.max_payload = opened.max_payload.or(question.known.max_payload);
    }
    let is_usual = question.path == DEFAULT_PATH;
    let polling = evidence.of(Which::Direct, Step::Polling);
    if !is_usual && polling.is_some_and(|seen| seen.outcome.is_ok()) {
        question.known.socket_path = Some(question.path.clone());
    }
    question
}

/// What was seen, where there are no files to be judged.
pub fn alone(question: &Question, plan: &Plan, evidence: &Evidence) -> Diagnosis {
    let mut diagnosis = Diagnosis::of(Vec::new(), None, Default::default());
    add(&mut diagnosis, question, plan, evidence);
    diagnosis
}

/// Adds what was seen, and what follows from it.
pub fn add(diagnosis: &mut Diagnosis, question: &Question, plan: &Plan, evidence: &Evidence) {
    let is_explained = diagnosis.verdict == Verdict::Faulty;
    let way = diagnosis.way.clone();
    let live = Live {
        evidence,
        plan,
        question,
        way: way.as_ref(),
        is_explained,
    };
    let mut found = rules::of_live(&live);
    // What the files told of as a possibility has been seen.
    for seen in found.iter().filter(|finding| finding.severity.is_fault()) {
        let mut told = diagnosis.findings.iter_mut();
        if let Some(told) = told.find(|told| told.rule == seen.rule && !told.severity.is_fault()) {
            told.severity = seen.severity;
            told.message.clone_from(&seen.message);
            told.effect.clone_from(&seen.effect);
        }
    }
    // What the files have told at its line need not be told again without one.
    found.retain(|finding| {
        let known = |other: &Finding| other.rule == finding.rule && other.place.is_some();
        finding.place.is_some() || !diagnosis.findings.iter().any(known)
    });
    diagnosis.probes = evidence.probes(plan);
    diagnosis.add(found);
}
