use proptest::prelude::*;

use super::*;

const MASK: [u8; 4] = [7, 0, 255, 3];

fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&MASK);
    bytes.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    bytes
}

fn read_all(bytes: &[u8]) -> Result<Vec<Item>, FrameError> {
    let mut inbound = Inbound::new(300);
    inbound.push(bytes);
    let mut items = Vec::new();
    while let Some(item) = inbound.next()? {
        items.push(item);
    }
    Ok(items)
}

#[test]
fn whole_messages_come_out_in_order() {
    let bytes = [
        frame(0x81, "hola €".as_bytes()),
        frame(0x82, &[1, 2]),
        frame(0x81, &[b'x'; 200]),
    ];
    assert_eq!(
        read_all(&bytes.concat()).unwrap(),
        [
            Item::Text("hola €".into()),
            Item::Binary(vec![1, 2].into()),
            Item::Text("x".repeat(200))
        ]
    );
}

#[test]
fn fragments_are_joined_with_control_frames_between() {
    let bytes = [
        frame(0x01, b"ho"),
        frame(0x89, b"?"),
        frame(0x00, b"l"),
        frame(0x80, b"a"),
    ];
    assert_eq!(
        read_all(&bytes.concat()).unwrap(),
        [Item::Ping(b"?".to_vec()), Item::Text("hola".into())]
    );
}

#[test]
fn frames_against_the_rules_are_refused() {
    let protocol = |bytes: &[u8]| matches!(read_all(bytes), Err(FrameError::Protocol(_)));
    assert!(protocol(&[0x81, 0x01, b'a']), "not masked");
    assert!(protocol(&frame(0xC1, b"a")), "reserved bit");
    assert!(protocol(&frame(0x83, b"a")), "reserved kind");
    assert!(protocol(&frame(0x8B, b"a")), "reserved control");
    assert!(protocol(&frame(0x80, b"a")), "continuation of nothing");
    assert!(
        protocol(&[frame(0x01, b"a"), frame(0x81, b"b")].concat()),
        "message in a message"
    );
    assert!(protocol(&frame(0x09, b"a")), "fragmented control frame");
    assert!(protocol(&frame(0x89, &[0; 126])), "long control frame");
    assert_eq!(read_all(&frame(0x81, &[0xFF])), Err(FrameError::NotUtf8));
}

#[test]
fn a_message_over_the_limit_is_refused_by_its_header_alone() {
    assert_eq!(
        read_all(&frame(0x81, &[b'x'; 301])[..8]),
        Err(FrameError::TooLarge)
    );
    let endless = [
        0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0,
    ];
    assert_eq!(read_all(&endless), Err(FrameError::TooLarge));
    let parts = [frame(0x01, &[b'x'; 200]), frame(0x80, &[b'x'; 101])];
    assert_eq!(read_all(&parts.concat()), Err(FrameError::TooLarge));
}

#[test]
fn nothing_is_kept_between_messages() {
    let mut inbound = Inbound::new(100_000);
    inbound.push(&frame(0x81, &[b'x'; 60_000]));
    assert!(inbound.next().unwrap().is_some());
    assert_eq!(inbound.buffer.capacity(), 0);
    assert!(inbound.fragments.is_none());
}

proptest! {
    #[test]
    fn where_the_bytes_are_cut_does_not_matter(
        texts in proptest::collection::vec("\\PC{0,40}", 1..6),
        cut in 1usize..20,
    ) {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| frame(0x81, text.as_bytes())).collect();
        let mut inbound = Inbound::new(300);
        let mut read = Vec::new();
        for piece in bytes.chunks(cut) {
            inbound.push(piece);
            while let Some(item) = inbound.next().unwrap() {
                read.push(item);
            }
        }
        prop_assert_eq!(read, texts.into_iter().map(Item::Text).collect::<Vec<_>>());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(&bytes);
    }
}
