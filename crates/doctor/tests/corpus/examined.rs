//! Live examinations of servers that are broken in one way each, and of a healthy one: what follows from what was seen.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use atalaya_doctor::{
    Diagnosis, Verdict, diagnose,
    language::Language,
    live,
    nginx::request::Origin,
    probe::{Lookup, NotFoundOut, Plan, Row, Table, examine},
    question::Question,
    report,
    root::Root,
    rules::RULES,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::live::back_end::{Answer, server_with};

/// The rules that the cases below meet.
const MET: [&str; 12] = [
    "back-end-down",
    "back-end-elsewhere",
    "back-end-fails",
    "engine-io-version",
    "site-unreachable",
    "way-broken",
    "certificate",
    "clock-skew",
    "token-refused",
    "database-unreachable",
    "row-not-written",
    "row-not-closed",
];

#[test]
fn every_live_rule_is_met() {
    let live: BTreeSet<&str> = RULES
        .iter()
        .filter(|rule| rule.is_live())
        .map(|rule| rule.id)
        .collect();
    assert_eq!(live, BTreeSet::from(MET));
}

/// Servers, until it is dropped.
struct World(CancellationToken);

impl Drop for World {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl World {
    fn new() -> Self {
        Self(CancellationToken::new())
    }

    fn healthy(&self) -> Origin {
        self.server(|_| None)
    }

    fn server(&self, own: fn(&Request<Incoming>) -> Answer) -> Origin {
        at(server_with(&self.0, "", own))
    }
}

fn at(port: u16) -> Origin {
    Origin {
        scheme: "http",
        host: "127.0.0.1".to_owned(),
        port,
    }
}

fn dead() -> Origin {
    at(atalaya_testbed::ports::free())
}

fn plan(direct: Option<Origin>, proxied: Option<Origin>) -> Plan {
    Plan {
        direct,
        proxied,
        connect_to: None,
        joins: true,
        token: None,
        sessions: 2,
        hold: None,
        is_here: true,
        has_answered: false,
    }
}

async fn examined(plan: Plan, table: Option<&dyn Table>) -> Diagnosis {
    examined_from(None, plan, table).await
}

/// For a page of this address.
async fn examined_from(page: Option<&str>, plan: Plan, table: Option<&dyn Table>) -> Diagnosis {
    let question = Question {
        nginx: None,
        namespace: "/".to_owned(),
        url: page.map(|page| page.parse().unwrap()),
        ..Question::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path()).unwrap();
    let mut diagnosis = diagnose(&root, &question).unwrap();
    let evidence = examine(&question, &plan, table, |_| {}).await;
    let question = live::informed(&question, &evidence);
    live::add(&mut diagnosis, &question, &plan, &evidence);
    diagnosis
}

#[track_caller]
fn assert_found(diagnosis: &Diagnosis, expected: &[&str]) {
    let found: Vec<_> = diagnosis.findings.iter().map(|it| it.rule).collect();
    let steps: String = diagnosis
        .probes
        .iter()
        .map(|probe| report::step(probe, Language::English, false))
        .collect();
    assert_eq!(found, expected, "{steps}");
}

fn text(status: u16, body: &'static str) -> Answer {
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let answer = Response::builder().status(status);
    Some(answer.body(body).unwrap())
}

fn is_upgrade(request: &Request<Incoming>) -> bool {
    request.headers().contains_key("upgrade")
}

#[tokio::test]
async fn a_healthy_way_has_no_finding_and_each_step_goes_well() {
    let world = World::new();
    let back_end = world.healthy();
    let diagnosis = examined(plan(Some(back_end.clone()), Some(back_end)), None).await;
    assert_found(&diagnosis, &[]);
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    let steps: Vec<_> = diagnosis.probes.iter().map(|probe| &probe.step).collect();
    assert!(diagnosis.probes.iter().all(|probe| probe.ok));
    assert_eq!(steps.len(), 14, "{steps:?}");
}

#[tokio::test]
async fn a_quiet_examination_joins_no_namespace() {
    let world = World::new();
    let back_end = world.healthy();
    let quiet = Plan {
        joins: false,
        ..plan(Some(back_end.clone()), Some(back_end))
    };
    let diagnosis = examined(quiet, None).await;
    assert_found(&diagnosis, &[]);
    let steps = diagnosis.probes.iter().map(|probe| probe.step.as_str());
    let steps: Vec<_> = steps.filter(|step| step.starts_with("proxied")).collect();
    let expected = [
        "proxied polling",
        "proxied post",
        "proxied websocket",
        "proxied upgrade",
    ];
    assert_eq!(steps, expected);
    assert!(diagnosis.probes.iter().all(|probe| probe.ok));
}

#[tokio::test]
async fn a_back_end_that_is_down_acquits_the_proxy() {
    let world = World::new();
    let proxy = world.server(|_| text(502, "Bad Gateway"));
    let diagnosis = examined(plan(Some(dead()), Some(proxy)), None).await;
    assert_found(&diagnosis, &["back-end-down"]);
}

#[tokio::test]
async fn where_nothing_runs_nothing_is_said() {
    let diagnosis = examined(plan(Some(dead()), Some(dead())), None).await;
    assert_found(&diagnosis, &[]);
    assert!(diagnosis.probes.iter().all(|probe| !probe.ok));
}

#[tokio::test]
async fn what_answered_before_and_is_silent_now_is_down() {
    let known = |direct, proxied| Plan {
        is_here: false,
        has_answered: true,
        ..plan(direct, proxied)
    };
    let diagnosis = examined(known(Some(dead()), Some(dead())), None).await;
    assert_found(&diagnosis, &["back-end-down"]);
    let diagnosis = examined(known(None, Some(dead())), None).await;
    assert_found(&diagnosis, &["site-unreachable"]);
}

#[tokio::test]
async fn another_program_at_the_back_end_s_address() {
    let world = World::new();
    let other = world.server(|_| text(404, "{\"statusCode\":404}"));
    let diagnosis = examined(plan(Some(other.clone()), Some(other)), None).await;
    assert_found(&diagnosis, &["back-end-elsewhere"]);
    // Where the proxy leads the path to where the server has it, all is well.
    let other = world.server(|_| text(404, "Not Found"));
    let diagnosis = examined(plan(Some(other), Some(world.healthy())), None).await;
    assert_found(&diagnosis, &[]);
}

#[tokio::test]
async fn a_server_of_another_version() {
    let world = World::new();
    let old = world.server(|_| {
        text(
            400,
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        )
    });
    let diagnosis = examined(plan(Some(old), None), None).await;
    assert_found(&diagnosis, &["engine-io-version"]);
}

#[tokio::test]
async fn a_page_that_is_not_in_the_server_s_list() {
    let world = World::new();
    let strict = world.server(|request| {
        let is_named = request.headers().contains_key("origin");
        (is_named && is_upgrade(request)).then(|| text(403, "Forbidden"))?
    });
    let diagnosis = examined(plan(Some(strict.clone()), Some(strict)), None).await;
    assert_found(&diagnosis, &["origin-refused"]);
}

#[tokio::test]
async fn a_page_that_node_s_server_refuses_a_websocket() {
    let world = World::new();
    let strict = world.server(|request| {
        let is_named = request.headers().contains_key("origin");
        (is_named && is_upgrade(request)).then(|| text(400, "Forbidden"))?
    });
    let diagnosis = examined(plan(Some(strict.clone()), Some(strict)), None).await;
    assert_found(&diagnosis, &["origin-refused"]);
    // Refused whoever asks: that is not for the page.
    let strict = world.server(|request| is_upgrade(request).then(|| text(400, "Forbidden"))?);
    let diagnosis = examined(plan(Some(strict.clone()), Some(strict)), None).await;
    assert_found(&diagnosis, &["back-end-fails"]);
    assert_eq!(diagnosis.verdict, Verdict::Healthy, "a hint");
}

#[tokio::test]
async fn a_server_that_forbids_whatever_it_is_asked() {
    let world = World::new();
    let strict = world.server(|_| text(403, r#"{"code":4,"message":"Forbidden"}"#));
    let diagnosis = examined(plan(Some(strict.clone()), Some(strict)), None).await;
    assert_found(&diagnosis, &["origin-refused"]);
    assert_eq!(diagnosis.verdict, Verdict::Healthy, "a hint");
}

/// What a page of another origin gets for its first poll, with these pages given leave.
fn first_poll(request: &Request<Incoming>, given: &[&str]) -> Answer {
    let is_first = request.headers().contains_key("origin")
        && request.method() == http::Method::GET
        && !is_upgrade(request);
    let body =
        r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#;
    is_first.then(|| {
        let mut answer = text(200, body).unwrap();
        for page in given {
            let value = page.parse().unwrap();
            answer
                .headers_mut()
                .append("access-control-allow-origin", value);
        }
        answer
    })
}

#[tokio::test]
async fn a_page_of_another_origin_needs_leave_once() {
    let world = World::new();
    type Own = fn(&Request<Incoming>) -> Answer;
    let servers: [(Own, &[&str]); 5] = [
        (|request| first_poll(request, &["http://a.example"]), &[]),
        (|request| first_poll(request, &["*"]), &[]),
        (|request| first_poll(request, &[]), &["origin-refused"]),
        (
            |request| first_poll(request, &["http://b.example"]),
            &["origin-refused"],
        ),
        (
            |request| first_poll(request, &["http://a.example", "*"]),
            &["cors-header-twice"],
        ),
    ];
    for (own, expected) in servers {
        let plan = plan(Some(world.healthy()), Some(world.server(own)));
        let diagnosis = examined_from(Some("http://a.example/"), plan, None).await;
        assert_found(&diagnosis, expected);
    }
}

#[tokio::test]
async fn a_page_that_is_refused_through_the_proxy_alone() {
    let world = World::new();
    let proxy = world.server(|request| {
        let is_named = request.headers().contains_key("origin");
        is_named.then(|| text(400, "\"http://a is not an accepted origin.\""))?
    });
    let diagnosis = examined(plan(Some(world.healthy()), Some(proxy)), None).await;
    assert_found(&diagnosis, &["origin-refused"]);
    let mend = diagnosis.findings[0].fix.description.of(Language::English);
    assert!(mend.contains("proxy_set_header Host $http_host;"), "{mend}");
}

#[tokio::test]
async fn nobody_where_people_open_the_page() {
    let world = World::new();
    let diagnosis = examined(plan(Some(world.healthy()), Some(dead())), None).await;
    assert_found(&diagnosis, &["site-unreachable"]);
    // A copy of the files is examined anywhere.
    let elsewhere = Plan {
        is_here: false,
        ..plan(Some(world.healthy()), Some(dead()))
    };
    assert_found(&examined(elsewhere, None).await, &[]);
}

#[tokio::test]
async fn a_proxy_that_does_not_carry_the_upgrade() {
    let world = World::new();
    let proxy = world.server(|request| {
        is_upgrade(request).then(|| text(400, r#"{"code":3,"message":"Bad request"}"#))?
    });
    let diagnosis = examined(plan(Some(world.healthy()), Some(proxy)), None).await;
    assert_found(&diagnosis, &["way-broken"]);
    let effect = diagnosis.findings[0].effect.of(Language::English);
    assert!(effect.contains("Upgrade and Connection"), "{effect}");
    // The same at the back end itself is not the proxy's.
    let broken = world.server(|request| is_upgrade(request).then(|| text(500, "no"))?);
    let diagnosis = examined(plan(Some(broken.clone()), Some(broken)), None).await;
    assert_found(&diagnosis, &["back-end-fails"]);
    assert_eq!(diagnosis.verdict, Verdict::Faulty);
}

#[tokio::test]
async fn what_is_taken_for_the_back_end_is_another_proxy() {
    let world = World::new();
    let middle = world.server(|request| {
        is_upgrade(request).then(|| text(400, r#"{"code":3,"message":"Bad request"}"#))?
    });
    let diagnosis = examined(plan(Some(middle.clone()), Some(middle)), None).await;
    assert_found(&diagnosis, &["back-end-fails"]);
    let mend = diagnosis.findings[0].fix.description.of(Language::English);
    assert!(mend.contains("something stands in front"), "{mend}");
}

#[tokio::test]
async fn what_python_engineio_says_is_understood() {
    let world = World::new();
    // It is no refusal of the page: a websocket of the page comes in.
    let proxy = world.server(|request| {
        let is_post = request.method() == http::Method::POST;
        is_post.then(|| text(400, "\"Invalid session x\""))?
    });
    let diagnosis = examined(plan(Some(world.healthy()), Some(proxy)), None).await;
    assert_found(&diagnosis, &["way-broken"]);
    let effect = diagnosis.findings[0].effect.of(Language::English);
    assert!(effect.contains("sticky sessions"), "{effect}");
    let proxy = world.server(|request| {
        is_upgrade(request).then(|| text(400, "\"Invalid websocket upgrade\""))?
    });
    let diagnosis = examined(plan(Some(world.healthy()), Some(proxy)), None).await;
    let effect = diagnosis.findings[0].effect.of(Language::English);
    assert!(effect.contains("Upgrade and Connection"), "{effect}");
    let old = world.server(|_| {
        text(
            400,
            "\"The client is using an unsupported version of the Socket.IO or Engine.IO protocols\"",
        )
    });
    let diagnosis = examined(plan(Some(old), None), None).await;
    assert_found(&diagnosis, &["engine-io-version"]);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_told_and_looked_behind() {
    let world = World::new();
    let back_end = world.healthy();
    let secure = behind_tls(back_end.port, &world.0).await;
    let diagnosis = examined(plan(None, Some(secure)), None).await;
    assert_found(&diagnosis, &["certificate"]);
    assert_eq!(diagnosis.verdict, Verdict::Healthy, "a hint");
    assert!(diagnosis.probes.iter().all(|probe| probe.ok));
}

#[tokio::test]
async fn clocks_that_differ_are_a_fault_where_a_token_is_refused() {
    let world = World::new();
    let early = at(server_with(
        &world.0,
        "Thu, 01 Jan 2026 00:00:00 GMT",
        |_| None,
    ));
    let diagnosis = examined(plan(Some(early.clone()), None), None).await;
    assert_found(&diagnosis, &["clock-skew"]);
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    let with_token = Plan {
        token: Some("bad".to_owned()),
        ..plan(Some(early), None)
    };
    let diagnosis = examined(with_token, None).await;
    assert_found(&diagnosis, &["clock-skew", "token-refused"]);
    assert_eq!(diagnosis.verdict, Verdict::Faulty);
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_with_what_it_says_itself() {
    let world = World::new();
    let with = |token: &str| Plan {
        token: Some(token.to_owned()),
        ..plan(Some(world.healthy()), None)
    };
    assert_found(&examined(with("good"), None).await, &[]);
    // {"exp":1}
    let diagnosis = examined(with("bad.eyJleHAiOjF9.x"), None).await;
    assert_found(&diagnosis, &["token-refused"]);
    let mend = diagnosis.findings[0].fix.description.of(Language::English);
    assert!(mend.starts_with("It expired "), "{mend}");
}

/// A table that always says the same.
struct Fixed(Result<Option<Row>, NotFoundOut>);

impl Table for Fixed {
    fn row<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        Box::pin(async { self.0.clone() })
    }
}

#[tokio::test]
async fn the_row_is_looked_for_open_and_then_closed() {
    let world = World::new();
    let cases = [
        (
            Err(NotFoundOut::Unreachable("connection refused".to_owned())),
            "database-unreachable",
        ),
        (
            Err(NotFoundOut::Refused("no such table".to_owned())),
            "row-not-written",
        ),
        (Ok(None), "row-not-written"),
        (Ok(Some(Row { is_active: true })), "row-not-closed"),
    ];
    for (row, rule) in cases {
        let plan = plan(Some(world.healthy()), None);
        let diagnosis = examined(plan, Some(&Fixed(row))).await;
        assert_found(&diagnosis, &[rule]);
    }
}

/// A row that is there when it is looked for first, and then gone.
struct TakenAway(AtomicBool);

impl Table for TakenAway {
    fn row<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        let is_first = !self.0.swap(true, Ordering::Relaxed);
        Box::pin(async move { Ok(is_first.then_some(Row { is_active: true })) })
    }
}

#[tokio::test]
async fn a_row_that_is_taken_away_is_closed() {
    let world = World::new();
    let table = TakenAway(AtomicBool::new(false));
    let diagnosis = examined(plan(Some(world.healthy()), None), Some(&table)).await;
    assert_found(&diagnosis, &[]);
}

/// TLS in front of a port, with a certificate of its own making.
async fn behind_tls(port: u16, stop: &CancellationToken) -> Origin {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let secure = listener.local_addr().unwrap().port();
    let stop = stop.clone();
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut inside = acceptor.accept(stream).await?;
                let mut outside = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
                tokio::io::copy_bidirectional(&mut inside, &mut outside).await
            });
        }
    }));
    Origin {
        scheme: "https",
        host: "localhost".to_owned(),
        port: secure,
    }
}
