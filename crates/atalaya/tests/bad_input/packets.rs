//! Packets that are malformed, oversized or out of order, of Engine.IO and of Socket.IO, on both transports:
//! the session that sent them is closed and its row says why; everybody else notices nothing.

use atalaya_store::model::Role;

use crate::{
    wire::{self, BINARY, FIN, Polling, TEXT, WebSocket, frame},
    witness::{Witness, close_reason},
    world::{World, token},
};

const MAX_PAYLOAD: usize = 10_000;

on_both_databases!(
    wrong_packets_over_a_websocket_close_it_and_its_row_as_parse_error,
    wrong_packets_over_polling_close_the_session_and_its_row_as_parse_error,
    what_is_too_large_closes_the_row_as_payload_too_large,
);

/// Not Engine.IO, or not its turn.
const ENGINE_PACKETS: [&str; 9] = ["", "abc", "7", "0{}", "2", "2probe", "5", "6", "1x"];

/// Not Socket.IO, or not its turn: these come from a socket that has joined `/notifications`.
const SOCKET_PACKETS: [&str; 18] = [
    "4",
    "4abc",
    "47/notifications,",
    "40/notifications,{}",
    "40/notifications,[1]",
    "40/notifications,{\"token\":",
    "42[\"list\"]",
    "41/elsewhere,",
    "43/elsewhere,1[]",
    "44/notifications,{\"message\":\"x\"}",
    "42/notifications,",
    "42/notifications,{}",
    "42/notifications,[]",
    "42/notifications,[\"connect\"]",
    "42/notifications,[\"list\"",
    "42/notifications,99999999999999999999[\"list\"]",
    "45/notifications,[\"list\"]",
    "4599-/notifications,[\"list\"]",
];

async fn wrong_packets_over_a_websocket_close_it_and_its_row_as_parse_error(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    for packet in ENGINE_PACKETS.iter().chain(&SOCKET_PACKETS) {
        let mut socket = WebSocket::open(world.address()).await;
        let id = socket.join(&token(user, 3_600)).await;
        socket.send(packet).await;
        assert_eq!(socket.closed().await, Some(1002), "{packet:?}");
        assert_eq!(
            close_reason(&world, user, &id).await,
            "parse_error",
            "{packet:?}"
        );
    }
    only_the_witness_is_left(&world, &witness).await;
}

async fn wrong_packets_over_polling_close_the_session_and_its_row_as_parse_error(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let payloads = [
        "4\u{1e}",
        "\u{1e}",
        "b!!!",
        "42/notifications,[\"list\"]\u{1e}9",
    ];
    let engine = ENGINE_PACKETS
        .iter()
        .chain(&payloads)
        .map(|text| text.as_bytes());
    // A POST is answered by Engine.IO, to which a message is right whatever is in it.
    let socket = SOCKET_PACKETS
        .iter()
        .chain(&["bAAAA"])
        .map(|text| text.as_bytes());
    let bodies = engine.chain([&b"4\xff"[..]]).map(|body| (body, 400));
    for (body, status) in bodies.chain(socket.map(|body| (body, 200))) {
        let shown = String::from_utf8_lossy(body);
        let polling = Polling::open(world.address()).await;
        let id = polling.join(&token(user, 3_600)).await;
        assert_eq!(polling.post(body).await.status, status, "{shown:?}");
        assert_eq!(
            close_reason(&world, user, &id).await,
            "parse_error",
            "{shown:?}"
        );
        assert_eq!(
            polling.get().await.json()["code"],
            1,
            "its secret opens nothing more: {shown:?}"
        );
    }
    only_the_witness_is_left(&world, &witness).await;
}

async fn what_is_too_large_closes_the_row_as_payload_too_large(mut world: World) {
    world.set("ATALAYA_MAX_PAYLOAD_BYTES", MAX_PAYLOAD.to_string());
    let user = world.user(Role::User).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let long = format!("42/notifications,[\"{}\"]", "x".repeat(MAX_PAYLOAD));
    let half = &long.as_bytes()[..MAX_PAYLOAD * 2 / 3];
    // 2^62 bytes are announced, and nothing follows.
    let announced = [
        &[FIN | TEXT, 0x80 | 127],
        &(1_u64 << 62).to_be_bytes()[..],
        &[0; 4],
    ]
    .concat();
    for frames in [
        frame(FIN | TEXT, long.as_bytes()),
        [frame(TEXT, half), frame(0, half)].concat(),
        announced,
    ] {
        let mut socket = WebSocket::open(world.address()).await;
        let id = socket.join(&token(user, 3_600)).await;
        socket.send_bytes(&frames).await;
        assert_eq!(socket.closed().await, Some(1009));
        assert_eq!(close_reason(&world, user, &id).await, "payload_too_large");
    }
    let chunked = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    for (headers, body) in [
        (&[][..], long.as_bytes()),
        (&["Content-Length: 4611686018427387904"][..], b""),
        (&["Transfer-Encoding: chunked"][..], b""),
    ] {
        let polling = Polling::open(world.address()).await;
        let id = polling.join(&token(user, 3_600)).await;
        let mut post = wire::begin(world.address(), "POST", &polling.target(), headers, body).await;
        if headers == ["Transfer-Encoding: chunked"] {
            tokio::io::AsyncWriteExt::write_all(&mut post, chunked.as_bytes())
                .await
                .unwrap();
        }
        assert_eq!(wire::finish(post).await.status, 413, "{headers:?}");
        assert_eq!(close_reason(&world, user, &id).await, "payload_too_large");
    }
    only_the_witness_is_left(&world, &witness).await;
}

/// Frames that no packet is in, and what is out of order before anything was joined.
#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_close_the_row_and_say_which_rule_was_broken() {
    let mut world = World::on_sqlite().await;
    let user = world.user(Role::User).await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let unmasked = vec![FIN | TEXT, 1, b'2'];
    let attachment_wanted = frame(
        FIN | TEXT,
        b"451-/notifications,[\"list\",{\"_placeholder\":true,\"num\":0}]",
    );
    for (bytes, reason) in [
        (unmasked, "transport_error"),
        (frame(0xC0 | TEXT, b"3"), "transport_error"),
        (frame(FIN | 0x3, b"3"), "transport_error"),
        (frame(FIN, b"3"), "transport_error"),
        (frame(0x9, b"a ping in two parts"), "transport_error"),
        (frame(FIN | TEXT, b"4\xff"), "parse_error"),
        (frame(FIN | BINARY, b"belongs to nothing"), "parse_error"),
        (
            [
                attachment_wanted,
                frame(FIN | TEXT, b"42/notifications,[\"list\"]"),
            ]
            .concat(),
            "parse_error",
        ),
    ] {
        let mut socket = WebSocket::open(world.address()).await;
        let id = socket.join(&token(user, 3_600)).await;
        socket.send_bytes(&bytes).await;
        assert_eq!(socket.closed().await, Some(1002), "{bytes:?}");
        assert_eq!(close_reason(&world, user, &id).await, reason, "{bytes:?}");
    }
    only_the_witness_is_left(&world, &witness).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_connect_closes_the_session_and_leaves_no_row() {
    let mut world = World::on_sqlite().await;
    world.start().await;
    let witness = Witness::join(&world).await;
    for packet in [
        "42/notifications,[\"list\"]",
        "41/notifications,",
        "43/notifications,1[]",
        "4",
    ] {
        let mut socket = WebSocket::open(world.address()).await;
        socket.send(packet).await;
        assert_eq!(socket.closed().await, Some(1002), "{packet:?}");
        let polling = Polling::open(world.address()).await;
        polling.post(packet.as_bytes()).await;
        assert_eq!(polling.get().await.json()["code"], 1, "{packet:?}");
    }
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 1);
    witness.is_undisturbed(&world).await;
}

/// Right by the protocol and wrong by the product: the client is told, and stays.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_mean_nothing_are_answered_and_the_socket_stays() {
    let mut world = World::on_sqlite().await;
    world.start().await;
    let witness = Witness::join(&world).await;
    let mut socket = WebSocket::open(world.address()).await;
    let id = socket.join(&token(witness.user, 3_600)).await;
    let deep = format!("[\"read\",{}1{}]", "[".repeat(100_000), "]".repeat(100_000));
    let events = [
        "[\"no such event\"]",
        "[\"read\"]",
        "[\"read\",7]",
        "[\"read\",{\"ids\":\"all\"}]",
        "[\"read\",{\"ids\":[1],\"all\":true}]",
        "[\"list\",{\"limit\":-1}]",
        "[\"list\",{\"cursor\":\"not a cursor\"}]",
        "[\"watch\",{\"sessions\":\"yes\"}]",
        &deep,
    ];
    for (number, event) in events.into_iter().enumerate() {
        socket
            .send(&format!("42/notifications,{number}{event}"))
            .await;
        let answer = socket.text_that_starts_with("43/").await;
        let (_, answer) = answer.split_once('[').unwrap();
        let answer: serde_json::Value = serde_json::from_str(&format!("[{answer}")).unwrap();
        assert_eq!(answer[0]["ok"], false, "{event:.80}: {answer}");
        for word in ["code", "message"] {
            assert!(
                answer[0]["error"][word].is_string(),
                "{event:.80}: {answer}"
            );
        }
    }
    assert!(world.has_active_row(&id).await);
    witness.is_undisturbed(&world).await;
}

/// The server lives on, and no row of those who were closed is active.
async fn only_the_witness_is_left(world: &World, witness: &Witness) {
    witness.is_undisturbed(world).await;
    assert_eq!(world.active().await, 1);
    world.assert_closed_rows_are_whole().await;
}
