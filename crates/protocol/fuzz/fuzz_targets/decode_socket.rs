//! Any text is refused or is one packet, which means the same when written again; an event comes apart,
//! and a binary packet takes the attachments it announced and no more.

#![no_main]

use atalaya_protocol::socket::{Kind, Limits, Packet, Reassembly, event, event_data};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_attachments: 8,
    max_bytes: 64,
};

fuzz_target!(|text: &str| {
    let Ok(packet) = Packet::decode(text) else {
        return;
    };
    let again = packet.encode();
    assert_eq!(Packet::decode(&again), Ok(packet.clone()));
    if matches!(packet.kind, Kind::Event | Kind::BinaryEvent) {
        let data = packet.data.as_deref().expect("an event has data");
        let (name, args) = event(data).expect("decoding has checked it");
        if !data.trim_start_matches(['[', ' ', '\t', '\r', '\n']).starts_with('"') {
            return; // A number as the name becomes text.
        }
        let joined = event_data(&name, args.get()).expect("arguments are an array");
        let (name_again, args_again) = event(&joined).expect("an event was put together");
        assert_eq!(name, name_again);
        let inner = |array: &str| array[1..array.len() - 1].trim().to_owned();
        assert_eq!(inner(args.get()), inner(args_again.get()));
    }
    if packet.kind.is_binary() {
        let announced = packet.attachments;
        let Ok(mut waiting) = Reassembly::new(packet, LIMITS) else {
            return;
        };
        for _ in 0..announced {
            assert!(!waiting.is_complete());
            waiting.push(Bytes::from_static(b"x")).expect("it was announced");
        }
        assert!(waiting.push(Bytes::new()).is_err());
        assert_eq!(waiting.finish().expect("it is complete").attachments.len(), announced);
    }
});
