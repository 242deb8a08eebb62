//! What is no token.

mod common;

use access::Refusal;
use common::*;
use pollster::block_on;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn no_prefix_of_a_token_is_one() {
    let world = World::alone();
    let key = ed25519("a");
    let deployment = trusting(&[&key]);
    let token = key.token(&claims());
    for end in 0..token.len() {
        invalid(world.ask(&deployment, &token[..end]));
    }
    for longer in ["A", ".", ".A", "=", "AAAA"] {
        not_valid(world.ask(&deployment, &format!("{token}{longer}")));
    }
    assert!(world.ask(&deployment, &token).is_ok());
}

#[test]
fn no_bit_can_be_another() {
    let world = World::alone();
    for key in [ed25519("a"), shared("a")] {
        let deployment = trusting(&[&key]);
        let token = key.token(&claims());
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut other = token.clone().into_bytes();
                other[at] ^= 1 << bit;
                let value = [b"Bearer ", &other[..]].concat();
                let answer = block_on(deployment.caller(&[&value], &world));
                assert!(matches!(answer, Err(Refusal::Invalid { .. })), "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let world = World::alone();
    let key = ed25519("a");
    let deployment = trusting(&[&key]);
    let padded = |length| key.token(&claims_with("x", "x".repeat(length).into()));
    assert!(world.ask(&deployment, &padded(11_000)).is_ok());
    invalid(world.ask(&deployment, &padded(13_000)));
    invalid(world.ask(&deployment, &"a".repeat(10 << 20)));
    let nested = |depth: usize| {
        let text = claims().to_string();
        let value = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        key.sign(&key.header().to_string(), &text.replacen('{', &format!("{{\"x\":{value},"), 1))
    };
    assert!(world.ask(&deployment, &nested(10)).is_ok());
    for depth in [16, 17, 127, 128, 5000] {
        not_valid(world.ask(&deployment, &nested(depth)));
    }
}

#[test]
fn a_name_that_is_given_twice_is_refused() {
    let world = World::alone();
    let key = ed25519("a");
    let deployment = trusting(&[&key]);
    let (header, payload) = (key.header().to_string(), claims().to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    assert!(world.ask(&deployment, &key.sign(&header, &payload)).is_ok());
    for member in [
        r#""tenant":"other""#,
        r#""tenant":"acme""#,
        r#""ten\u0061nt":"other""#,
        r#""x":{"a":1,"a":1}"#,
        r#""x":[[{"a":1,"b":1,"a":1}]]"#,
    ] {
        not_valid(world.ask(&deployment, &key.sign(&header, &twice(&payload, member))));
    }
    for member in [r#""alg":"EdDSA""#, r#""kid":"a""#, r#""x":{"a":1,"a":1}"#] {
        not_valid(world.ask(&deployment, &key.sign(&twice(&header, member), &payload)));
    }
}

#[test]
fn parts_that_are_no_objects_are_refused() {
    let world = World::alone();
    let key = ed25519("a");
    let deployment = trusting(&[&key]);
    let (header, payload) = (key.header().to_string(), claims().to_string());
    for wrong in ["", "[]", "null", "1", "\"\"", "{", "{} {}", "\u{feff}{}"] {
        not_valid(world.ask(&deployment, &key.sign(&header, wrong)));
        not_valid(world.ask(&deployment, &key.sign(wrong, &payload)));
    }
    for iss in [json!(null), json!(1), json!([ISSUER]), json!({})] {
        let mut claims = claims();
        claims["iss"] = iss;
        not_valid(world.ask(&deployment, &key.token(&claims)));
    }
}

#[test]
fn headers_that_are_no_bearer_token_are_refused() {
    let world = World::alone();
    let key = ed25519("a");
    let deployment = trusting(&[&key]);
    let ask = |values: &[&[u8]]| block_on(deployment.caller(values, &world));
    assert!(matches!(ask(&[]), Err(Refusal::Missing)));
    let good = format!("Bearer {}", key.token(&claims()));
    assert!(ask(&[good.as_bytes()]).is_ok());
    assert!(ask(&[good.replace("Bearer", "bearer").as_bytes()]).is_ok());
    invalid(ask(&[good.as_bytes(), good.as_bytes()]));
    invalid(ask(&[good.as_bytes(), b""]));
    for wrong in ["Bearer", "Bearer ", &format!("{good} x"), &format!("{good}, {good}")] {
        invalid(ask(&[wrong.as_bytes()]));
    }
    for other in ["", "Basic NDcxMTpzZWNyZXQ=", &good[7..], "Bearertoken"] {
        assert!(matches!(ask(&[other.as_bytes()]), Err(Refusal::Missing)), "{other}");
    }
    invalid(ask(&[&[good.as_bytes(), b"\xff"].concat()]));
}

#[test]
fn nothing_of_a_token_is_told() {
    let world = World::alone();
    let (key, other) = (ed25519("a"), ed25519("b"));
    let deployment = trusting(&[&key]);
    let good = key.token(&claims());
    let tokens = [
        other.token(&claims()),
        key.token(&claims_with("aud", "x".into())),
        key.token(&claims_with("party_id", json!(7))),
        format!("{}x", good),
        good.replace('.', "!"),
    ];
    for token in tokens {
        let refusal = format!("{:?}", world.ask(&deployment, &token).unwrap_err());
        assert!(token.split('.').all(|part| !refusal.contains(part)), "{refusal}");
    }
    world.ask(&deployment, &good).unwrap();
    let shown = format!("{deployment:?}");
    assert!(shown.contains(ISSUER) && !shown.contains(key.public["x"].as_str().unwrap()));
    assert!(good.split('.').all(|part| !shown.contains(part)));
}

proptest! {
    #[test]
    fn no_text_is_a_token(value in any::<Vec<u8>>(), text in "[Bb]earer [ -~]{0,300}") {
        let (world, deployment) = (World::alone(), trusting(&[&ed25519("a"), &p256("b")]));
        for value in [&value[..], text.as_bytes()] {
            let refusal = block_on(deployment.caller(&[value], &world)).unwrap_err();
            let is_refused = matches!(refusal, Refusal::Missing | Refusal::Invalid { .. });
            prop_assert!(is_refused, "{:?}", refusal);
        }
    }

    #[test]
    fn no_three_parts_are_a_token(
        alg in prop::sample::select(vec!["ES256", "EdDSA", "RS256", "HS256", "none", "PS256"]),
        kid in prop::option::of("[ab]"),
        claim in "[a-z]{1,5}",
        value in any::<f64>(),
        signature in any::<Vec<u8>>(),
    ) {
        let deployment = trusting(&[&ed25519("a"), &p256("b")]);
        let mut header = json!({"alg": alg});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        let claims = claims_with(&claim, json!(value)).to_string();
        let parts = [base64url(header.to_string()), base64url(claims), base64url(signature)];
        let refusal = World::alone().ask(&deployment, &parts.join(".")).unwrap_err();
        let is_invalid = matches!(refusal, Refusal::Invalid { .. });
        prop_assert!(is_invalid, "{:?}", refusal);
    }
}
