//! Mistakes in what a deployment says of access: nothing is answered but that something is wrong,
//! the log says what, and nobody is let in.

use black_box_tests::tokens::{
    Issuer, Key, READ_WRITE, base64url, p256, rsa, set, shared, trusting,
};
use black_box_tests::{Answering, Api, Method, RESOURCES, account, json};
use jsonwebtoken::Algorithm;
use serde_json::Value;

/// The issuer as a deployment trusts it, with other members; null takes one away.
fn issuer_with(members: Value) -> String {
    let mut trusted = Issuer::default().trusted();
    let own = trusted.as_object_mut().unwrap();
    own.extend(members.as_object().unwrap().clone());
    own.retain(|_, value| !value.is_null());
    trusting(&[trusted])
}

/// The issuer with a key that has other members.
fn key_with(key: &Key, members: Value) -> String {
    let mut set = set(&[key]);
    set["keys"][0].as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    issuer_with(json!({ "keys": set }))
}

/// Variables, and what the log must say of them.
type Mistake = (&'static [(&'static str, &'static str)], String, &'static str);

/// Each kind of mistake; the issuers are beside the other variables.
fn mistakes() -> Vec<Mistake> {
    const JWT: &[(&str, &str)] = &[("auth", "jwt")];
    let good = issuer_with(json!({}));
    let url = "https://id.example/keys";
    let (key, secret) = (p256("1"), shared("1"));
    let short = json!({ "k": base64url("a secret of 20 bytes") });
    let two = trusting(&[Issuer::default().trusted(), Issuer::default().trusted()]);
    vec![
        (&[("auth", "JWT")], good.clone(), "must be none or jwt"),
        (&[("auth", "")], good.clone(), "must be none or jwt"),
        (&[("auth", "off")], String::new(), "must be none or jwt"),
        (&[("auth", "none")], good.clone(), "jwt_issuers is not empty"),
        (&[], good.clone(), "jwt_issuers is not empty"),
        (&[("tenant", "*")], String::new(), "tenant must not be * where auth is none"),
        (&[("auth", "jwt"), ("tenant", "a.b")], good.clone(), "tenant must be 1 to 64"),
        (&[("auth", "jwt"), ("tenant", "")], good.clone(), "tenant must be 1 to 64"),
        (&[("auth", "jwt"), ("party_roles", "a,,b")], good.clone(), "must be roles, separated"),
        (JWT, String::new(), "jwt_issuers must have at least one issuer"),
        (JWT, "[]".into(), "jwt_issuers must have at least one issuer"),
        (JWT, good[..good.len() - 1].into(), "jwt_issuers: "),
        (JWT, format!("{good}]"), "jwt_issuers: "),
        (JWT, good.replacen('{', r#"{"issuer":"x","#, 1), "jwt_issuers: "),
        (JWT, "{}".into(), "jwt_issuers must be a list of objects"),
        (JWT, "[1]".into(), "jwt_issuers[0] must be an object"),
        (JWT, two, "jwt_issuers[1].issuer is given twice"),
        (JWT, issuer_with(json!({ "audiences": [] })), "jwt_issuers[0].audiences is not known"),
        (JWT, issuer_with(json!({ "issuer": null })), "jwt_issuers[0].issuer is missing"),
        (JWT, issuer_with(json!({ "audience": null })), "jwt_issuers[0].audience must be"),
        (JWT, issuer_with(json!({ "audience": [] })), "jwt_issuers[0].audience must be"),
        (JWT, issuer_with(json!({ "keys": null })), "must have either keys or jwks_url"),
        (JWT, issuer_with(json!({ "jwks_url": url })), "must have either keys or jwks_url"),
        (JWT, issuer_with(json!({ "keys": null, "jwks_url": "id" })), "must be an http:// or"),
        (JWT, issuer_with(json!({ "keys": { "keys": [] } })), "no key that can check"),
        (JWT, issuer_with(json!({ "tenant": "acme" })), "another than the only one"),
        (JWT, issuer_with(json!({ "party_claim": 1 })), "party_claim must be a string"),
        (JWT, key_with(&secret, short), "at least 32 bytes"),
        (JWT, key_with(&key, json!({ "d": base64url([7; 32]) })), "has private parts"),
        (JWT, key_with(&key, json!({ "y": key.public["x"] })), "is no point of its curve"),
        (JWT, key_with(&key, json!({ "use": "enc" })), "no key that can check"),
        (
            JWT,
            key_with(&rsa("1", Algorithm::RS256), json!({ "n": base64url([0xff; 128]) })),
            "must have a modulus of 2048",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_opens_nothing_and_is_told_to_the_log_alone() {
    let issuer = Issuer::default();
    let tokens = [
        None,
        Some(issuer.token("default", &[], "admin")),
        Some(issuer.token("default", &["4711"], READ_WRITE)),
        Some("x".to_owned()),
    ];
    for (variables, issuers, cause) in mistakes() {
        let api = Api::start_with(&[variables, &[("jwt_issuers", &issuers[..])]].concat()).await;
        let version = |number: usize| ["v4", "v5"][number % 2];
        for (number, resource) in RESOURCES.iter().enumerate() {
            for token in &tokens {
                let resource = api.in_version(version(number), resource);
                let resource = match token {
                    Some(token) => resource.with_token(token),
                    None => resource,
                };
                for answer in [
                    resource.get("").await,
                    resource.get("/1").await,
                    resource.post(&account("x")).await,
                    resource.delete("1").await,
                    resource.request(Method::OPTIONS, "").answer().await,
                ] {
                    let error = answer.expect_error_of(version(number), 500, "1");
                    let mut told = json!({
                        "code": "1",
                        "reason": "The server failed to handle the request",
                        "status": "500"
                    });
                    if version(number) == "v5" {
                        told["@type"] = "Error".into();
                    }
                    assert_eq!(error, told, "{cause}");
                    assert_eq!(answer.headers.get("www-authenticate"), None, "{cause}");
                }
            }
        }
        let log = api.log();
        let told = log.lines().filter(|line| line.contains(cause));
        assert!(told.count() >= RESOURCES.len(), "{cause}: {log}");
        for key in secrets_of(&issuers) {
            assert!(!log.contains(&key), "{cause}: {log}");
        }
        api.stop().await;
    }
}

/// What no log may have of the issuers: whatever is said of keys, but for their names.
fn secrets_of(issuers: &str) -> Vec<String> {
    let Ok(issuers) = serde_json::from_str::<Value>(issuers) else { return Vec::new() };
    let keys = issuers.pointer("/0/keys/keys").and_then(Value::as_array).cloned();
    let members = keys.iter().flatten().filter_map(Value::as_object).flatten();
    let texts = members.filter_map(|(_, value)| value.as_str());
    texts.filter(|text| text.len() > 8).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_mistake_is_as_careful_as_any() {
    let api = Api::start_with(&[("auth", "jwt")]).await;
    let given = api.request(Method::GET, "").header("x-request-id", "trace-1").answer().await;
    given.expect_error_of("v5", 500, "1");
    assert_eq!(given.header("x-content-type-options"), "nosniff");
    assert_eq!(given.header("cache-control"), "private, no-cache");
    assert_eq!(given.header("x-request-id"), "trace-1");
    let head = api.request(Method::HEAD, "").answer().await;
    assert_eq!((head.status.as_u16(), &head.text[..]), (500, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_callers_are_asked_is_no_secret() {
    for (auth, issuers, access) in [
        ("none", "", "Callers are not asked who they are: everybody may do everything."),
        ("jwt", &issuer_with(json!({}))[..], "An access token is needed (RFC 6750)."),
    ] {
        let api = Api::start_with(&[("auth", auth), ("jwt_issuers", issuers)]).await;
        let way_in = api.get(&format!("{}/", api.base_url())).await.json();
        assert_eq!(way_in["access"], access);
    }
    // Where nobody is asked, what somebody shows makes no difference.
    let api = Api::start().await;
    let token = Issuer::default().token("another", &["1"], "");
    for token in [&token[..], "x"] {
        api.with_token(token).create(&account("x")).await;
    }
    assert_eq!(api.total().await, 2);
}
