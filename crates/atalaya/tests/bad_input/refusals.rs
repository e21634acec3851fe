//! Who may not connect: each is told why with a stable code, has no row in the ledger, and is recorded
//! without a secret.

use std::collections::BTreeMap;

use atalaya_client::{Client, ConnectError, Mode};
use atalaya_store::model::{Role, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::{
    wire::{self, WebSocket},
    witness::Witness,
    world::{self, SECRET, World, now},
};

const REFUSALS: &str = "SELECT count(*) FROM refused_connections";
const SESSIONS: &str = "SELECT count(*) FROM user_sessions";

on_both_databases!(
    a_token_that_admits_nobody_is_refused_with_its_code_and_recorded_without_a_secret,
    a_namespace_that_does_not_exist_is_refused_and_recorded,
    an_auth_that_is_made_to_hurt_is_refused_like_any_other,
);

async fn a_token_that_admits_nobody_is_refused_with_its_code_and_recorded_without_a_secret(
    mut world: World,
) {
    world.set("ATALAYA_LOG", "trace");
    let user = world.user(Role::User).await;
    let disabled = world.user(Role::User).await;
    world
        .store
        .set_disabled(disabled, true, now())
        .await
        .unwrap();
    world.start().await;
    let cases = cases(user, disabled);
    let mut wanted = BTreeMap::new();
    for (auth, code) in &cases {
        for mode in [Mode::WebSocket, Mode::Polling] {
            let (message, told) = refused(&world, auth, mode).await;
            assert_eq!(told, Some(json!({"code": code})), "{auth}: {message}");
            assert!(message.len() > 10, "words for a person: {message:?}");
            *wanted.entry((*code).to_owned()).or_default() += 1;
        }
    }
    world.until_number(REFUSALS, cases.len() as i64 * 2).await;
    assert_eq!(recorded(&world).await, wanted);
    assert_eq!(world.number(SESSIONS).await, 0);
    let log = world
        .until_logged("connection refused", cases.len() * 2)
        .await;
    assert_eq!(log.matches("connection refused").count(), cases.len() * 2);
    assert!(
        log.contains("TRACE") || log.contains("\"trace\""),
        "everything is logged"
    );
    let stored = world.everything_stored().await;
    for secret in cases.iter().flat_map(|(auth, _)| secrets(auth)) {
        assert!(!stored.contains(&secret), "stored: {secret}");
        assert!(!log.contains(&secret), "logged: {secret}");
    }
    // The one whose token is right is admitted all the same.
    Witness::join(&world).await.is_undisturbed(&world).await;
}

/// What is sent as `auth`, and the code that answers it.
fn cases(user: UserId, disabled: UserId) -> Vec<(Value, &'static str)> {
    let claims = |user: i64, seconds| json!({"sub": user, "exp": now().0 / 1_000 + seconds});
    let right = claims(user.0, 3_600);
    let signed = |algorithm, secret: &str, claims: &Value| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap()
    };
    let good = signed(Algorithm::HS256, SECRET, &right);
    let (unsigned, signature) = good.rsplit_once('.').unwrap();
    let (_, payload) = unsigned.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let token = |token: String| json!({"token": token});
    vec![
        (json!({}), "token_missing"),
        (json!({"token": null}), "token_missing"),
        (json!({"token": ""}), "token_missing"),
        (json!({"Token": good}), "token_missing"),
        (json!({"token": ["hunter2-in-a-list"]}), "token_invalid"),
        (token("hunter2-that-is-no-jwt".into()), "token_invalid"),
        (token("hunter2a.hunter2b.hunter2c".into()), "token_invalid"),
        (token(format!("Bearer {good}")), "token_invalid"),
        (token(unsigned.into()), "token_invalid"),
        (token(format!("{none}.{payload}.")), "token_invalid"),
        (
            token(format!("{none}.{payload}.{signature}")),
            "token_invalid",
        ),
        (
            token(signed(
                Algorithm::HS256,
                "another secret, as long as ours",
                &right,
            )),
            "token_invalid",
        ),
        (
            token(signed(Algorithm::HS512, SECRET, &right)),
            "token_invalid",
        ),
        (
            token(signed(Algorithm::HS256, SECRET, &json!({"name": "ana"}))),
            "token_invalid",
        ),
        (
            token(signed(Algorithm::HS256, SECRET, &json!({"sub": user.0}))),
            "token_invalid",
        ),
        (
            token(signed(
                Algorithm::HS256,
                SECRET,
                &claims(987_654_321, 3_600),
            )),
            "token_invalid",
        ),
        (
            token(signed(Algorithm::HS256, SECRET, &claims(user.0, -1))),
            "token_expired",
        ),
        (
            token(signed(Algorithm::HS256, SECRET, &claims(disabled.0, 3_600))),
            "token_revoked",
        ),
    ]
}

/// The parts of a token that nobody else may have: long enough not to be found by chance.
fn secrets(auth: &Value) -> Vec<String> {
    let token = match &auth["token"] {
        Value::Array(tokens) => tokens[0].as_str(),
        token => token.as_str(),
    };
    let parts = token.unwrap_or_default().split(['.', ' ']);
    parts
        .filter(|part| part.len() >= 8)
        .map(str::to_owned)
        .collect()
}

async fn refused(world: &World, auth: &Value, mode: Mode) -> (String, Option<Value>) {
    let options = world.options_with(auth.clone()).mode(mode);
    match Client::connect(options).await.unwrap_err() {
        ConnectError::Refused { message, data } => (message, data),
        other => panic!("{other} in place of a refusal of {auth}"),
    }
}

async fn recorded(world: &World) -> BTreeMap<String, i32> {
    let mut counts = BTreeMap::new();
    let rows = world.store.list_refusals(None, 200).await.unwrap().items;
    for row in rows {
        assert!(row.detail.is_some_and(|detail| detail.len() > 10));
        assert_eq!(row.ip_address.as_deref(), Some("127.0.0.1"));
        assert_eq!(row.namespace.as_deref(), Some("/notifications"));
        *counts.entry(row.code).or_default() += 1;
    }
    counts
}

async fn a_namespace_that_does_not_exist_is_refused_and_recorded(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    for mode in [Mode::WebSocket, Mode::Polling] {
        for namespace in ["/", "/nowhere", "/notifications/"] {
            let options = world.options(user).namespace(namespace).mode(mode);
            let error = Client::connect(options).await.unwrap_err();
            // As the public server says it: no data, and these words, which clients compare.
            let told = matches!(&error, ConnectError::Refused { message, data: None } if message == "Invalid namespace");
            assert!(told, "{namespace}: {error:?}");
        }
    }
    world
        .until_number(
            "SELECT count(*) FROM refused_connections WHERE code = 'invalid_namespace' \
             AND namespace IN ('/', '/nowhere', '/notifications/')",
            6,
        )
        .await;
    assert_eq!(world.number(REFUSALS).await, 6);
    assert_eq!(world.number(SESSIONS).await, 0);
    and_the_right_one_can_still_be_joined(&world, user).await;
}

async fn and_the_right_one_can_still_be_joined(world: &World, user: UserId) {
    let mut socket = WebSocket::open(world.address()).await;
    socket.send("40/nowhere,").await;
    assert_eq!(
        socket.text().await,
        r#"44/nowhere,{"message":"Invalid namespace"}"#
    );
    let id = socket.join(&world::token(user, 3_600)).await;
    assert!(world.has_active_row(&id).await);
}

/// Deep, long or both: the server answers, keeps little of it, and serves the next client.
async fn an_auth_that_is_made_to_hurt_is_refused_like_any_other(mut world: World) {
    const LONG: usize = 10_000;
    world.start().await;
    let witness = Witness::join(&world).await;
    let (open, close) = ("[".repeat(LONG / 2), "]".repeat(LONG / 2));
    let packets = [
        wire::connect(&"x".repeat(LONG)),
        wire::connect(&format!("{0}.{0}.{0}", "A".repeat(LONG / 3))),
        format!(r#"40/notifications,{{"token":{open}1{close}}}"#),
        format!("40/{},", "n".repeat(250)),
    ];
    for packet in &packets {
        let mut socket = WebSocket::open(world.address()).await;
        socket.send(packet).await;
        let answer = socket.text().await;
        assert!(answer.starts_with("44/"), "{packet:.50}: {answer:.100}");
    }
    world.until_number(REFUSALS, packets.len() as i64).await;
    let log = world
        .until_logged("connection refused", packets.len())
        .await;
    let kept = world.everything_stored().await + &log;
    for filler in ["x", "A", "["] {
        assert!(!kept.contains(&filler.repeat(300)), "{filler}");
    }
    let mut endless = WebSocket::open(world.address()).await;
    endless.send(&wire::connect(&"x".repeat(2_000_000))).await;
    assert_eq!(endless.closed().await, Some(1009));
    assert_eq!(world.number(SESSIONS).await, 1);
    witness.is_undisturbed(&world).await;
}
