//! The keys that an issuer publishes: fetched seldom, shared by all, and whatever becomes of their
//! server, nobody is let in who should not be.

use std::path::Path;
use std::time::{Duration, Instant};

use black_box_tests::key_server::{Behaviour, KeyServer};
use black_box_tests::tokens::{
    Issuer, Key, base64url, called, p256, set, shared, token_with, trusting,
};
use black_box_tests::{Answer, Api, RESOURCES, StatusCode, json};
use kv_tree::{KeyRange, Order, Store, TreeName};
use serde_json::Value;
use sqlite_store::{NativeKv, Sqlite};
use tokio::task::JoinSet;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// An issuer and the server that publishes its keys.
async fn issuer() -> (Issuer, KeyServer) {
    let issuer = Issuer::default();
    let server = KeyServer::publishing(&[&issuer.key]).await;
    (issuer, server)
}

async fn start(issuer: &Issuer, server: &KeyServer) -> Api {
    let issuers = trusting(&[issuer.trusted_at(&server.url())]);
    let host = server.host();
    Api::start_with(&[("auth", "jwt"), ("jwt_issuers", &issuers), ("jwks_host", &host)]).await
}

/// What a token of the key is answered with.
async fn show(api: &Api, issuer: &Issuer, key: &Key) -> Answer {
    let claims = issuer.claims_with(&json!({ "tenant": "default", "scope": "admin" }));
    api.with_token(&key.token(&claims)).get("").await
}

/// Makes what the store has of published keys as old as if it had been written so much earlier.
fn age(state_dir: &Path, milliseconds: i64) {
    let store = Sqlite::open(state_dir).unwrap().store("default");
    let tree = Store::new(NativeKv::new(store)).tree(TreeName::new("access.keys").unwrap());
    let aged = |mut entry: Value| {
        for time in ["/begun", "/set/at"] {
            let Some(time) = entry.pointer_mut(time).filter(|time| time.is_i64()) else { continue };
            *time = json!(time.as_i64().unwrap() - milliseconds);
        }
        entry.to_string()
    };
    pollster::block_on(async {
        let snapshot = tree.snapshot().await.unwrap();
        let entry = snapshot.scan(KeyRange::all(), Order::Ascending).next().await.unwrap();
        let (key, value) = entry.expect("nothing is known of any keys");
        let changed = tree.transact(async |transaction| {
            let value = serde_json::from_slice(&value).unwrap();
            transaction.put(key.clone(), aged(value));
            Ok::<_, kv_tree::Error>(())
        });
        changed.await.unwrap();
    });
}

/// What requests to all resources in turn, 64 at once, are answered with.
async fn flood(api: &Api, requests: usize, token: impl Fn(usize) -> String) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut under_way = JoinSet::new();
    for number in 0..requests {
        if under_way.len() == 64 {
            answers.push(under_way.join_next().await.unwrap().unwrap());
        }
        let resource = api.on(RESOURCES[number % 7]).with_token(&token(number));
        under_way.spawn(async move { resource.get("?limit=0").await });
    }
    answers.extend(under_way.join_all().await);
    answers
}

#[track_caller]
fn expect_unavailable(answer: &Answer) {
    answer.expect_error(503, "1");
    answer.header("retry-after").parse::<u32>().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_once_for_all() {
    let (issuer, server) = issuer().await;
    server.behave(Behaviour::slowly(1, &set(&[&issuer.key])));
    let api = start(&issuer, &server).await;
    // All components, and several instances of each, ask at once.
    let answers = flood(&api, 500, |_| issuer.token("default", &[], "admin")).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "{}", api.log());
    assert_eq!(server.fetches(), 1);
    // What is known outlives the application.
    let mut api = api;
    for _ in 0..2 {
        api = api.restart().await;
        let answers = flood(&api, 50, |_| issuer.token("default", &[], "admin")).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
    }
    let api = api.restart_after(|state_dir| age(state_dir, HOUR - MINUTE)).await;
    show(&api, &issuer, &issuer.key).await.expect(StatusCode::OK);
    assert_eq!(server.fetches(), 1);
    let api = api.restart_after(|state_dir| age(state_dir, MINUTE)).await;
    show(&api, &issuer, &issuer.key).await.expect(StatusCode::OK);
    assert_eq!(server.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_works_and_a_withdrawn_one_does_not() {
    let (issuer, server) = issuer().await;
    let (old, new) = (&issuer.key, p256("2"));
    let api = start(&issuer, &server).await;
    show(&api, &issuer, old).await.expect(StatusCode::OK);
    server.behave(Behaviour::publishes(&[old, &new]));
    // Nobody asks twice within a minute, whatever callers show.
    show(&api, &issuer, &new).await.expect_error(401, "41");
    assert_eq!(server.fetches(), 1);
    let api = api.restart_after(|state_dir| age(state_dir, MINUTE)).await;
    for resource in RESOURCES {
        let token = issuer.claims_with(&json!({ "tenant": "default", "scope": "admin" }));
        for key in [&new, old] {
            let list = api.on(resource).with_token(&key.token(&token)).get("").await;
            list.expect(StatusCode::OK);
        }
    }
    assert_eq!(server.fetches(), 2);

    // Withdrawn: by the next fetch, be it for another key that is unknown.
    server.behave(Behaviour::publishes(&[&new]));
    show(&api, &issuer, old).await.expect(StatusCode::OK);
    let api = api.restart_after(|state_dir| age(state_dir, MINUTE)).await;
    show(&api, &issuer, &p256("3")).await.expect_error(401, "41");
    show(&api, &issuer, old).await.expect_error(401, "41");
    show(&api, &issuer, &new).await.expect(StatusCode::OK);
    assert_eq!(server.fetches(), 3);

    // Another key under the same name: the old one is gone with the hour.
    let replaced = called("2", p256("another"));
    server.behave(Behaviour::publishes(&[&replaced]));
    let api = api.restart_after(|state_dir| age(state_dir, HOUR)).await;
    show(&api, &issuer, &new).await.expect_error(401, "41");
    show(&api, &issuer, &replaced).await.expect(StatusCode::OK);
    assert_eq!(server.fetches(), 4);
}

/// How a server of the keys of an issuer fails, what that is called, and what the log says of it.
type Failure = (&'static str, fn(&Issuer) -> Behaviour, &'static str);

const FAILURES: [Failure; 12] = [
    ("failing", |_| Behaviour::Fails(500), "500"),
    ("nowhere", |_| Behaviour::Fails(404), "404"),
    ("without a body", |_| Behaviour::Fails(204), "204"),
    ("redirecting", |_| Behaviour::Redirects("/other".into()), "302"),
    ("closing", |_| Behaviour::Closes, ""),
    ("garbage", |_| Behaviour::Publishes("<html>keys</html>".into()), "the answer"),
    ("no keys", |_| Behaviour::publishes(&[]), "no key"),
    ("secrets", |_| Behaviour::publishes(&[&shared("1")]), "no key"),
    ("private keys", |issuer| private(issuer), "no key"),
    ("too long", |issuer| padded(issuer), "longer than"),
    ("endless", |_| Behaviour::NeverEnds, "its body"),
    ("slow", |issuer| Behaviour::slowly(8, &set(&[&issuer.key])), "5 s"),
];

/// How long an answer may take at most: 6 s, and what a busy machine adds.
const PATIENCE: Duration = Duration::from_secs(20);

fn padded(issuer: &Issuer) -> Behaviour {
    Behaviour::Publishes(format!("{}{}", set(&[&issuer.key]), " ".repeat(200_000)))
}

fn private(issuer: &Issuer) -> Behaviour {
    let mut set = set(&[&issuer.key]);
    set["keys"][0]["d"] = json!(base64url([1; 32]));
    Behaviour::Publishes(set.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_lets_nobody_in_and_keeps_nobody_out() {
    let mut tests = JoinSet::new();
    for (what, behaviour, cause) in FAILURES {
        tests.spawn(async move {
            let issuer = Issuer::default();
            let server = KeyServer::publishing(&[]).await;
            let fail = || server.behave(behaviour(&issuer));
            let ask = async |api: &Api| {
                let begin = Instant::now();
                let answers = flood(api, 21, |_| issuer.token("default", &[], "admin")).await;
                assert!(begin.elapsed() < PATIENCE, "{what}: {:?}", begin.elapsed());
                answers
            };
            let told = |api: &Api, what_then: &str| {
                let log = api.log();
                let told = log.lines().find(|line| line.contains(what_then));
                assert!(told.is_some_and(|line| line.contains(cause)), "{what}: {log}");
            };
            fail();
            let api = start(&issuer, &server).await;
            for answer in ask(&api).await {
                expect_unavailable(&answer);
                assert!(!answer.text.contains(&server.host()), "{what}: {}", answer.text);
            }
            told(&api, "none are known");
            assert_eq!(server.requests(), 1, "{what}");

            // As soon as it may be asked again, all is well.
            server.behave(Behaviour::publishes(&[&issuer.key]));
            let api = api.restart_after(|state_dir| age(state_dir, MINUTE)).await;
            show(&api, &issuer, &issuer.key).await.expect(StatusCode::OK);
            assert_eq!(server.requests(), 2, "{what}");

            // And what is known is used on.
            fail();
            let api = api.restart_after(|state_dir| age(state_dir, 2 * HOUR)).await;
            let answers = ask(&api).await;
            assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "{what}");
            told(&api, "the old ones are used on");
            show(&api, &issuer, &p256("2")).await.expect_error(401, "41");
            assert_eq!(server.requests(), 3, "{what}");
        });
    }
    while let Some(test) = tests.join_next().await {
        test.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_nobody_has_do_not_make_anybody_ask() {
    let (issuer, server) = issuer().await;
    let api = start(&issuer, &server).await;
    show(&api, &issuer, &issuer.key).await.expect(StatusCode::OK);
    let claims = issuer.claims_with(&json!({ "tenant": "default", "scope": "admin" }));
    let random = |number: usize| {
        let kid = format!("{number}-{}", fastrand::u64(..));
        token_with(&issuer.key, &json!({ "kid": kid }), &claims)
    };
    let flooded = async |api: &Api, fetches: usize| {
        let answers = flood(api, 1000, random).await;
        answers.iter().for_each(|answer| drop(answer.expect_error(401, "41")));
        assert_eq!(server.fetches(), fetches);
        show(api, &issuer, &issuer.key).await.expect(StatusCode::OK);
    };
    flooded(&api, 1).await;
    let api = api.restart_after(|state_dir| age(state_dir, MINUTE)).await;
    flooded(&api, 2).await;
    // Nor where the server fails.
    server.behave(Behaviour::Fails(500));
    let api = api.restart_after(|state_dir| age(state_dir, 2 * MINUTE)).await;
    flooded(&api, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_host_that_is_allowed_is_asked() {
    let (issuer, server) = issuer().await;
    let issuers = trusting(&[issuer.trusted_at(&server.url())]);
    let nearly = server.host().replace("127.0.0.1", "127.0.0.2");
    for host in ["https://jwks.invalid", &nearly, &server.host().replace("http:", "https:")] {
        let variables = [("auth", "jwt"), ("jwt_issuers", &issuers[..]), ("jwks_host", host)];
        let api = Api::start_with(&variables).await;
        expect_unavailable(&show(&api, &issuer, &issuer.key).await);
        let told = api.log();
        assert!(told.contains(&format!(r#""keys":"{}""#, server.url())), "{told}");
        assert!(told.contains("allowed_outbound_hosts"), "{told}");
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_lets_nobody_in() {
    let (issuer, server) = issuer().await;
    let issuers = trusting(&[issuer.trusted_at(&server.url())]);
    let host = server.host();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let variables = [("auth", "jwt"), ("jwt_issuers", &issuers[..]), ("jwks_host", &host)];
    let api = Api::start_with(&variables).await;
    expect_unavailable(&show(&api, &issuer, &issuer.key).await);
    assert!(api.log().contains("none are known"), "{}", api.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_goes_away_keeps_nobody_out() {
    let (issuer, server) = issuer().await;
    server.behave(Behaviour::slowly(1, &set(&[&issuer.key])));
    let api = start(&issuer, &server).await;
    for _ in 0..5 {
        let hasty = show(&api, &issuer, &issuer.key);
        let gone = tokio::time::timeout(Duration::from_millis(100), hasty).await;
        assert!(gone.is_err(), "{gone:?}");
    }
    show(&api, &issuer, &issuer.key).await.expect(StatusCode::OK);
    assert_eq!(server.fetches(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_on_the_same_data_fetch_once() {
    let (issuer, server) = issuer().await;
    server.behave(Behaviour::slowly(1, &set(&[&issuer.key])));
    let issuers = trusting(&[issuer.trusted_at(&server.url())]);
    let host = server.host();
    let variables = [("auth", "jwt"), ("jwt_issuers", &issuers[..]), ("jwks_host", &host)];
    let first = Api::start_with(&variables).await;
    let second = Api::start_on(first.state_dir(), &variables).await;
    let token = |_| issuer.token("default", &[], "admin");
    let (of_first, of_second) = tokio::join!(flood(&first, 100, token), flood(&second, 100, token));
    let mut answers = of_first.iter().chain(&of_second);
    assert!(answers.all(|answer| answer.status == StatusCode::OK), "{}", second.log());
    assert_eq!(server.fetches(), 1);
}
