//! Any body is refused or is split within its limits, and its records written again are the same records.

#![no_main]

use atalaya_protocol::engine::payload::{Limits, Record, Writer, decode};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_records: 64,
    max_bytes: 4096,
};

fuzz_target!(|body: &str| {
    let Ok(records) = decode(body, LIMITS) else {
        return;
    };
    assert!(body.len() <= LIMITS.max_bytes && records.len() <= LIMITS.max_records);
    let mut writer = Writer::new(usize::MAX);
    for record in &records {
        let fits = match record {
            Record::Text(text) => writer.push_text(text),
            Record::Binary(bytes) => writer.push_binary(bytes),
        };
        assert!(fits);
    }
    // Padding that was missing is written, so the body may have grown.
    let limits = Limits {
        max_bytes: usize::MAX,
        ..LIMITS
    };
    assert_eq!(decode(&writer.finish(), limits), Ok(records));
});
