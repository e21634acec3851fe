//! L1, L3, L4, L6 and L7 for a stream of Server-Sent Events: it is held to what a socket is held to.

use atalaya_store::model::{Role, UserId};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::world::{PATIENCE, World, large, to, token};

on_both_databases!(
    its_row_is_committed_before_its_first_byte_and_closed_when_the_client_leaves,
    it_goes_on_after_the_last_event_that_it_had,
    a_refusal_is_an_answer_and_has_no_row,
    an_expired_token_ends_it,
    the_server_ends_it_when_it_stops,
    one_that_does_not_read_is_cut_off_and_finds_its_notifications_in_the_inbox,
);

/// The client's end: HTTP/1.1 by hand, so that the test decides when it reads.
struct EventStream {
    connection: BufReader<TcpStream>,
    status: u16,
    head: String,
    /// Decoded, and not yet an event.
    text: String,
}

#[derive(Debug)]
struct Event {
    id: Option<i64>,
    name: String,
    data: Value,
}

impl EventStream {
    async fn open(world: &World, token: &str, more: &str) -> Self {
        let mut connection = TcpStream::connect(world.address()).await.unwrap();
        let request = format!(
            "GET /api/notifications/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut connection = BufReader::new(connection);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push_str(&line(&mut connection).await);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            connection,
            status,
            head,
            text: String::new(),
        }
    }

    async fn of(world: &World, user: UserId, more: &str) -> Self {
        let stream = Self::open(world, &token(user, 3_600), more).await;
        assert_eq!(stream.status, 200, "{}", stream.head);
        stream
    }

    /// The next event, past comments; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                if let Some(event) = parsed(&block) {
                    return Some(event);
                }
            }
            let size = line(&mut self.connection).await;
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            let read = self.connection.read_exact(&mut chunk);
            timeout(PATIENCE, read).await.unwrap().unwrap();
            if size == 0 {
                return None;
            }
            self.text
                .push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        }
    }

    async fn next_named(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream has ended");
            if event.name == name {
                return event;
            }
        }
    }

    async fn ends(&mut self) {
        while self.next().await.is_some() {}
    }
}

/// Publishes this text to the letter, and returns the answer's.
async fn post_as_it_is(world: &World, publisher: UserId, body: &str) -> String {
    let mut connection = TcpStream::connect(world.address()).await.unwrap();
    let request = format!(
        "POST /api/notifications HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token(publisher, 3_600),
        body.len(),
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = connection.read_to_string(&mut answer);
    timeout(PATIENCE, read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    answer
}

/// With its end.
async fn line(connection: &mut BufReader<TcpStream>) -> String {
    let mut line = Vec::new();
    let read = async {
        while !line.ends_with(b"\n") {
            line.push(connection.read_u8().await.unwrap());
        }
    };
    timeout(PATIENCE, read).await.expect("nothing comes");
    String::from_utf8(line).unwrap()
}

fn parsed(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    for line in block.lines() {
        let known = ["id: ", "event: ", "data: ", "retry: ", ": "];
        assert!(known.iter().any(|it| line.starts_with(it)), "{line:?}");
    }
    Some(Event {
        id: field("id").map(|id| id.parse().unwrap()),
        name: field("event")?.to_owned(),
        data: serde_json::from_str(field("data")?).unwrap(),
    })
}

async fn its_row_is_committed_before_its_first_byte_and_closed_when_the_client_leaves(
    mut world: World,
) {
    let operator = world.user(Role::Operator).await;
    let user = world.user(Role::User).await;
    world.start().await;
    let mut stream = EventStream::of(&world, user, "User-Agent: a script\r\n").await;
    let active = "SELECT count(*) FROM user_sessions WHERE is_active AND transport = 'sse' AND user_agent = 'a script'";
    assert_eq!(world.number(active).await, 1);
    let head = stream.head.to_ascii_lowercase();
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
    ] {
        assert!(head.contains(header), "{head}");
    }

    let session = stream.next_named("session").await;
    assert!(
        world
            .has_active_row(session.data["socket_id"].as_str().unwrap())
            .await
    );
    stream.next_named("sync").await;
    // Attached with line ends in it, which end a line of the stream.
    let pretty = format!(
        "{{\"to\": {{\"users\": [{}]}}, \"title\": \"one\", \"data\": {{\n\"a\":\r\n[1,\n 2]}}}}",
        user.0
    );
    let answer = post_as_it_is(&world, operator, &pretty).await;
    let event = stream.next_named("notification").await;
    let id = event.id.unwrap();
    assert!(answer.contains(&format!("\"id\":{id},")), "{answer}");
    assert_eq!(event.data["title"], "one");
    assert_eq!(event.data["data"], json!({"a": [1, 2]}));
    let named = json!({"to": {"users": [user.0]}, "title": "two", "event": "order:changed"});
    world.publish(operator, named).await;
    assert_eq!(
        stream.next_named("order:changed").await.data["title"],
        "two"
    );

    drop(stream);
    world.until_nobody_is_active().await;
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'transport_close'",
            1,
        )
        .await;
    world.assert_closed_rows_are_whole().await;
}

async fn it_goes_on_after_the_last_event_that_it_had(mut world: World) {
    let operator = world.user(Role::Operator).await;
    let user = world.user(Role::User).await;
    world.start().await;
    let mut stream = EventStream::of(&world, user, "").await;
    stream.next_named("sync").await;
    world.publish(operator, to(user, "had")).await;
    let had = stream.next_named("notification").await.id.unwrap();
    drop(stream);
    for title in ["missed 0", "missed 1"] {
        world.publish(operator, to(user, title)).await;
    }
    world.kill().await;
    world.start().await;

    let header = format!("Last-Event-ID: {had}\r\n");
    let mut again = EventStream::of(&world, user, &header).await;
    for title in ["missed 0", "missed 1"] {
        assert_eq!(again.next_named("notification").await.data["title"], title);
    }
    let sync = again.next_named("sync").await.data;
    assert_eq!(sync["from"], had);
    assert_eq!(sync["complete"], true);
    world.publish(operator, to(user, "live")).await;
    assert_eq!(again.next_named("notification").await.data["title"], "live");
}

async fn a_refusal_is_an_answer_and_has_no_row(mut world: World) {
    world.set("ATALAYA_MAX_SESSIONS_PER_USER", "1");
    let user = world.user(Role::User).await;
    world.start().await;
    let refused = async |token: &str, more: &str| {
        let stream = EventStream::open(&world, token, more).await;
        assert!(stream.head.contains("application/problem+json"));
        stream.status
    };
    let good = token(user, 3_600);
    assert_eq!(refused("none", "").await, 401);
    assert_eq!(refused(&token(user, -10), "").await, 401);
    assert_eq!(refused(&good, "Last-Event-ID: x\r\n").await, 400);
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 0);
    let _first = EventStream::of(&world, user, "").await;
    assert_eq!(refused(&good, "").await, 429);
    assert_eq!(world.number("SELECT count(*) FROM user_sessions").await, 1);
}

async fn an_expired_token_ends_it(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let mut stream = EventStream::open(&world, &token(user, 2), "").await;
    assert_eq!(stream.status, 200);
    stream.ends().await;
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'token_expired'",
            1,
        )
        .await;
}

async fn the_server_ends_it_when_it_stops(mut world: World) {
    let user = world.user(Role::User).await;
    world.start().await;
    let mut stream = EventStream::of(&world, user, "").await;
    stream.next_named("sync").await;
    world.server().terminate().await;
    stream.ends().await;
    world.server().wait(PATIENCE).await;
    let closed = "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'server_shutdown'";
    assert_eq!(world.number(closed).await, 1);
}

async fn one_that_does_not_read_is_cut_off_and_finds_its_notifications_in_the_inbox(
    mut world: World,
) {
    const PUBLISHES: usize = 500;
    world.set("ATALAYA_OUTBOUND_MAX_MESSAGES", "32");
    let operator = world.user(Role::Operator).await;
    let slow = world.user(Role::User).await;
    world.start().await;
    let stuck = EventStream::of(&world, slow, "").await;

    for number in 0..PUBLISHES {
        let notification = large(&[slow], &number.to_string());
        world.publish(operator, notification).await;
    }
    world
        .until_number(
            "SELECT count(*) FROM user_sessions WHERE disconnect_reason = 'slow_consumer'",
            1,
        )
        .await;
    let inbox = world.get(slow, "/api/notifications?limit=1").await;
    assert_eq!(inbox["unread"], PUBLISHES);
    drop(stuck);
}
