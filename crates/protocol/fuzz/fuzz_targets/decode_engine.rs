//! Any text is refused or is one packet, and a packet is written in one way only.

#![no_main]

use atalaya_protocol::engine::{Open, Packet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(packet) = Packet::decode(text) else {
        return;
    };
    assert_eq!(packet.encode(), text);
    if let Packet::Open(data) = packet
        && let Ok(open) = Open::decode(data)
    {
        let again = open.encode();
        assert_eq!(Open::decode(&again[1..]), Ok(open));
    }
});
