//! What a token claims, and what that makes of a caller.

mod common;

use access::{Authentication, Caller, Parties, Refusal, Scopes, Tenant};
use common::*;
use serde_json::{Value, json};
use std::rc::Rc;

/// Who shows a token with another value for a claim; null takes it away.
fn ask(claim: &str, value: Value) -> Result<Rc<Caller>, Refusal> {
    let key = shared("a");
    World::alone().ask(&trusting(&[&key]), &key.token(&claims_with(claim, value)))
}

/// The same, where the text of the claim counts.
fn ask_text(claim: &str, value: &str) -> Result<Rc<Caller>, Refusal> {
    let key = shared("a");
    let claims = claims_with(claim, json!("VALUE")).to_string().replace("\"VALUE\"", value);
    World::alone().ask(&trusting(&[&key]), &key.sign(&key.header().to_string(), &claims))
}

fn parties(value: Value) -> Parties {
    ask("party_id", value).unwrap().parties.clone()
}

fn only(ids: &[&str]) -> Parties {
    Parties::Only(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn is_forbidden(answer: Result<Rc<Caller>, Refusal>) -> String {
    match answer {
        Err(Refusal::Forbidden { message }) => message,
        other => panic!("not forbidden: {other:?}"),
    }
}

#[test]
fn a_token_is_good_until_a_minute_after_its_expiry() {
    let key = shared("a");
    let deployment = trusting(&[&key]);
    for (exp, last) in [(json!(BEGIN + 300), 359), (json!(BEGIN as f64 + 300.5), 360)] {
        let token = key.token(&claims_with("exp", exp));
        let world = World::alone();
        world.advance(last);
        assert!(world.ask(&deployment, &token).is_ok());
        world.advance(1);
        assert!(matches!(world.ask(&deployment, &token), Err(Refusal::Expired)));
    }
}

#[test]
fn a_token_is_good_from_a_minute_before_its_time() {
    let key = shared("a");
    let token = key.token(&claims_with("nbf", json!(BEGIN + 100)));
    for (at, is_good) in [(0, false), (39, false), (40, true), (100, true)] {
        let world = World::alone();
        world.advance(at);
        let answer = world.ask(&trusting(&[&key]), &token);
        assert_eq!(answer.is_ok(), is_good, "{at}");
    }
}

#[test]
fn an_expiry_is_told_only_where_the_signature_is_right() {
    let (key, other) = (shared("a"), shared("b"));
    let old = claims_with("exp", json!(1));
    let answer = World::alone().ask(&trusting(&[&key]), &key.token(&old));
    assert!(matches!(answer, Err(Refusal::Expired)));
    let forged = other.sign(&key.header().to_string(), &old.to_string());
    not_valid(World::alone().ask(&trusting(&[&key]), &forged));
}

#[test]
fn times_are_numbers_however_large() {
    for claim in ["exp", "nbf", "iat"] {
        for wrong in ["\"1800000300\"", "true", "{}", "[1]", "1e999", "-1e999", "null"] {
            invalid(ask_text(claim, wrong));
        }
    }
    invalid(ask("exp", json!(null)));
    for large in ["1e18", "1e308", "9223372036854775807", "99999999999999999999999999999999"] {
        assert!(ask_text("exp", large).is_ok(), "{large}");
        invalid(ask_text("nbf", large));
        assert!(ask_text("iat", large).is_ok(), "{large}");
    }
    for small in ["-1e18", "-1e308", "-9223372036854775808", "0", "-0.0", "1e-300"] {
        assert!(matches!(ask_text("exp", small), Err(Refusal::Expired)), "{small}");
        assert!(ask_text("nbf", small).is_ok(), "{small}");
    }
}

#[test]
fn a_token_is_meant_for_an_audience() {
    assert!(ask("aud", json!(["x", AUDIENCE])).is_ok());
    let other = [json!("x"), json!(""), json!([]), json!(["x", "y"]), json!("TMF-API")];
    let malformed = [json!(null), json!(1), json!({}), json!([AUDIENCE, 1]), json!([[AUDIENCE]])];
    other.into_iter().chain(malformed).for_each(|wrong| drop(invalid(ask("aud", wrong))));
    let issuers = json!([{"issuer": ISSUER, "audience": ["a", "b"], "keys": set(&[&shared("k")])}]);
    let deployment = deployment("*", &issuers);
    for (audience, is_good) in [(json!("b"), true), (json!(["x", "a"]), true), (json!("ab"), false)]
    {
        let token = shared("k").token(&claims_with("aud", audience));
        assert_eq!(World::alone().ask(&deployment, &token).is_ok(), is_good);
    }
}

#[test]
fn parties_are_those_of_the_claim_and_all_only_without_it() {
    assert_eq!(parties(json!(null)), Parties::All);
    assert_eq!(parties(json!("42")), only(&["42"]));
    assert_eq!(parties(json!(["2", "1", "2"])), only(&["1", "2"]));
    assert_eq!(parties(json!([])), only(&[]));
    let long = "x".repeat(256);
    assert_eq!(parties(json!(long.clone())), only(&[&long]));
    let many: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    assert!(matches!(parties(json!(many)), Parties::Only(ids) if ids.len() == 100));

    invalid(ask_text("party_id", "null"));
    for wrong in [
        json!(42),
        json!(""),
        json!({"id": "42"}),
        json!(["42", 1]),
        json!(["42", null]),
        json!(["42", ""]),
        json!([["42"]]),
        json!(true),
        json!("x".repeat(257)),
        json!(["x".repeat(257)]),
        json!((0..101).map(|number| number.to_string()).collect::<Vec<_>>()),
    ] {
        invalid(ask("party_id", wrong));
    }
}

#[test]
fn whoever_administers_a_tenant_acts_for_all_of_it() {
    let key = shared("a");
    for party in [json!("42"), json!([]), json!(7)] {
        let mut claims = claims_with("scope", json!("x admin"));
        claims["party_id"] = party;
        let caller = World::alone().ask(&trusting(&[&key]), &key.token(&claims)).unwrap();
        assert_eq!((&caller.parties, &caller.scopes), (&Parties::All, &Scopes::All));
    }
    // It is the word that counts.
    for scope in ["administrator", "Admin", "tmf666:admin", "admin,x", "x\tadmin"] {
        let caller = ask("scope", json!(scope)).unwrap();
        assert_eq!(caller.parties, only(&["42"]), "{scope}");
        assert!(!caller.scopes.has("y"));
    }
}

#[test]
fn scopes_are_a_string_or_a_list() {
    let scopes = |value| ask("scope", value).unwrap().scopes.clone();
    let named = |names: &[&str]| Scopes::Only(names.iter().map(|name| (*name).into()).collect());
    assert_eq!(scopes(json!(null)), named(&[]));
    assert_eq!(scopes(json!("")), named(&[]));
    assert_eq!(scopes(json!(" a  b ")), named(&["a", "b"]));
    assert_eq!(scopes(json!(["a", "b"])), named(&["a", "b"]));
    assert_eq!(scopes(json!([])), named(&[]));
    invalid(ask_text("scope", "null"));
    for wrong in [json!(1), json!({"a": true}), json!(["a", 1]), json!(true)] {
        invalid(ask("scope", wrong));
    }
}

#[test]
fn a_tenant_is_named_or_the_same_for_all() {
    assert_eq!(ask("tenant", json!("other")).unwrap().tenant.as_str(), "other");
    let nul = json!("acme\0");
    for wrong in [json!(null), json!(1), json!(""), json!("a.b"), json!("*"), json!(["acme"]), nul]
    {
        let message = is_forbidden(ask("tenant", wrong));
        assert!(message.starts_with("The token's claim tenant names no tenant"), "{message}");
    }
    let key = shared("a");
    let ask = |deployment: &Authentication, tenant: Value| {
        World::alone().ask(deployment, &key.token(&claims_with("tenant", tenant)))
    };
    let issuer = json!([{"issuer": ISSUER, "audience": AUDIENCE, "keys": set(&[&key])}]);
    let single = deployment("secret-tenant", &issuer);
    let message = is_forbidden(ask(&single, json!("acme")));
    assert!(!message.contains("secret-tenant"), "{message}");
    is_forbidden(ask(&single, json!(null)));
    let caller = ask(&single, json!("secret-tenant")).unwrap();
    assert_eq!(caller.tenant, Tenant::new("secret-tenant").unwrap());

    let mut fixed = issuer.clone();
    fixed[0]["tenant"] = "acme".into();
    for deployment in [deployment("*", &fixed), deployment("acme", &fixed)] {
        for claimed in [json!(null), json!("other"), json!(1)] {
            assert_eq!(ask(&deployment, claimed).unwrap().tenant.as_str(), "acme");
        }
    }
}

#[test]
fn claims_can_be_called_otherwise() {
    let key = shared("a");
    let issuers = json!([{
        "issuer": ISSUER, "audience": AUDIENCE, "keys": set(&[&key]),
        "tenant_claim": "org", "party_claim": "https://x.example/party", "scope_claim": "scp"
    }]);
    let mut claims = claims();
    claims["org"] = "globex".into();
    claims["https://x.example/party"] = json!(["7"]);
    claims["scp"] = json!(["read"]);
    let caller = World::alone().ask(&deployment("*", &issuers), &key.token(&claims)).unwrap();
    assert_eq!(caller.tenant.as_str(), "globex");
    assert_eq!(caller.parties, only(&["7"]));
    assert!(caller.scopes.has("read") && !caller.scopes.has("tmf666:read"));
}

#[test]
fn an_identity_is_what_the_token_says() {
    let client = |claims: &Value| {
        let key = shared("a");
        let caller = World::alone().ask(&trusting(&[&key]), &key.token(claims)).unwrap();
        let identity = caller.identity.clone().unwrap();
        (identity.subject, identity.client)
    };
    let mut claims = claims_with("azp", json!(null));
    claims["client_id"] = "app".into();
    assert_eq!(client(&claims), (Some("user-1".into()), Some("app".into())));
    claims["azp"] = "shop".into();
    claims.as_object_mut().unwrap().remove("sub");
    assert_eq!(client(&claims), (None, Some("shop".into())));
    for claim in ["sub", "azp", "client_id"] {
        for wrong in ["1", "null", "[\"x\"]", "{}", &format!("\"{}\"", "x".repeat(256))] {
            let key = shared("a");
            let mut claims = claims_with("azp", json!(null));
            claims[claim] = json!("VALUE");
            let text = claims.to_string().replace("\"VALUE\"", wrong);
            let token = key.sign(&key.header().to_string(), &text);
            invalid(World::alone().ask(&trusting(&[&key]), &token));
        }
    }
}

#[test]
fn an_issuer_of_partners_says_for_whom_everybody_acts() {
    let world = World::alone();
    let key = ed25519("a");
    let issuer = json!([{
        "issuer": ISSUER, "audience": AUDIENCE, "keys": set(&[&key]), "party_required": true
    }]);
    let deployment = deployment("*", &issuer);
    let ask = |claims: Value| world.ask(&deployment, &key.token(&claims));
    assert!(matches!(ask(claims()).unwrap().parties, Parties::Only(_)));
    // A claim that was forgotten opens nothing.
    let message = invalid(ask(claims_with("party_id", Value::Null)));
    assert_eq!(message, "The token's claim party_id must say for whom its holder acts.");
    let mut admin = claims_with("party_id", Value::Null);
    admin["scope"] = "admin".into();
    assert_eq!(ask(admin).unwrap().parties, Parties::All);
}
