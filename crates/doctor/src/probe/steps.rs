//! The steps, in the order in which each tells most.

use std::{
    pin::pin,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::future::{Either, select};
use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use tokio::time::sleep;

use super::{
    Evidence, Failure, Leave, Plan, Seen, Step, Table, Target, Which,
    connection::{self, Trust},
    exchange::{self, Ask, Unanswered, Upgrade},
    packet::{self, Joined, Opened, packets},
    sign::{self, Sign, code},
    socket::Socket,
};
use crate::{language::Text, question::Question};

/// How long the row may take to be written, and to be closed.
const ROW_PATIENCE: Duration = Duration::from_secs(3);

/// How much earlier a poll begins than the message beside it.
const POLL_FIRST: Duration = Duration::from_millis(100);

/// Within which time a server sends away whom it has let in by mistake.
const SOON: Duration = Duration::from_millis(300);

/// What a message may have around it.
const MARGIN: u64 = 1_024;
/// The largest that is tried, whatever the server announces.
const MAX_LARGE: u64 = 8 * 1024 * 1024;

/// Takes the steps at one address.
pub(super) async fn take(
    target: Target,
    question: &Question,
    plan: &Plan,
    table: Option<&dyn Table>,
    evidence: &mut Evidence,
    on_step: &mut (impl FnMut(&Seen) + Send),
) {
    let mut walk = Walk {
        target,
        namespace: &question.namespace,
        plan,
        evidence,
        on_step,
    };
    walk.trust_what_there_is().await;
    walk.polling(question).await;
    walk.websocket(table).await;
    walk.upgrade().await;
    walk.hold().await;
}

struct Walk<'w, F> {
    target: Target,
    namespace: &'w str,
    plan: &'w Plan,
    evidence: &'w mut Evidence,
    on_step: &'w mut F,
}

type Outcome<T> = Result<T, Sign>;

impl From<Unanswered> for Sign {
    fn from(unanswered: Unanswered) -> Self {
        Self::Unanswered(unanswered)
    }
}

impl<F: FnMut(&Seen) + Send> Walk<'_, F> {
    fn saw(&mut self, step: Step, began: Instant, outcome: Result<Text, Failure>) {
        let seen = Seen {
            which: self.target.which,
            step,
            outcome,
            took: began.elapsed(),
        };
        (self.on_step)(&seen);
        self.evidence.seen.push(seen);
    }

    /// Notes a step that has an answer; what it brought, if it went well.
    fn noted<T>(
        &mut self,
        step: Step,
        began: Instant,
        outcome: Outcome<T>,
        detail: impl FnOnce(&T) -> Text,
    ) -> Option<T> {
        match outcome {
            Ok(value) => {
                let detail = detail(&value);
                self.saw(step, began, Ok(detail));
                Some(value)
            }
            Err(sign) => {
                self.saw(step, began, Err(Failure::Sign(sign)));
                None
            }
        }
    }

    /// A bad certificate is told once, and the rest is looked at all the same.
    async fn trust_what_there_is(&mut self) {
        let Target {
            origin, connect_to, ..
        } = &self.target;
        if origin.scheme != "https" {
            return;
        }
        if let Err(unreachable) = connection::open(origin, *connect_to, Trust::AsABrowser).await
            && unreachable.is_certificate()
        {
            self.evidence.certificate = Some(unreachable);
            self.target.trust = Trust::Blind;
        }
    }

    async fn polling(&mut self, question: &Question) {
        let began = Instant::now();
        let mut opened = self.open().await;
        if let Err(Sign::EngineIo(code::OTHER_VERSION, _)) = &opened {
            opened = opened.or(self.open_as_version_3().await);
        }
        let opened = self.noted(Step::Polling, began, opened, |opened| {
            say!(
                "session opened; heartbeat every {interval} s, {timeout} s to answer",
                "sesión abierta; latido cada {interval} s, {timeout} s para responder",
                interval = opened.ping_interval / 1_000,
                timeout = opened.ping_timeout / 1_000
            )
        });
        let Some(opened) = opened else { return };
        let max_payload = opened.max_payload.unwrap_or(question.max_payload());
        self.evidence.opened.get_or_insert_with(|| opened.clone());
        if self.converse(&opened.sid).await {
            self.say_much(&opened.sid, max_payload).await;
        }
        self.leave(&opened.sid).await;
        if self.target.which == Which::Proxied && !question.is_websocket_only {
            self.ask_for_leave().await;
        }
    }

    /// Asks as a browser does for a page of another origin. The server is not asked itself: what counts is what arrives.
    async fn ask_for_leave(&mut self) {
        if self.target.page == self.target.origin.to_string() {
            return;
        }
        let ask = Ask::get("transport=polling").naming_the_page();
        let Ok(answer) = exchange::ask(&self.target, ask).await else {
            return;
        };
        if let Some(opened) = packets(&answer.text()).find_map(Opened::read) {
            self.evidence.leave = Some(Leave {
                page: self.target.page.clone(),
                given: answer.all(ACCESS_CONTROL_ALLOW_ORIGIN),
            });
            self.leave(&opened.sid).await;
        }
    }

    async fn open(&mut self) -> Outcome<Opened> {
        let answer = exchange::ask(&self.target, Ask::get("transport=polling")).await?;
        let skew = sign::skew(&answer, now());
        self.evidence.skew_s = self.evidence.skew_s.or(skew);
        let text = answer.text();
        let opened = packets(&text).find_map(Opened::read);
        opened.ok_or_else(|| Sign::of(&answer))
    }

    /// A browser names its page with a websocket, and with what it posts; whether it is the page that is not welcome.
    async fn ask_without_the_page(&mut self, is_refused: bool) {
        if !is_refused || self.evidence.refuses_the_page.is_some() {
            return;
        }
        // What was refused may have had other faults: a new session has none.
        if !self.is_granted_a_websocket(true).await && self.is_granted_a_websocket(false).await {
            self.evidence.refuses_the_page = Some(self.target.which);
        }
    }

    async fn is_granted_a_websocket(&self, says_its_page: bool) -> bool {
        let target = Target {
            says_its_page,
            ..self.target.clone()
        };
        let upgraded = exchange::upgrade(&target, "transport=websocket").await;
        matches!(upgraded, Ok(Upgrade::Granted(_)))
    }

    /// Older servers speak version 3 alone. That is told by the first failure; whether they do, by the second question.
    async fn open_as_version_3(&self) -> Outcome<Opened> {
        let older = Target {
            revision: 3,
            ..self.target.clone()
        };
        let answer = exchange::ask(&older, Ask::get("transport=polling")).await?;
        Err(match answer.status.is_success() {
            true => Sign::EngineIo(code::OTHER_VERSION, "it speaks EIO=3 alone".to_owned()),
            false => Sign::of(&answer),
        })
    }

    /// A message and the answer to it, in several sessions where several back ends may answer.
    /// Returns whether the namespace lets the client in: who is kept out may say little.
    async fn converse(&mut self, sid: &str) -> bool {
        let began = Instant::now();
        let (mut posted, polled) = self.join(sid).await;
        let mut more = Vec::new();
        for _ in 1..self.plan.sessions.max(2) {
            if posted.is_err() {
                break;
            }
            match self.open().await {
                Ok(opened) if opened.sid == sid => posted = Err(Sign::SharedSession),
                Ok(opened) => {
                    (posted, _) = self.join(&opened.sid).await;
                    more.push(opened.sid);
                }
                Err(sign) => posted = Err(sign),
            }
        }
        self.ask_without_the_page(is_refused(&posted)).await;
        let sessions = 1 + more.len();
        self.noted(Step::Post, began, posted, |()| {
            say!(
                "messages of {sessions} sessions are taken",
                "se aceptan mensajes de {sessions} sesiones"
            )
        });
        for sid in &more {
            self.leave(sid).await;
        }
        let Some(polled) = polled else { return false };
        let joined = self.noted(Step::Poll, began, polled, |(joined, _)| joined.words());
        matches!(joined, Some((Joined::Yes(_), Stay::IsIn)))
    }

    /// As a client does it: while it polls it says what it has to say. The poll's answer, unless the message was refused.
    async fn join(&self, sid: &str) -> (Outcome<()>, Option<Outcome<(Joined, Stay)>>) {
        let query = format!("transport=polling&sid={sid}");
        if !self.plan.joins {
            return (self.post(&query, packet::filler(1)).await, None);
        }
        let packet = packet::connect(self.namespace, self.plan.token.as_deref());
        let (post, poll) = (pin!(self.post(&query, packet)), pin!(self.poll(&query)));
        match select(post, poll).await {
            Either::Left((Ok(()), poll)) => (Ok(()), Some(poll.await)),
            Either::Left((refused, _)) => (refused, None),
            Either::Right((polled, post)) => (post.await, Some(polled)),
        }
    }

    async fn post(&self, query: &str, packet: String) -> Outcome<()> {
        let answer = exchange::ask(&self.target, Ask::post(query, packet)).await?;
        let is_taken = answer.status == 200 && answer.text().eq_ignore_ascii_case("ok");
        is_taken.then_some(()).ok_or_else(|| Sign::of(&answer))
    }

    async fn poll(&self, query: &str) -> Outcome<(Joined, Stay)> {
        let answer = exchange::ask(&self.target, Ask::get(query)).await?;
        let text = answer.text();
        let joined = Joined::find(packets(&text)).ok_or_else(|| Sign::of(&answer))?;
        Ok((joined, Stay::of(&text)))
    }

    async fn say_much(&mut self, sid: &str, max_payload: u64) {
        let began = Instant::now();
        let bytes = max_payload.saturating_sub(MARGIN).min(MAX_LARGE);
        let filler = packet::filler(usize::try_from(bytes).unwrap_or(0));
        let posted = match self.post_beside_a_poll(sid, filler).await {
            // Whom the server has sent away in the meantime it does not listen to.
            (Err(Sign::EngineIo(code::UNKNOWN_SESSION, _)), Stay::IsOver) => return,
            (posted, _) => posted,
        };
        self.noted(Step::LargeMessage, began, posted, |()| {
            say!(
                "{kilobytes} kB at once are taken",
                "se aceptan {kilobytes} kB de una vez",
                kilobytes = bytes / 1_000
            )
        });
    }

    /// A client always has a poll under way: what counts connections counts both.
    async fn post_beside_a_poll(&self, sid: &str, message: String) -> (Outcome<()>, Stay) {
        let query = format!("transport=polling&sid={sid}");
        let poll = async {
            let polled = exchange::ask(&self.target, Ask::get(&query)).await;
            polled.map_or(Stay::IsIn, |answer| Stay::of(&answer.text()))
        };
        let later = async {
            sleep(POLL_FIRST).await;
            self.post(&query, message).await
        };
        let (later, poll) = (pin!(later), pin!(poll));
        match select(later, poll).await {
            Either::Left((posted, _)) => (posted, Stay::IsIn),
            Either::Right((stay, later)) => (later.await, stay),
        }
    }

    /// The server need not wait for who is gone.
    async fn leave(&self, sid: &str) {
        let query = format!("transport=polling&sid={sid}");
        self.post(&query, "1".to_owned()).await.ok();
    }

    async fn websocket(&mut self, table: Option<&dyn Table>) {
        let began = Instant::now();
        let opened = self.open_websocket("transport=websocket").await;
        let opened = match opened {
            Ok(mut socket) => {
                let opened = socket.next("0{\"sid\":…}", Opened::read).await;
                opened.map(|opened| (socket, opened))
            }
            Err(sign) => Err(sign),
        };
        self.ask_without_the_page(is_refused(&opened)).await;
        let opened = self.noted(Step::Websocket, began, opened, |_| {
            say!("a websocket opens", "se abre un websocket")
        });
        let Some((mut socket, opened)) = opened else {
            return;
        };
        self.evidence.opened.get_or_insert(opened);
        if !self.plan.joins {
            return socket.close().await;
        }
        let began = Instant::now();
        let joined = self.join_over(&mut socket).await;
        let joined = self.noted(Step::Namespace, began, joined, Joined::words);
        if let Some(Joined::No(code, message)) = &joined {
            self.evidence.refused = Some((code.clone(), message.clone()));
        }
        let Some(Joined::Yes(socket_id)) = joined else {
            return socket.close().await;
        };
        // Servers that look at a token only then let everybody in, and disconnect whom they do not know.
        if socket.says_soon(SOON, is_end).await {
            self.evidence.disconnects = true;
            return socket.close().await;
        }
        match table {
            Some(table) => self.row(socket, &socket_id, table).await,
            None => socket.close().await,
        }
    }

    async fn open_websocket(&self, query: &str) -> Outcome<Socket> {
        match exchange::upgrade(&self.target, query).await? {
            Upgrade::Granted(stream) => Ok(Socket::over(stream).await),
            Upgrade::Denied(answer) => Err(Sign::of(&answer)),
        }
    }

    async fn join_over(&self, socket: &mut Socket) -> Outcome<Joined> {
        let packet = packet::connect(self.namespace, self.plan.token.as_deref());
        socket.send(packet).await?;
        let find = |text: &str| Joined::find([text]);
        socket.next("40 / 44", find).await
    }

    async fn row(&mut self, mut socket: Socket, socket_id: &str, table: &dyn Table) {
        let began = Instant::now();
        let found = until(table, socket_id, Wanted::Open, Failure::NoRow).await;
        let is_there = found.is_ok();
        let detail = say!(
            "socket {socket_id} is a row, and active",
            "el socket {socket_id} es una fila, y activa"
        );
        self.saw(Step::Row, began, found.map(|()| detail));
        let began = Instant::now();
        socket.send(packet::disconnect(self.namespace)).await.ok();
        socket.close().await;
        if is_there {
            let closed = until(table, socket_id, Wanted::Closed, Failure::StillActive).await;
            let detail = say!(
                "it is closed when the socket is",
                "se cierra cuando se cierra el socket"
            );
            self.saw(Step::RowClosed, began, closed.map(|()| detail));
        }
    }

    async fn upgrade(&mut self) {
        let which = self.target.which;
        let is_tried = [Step::Polling, Step::Post, Step::Websocket];
        if is_tried
            .iter()
            .any(|step| self.evidence.failure(which, *step).is_some())
        {
            return;
        }
        let began = Instant::now();
        let upgraded = self.upgraded().await;
        self.ask_without_the_page(is_refused(&upgraded)).await;
        self.noted(Step::Upgrade, began, upgraded, |()| {
            say!("from polling to a websocket", "de polling a un websocket")
        });
    }

    async fn upgraded(&mut self) -> Outcome<()> {
        let opened = self.open().await?;
        let query = format!("transport=websocket&sid={}", opened.sid);
        let mut socket = self.open_websocket(&query).await?;
        socket.send("2probe").await?;
        let probed = |text: &str| (text == "3probe").then_some(());
        socket.next("3probe", probed).await?;
        socket.send("5").await?;
        socket.close().await;
        Ok(())
    }

    /// Nothing is said, until the server's heartbeat ends the poll.
    async fn hold(&mut self) {
        let Some(hold) = self.plan.hold else { return };
        if self
            .evidence
            .failure(self.target.which, Step::Polling)
            .is_some()
        {
            return;
        }
        let began = Instant::now();
        let held = self.held(hold).await;
        self.noted(Step::HeldPoll, began, held, |seconds| {
            say!(
                "a poll is held for {seconds} s, and ends with the heartbeat",
                "un poll se mantiene {seconds} s, y termina con el latido"
            )
        });
    }

    async fn held(&mut self, hold: Duration) -> Outcome<u64> {
        let opened = self.open().await?;
        let query = format!("transport=polling&sid={}", opened.sid);
        let ask = Ask {
            patience: hold,
            ..Ask::get(&query)
        };
        let began = Instant::now();
        let answer = exchange::ask(&self.target, ask).await?;
        let text = answer.text();
        let is_heartbeat = packets(&text).any(|packet| packet == "2");
        let held = began.elapsed().as_secs();
        self.leave(&opened.sid).await;
        is_heartbeat
            .then_some(held)
            .ok_or_else(|| Sign::of(&answer))
    }
}

/// Whether a client that was let in stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stay {
    IsIn,
    IsOver,
}

impl Stay {
    /// By the packets of a poll.
    fn of(body: &str) -> Self {
        match packets(body).any(is_end) {
            true => Self::IsOver,
            false => Self::IsIn,
        }
    }
}

/// The server disconnects a namespace, or closes the session.
fn is_end(packet: &str) -> bool {
    packet.starts_with("41") || packet == "1"
}

impl Joined {
    /// A refusal is an answer too: it has gone the whole way. What it says of the token is judged elsewhere.
    fn words(&self) -> Text {
        match self {
            Self::Yes(sid) => say!(
                "the namespace lets socket {sid} in",
                "el namespace deja entrar al socket {sid}"
            ),
            Self::No(code, message) => say!(
                "the namespace answers: {message}{code}",
                "el namespace responde: {message}{code}",
                code = code
                    .as_ref()
                    .map(|code| format!(" ({code})"))
                    .unwrap_or_default()
            ),
        }
    }
}

/// How servers refuse a page: Node's says 400 to its websocket and its own code to its polling, python-engineio 400.
fn is_refused<T>(outcome: &Outcome<T>) -> bool {
    matches!(
        outcome,
        Err(Sign::EngineIo(code::FORBIDDEN, _) | Sign::Status(400 | 401 | 403, false))
    )
}

/// Since the epoch, by this machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "it is this clock that the back end's is compared with"
)]
fn now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

#[derive(Clone, Copy)]
enum Wanted {
    Open,
    Closed,
}

/// Looks again and again until the row is as it should be.
async fn until(
    table: &dyn Table,
    socket_id: &str,
    wanted: Wanted,
    otherwise: Failure,
) -> Result<(), Failure> {
    let end = Instant::now() + ROW_PATIENCE;
    loop {
        let row = table.row(socket_id).await.map_err(Failure::Database)?;
        let is_active = row.map(|row| row.is_active);
        let is_as_wanted = match wanted {
            Wanted::Open => is_active == Some(true),
            // Some servers take the row away.
            Wanted::Closed => is_active != Some(true),
        };
        if is_as_wanted {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(otherwise);
        }
        sleep(Duration::from_millis(50)).await;
    }
}
