//! What reading and writing costs: Engine.IO packets and payloads, Socket.IO packets, a packet with an attachment.

use std::hint::black_box;

use atalaya_protocol::{
    engine::{self, payload},
    socket::{self, Reassembly},
};
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A notification as a browser gets it.
const EVENT: &str = r#"2/notifications,["notification",{"id":1042,"title":"Disk almost full","body":"web-1 has 3 % left.","severity":"warning","type":"disk","link":"/servers/web-1","data":{"server":"web-1"},"created_at":"2026-01-31T09:15:00.000Z"},"1042"]"#;
const CONNECT: &str = r#"0/notifications,{"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyNyIsImV4cCI6MTc3MDAwMDAwMH0.ZrJ0o8dQ1t8mM2c3b4a5d6e7f8g9h0i1j2k3l4m5n6o"}"#;
const READ: &str = r#"2/notifications,17["read",{"ids":[1040,1041,1042]}]"#;

fn engine_packets(c: &mut Criterion) {
    let message = format!("4{EVENT}");
    let mut group = c.benchmark_group("engine packet");
    group.throughput(Throughput::Bytes(message.len() as u64));
    group.bench_function("decode message", |b| {
        b.iter(|| engine::Packet::decode(black_box(&message)));
    });
    group.bench_function("encode message", |b| {
        let packet = engine::Packet::decode(&message).expect("a message");
        b.iter(|| black_box(&packet).encode());
    });
    group.bench_function("decode ping", |b| {
        b.iter(|| engine::Packet::decode(black_box("2")));
    });
    group.finish();
}

/// Sixteen notifications in one answer to a poll.
fn payloads(c: &mut Criterion) {
    const MAX_PAYLOAD: usize = 1_000_000;
    let limits = payload::Limits {
        max_records: 1_000,
        max_bytes: MAX_PAYLOAD,
    };
    let message = format!("4{EVENT}");
    let write = || {
        let mut writer = payload::Writer::new(MAX_PAYLOAD);
        for _ in 0..16 {
            writer.push_text(black_box(&message));
        }
        writer.finish()
    };
    let body = write();
    let mut group = c.benchmark_group("payload of 16");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("encode", |b| b.iter(write));
    group.bench_function("decode", |b| {
        b.iter(|| payload::decode(black_box(&body), limits));
    });
    group.finish();
}

fn socket_packets(c: &mut Criterion) {
    let mut group = c.benchmark_group("socket packet");
    for (name, text) in [
        ("connect", CONNECT),
        ("event", EVENT),
        ("event with ack", READ),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("decode {name}"), |b| {
            b.iter(|| socket::Packet::decode(black_box(text)));
        });
    }
    group.bench_function("encode event", |b| {
        let packet = socket::Packet::decode(EVENT).expect("an event");
        b.iter(|| black_box(&packet).encode());
    });
    group.bench_function("split an event's name from its arguments", |b| {
        let packet = socket::Packet::decode(READ).expect("an event");
        let data = packet.data.expect("an event has data");
        b.iter(|| socket::event(black_box(&data)));
    });
    group.finish();
}

fn attachments(c: &mut Criterion) {
    const HEAD: &str = r#"51-/notifications,["upload",{"_placeholder":true,"num":0}]"#;
    let limits = socket::Limits {
        max_attachments: 10,
        max_bytes: 1_000_000,
    };
    let attachment = Bytes::from(vec![7; 4_096]);
    c.bench_function("reassemble an event of 4 KiB", |b| {
        b.iter(|| {
            let packet = socket::Packet::decode(black_box(HEAD))?;
            let mut reassembly = Reassembly::new(packet, limits)?;
            reassembly.push(attachment.clone())?;
            reassembly.finish()
        });
    });
}

criterion_group!(
    benches,
    engine_packets,
    payloads,
    socket_packets,
    attachments
);
criterion_main!(benches);
