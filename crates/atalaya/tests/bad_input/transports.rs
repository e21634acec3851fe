//! A transport that is not one's own, or is there already.

use atalaya_store::model::Role;
use serde_json::json;

use crate::{
    wire::{self, Polling, WebSocket, finish, request},
    witness::{Witness, close_reason},
    world::{World, token},
};

/// The headers that ask for a websocket.
const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// As the public server answers: 400, and its code and words.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_session_is_400_with_the_public_servers_code() {
    let mut world = World::on_sqlite().await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let over = Polling::open(world.address()).await;
    over.post(b"1").await;
    // The last word waits for one more poll.
    over.get().await;
    let never_given = "AAAAAAAAAAAAAAAAAAAAAA";
    // The socket id is public: it must open nothing.
    for sid in [
        "abc",
        "%00",
        "'",
        never_given,
        witness.client.id(),
        &over.sid,
    ] {
        let target = |transport| format!("/socket.io/?EIO=4&transport={transport}&sid={sid}");
        for answer in [
            request(world.address(), "GET", &target("polling"), &[], b"").await,
            request(
                world.address(),
                "POST",
                &target("polling"),
                &[],
                b"41/notifications,",
            )
            .await,
            request(world.address(), "GET", &target("websocket"), &UPGRADE, b"").await,
        ] {
            assert_eq!(answer.status, 400, "{sid}");
            assert_eq!(
                answer.json(),
                json!({"code": 1, "message": "Session ID unknown"}),
                "{sid}"
            );
        }
    }
    witness.is_undisturbed(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_websocket_for_one_session_is_closed_and_the_first_lives_on() {
    let mut world = World::on_sqlite().await;
    let user = world.user(Role::User).await;
    world.start().await;
    let polling = Polling::open(world.address()).await;
    let id = polling.join(&token(user, 3_600)).await;

    let mut first = WebSocket::for_session(world.address(), &polling.sid).await;
    first.send("2probe").await;
    assert_eq!(first.text().await, "3probe");
    is_refused(&world, &polling.sid).await;
    first.send("5").await;
    lives(&mut first, 1).await;
    is_refused(&world, &polling.sid).await;
    lives(&mut first, 2).await;

    assert!(world.has_active_row(&id).await);
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 1);
    drop(first);
    assert_eq!(close_reason(&world, user, &id).await, "transport_close");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_began_as_a_websocket_takes_neither_another_nor_a_poll() {
    let mut world = World::on_sqlite().await;
    let user = world.user(Role::User).await;
    world.start().await;
    let mut first = WebSocket::open(world.address()).await;
    let id = first.join(&token(user, 3_600)).await;
    is_refused(&world, &first.sid).await;
    let polling = Polling {
        address: world.address(),
        sid: first.sid.clone(),
    };
    for answer in [
        polling.get().await,
        polling.post(b"41/notifications,").await,
    ] {
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(3)));
    }
    lives(&mut first, 1).await;
    assert!(world.has_active_row(&id).await);
}

/// Two polls, or two POSTs, of one session: one of them lies, and nobody can tell which.
#[tokio::test(flavor = "multi_thread")]
async fn two_polls_at_once_close_the_session_and_its_row() {
    let mut world = World::on_sqlite().await;
    let user = world.user(Role::User).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let polling = Polling::open(world.address()).await;
    let id = polling.join(&token(user, 3_600)).await;
    // What follows CONNECT may still wait to be polled, so more than two are sent.
    let polls = [(); 6].map(|()| polling.get());
    let answers = futures_util::future::join_all(polls).await;
    assert!(
        answers.iter().any(|answer| answer.status == 400),
        "{answers:?}"
    );
    assert_eq!(close_reason(&world, user, &id).await, "transport_error");
    witness.is_undisturbed(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_is_none_is_400_and_opens_nothing() {
    let mut world = World::on_sqlite().await;
    world.start().await;
    for (method, query, code) in [
        ("GET", "", 0),
        ("GET", "?EIO=4&transport=carrier-pigeon", 0),
        ("POST", "?EIO=4&transport=polling", 2),
        ("GET", "?EIO=4&transport=websocket", 3),
        ("GET", "?EIO=3&transport=polling", 5),
    ] {
        let target = format!("/socket.io/{query}");
        let answer = request(world.address(), method, &target, &[], b"").await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!(code)),
            "{method} {query}"
        );
    }
    let nonsense = wire::begin(world.address(), "GET\0", "/", &[], b"").await;
    assert_eq!(finish(nonsense).await.status, 400);
    Witness::join(&world).await.is_undisturbed(&world).await;
}

async fn is_refused(world: &World, sid: &str) {
    let mut second = WebSocket::for_session(world.address(), sid).await;
    assert_eq!(second.closed().await, Some(1002));
}

async fn lives(socket: &mut WebSocket, ack: u32) {
    socket
        .send(&format!("42/notifications,{ack}[\"list\",{{\"limit\":1}}]"))
        .await;
    let answer = socket
        .text_that_starts_with(&format!("43/notifications,{ack}["))
        .await;
    assert!(answer.contains("\"ok\":true"), "{answer}");
}
