//! What a line costs, both sinks and their threads included. A measurement, for an idle machine:
//! `cargo test --release -p atalaya --bin atalaya what_a_line_costs -- --ignored --nocapture`

use std::{
    net::Ipv4Addr,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt};

use super::{Destination, Format, JsonLines, Sink};

/// As many as connections are opened in a storm.
const LINES_PER_TICK: u32 = 50;
const TICK: Duration = Duration::from_millis(10);
const TICKS: u32 = 500;

#[test]
#[ignore = "a measurement of five seconds, worth something in a release build"]
fn what_a_line_costs() {
    let dir = tempfile::tempdir().unwrap();
    let mut reader = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pipe = OwnedFd::from(reader.stdin.take().unwrap());
    let pipe = Destination::new(pipe.into(), None, Format::Json);
    let file = Destination::file(&dir.path().join("a.log")).unwrap();
    let sinks = vec![
        Sink::start("log-file", file, false).unwrap(),
        Sink::start("log-stderr", pipe, false).unwrap(),
    ];
    let filter = EnvFilter::new("info");
    let subscriber = tracing_subscriber::registry()
        .with(filter)
        .with(JsonLines(sinks.clone()));
    let without = cpu_of(|_| ());
    let with = tracing::subscriber::with_default(subscriber, || cpu_of(log_a_connection));
    for sink in &sinks {
        sink.flush();
    }
    let per_line = with.saturating_sub(without) / (LINES_PER_TICK * TICKS);
    println!("{per_line:?} of CPU a line");
    assert!(per_line < Duration::from_nanos(2_500) || cfg!(debug_assertions));
    reader.kill().unwrap();
    reader.wait().unwrap();
}

fn log_a_connection(number: u32) {
    tracing::info!(
        session.id = i64::from(number),
        socket.id = "aGVsbG8gd29ybGQgMTIzNDU2",
        user.id = i64::from(number) + 1_000,
        client.address = %Ipv4Addr::new(203, 0, 113, 77),
        transport = "websocket",
        node = "atalaya-01:3001/715d3dbc",
        "connection opened"
    );
}

/// The processor time of the process while this is done again and again at an even rate.
#[expect(clippy::disallowed_methods, reason = "there is no runtime here")]
fn cpu_of(work: impl Fn(u32)) -> Duration {
    let (began, before) = (Instant::now(), cpu());
    for tick in 1..=TICKS {
        (0..LINES_PER_TICK).for_each(&work);
        thread::sleep((TICK * tick).saturating_sub(began.elapsed()));
    }
    cpu() - before
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}
