//! What the packet codec promises, case by case and then for anything.

use super::*;
use proptest::prelude::*;

fn packet(
    kind: Kind,
    namespace: &'static str,
    ack_id: Option<u64>,
    data: Option<&'static str>,
) -> Packet<'static> {
    Packet {
        ack_id,
        ..Packet::new(kind, namespace, data.map(Cow::Borrowed))
    }
}

#[test]
fn the_examples_of_the_protocol_are_read_and_written() {
    let pairs = [
        ("0", packet(Kind::Connect, "/", None, None)),
        (
            r#"0{"sid":"x"}"#,
            packet(Kind::Connect, "/", None, Some(r#"{"sid":"x"}"#)),
        ),
        ("0/admin,", packet(Kind::Connect, "/admin", None, None)),
        (
            r#"0/admin,{"t":1}"#,
            packet(Kind::Connect, "/admin", None, Some(r#"{"t":1}"#)),
        ),
        ("1", packet(Kind::Disconnect, "/", None, None)),
        ("1/admin,", packet(Kind::Disconnect, "/admin", None, None)),
        (
            r#"2["hey"]"#,
            packet(Kind::Event, "/", None, Some(r#"["hey"]"#)),
        ),
        (
            r#"2/admin,456["hey",[1]]"#,
            packet(Kind::Event, "/admin", Some(456), Some(r#"["hey",[1]]"#)),
        ),
        ("2[5]", packet(Kind::Event, "/", None, Some("[5]"))),
        ("30[]", packet(Kind::Ack, "/", Some(0), Some("[]"))),
        (
            r#"3/admin,13["ok"]"#,
            packet(Kind::Ack, "/admin", Some(13), Some(r#"["ok"]"#)),
        ),
        (
            r#"4{"message":"no"}"#,
            packet(Kind::ConnectError, "/", None, Some(r#"{"message":"no"}"#)),
        ),
        (
            r#"4/admin,"no""#,
            packet(Kind::ConnectError, "/admin", None, Some(r#""no""#)),
        ),
    ];
    for (text, expected) in pairs {
        assert_eq!(Packet::decode(text).as_ref(), Ok(&expected), "{text}");
        assert_eq!(expected.encode(), text);
    }
}

#[test]
fn binary_kinds_say_how_many_attachments_follow() {
    let text = r#"51-/admin,12["hey",{"_placeholder":true,"num":0}]"#;
    let read = Packet::decode(text).unwrap();
    assert_eq!(
        (read.kind, read.attachments, read.ack_id),
        (Kind::BinaryEvent, 1, Some(12))
    );
    assert_eq!(read.encode(), text);
    for text in [
        "5",
        "5-[\"a\"]",
        "5[\"a\"]",
        "5+1-[\"a\"]",
        "51.0-[\"a\"]",
        "5 1-[\"a\"]",
        "599999999999999999999-[\"a\"]",
    ] {
        assert_eq!(
            Packet::decode(text),
            Err(Error::InvalidAttachments),
            "{text}"
        );
    }
    // Without a binary kind it is data, and not JSON.
    assert_eq!(Packet::decode(r#"21-["a"]"#), Err(Error::InvalidJson));
}

#[test]
fn other_ways_to_write_the_same_are_understood() {
    assert_eq!(Packet::decode("0/").unwrap().namespace, "/");
    assert_eq!(Packet::decode("0/,{}").unwrap().namespace, "/");
    assert_eq!(Packet::decode("0/admin").unwrap().namespace, "/admin");
    let spaced = Packet::decode("2 [\"a\"] ").unwrap();
    assert_eq!(spaced.data.as_deref(), Some("[\"a\"]"));
    assert_eq!(Packet::decode("2007[\"a\"]").unwrap().ack_id, Some(7));
}

#[test]
fn data_must_have_the_shape_of_its_kind() {
    let cases = [
        ("", Error::Empty),
        ("7", Error::UnknownType('7')),
        ("é", Error::UnknownType('é')),
        ("0[]", Error::WrongShape("connect")),
        ("0null", Error::WrongShape("connect")),
        ("0{", Error::InvalidJson),
        ("0{}x", Error::InvalidJson),
        ("1{}", Error::UnexpectedData("disconnect")),
        ("1/admin,x", Error::UnexpectedData("disconnect")),
        ("2", Error::MissingData("event")),
        ("2/admin", Error::MissingData("event")),
        ("2{}", Error::WrongShape("event")),
        ("2[]", Error::WrongShape("event")),
        ("2[null]", Error::WrongShape("event")),
        (r#"2"hey""#, Error::WrongShape("event")),
        (r#"2["a"#, Error::InvalidJson),
        (
            r#"2["disconnecting",1]"#,
            Error::ReservedEvent("disconnecting"),
        ),
        (r#"50-["connect"]"#, Error::ReservedEvent("connect")),
        ("31", Error::MissingData("ack")),
        ("31{}", Error::WrongShape("ack")),
        ("4", Error::MissingData("connect error")),
        ("4[]", Error::WrongShape("connect error")),
    ];
    for (text, error) in cases {
        assert_eq!(Packet::decode(text), Err(error), "{text}");
    }
}

#[test]
fn an_ack_id_belongs_to_events_and_acks_and_fits_in_53_bits() {
    assert_eq!(Packet::decode("3[]"), Err(Error::MissingAckId));
    assert_eq!(Packet::decode("60-[]"), Err(Error::MissingAckId));
    assert_eq!(
        Packet::decode("01{}"),
        Err(Error::UnexpectedAckId("connect"))
    );
    assert_eq!(
        Packet::decode("11"),
        Err(Error::UnexpectedAckId("disconnect"))
    );
    assert_eq!(
        Packet::decode("41{}"),
        Err(Error::UnexpectedAckId("connect error"))
    );
    assert_eq!(
        Packet::decode("39007199254740991[]").unwrap().ack_id,
        Some(MAX_ACK_ID)
    );
    assert_eq!(
        Packet::decode("39007199254740992[]"),
        Err(Error::InvalidAckId)
    );
    assert_eq!(
        Packet::decode("399999999999999999999[]"),
        Err(Error::InvalidAckId)
    );
}

#[test]
fn a_namespace_is_short_and_printable() {
    let longest = format!("/{}", "a".repeat(MAX_NAMESPACE_BYTES - 1));
    assert_eq!(
        Packet::decode(&format!("0{longest},")).unwrap().namespace,
        longest
    );
    assert_eq!(
        Packet::decode(&format!("0{longest}a,")),
        Err(Error::InvalidNamespace)
    );
    assert_eq!(Packet::decode("0/a\n,"), Err(Error::InvalidNamespace));
    assert!(is_namespace("/") && is_namespace("/notificaciones-ñ"));
    assert!(!is_namespace("") && !is_namespace("admin") && !is_namespace("/a,b"));
}

#[test]
fn deep_nesting_overflows_no_stack() {
    let deep = format!("2[\"a\",{}{}]", "[".repeat(200_000), "]".repeat(200_000));
    let read = Packet::decode(&deep).unwrap();
    assert!(super::super::event(&read.data.unwrap()).is_ok());
}

/// JSON of a few levels, as text.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map("[a-z]{0,6}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_data(kind: Kind) -> BoxedStrategy<Option<String>> {
    let array = proptest::collection::vec(any_json(), 0..4);
    let object = proptest::collection::btree_map("\\PC{0,6}", any_json(), 0..4);
    match kind {
        Kind::Disconnect => Just(None).boxed(),
        Kind::Connect => {
            proptest::option::of(object.prop_map(|map| serde_json::to_string(&map).unwrap()))
                .boxed()
        }
        Kind::ConnectError => object
            .prop_map(|map| serde_json::to_string(&map).ok())
            .boxed(),
        Kind::Ack | Kind::BinaryAck => array
            .prop_map(|array| serde_json::to_string(&array).ok())
            .boxed(),
        Kind::Event | Kind::BinaryEvent => ("x\\PC{0,8}", array)
            .prop_map(|(name, mut array)| {
                array.insert(0, name.into());
                serde_json::to_string(&array).ok()
            })
            .boxed(),
    }
}

fn any_packet() -> impl Strategy<Value = Packet<'static>> {
    let kinds = [
        Kind::Connect,
        Kind::Disconnect,
        Kind::Event,
        Kind::Ack,
        Kind::ConnectError,
        Kind::BinaryEvent,
        Kind::BinaryAck,
    ];
    let namespace = prop_oneof![Just("/".to_owned()), "/[a-z0-9/_?=é-]{0,20}"];
    let parts = (
        proptest::sample::select(kinds.to_vec()),
        namespace,
        proptest::option::of(0..=MAX_ACK_ID),
        0usize..20,
    );
    parts.prop_flat_map(|(kind, namespace, ack_id, attachments)| {
        any_data(kind).prop_map(move |data| Packet {
            kind,
            namespace: Cow::Owned(namespace.clone()),
            ack_id: match kind {
                _ if kind.must_have_ack_id() => Some(ack_id.unwrap_or(0)),
                _ if kind.may_have_ack_id() => ack_id,
                _ => None,
            },
            attachments: if kind.is_binary() { attachments } else { 0 },
            data: data.map(Cow::Owned),
        })
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(packet in any_packet()) {
        let text = packet.encode();
        prop_assert_eq!(Packet::decode(&text), Ok(packet));
    }

    #[test]
    fn whatever_is_read_means_the_same_when_written_again(text in "[0-7][0-9]{0,3}-?(/[a-z]{0,3},?)?[0-9]{0,2}[\\[\\]{}\",a:0 ]{0,12}") {
        if let Ok(packet) = Packet::decode(&text) {
            let again = packet.encode();
            prop_assert_eq!(Packet::decode(&again), Ok(packet.clone()));
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), headed in "[0-6].{0,30}") {
        let _ = Packet::decode(&text);
        let _ = Packet::decode(&headed);
    }
}
