//! What a deployment says, and what it must not say.

mod common;

use access::Authentication;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::*;
use jsonwebtoken::Algorithm::RS256;
use serde_json::{Value, json};

fn read(auth: &str, tenant: &str, issuers: &Value) -> Result<Authentication, String> {
    Authentication::read(auth, tenant, &issuers.to_string())
}

/// An issuer with other members; null takes one away.
fn issuer(members: Value) -> Value {
    let mut issuer = json!({"issuer": ISSUER, "audience": AUDIENCE, "keys": set(&[&p256("a")])});
    for (name, value) in members.as_object().unwrap() {
        issuer[name] = value.clone();
    }
    issuer.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    issuer
}

#[track_caller]
fn refused(answer: Result<Authentication, String>, words: &str) {
    let message = answer.map(|_| ()).unwrap_err();
    assert!(message.contains(words), "{message:?} does not say {words:?}");
}

/// With one issuer.
#[track_caller]
fn mistake(members: Value, words: &str) {
    refused(read("jwt", "acme", &json!([issuer(members)])), words);
}

#[test]
fn what_a_deployment_can_say() {
    for nothing in ["", " \n", "[]"] {
        let open = Authentication::read("none", "acme", nothing).unwrap();
        assert!(matches!(open, Authentication::None(tenant) if tenant.as_str() == "acme"));
    }
    for members in [
        json!({}),
        json!({"tenant": "acme"}),
        json!({"tenant_claim": "org", "party_claim": "party", "scope_claim": "scp"}),
        json!({"audience": ["a", "b"]}),
        json!({"keys": null, "jwks_url": "https://id.example/keys?x=1"}),
        json!({"keys": null, "jwks_url": "http://localhost:8080/keys"}),
    ] {
        for tenant in ["acme", "*"] {
            let issuers = json!([issuer(members.clone()), issuer(json!({"issuer": "other"}))]);
            assert!(matches!(read("jwt", tenant, &issuers), Ok(Authentication::Jwt(_))));
        }
    }
}

#[test]
fn no_mistake_opens_anything() {
    let good = json!([issuer(json!({}))]);
    for auth in ["", "None", "NONE", "JWT", "jwt ", "off", "false"] {
        refused(read(auth, "acme", &json!([])), "auth must be none or jwt");
        refused(read(auth, "acme", &good), "auth must be none or jwt");
    }
    refused(read("none", "*", &json!([])), "tenant must not be *");
    refused(read("none", "acme", &good), "jwt_issuers is not empty");
    refused(Authentication::read("none", "acme", "x"), "jwt_issuers: expected value at line 1");
    for tenant in ["", "a b", "a.b", "**", "acme,globex"] {
        refused(read("none", tenant, &json!([])), "tenant must be 1 to 64 characters");
        refused(read("jwt", tenant, &good), "tenant must be 1 to 64 characters");
    }
    for nothing in ["", " ", "[]"] {
        refused(Authentication::read("jwt", "acme", nothing), "at least one issuer");
    }
}

#[test]
fn issuers_are_a_list_of_objects() {
    let jwt = |text: &str| Authentication::read("jwt", "acme", text);
    refused(jwt("{"), "jwt_issuers: EOF");
    refused(jwt("[{}"), "jwt_issuers: EOF");
    refused(jwt("{}"), "jwt_issuers must be a list");
    refused(jwt("null"), "jwt_issuers must be a list");
    refused(jwt("[1]"), "jwt_issuers[0] must be an object");
    refused(jwt(r#"[{"issuer":"a","issuer":"b"}]"#), "a name is given twice");
    let twice = json!([issuer(json!({})), issuer(json!({"audience": "x"}))]);
    refused(read("jwt", "acme", &twice), "jwt_issuers[1].issuer is given twice");
}

#[test]
fn every_mistake_is_named() {
    mistake(json!({"issuers": 1}), "jwt_issuers[0].issuers is not known; there can be issuer,");
    mistake(json!({"issuer": null}), "jwt_issuers[0].issuer is missing");
    mistake(json!({"issuer": ""}), "jwt_issuers[0].issuer must be a string");
    mistake(json!({"issuer": 1}), "jwt_issuers[0].issuer must be a string");
    mistake(json!({"issuer": "x".repeat(256)}), "jwt_issuers[0].issuer must be at most 255 bytes");
    for audience in [json!(null), json!(""), json!([]), json!([""]), json!(["a", 1]), json!(1)] {
        mistake(json!({"audience": audience}), "jwt_issuers[0].audience must be a string, or");
    }
    mistake(json!({"keys": null}), "jwt_issuers[0] must have either keys or jwks_url");
    mistake(json!({"jwks_url": URL}), "jwt_issuers[0] must have either keys or jwks_url");
    for url in
        ["ftp://x", "id.example/keys", "https://", "https:///keys", "HTTPS//x", "https://a b"]
    {
        mistake(json!({"keys": null, "jwks_url": url}), "jwt_issuers[0].jwks_url must be an http");
    }
    mistake(json!({"keys": null, "jwks_url": 1}), "jwt_issuers[0].jwks_url must be a string");
    mistake(json!({"tenant": "acme", "tenant_claim": "x"}), "both tenant and tenant_claim");
    mistake(json!({"tenant": "a b"}), "jwt_issuers[0].tenant must be 1 to 64");
    mistake(json!({"tenant": "*"}), "jwt_issuers[0].tenant must be 1 to 64");
    mistake(json!({"tenant": "other"}), "jwt_issuers[0].tenant is another than the only one");
    for member in ["tenant", "tenant_claim", "party_claim", "scope_claim"] {
        for wrong in [json!(""), json!(1), json!(["x"])] {
            let words = format!("jwt_issuers[0].{member} must be a string that is not empty");
            mistake(json!({member: wrong}), &words);
        }
    }
}

#[test]
fn keys_are_public_and_strong() {
    let keys = |keys: Value, words: &str| {
        mistake(json!({"keys": {"keys": keys}}), &format!("jwt_issuers[0].keys{words}"));
    };
    let with = |key: &Key, name: &str, value: Value| {
        let mut public = key.public.clone();
        public[name] = value;
        public
    };
    let (a, b) = (p256("a"), p256("b"));
    mistake(json!({"keys": []}), "jwt_issuers[0].keys must be a JWK Set");
    mistake(json!({"keys": {}}), "jwt_issuers[0].keys must be a JWK Set");
    mistake(json!({"keys": a.public}), "jwt_issuers[0].keys must be a JWK Set");
    keys(json!([]), " has no key that can check signatures");
    keys(json!([with(&a, "use", json!("enc"))]), " has no key that can check signatures");
    keys(json!([with(&a, "key_ops", json!(["sign"]))]), " has no key that can check");
    keys(json!([with(&a, "alg", json!("ECDH-ES"))]), " has no key that can check");
    keys(json!([with(&a, "alg", json!("ES384"))]), " has no key that can check");
    keys(json!([b.public, with(&a, "d", json!("AA"))]), ".keys[1] has private parts (d)");
    keys(json!([with(&a, "kid", json!(1))]), ".keys[0] must be a JWK");
    keys(json!([1]), ".keys[0] must be a JWK");
    keys(json!([{"kid": "a"}]), ".keys[0] must have a kty");
    keys(json!([{"kty": "EC", "crv": "P-256", "x": "AA"}]), ".keys[0] lacks a parameter");
    keys(json!([with(&a, "x", json!("!"))]), ".keys[0] has a parameter that is not base64url");
    keys(json!([with(&a, "x", b.public["x"].clone())]), ".keys[0] is no point of its curve");
    keys(json!([with(&a, "x", json!("AA"))]), ".keys[0] is no point of its curve");
    let ed = ed25519("ed");
    keys(json!([with(&ed, "x", json!("AA"))]), ".keys[0] is no point of its curve");
    keys(json!([with(&ed, "x", json!(""))]), ".keys[0] is no point of its curve");
    // One whose first 32 bytes are a key.
    let mut longer = URL_SAFE_NO_PAD.decode(ed.public["x"].as_str().unwrap()).unwrap();
    longer.push(0);
    keys(json!([with(&ed, "x", json!(base64url(longer)))]), ".keys[0] is no point of its curve");
    let short = json!({"kty": "oct", "k": base64url([1; 31])});
    keys(json!([short]), ".keys[0] must have a secret (k) of at least 32 bytes");
    keys(json!([a.public, a.public]), " has two keys with the same kid");
    let mut nameless = b.public.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    keys(json!([a.public, nameless]), " has several keys: each must have a kid");

    let small = "must have a modulus of 2048 to 4096 bits";
    keys(json!([rsa_jwk(&rsa_key(1024))]), &format!(".keys[0] {small}"));
    let good = rsa("a", RS256);
    let zeros = base64url([vec![0; 128], vec![0xff; 128]].concat());
    keys(json!([with(&good, "n", json!(zeros))]), &format!(".keys[0] {small}"));
    keys(json!([with(&good, "n", json!(base64url([0xff; 513])))]), &format!(".keys[0] {small}"));
    for exponent in [&[1][..], &[2], &[], &[1, 0, 0], &[0xff; 5], &[0xff; 100]] {
        let key = with(&good, "e", json!(base64url(exponent)));
        keys(json!([key]), ".keys[0] must have an odd exponent");
    }
}

#[test]
fn a_mistake_shows_no_key() {
    let secret = base64url([0x5a; 31]);
    for key in [
        json!({"kty": "oct", "k": secret}),
        json!({"kty": "oct", "k": [secret]}),
        json!({"kty": secret, "k": 1}),
        json!({"kty": "oct", "k": base64url([1; 32]), "d": secret}),
        json!({"kty": "oct", "kid": {"x": secret}}),
    ] {
        let issuers = json!([issuer(json!({"keys": {"keys": [key]}}))]);
        let message = read("jwt", "acme", &issuers).map(|_| ()).unwrap_err();
        assert!(!message.contains(&secret), "{message}");
    }
    let deployment = trusting(&[&shared("a")]);
    assert!(!format!("{deployment:?}").contains(shared("a").public["k"].as_str().unwrap()));
}
