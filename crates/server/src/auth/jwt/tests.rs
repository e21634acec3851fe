//! Which tokens get in, with the time as an argument.

use atalaya_store::Role;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const NOW_S: i64 = NOW.0 / 1_000;

fn tokens() -> Tokens {
    tokens_of("sub")
}

fn tokens_of(user_claim: &str) -> Tokens {
    Tokens::new(
        &Secret::new("a shared secret of some length"),
        user_claim,
        Duration::from_secs(3_600),
    )
}

fn ana() -> User {
    User {
        id: UserId(27),
        username: "ana".to_owned(),
        display_name: None,
        role: Role::Operator,
        disabled: false,
        created_at: NOW,
    }
}

/// A token as another back end with the same secret would sign it.
fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &tokens().encoding).unwrap()
}

fn refusal(token: &str) -> String {
    match tokens().verify(token, NOW) {
        Err(TokenError::Invalid(why)) => why.into_owned(),
        other => panic!("not refused as invalid: {other:?}"),
    }
}

#[test]
fn a_minted_token_is_good_until_the_second_it_expires() {
    let minted = tokens().mint(&ana(), NOW);
    assert_eq!(minted.expires_in, Duration::from_secs(3_600));
    let expires_at = NOW.plus_ms(3_600_000);
    let claims = Claims {
        user_id: UserId(27),
        expires_at,
    };
    assert_eq!(
        tokens().verify(&minted.token, expires_at.plus_ms(-1)),
        Ok(claims)
    );
    assert_eq!(
        tokens().verify(&minted.token, expires_at),
        Err(TokenError::Expired)
    );
}

#[test]
fn a_user_id_is_a_number_or_a_text_that_holds_one() {
    for sub in [json!(27), json!("27")] {
        let token = signed(&json!({"sub": sub, "exp": NOW_S + 60}));
        assert_eq!(tokens().verify(&token, NOW).unwrap().user_id, UserId(27));
    }
    for sub in [
        json!("ana"),
        json!(""),
        json!(0),
        json!(-1),
        json!(2.5),
        json!("27 "),
    ] {
        let token = signed(&json!({"sub": sub, "exp": NOW_S + 60}));
        assert_eq!(
            refusal(&token),
            "claim sub of the token is not a user's id",
            "{sub}"
        );
    }
    let anonymous = signed(&json!({"exp": NOW_S + 60}));
    assert_eq!(refusal(&anonymous), "the token names no user (claim sub)");
}

#[test]
fn the_claim_of_the_user_is_configurable() {
    let token = signed(&json!({"sub": "someone", "userId": 27, "exp": NOW_S + 60}));
    assert_eq!(
        tokens_of("userId").verify(&token, NOW).unwrap().user_id,
        UserId(27)
    );
}

#[test]
fn an_expiry_is_required_and_must_be_a_time() {
    assert_eq!(
        refusal(&signed(&json!({"sub": 27}))),
        "the token has no expiry (claim exp)"
    );
    let odd = signed(&json!({"sub": 27, "exp": "tomorrow"}));
    assert_eq!(refusal(&odd), "claim exp of the token is not a time");
    let fraction = signed(&json!({"sub": 27, "exp": NOW_S as f64 + 0.5}));
    assert_eq!(
        tokens().verify(&fraction, NOW).unwrap().expires_at,
        NOW.plus_ms(500)
    );
}

#[test]
fn a_token_that_is_not_valid_yet_is_refused() {
    let claims = json!({"sub": 27, "exp": NOW_S + 60, "nbf": NOW_S + 1});
    assert_eq!(
        refusal(&signed(&claims)),
        "the token is not valid yet (claim nbf)"
    );
    assert!(
        tokens()
            .verify(&signed(&claims), NOW.plus_ms(1_000))
            .is_ok()
    );
}

#[test]
fn whom_another_back_end_meant_it_for_does_not_matter() {
    let token = signed(&json!({"sub": 27, "exp": NOW_S + 60, "aud": "web", "iss": "nest"}));
    assert!(tokens().verify(&token, NOW).is_ok());
}

#[test]
fn the_algorithm_is_pinned() {
    let claims = json!({"sub": 27, "exp": NOW_S + 60});
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = encode(&Header::new(algorithm), &claims, &tokens().encoding).unwrap();
        assert_eq!(refusal(&token), "the token is not signed with HS256");
    }
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None","typ":"JWT"}"#,
        r#"{"typ":"JWT"}"#,
    ] {
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = format!("{}.{body}.", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(
            refusal(&token),
            "this is not a JSON Web Token signed with HS256",
            "{header}"
        );
    }
}

#[test]
fn a_wrong_signature_is_refused_before_anything_is_read() {
    let other = Tokens::new(
        &Secret::new("another secret"),
        "sub",
        Duration::from_secs(60),
    );
    assert_eq!(
        refusal(&other.mint(&ana(), NOW).token),
        "the token's signature is wrong"
    );
    let mut expired = tokens().mint(&ana(), NOW.plus_ms(-7_200_000)).token;
    expired.replace_range(expired.len() - 4.., "AAAA");
    assert_eq!(refusal(&expired), "the token's signature is wrong");
}

#[test]
fn what_is_no_token_is_refused() {
    assert_eq!(tokens().verify("", NOW), Err(TokenError::Missing));
    for nonsense in ["x", "a.b", "a.b.c", "....", "\u{0}", "e30.e30.", "ñ.ñ.ñ"] {
        refusal(nonsense);
    }
    assert_eq!(
        refusal(&"a".repeat(MAX_TOKEN_BYTES + 1)),
        "the token is too long"
    );
}

#[test]
fn extensions_that_must_be_understood_are_refused() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let claims = json!({"sub": 27, "exp": NOW_S + 60});
    let token = encode(&header, &claims, &tokens().encoding).unwrap();
    assert_eq!(
        refusal(&token),
        "the token's header asks for unknown extensions"
    );
}
