//! Who signed a token, and how.

mod common;

use access::{Authentication, Caller, Identity, Parties, Scopes, Tenant};
use common::*;
use jsonwebtoken::Algorithm::{self, *};
use rsa::pkcs8::EncodePublicKey;
use serde_json::{Value, json};

fn all_keys() -> Vec<Key> {
    vec![
        rsa("r256", RS256),
        rsa("r384", RS384),
        rsa("r512", RS512),
        rsa("p256", PS256),
        p256("e256"),
        p384("e384"),
        ed25519("ed"),
        shared("hs"),
    ]
}

#[test]
fn every_algorithm_is_good() {
    let (world, keys) = (World::alone(), all_keys());
    let deployment = trusting(&keys.iter().collect::<Vec<_>>());
    for key in &keys {
        let caller = world.ask(&deployment, &key.token(&claims())).unwrap();
        let identity = Identity {
            issuer: ISSUER.into(),
            subject: Some("user-1".into()),
            client: Some("shop".into()),
        };
        let expected = Caller {
            tenant: Tenant::new("acme").unwrap(),
            identity: Some(identity),
            scopes: Scopes::of(["tmf666:read", "tmf666:write"].into_iter()),
            parties: Parties::Only(["42".to_owned()].into()),
        };
        assert_eq!(*caller, expected, "{:?}", key.algorithm);
    }
}

#[test]
fn algorithms_that_are_not_allowed_are_refused() {
    let world = World::alone();
    for (key, wrong) in [(rsa("a", PS384), "PS384"), (rsa("a", PS512), "PS512")] {
        let deployment = trusting(&[&key]);
        let token = key.token(&claims());
        assert!(token.starts_with(&base64url(format!("{{\"alg\":\"{wrong}\""))));
        not_valid(world.ask(&deployment, &token));
    }
}

#[test]
fn a_key_signs_with_its_algorithm_only() {
    let world = World::alone();
    for only in [RS256, PS256] {
        let mut key = rsa("a", only);
        key.public["alg"] = json!(only);
        let deployment = trusting(&[&key]);
        assert!(world.ask(&deployment, &key.token(&claims())).is_ok());
        for other in [RS256, RS384, RS512, PS256].into_iter().filter(|other| *other != only) {
            not_valid(world.ask(&deployment, &rsa("a", other).token(&claims())));
        }
    }
    // The kid of another kind of key.
    let (good, mut other) = (p256("a"), ed25519("b"));
    other.kid = "a";
    not_valid(world.ask(&trusting(&[&good]), &other.token(&claims())));
}

#[test]
fn the_text_of_a_public_key_is_no_secret() {
    let world = World::alone();
    let good = rsa("a", RS256);
    let deployment = trusting(&[&good]);
    let public = the_rsa_key().to_public_key();
    let pem = public.to_public_key_pem(Default::default()).unwrap();
    let der = public.to_public_key_der().unwrap();
    let jwk = good.public.to_string();
    for secret in [pem.as_bytes(), pem.trim().as_bytes(), der.as_bytes(), jwk.as_bytes()] {
        let signed = format!(
            "{}.{}",
            base64url(r#"{"alg":"HS256","kid":"a"}"#),
            base64url(claims().to_string())
        );
        let secret = jsonwebtoken::EncodingKey::from_secret(secret);
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &secret, HS256).unwrap();
        not_valid(world.ask(&deployment, &format!("{signed}.{signature}")));
    }
}

#[test]
fn alg_none_is_refused() {
    let world = World::alone();
    let good = p256("a");
    let deployment = trusting(&[&good]);
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({"alg": alg, "kid": "a"});
        let signed =
            format!("{}.{}", base64url(header.to_string()), base64url(claims().to_string()));
        not_valid(world.ask(&deployment, &format!("{signed}.")));
        let other = good.sign(&header.to_string(), &claims().to_string());
        not_valid(world.ask(&deployment, &other));
    }
    // No signature.
    let token = good.token(&claims());
    not_valid(world.ask(&deployment, &token[..=token.rfind('.').unwrap()]));
}

#[test]
fn a_key_is_of_its_issuer() {
    let world = World::alone();
    let (mut ours, mut theirs) = (p256("ours"), p256("theirs"));
    for key in [&mut ours, &mut theirs] {
        key.kid = "1";
        key.public["kid"] = "1".into();
    }
    let issuer =
        |name: &str, key: &Key| json!({"issuer": name, "audience": AUDIENCE, "keys": set(&[key])});
    let issuers = json!([issuer(ISSUER, &ours), issuer("https://other.example", &theirs)]);
    let deployment = deployment("*", &issuers);
    let of_other = claims_with("iss", "https://other.example".into());
    assert!(world.ask(&deployment, &ours.token(&claims())).is_ok());
    assert!(world.ask(&deployment, &theirs.token(&of_other)).is_ok());
    not_valid(world.ask(&deployment, &theirs.token(&claims())));
    not_valid(world.ask(&deployment, &ours.token(&of_other)));
    for issuer in ["https://id.example/", "https://ID.example", "https://id.exampl", ""] {
        not_valid(world.ask(&deployment, &ours.token(&claims_with("iss", issuer.into()))));
    }
}

#[test]
fn a_token_that_names_no_key_is_checked_with_the_only_one() {
    let world = World::alone();
    let unnamed =
        |key: &Key| key.sign(&json!({"alg": key.algorithm}).to_string(), &claims().to_string());
    let (one, two, other_kind) = (p256("one"), p256("two"), ed25519("three"));
    assert!(world.ask(&trusting(&[&one]), &unnamed(&one)).is_ok());
    assert!(world.ask(&trusting(&[&one, &other_kind]), &unnamed(&one)).is_ok());
    not_valid(world.ask(&trusting(&[&one, &two]), &unnamed(&one)));
    not_valid(world.ask(&trusting(&[&two]), &unnamed(&one)));
    let mut nameless = p256("one");
    nameless.public.as_object_mut().unwrap().remove("kid");
    let deployment = trusting(&[&nameless]);
    assert!(world.ask(&deployment, &unnamed(&one)).is_ok());
    // It is not the key that this one names.
    not_valid(world.ask(&deployment, &one.token(&claims())));
}

#[test]
fn where_a_header_says_that_the_key_is_nobody_looks() {
    let world = World::alone();
    let (good, evil) = (p256("good"), p256("evil"));
    let deployment = trusting(&[&good]);
    for (name, value) in [
        ("jwk", evil.public.clone()),
        ("jku", "https://evil.example/keys".into()),
        ("x5u", "https://evil.example/keys".into()),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = good.header();
        header[name] = value;
        not_valid(world.ask(&deployment, &evil.sign(&header.to_string(), &claims().to_string())));
        // And a good token is good in spite of it.
        let token = good.sign(&header.to_string(), &claims().to_string());
        assert!(world.ask(&deployment, &token).is_ok());
    }
    header_is_refused(&deployment, &good, "crit", json!(["exp"]));
    header_is_refused(&deployment, &good, "b64", json!(false));
    header_is_refused(&deployment, &good, "zip", json!("DEF"));
    header_is_refused(&deployment, &good, "enc", json!("A128GCM"));
    header_is_refused(&deployment, &good, "typ", json!("JWE"));
    header_is_refused(&deployment, &good, "kid", json!(1));
}

fn header_is_refused(deployment: &Authentication, key: &Key, name: &str, value: Value) {
    let mut header = key.header();
    header[name] = value;
    let token = key.sign(&header.to_string(), &claims().to_string());
    not_valid(World::alone().ask(deployment, &token));
}

#[test]
fn nobody_is_asked_where_nobody_needs_to_say_who_they_are() {
    let open = Authentication::read("none", "acme", "").unwrap();
    for authorization in [&[][..], &[&b"Bearer x"[..]], &[b"\xff", b""]] {
        let caller = pollster::block_on(open.caller(authorization, &World::alone())).unwrap();
        assert_eq!(*caller, Caller::anybody(Tenant::new("acme").unwrap()));
    }
}

#[test]
fn algorithms_are_of_the_kind_of_the_key() {
    let world = World::alone();
    let keys = all_keys();
    for key in &keys {
        let deployment = trusting(&[key]);
        for algorithm in ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA", "HS256"] {
            let signed_as: Algorithm = serde_json::from_value(algorithm.into()).unwrap();
            let header = json!({"alg": algorithm, "kid": key.kid});
            let answer =
                world.ask(&deployment, &key.sign(&header.to_string(), &claims().to_string()));
            assert_eq!(
                answer.is_ok(),
                signed_as == key.algorithm,
                "{:?} as {algorithm}",
                key.algorithm
            );
        }
    }
}
