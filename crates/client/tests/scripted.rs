//! The client against servers that follow a script: what it sends, and what it makes of each answer.
//! A script runs on a thread of its own with blocking sockets, so that it reads top to bottom.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use atalaya_client::{
    Client, Closed, ConnectError, Error, Events, Mode, Options, Step, TransportError, TransportKind,
};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

const OPEN: &str = r#"0{"sid":"e1","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#;
const CONNECTED: &str = r#"40/chat,{"sid":"s1","pid":"p1"}"#;

/// Start a script; join its handle to learn whether it saw what it expected.
fn serve(script: impl FnOnce(TcpListener) + Send + 'static) -> (Options, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let options = Options::new(url)
        .namespace("/chat")
        .auth(json!({"token": "t"}))
        .timeout(Duration::from_secs(2));
    (options, std::thread::spawn(move || script(listener)))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream
}

/// A WebSocket client that has been connected to the namespace.
fn connected(listener: &TcpListener) -> WebSocket<TcpStream> {
    let mut socket = tungstenite::accept(accept(listener)).unwrap();
    send(&mut socket, OPEN);
    assert_eq!(receive(&mut socket), r#"40/chat,{"token":"t"}"#);
    send(&mut socket, CONNECTED);
    socket
}

fn send(socket: &mut WebSocket<TcpStream>, text: &str) {
    socket.send(Message::text(text)).unwrap();
}

fn receive(socket: &mut WebSocket<TcpStream>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

#[tokio::test]
async fn a_websocket_connects_and_hands_on_events_in_order() {
    let (options, server) = serve(|listener| {
        let mut socket = connected(&listener);
        send(&mut socket, r#"42/chat,["first",1,{"a":2}]"#);
        send(&mut socket, r#"42/other,["elsewhere"]"#);
        send(
            &mut socket,
            r#"451-/chat,["second",{"_placeholder":true,"num":0}]"#,
        );
        socket.send(Message::binary(vec![7u8, 8])).unwrap();
        assert_eq!(receive(&mut socket), "41/chat,");
    });
    let mut client = Client::connect(options).await.unwrap();
    assert_eq!((client.id(), client.pid()), ("s1", Some("p1")));
    assert_eq!(client.transport(), TransportKind::WebSocket);
    let first = client.next_event().await.unwrap();
    assert_eq!(
        (first.name.as_str(), first.args.get()),
        ("first", r#"[1,{"a":2}]"#)
    );
    assert_eq!(first.arg(1), json!({"a": 2}));
    assert_eq!(first.arg(2), Value::Null);
    let second = client.next_event().await.unwrap();
    assert_eq!(
        (second.name.as_str(), &second.attachments[0][..]),
        ("second", &[7u8, 8][..])
    );
    client.disconnect().await.unwrap();
    server.join().unwrap();
}

#[tokio::test]
async fn acknowledgements_find_who_waits_for_them() {
    let (options, server) = serve(|listener| {
        let mut socket = connected(&listener);
        assert_eq!(receive(&mut socket), r#"42/chat,0["sum",1,2]"#);
        assert_eq!(receive(&mut socket), r#"42/chat,1["sum",3,4]"#);
        assert_eq!(receive(&mut socket), r#"42/chat,["noted"]"#);
        send(&mut socket, "43/chat,1[7]");
        send(&mut socket, "43/chat,0[3]");
        let _ = socket.read();
    });
    let client = Client::connect(options).await.unwrap();
    let (first, second, ()) = tokio::join!(
        client.emit_with_ack("sum", &(1, 2)),
        client.emit_with_ack("sum", &[3, 4]),
        async {
            client.emit("noted", &json!([])).await.unwrap();
        }
    );
    assert_eq!((first.unwrap(), second.unwrap()), (json!(3), json!(7)));
    assert!(matches!(
        client.emit("bad", &7).await,
        Err(Error::InvalidArguments(_))
    ));
    client.abandon().await;
    server.join().unwrap();
}

#[tokio::test]
async fn an_acknowledgement_that_never_comes_is_a_timeout() {
    let (mut options, server) = serve(|listener| {
        let mut socket = connected(&listener);
        receive(&mut socket);
        let _ = socket.read();
    });
    options.timeout = Duration::from_millis(200);
    let client = Client::connect(options).await.unwrap();
    assert!(matches!(
        client.emit_with_ack("hello", &((),)).await,
        Err(Error::Timeout(_))
    ));
    client.abandon().await;
    server.join().unwrap();
}

#[tokio::test]
async fn a_refusal_keeps_its_message_and_its_data() {
    let (options, server) = serve(|listener| {
        let mut socket = tungstenite::accept(accept(&listener)).unwrap();
        send(&mut socket, OPEN);
        receive(&mut socket);
        send(
            &mut socket,
            r#"44/chat,{"message":"The token has expired.","data":{"code":"token_expired"}}"#,
        );
        let _ = socket.read();
    });
    let error = Client::connect(options).await.unwrap_err();
    assert_eq!(error.code(), Some("token_expired"));
    assert!(
        matches!(&error, ConnectError::Refused { message, .. } if message == "The token has expired.")
    );
    server.join().unwrap();
}

#[tokio::test]
async fn a_refused_handshake_keeps_its_status_and_body() {
    let (options, server) = serve(|listener| {
        let mut exchange = Exchange::new(accept(&listener));
        exchange.request();
        exchange.answer("403 Forbidden", r#"{"code":"origin_not_allowed"}"#);
    });
    let error = Client::connect(options).await.unwrap_err();
    let ConnectError::Transport(TransportError::Status { status, body }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (status, body.as_str()),
        (403, r#"{"code":"origin_not_allowed"}"#)
    );
    server.join().unwrap();
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_at_the_step_it_was_silent_in() {
    let (options, server) = serve(|listener| {
        let mut socket = tungstenite::accept(accept(&listener)).unwrap();
        send(&mut socket, OPEN);
        receive(&mut socket);
        let _ = socket.read();
    });
    let options = options.timeout(Duration::from_millis(200));
    assert!(matches!(
        Client::connect(options).await,
        Err(ConnectError::Timeout(Step::Connect))
    ));
    server.join().unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options::new(format!("http://{}", listener.local_addr().unwrap()))
        .timeout(Duration::from_millis(100));
    assert!(matches!(
        Client::connect(options).await,
        Err(ConnectError::Timeout(Step::Open))
    ));
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::connect(Options::new(url)).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Transport(TransportError::Unreachable { .. })
    ));
}

#[tokio::test]
async fn pings_are_answered_and_their_absence_ends_the_connection() {
    let (options, server) = serve(|listener| {
        let mut socket = connected(&listener);
        for _ in 0..2 {
            send(&mut socket, "2");
            assert_eq!(receive(&mut socket), "3");
        }
        let _ = socket.read();
    });
    let mut client = Client::connect(options).await.unwrap();
    assert_eq!(
        client.wait_closed(Duration::from_secs(2)).await.unwrap(),
        Closed::HeartbeatMissed
    );
    assert!(matches!(
        client.emit("x", &((),)).await,
        Err(Error::Closed(Closed::HeartbeatMissed))
    ));
    server.join().unwrap();
}

#[tokio::test]
async fn a_client_can_play_dead() {
    let (mut options, server) = serve(|listener| {
        let mut socket = connected(&listener);
        send(&mut socket, "2");
        let stream = socket.get_ref();
        stream
            .set_read_timeout(Some(Duration::from_millis(150)))
            .unwrap();
        assert!(socket.read().is_err(), "a pong came");
    });
    options.answers_heartbeats = false;
    let client = Client::connect(options).await.unwrap();
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
    drop(client);
}

#[tokio::test]
async fn each_end_of_a_connection_has_its_reason() {
    type End = fn(WebSocket<TcpStream>);
    let ends: [(End, Closed); 4] = [
        (|mut socket| send(&mut socket, "41/chat,"), Closed::ByServer),
        (|socket| drop(socket), Closed::Transport),
        (|mut socket| socket.close(None).unwrap(), Closed::Transport),
        (
            |mut socket| send(&mut socket, "42/chat,{}"),
            Closed::Protocol(atalaya_protocol::Error::WrongShape("event")),
        ),
    ];
    for (end, expected) in ends {
        let (options, server) = serve(move |listener| end(connected(&listener)));
        let mut client = Client::connect(options).await.unwrap();
        let error = client.next_event().await.unwrap_err();
        assert!(
            matches!(&error, Error::Closed(closed) if *closed == expected),
            "{error:?}, not {expected:?}"
        );
        assert_eq!(client.closed(), Some(expected));
        server.join().unwrap();
    }
}

#[tokio::test]
async fn a_full_queue_stops_the_reading_and_a_handler_has_no_queue() {
    let flood = |listener: TcpListener| {
        let mut socket = connected(&listener);
        for n in 0..100 {
            send(&mut socket, &format!(r#"42/chat,["n",{n}]"#));
        }
        send(&mut socket, "2");
        socket
            .get_ref()
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        socket.read().is_ok()
    };
    let (sender, answered) = std::sync::mpsc::channel();
    let report = sender.clone();
    let (mut options, server) = serve(move |listener| report.send(flood(listener)).unwrap());
    options.events = Events::Queue(10);
    let client = Client::connect(options).await.unwrap();
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
    assert!(!answered.recv().unwrap(), "a full client answered a ping");
    drop(client);

    let (mut options, server) = serve(move |listener| sender.send(flood(listener)).unwrap());
    options.events = Events::Handler(std::sync::Arc::new(drop));
    let client = Client::connect(options).await.unwrap();
    tokio::task::spawn_blocking(|| server.join().unwrap())
        .await
        .unwrap();
    assert!(
        answered.recv().unwrap(),
        "a client with a handler answered no ping"
    );
    drop(client);
}

/// One HTTP connection, seen from the server.
struct Exchange(BufReader<TcpStream>);

impl Exchange {
    fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// The request line's method and target, and the body.
    fn request(&mut self) -> (String, String) {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            self.0.read_line(&mut header).unwrap();
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if header == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (line, String::from_utf8(body).unwrap())
    }

    fn answer(&mut self, status: &str, body: &str) {
        let length = body.len();
        // In one write, as servers do: of a refused handshake the library keeps what came with its head.
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        self.0.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// A polling client that has been connected: its connection for GET and its connection for POST.
fn connected_over_polling(listener: &TcpListener) -> (Exchange, Exchange) {
    let mut get = Exchange::new(accept(listener));
    assert_eq!(get.request().0, "GET /socket.io/?EIO=4&transport=polling");
    get.answer("200 OK", OPEN);
    let mut post = Exchange::new(accept(listener));
    let (line, body) = post.request();
    assert_eq!(line, "POST /socket.io/?EIO=4&transport=polling&sid=e1");
    assert_eq!(body, r#"40/chat,{"token":"t"}"#);
    post.answer("200 OK", "ok");
    get.request();
    get.answer("200 OK", &format!("{CONNECTED}\u{1e}42/chat,[\"early\"]"));
    (get, post)
}

#[tokio::test]
async fn polling_reads_and_writes_bodies_of_several_packets() {
    let (options, server) = serve(|listener| {
        let (mut get, mut post) = connected_over_polling(&listener);
        get.request();
        get.answer(
            "200 OK",
            "2\u{1e}451-/chat,[\"b\",{\"_placeholder\":true,\"num\":0}]\u{1e}bBwg=",
        );
        assert_eq!(post.request().1, "3");
        post.answer("200 OK", "ok");
        assert_eq!(
            post.request().1,
            "451-/chat,[\"up\",{\"_placeholder\":true,\"num\":0}]\u{1e}bAQ=="
        );
        post.answer("200 OK", "ok");
        assert_eq!(post.request().1, "41/chat,");
        post.answer("200 OK", "ok");
        assert_eq!(post.request().1, "1");
        post.answer("200 OK", "ok");
    });
    let mut client = Client::connect(options.mode(Mode::Polling)).await.unwrap();
    assert_eq!(client.transport(), TransportKind::Polling);
    assert_eq!(client.next_event().await.unwrap().name, "early");
    assert_eq!(
        &client.next_event().await.unwrap().attachments[0][..],
        [7, 8]
    );
    let args = json!([{"_placeholder": true, "num": 0}]);
    client
        .emit_binary("up", &args, vec![vec![1].into()])
        .await
        .unwrap();
    client.disconnect().await.unwrap();
    server.join().unwrap();
}

#[tokio::test]
async fn an_upgrade_loses_nothing_that_came_over_polling() {
    let (options, server) = serve(|listener| {
        let (mut get, _post) = connected_over_polling(&listener);
        assert_eq!(
            get.request().0,
            "GET /socket.io/?EIO=4&transport=polling&sid=e1"
        );
        let mut socket = tungstenite::accept(accept(&listener)).unwrap();
        assert_eq!(receive(&mut socket), "2probe");
        send(&mut socket, "3probe");
        get.answer("200 OK", "42/chat,[\"last over polling\"]\u{1e}6");
        assert_eq!(receive(&mut socket), "5");
        send(&mut socket, r#"42/chat,["first over websocket"]"#);
        assert_eq!(receive(&mut socket), "41/chat,");
    });
    let mut client = Client::connect(options.mode(Mode::PollingThenWebSocket))
        .await
        .unwrap();
    assert_eq!(client.transport(), TransportKind::WebSocket);
    for name in ["early", "last over polling", "first over websocket"] {
        assert_eq!(client.next_event().await.unwrap().name, name);
    }
    client.disconnect().await.unwrap();
    server.join().unwrap();
}

#[tokio::test]
async fn a_session_the_server_forgot_ends_the_connection() {
    let (options, server) = serve(|listener| {
        let (mut get, _post) = connected_over_polling(&listener);
        get.request();
        get.answer(
            "400 Bad Request",
            r#"{"code":1,"message":"Session ID unknown"}"#,
        );
    });
    let mut client = Client::connect(options.mode(Mode::Polling)).await.unwrap();
    client.next_event().await.unwrap();
    let error = client.next_event().await.unwrap_err();
    assert!(
        matches!(&error, Error::Closed(Closed::TransportFailed(why)) if why.contains("Session ID unknown")),
        "{error:?}"
    );
    server.join().unwrap();
}

#[tokio::test]
async fn a_json_request_carries_its_token_and_returns_any_status() {
    let (options, server) = serve(|listener| {
        let mut exchange = Exchange::new(accept(&listener));
        let (line, body) = exchange.request();
        assert_eq!(
            (line.as_str(), body.as_str()),
            ("POST /api/x?y=1", r#"{"a":1}"#)
        );
        exchange.answer("422 Unprocessable Content", r#"{"code":"invalid_field"}"#);
    });
    let url = format!("{}/api/x?y=1", options.url);
    let answer =
        atalaya_client::http::request(http::Method::POST, &url, Some("t"), Some(&json!({"a": 1})))
            .await
            .unwrap();
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json::<Value>().unwrap()["code"], "invalid_field");
    server.join().unwrap();
}
