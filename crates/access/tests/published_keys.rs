//! Keys that an issuer publishes, and what happens when it changes them, is away, or means harm.

mod common;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use access::{Authentication, Refusal};
use common::*;
use kv_tree::Memory;
use serde_json::{Value, json};

/// An instance of a deployment that fetches keys.
struct Instance {
    world: World,
    deployment: Authentication,
}

impl Instance {
    fn on(memory: &Memory, provider: &Rc<Provider>) -> Self {
        Self { world: World::on(memory, provider), deployment: fetching() }
    }

    fn ask(&self, token: &str) -> Result<(), Refusal> {
        self.world.ask(&self.deployment, token).map(drop)
    }

    async fn asking(&self, token: &str) -> Result<(), Refusal> {
        self.world.asking(&self.deployment, token).await.map(drop)
    }
}

/// A token that is good for long.
fn lasting(key: &Key) -> String {
    key.token(&claims_with("exp", json!(BEGIN + 1_000_000)))
}

/// A token that names a key which nobody has.
fn of_unknown_key(number: usize) -> String {
    let header = json!({"alg": "EdDSA", "kid": format!("unknown-{number}")});
    ed25519("x").sign(&header.to_string(), &claims().to_string())
}

#[track_caller]
fn is_refused(answer: Result<(), Refusal>) {
    assert!(matches!(answer, Err(Refusal::Invalid { .. })), "{answer:?}");
}

#[track_caller]
fn is_unavailable(answer: Result<(), Refusal>) {
    assert!(matches!(answer, Err(Refusal::Unavailable { .. })), "{answer:?}");
}

#[test]
fn keys_are_fetched_once_for_all_instances() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    for _ in 0..3 {
        let instance = Instance::on(&memory, &provider);
        instance.ask(&lasting(&a)).unwrap();
        let calls = instance.world.store_calls.get();
        for number in 0..100 {
            let claims = claims_with("jti", json!(number));
            instance.ask(&a.token(&claims)).unwrap();
        }
        assert_eq!(instance.world.store_calls.get(), calls, "what is known costs no call");
    }
    assert_eq!(provider.fetched(), 1);
}

#[test]
fn keys_are_fetched_anew_after_an_hour() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    let instance = Instance::on(&memory, &provider);
    for minute in 0..180 {
        instance.ask(&lasting(&a)).unwrap();
        assert_eq!(provider.fetched(), 1 + minute / 60, "minute {minute}");
        memory.advance(Duration::from_secs(60));
    }
}

#[test]
fn a_new_key_is_fetched_when_a_token_names_it() {
    let (memory, a, b) = (Memory::default(), ed25519("a"), p256("b"));
    let provider = Provider::publishing(&[&a]);
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    one.ask(&lasting(&a)).unwrap();
    two.ask(&lasting(&a)).unwrap();
    provider.publish(&[&a, &b]);
    // It was fetched just now.
    is_refused(one.ask(&lasting(&b)));
    memory.advance(Duration::from_secs(60));
    one.ask(&lasting(&b)).unwrap();
    two.ask(&lasting(&b)).unwrap();
    two.ask(&lasting(&a)).unwrap();
    assert_eq!(provider.fetched(), 2);
}

#[test]
fn a_new_key_without_a_name_is_fetched_when_a_signature_is_wrong() {
    let nameless = |mut key: Key| {
        key.public.as_object_mut().unwrap().remove("kid");
        key
    };
    let token = |key: &Key| key.sign(&json!({"alg": "EdDSA"}).to_string(), &claims().to_string());
    let (memory, a, b) = (Memory::default(), nameless(ed25519("a")), nameless(ed25519("b")));
    let provider = Provider::publishing(&[&a]);
    let instance = Instance::on(&memory, &provider);
    instance.ask(&token(&a)).unwrap();
    provider.publish(&[&b]);
    memory.advance(Duration::from_secs(60));
    instance.ask(&token(&b)).unwrap();
    is_refused(instance.ask(&token(&a)));
}

#[test]
fn a_withdrawn_key_stops_working_everywhere_within_minutes() {
    let (memory, a, b) = (Memory::default(), ed25519("a"), ed25519("b"));
    let provider = Provider::publishing(&[&a]);
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    one.ask(&lasting(&a)).unwrap();
    two.ask(&lasting(&a)).unwrap();
    provider.publish(&[&b]);
    memory.advance(Duration::from_secs(61));
    one.ask(&lasting(&b)).unwrap();
    is_refused(one.ask(&lasting(&a)));
    // The other instance looks once a minute, at callers whom it knows too.
    memory.advance(Duration::from_secs(61));
    is_refused(two.ask(&lasting(&a)));
    two.ask(&lasting(&b)).unwrap();
}

#[test]
fn the_old_keys_are_used_while_the_issuer_is_away() {
    let bad_sets = [
        Answer::Fails,
        Answer::Body(String::new()),
        Answer::Body("<html>502</html>".into()),
        Answer::Body("{}".into()),
        Answer::Body(r#"{"keys":[]}"#.into()),
        Answer::Body(r#"{"keys":{}}"#.into()),
        Answer::Body(
            r#"{"keys":[{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#.into(),
        ),
        Answer::Body(format!("{{\"keys\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000))),
        Answer::Body(format!("{{\"keys\":[{}]}}", vec!["{}"; 30_000].join(","))),
        Answer::Body(format!(
            "{{\"x\":\"{}\",\"keys\":[{}]}}",
            "x".repeat(1 << 20),
            ed25519("b").public
        )),
        Answer::Slowly(Duration::from_secs(5), String::new()),
    ];
    for answer in bad_sets {
        let (memory, a) = (Memory::default(), ed25519("a"));
        let provider = Provider::publishing(&[&a]);
        let instance = Instance::on(&memory, &provider);
        instance.ask(&lasting(&a)).unwrap();
        provider.answer(answer);
        memory.advance(Duration::from_secs(3600));
        for minute in 0..10 {
            instance.ask(&lasting(&a)).unwrap();
            Instance::on(&memory, &provider).ask(&lasting(&a)).unwrap();
            is_refused(instance.ask(&of_unknown_key(minute)));
            memory.advance(Duration::from_secs(60));
        }
        let failures = provider.fetched() - 1;
        assert!((9..=11).contains(&failures), "{failures}");
        assert_eq!(instance.world.log.borrow().len(), failures, "one line for each");
        let line = instance.world.log.borrow()[0].clone();
        assert!(line.contains(ISSUER) && line.contains("old ones"), "{line}");

        provider.publish(&[&ed25519("b")]);
        memory.advance(Duration::from_secs(60));
        is_refused(instance.ask(&lasting(&a)));
        instance.ask(&lasting(&ed25519("b"))).unwrap();
    }
}

#[test]
fn where_no_keys_are_known_a_request_can_be_tried_again() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[]);
    provider.answer(Answer::Fails);
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    let begin = one.world.memory.contents().len();
    assert_eq!(begin, 0);
    for _ in 0..100 {
        is_unavailable(one.ask(&lasting(&a)));
        is_unavailable(two.ask(&lasting(&a)));
    }
    assert!(provider.fetched() <= 2);
    provider.publish(&[&a]);
    memory.advance(Duration::from_secs(60));
    two.ask(&lasting(&a)).unwrap();
    one.ask(&lasting(&a)).unwrap();
}

#[test]
fn where_no_keys_are_known_others_wait_for_who_fetches() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[]);
    provider.answer(Answer::Slowly(Duration::from_secs(2), set(&[&a]).to_string()));
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    let token = lasting(&a);
    let (first, other_instance) = together(one.asking(&token), two.asking(&token));
    first.unwrap();
    other_instance.unwrap();
    assert_eq!(provider.fetched(), 1);

    let instance = Instance::on(&Memory::default(), &provider);
    let (first, same_instance) = together(instance.asking(&token), instance.asking(&token));
    first.unwrap();
    same_instance.unwrap();
    assert_eq!(provider.fetched(), 2);
}

#[test]
fn where_a_fetch_fails_nobody_waits_for_it() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[]);
    provider.answer(Answer::Fails);
    let instance = Instance::on(&memory, &provider);
    is_unavailable(instance.ask(&lasting(&a)));
    is_unavailable(instance.ask(&lasting(&a)));
    assert!(memory_elapsed(&memory) < Duration::from_secs(1));
}

#[test]
fn who_fetches_holds_up_nobody_who_is_known() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    one.ask(&lasting(&a)).unwrap();
    two.ask(&lasting(&a)).unwrap();
    memory.advance(Duration::from_secs(3600));
    provider.answer(Answer::Slowly(Duration::from_secs(5), set(&[&a]).to_string()));
    let (unknown, known) = (of_unknown_key(0), lasting(&a));
    let (fetching, others) = together(one.asking(&known), async {
        let begin = memory_elapsed(&memory);
        for instance in [&one, &two, &Instance::on(&memory, &provider)] {
            instance.asking(&known).await.unwrap();
            is_refused(instance.asking(&unknown).await);
        }
        memory_elapsed(&memory) - begin
    });
    fetching.unwrap();
    assert!(others < Duration::from_secs(6), "{others:?}");
    assert_eq!(provider.fetched(), 2);
}

fn memory_elapsed(memory: &Memory) -> Duration {
    kv_tree::Kv::elapsed(memory)
}

#[test]
fn a_thousand_unknown_keys_cause_a_fetch_a_minute() {
    for answer in [None, Some(Answer::Fails), Some(Answer::Body("{}".into()))] {
        let (memory, a) = (Memory::default(), ed25519("a"));
        let provider = Provider::publishing(&[&a]);
        let instances: Vec<_> = (0..4).map(|_| Instance::on(&memory, &provider)).collect();
        instances.iter().for_each(|instance| instance.ask(&lasting(&a)).unwrap());
        if let Some(answer) = answer {
            provider.answer(answer);
        }
        let calls = || instances.iter().map(|one| one.world.store_calls.get()).sum::<usize>();
        let before = calls();
        // 1,000 in 10 minutes: one every 0.6 s.
        for number in 0..1000 {
            is_refused(instances[number % 4].ask(&of_unknown_key(number)));
            memory.advance(Duration::from_millis(600));
        }
        assert!(provider.fetched() <= 11, "{}", provider.fetched());
        let between = provider.fetches.borrow().windows(2).map(|two| two[1] - two[0]).min();
        assert!(between >= Some(Duration::from_secs(60)), "{between:?}");

        // All at once.
        let (before_flood, fetched) = (calls(), provider.fetched());
        // Once a minute each, and for each token.
        assert!(before_flood - before <= 1000 + 4 * 11);
        for number in 0..1000 {
            is_refused(instances[number % 4].ask(&of_unknown_key(number)));
        }
        assert!(calls() - before_flood <= 2 * 4, "the store is not asked each time");
        assert!(provider.fetched() <= fetched + 1);
        instances.iter().for_each(|instance| instance.ask(&lasting(&a)).unwrap());
    }
}

#[test]
fn clocks_that_differ_block_nothing_for_long() {
    let (memory, a, b) = (Memory::default(), ed25519("a"), ed25519("b"));
    let provider = Provider::publishing(&[&a]);
    let instances: Vec<_> = (0..3).map(|_| Instance::on(&memory, &provider)).collect();
    for (instance, ahead) in instances.iter().zip([0, 1800, -240]) {
        instance.world.memory.set_clock_ahead(ahead);
    }
    instances[1].ask(&lasting(&a)).unwrap();
    provider.publish(&[&a, &b]);
    memory.advance(Duration::from_secs(61));
    // The last fetch was begun half an hour ahead, as the others see it.
    for instance in &instances {
        instance.ask(&lasting(&b)).unwrap();
    }
    for number in 0..1000 {
        is_refused(instances[number % 3].ask(&of_unknown_key(number)));
        memory.advance(Duration::from_millis(600));
    }
    // Each by itself, at worst.
    assert!(provider.fetched() <= 3 * 11 + 2, "{}", provider.fetched());
}

#[test]
fn a_clock_that_goes_back_blocks_nothing_for_long() {
    let (memory, a, b) = (Memory::default(), ed25519("a"), ed25519("b"));
    let provider = Provider::publishing(&[&a]);
    let instance = Instance::on(&memory, &provider);
    instance.world.memory.set_clock_ahead(7200);
    instance.ask(&lasting(&a)).unwrap();
    instance.world.memory.set_clock_ahead(0);
    instance.ask(&lasting(&a)).unwrap();
    provider.publish(&[&b]);
    memory.advance(Duration::from_secs(61));
    instance.ask(&lasting(&b)).unwrap();
    is_refused(instance.ask(&lasting(&a)));
}

#[test]
fn only_keys_that_can_be_used_are_taken() {
    let (memory, good) = (Memory::default(), p256("good"));
    let mut private = ed25519("private");
    private.public["d"] = base64url([7; 32]).into();
    let mut for_encryption = ed25519("encryption");
    for_encryption.public["use"] = "enc".into();
    let mut for_signing = ed25519("signing");
    for_signing.public["key_ops"] = json!(["sign"]);
    let secret = shared("secret");
    let mut with_more = p384("more");
    with_more.public["key_ops"] = json!(["verify"]);
    with_more.public["use"] = "sig".into();
    with_more.public["exp"] = json!(1_900_000_000);
    with_more.public["x5c"] = json!(["MIIB"]);
    let keys = [&private, &for_encryption, &for_signing, &secret, &good, &with_more];
    let mut published = set(&keys);
    let strange: Vec<Value> = vec![
        json!(null),
        json!("x"),
        json!({}),
        json!({"kty": "EC", "crv": "P-256", "x": 1}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "short"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": "", "kid": "short"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
    ];
    published["keys"].as_array_mut().unwrap().extend(strange);
    let provider = Provider::publishing(&[]);
    provider.answer(Answer::Body(published.to_string()));
    let instance = Instance::on(&memory, &provider);
    for key in [&good, &with_more] {
        instance.ask(&lasting(key)).unwrap();
    }
    for key in [&private, &for_encryption, &for_signing, &secret] {
        is_refused(instance.ask(&lasting(key)));
    }
    let short = json!({"alg": "EdDSA", "kid": "short"}).to_string();
    is_refused(instance.ask(&ed25519("x").sign(&short, &claims().to_string())));
}

#[test]
fn what_is_kept_for_another_place_is_not_used() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    Instance::on(&memory, &provider).ask(&lasting(&a)).unwrap();
    let other = json!([{"issuer": "https://other.example", "audience": AUDIENCE, "jwks_url": URL}]);
    let (world, other) = (World::on(&memory, &provider), deployment("*", &other));
    let mut claims = claims();
    claims["iss"] = "https://other.example".into();
    world.ask(&other, &a.token(&claims)).unwrap();
    assert_eq!(provider.fetched(), 2, "the set of one issuer is not the other's");
    let trees = memory.contents().into_keys();
    let trees: BTreeSet<_> = trees.map(|key| key.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(trees, ["access.keys".to_owned()].into());
}

#[test]
fn an_entry_that_cannot_be_read_is_replaced() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    Instance::on(&memory, &provider).ask(&lasting(&a)).unwrap();
    pollster::block_on(async {
        let tree = kv_tree::Store::new(memory.clone())
            .tree(kv_tree::TreeName::new("access.keys").unwrap());
        let snapshot = tree.snapshot().await.unwrap();
        let mut scan = snapshot.scan(kv_tree::KeyRange::all(), kv_tree::Order::Ascending);
        let (key, _) = scan.next().await.unwrap().unwrap();
        tree.transact(async |transaction| {
            transaction.put(key.clone(), "{\"begun\": \"yesterday\"}");
            Ok::<_, kv_tree::Error>(())
        })
        .await
        .unwrap();
    });
    Instance::on(&memory, &provider).ask(&lasting(&a)).unwrap();
    assert_eq!(provider.fetched(), 2);
}

#[test]
fn who_goes_away_has_not_looked() {
    let (memory, a, b) = (Memory::default(), ed25519("a"), ed25519("b"));
    let provider = Provider::publishing(&[&a]);
    let (one, two) = (Instance::on(&memory, &provider), Instance::on(&memory, &provider));
    one.ask(&lasting(&a)).unwrap();
    two.ask(&lasting(&a)).unwrap();
    provider.publish(&[&b]);
    memory.advance(Duration::from_secs(61));
    one.ask(&lasting(&b)).unwrap();
    // A client of the other instance keeps going away while it looks.
    let token = lasting(&a);
    for _ in 0..10 {
        let mut asking = Box::pin(two.asking(&token));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asking.as_mut().poll(&mut context).is_pending());
    }
    is_refused(two.ask(&token));
}

#[test]
fn a_store_that_fails_lets_nobody_in() {
    let (memory, a) = (Memory::default(), ed25519("a"));
    let provider = Provider::publishing(&[&a]);
    let instance = Instance::on(&memory, &provider);
    instance.world.store_fails.set(true);
    assert!(matches!(instance.ask(&lasting(&a)), Err(Refusal::Store(_))));
    assert_eq!(provider.fetched(), 0, "what cannot be reserved is not fetched");
    instance.world.store_fails.set(false);
    instance.ask(&lasting(&a)).unwrap();
    instance.world.store_fails.set(true);
    instance.ask(&lasting(&a)).unwrap();
    memory.advance(Duration::from_secs(61));
    assert!(matches!(instance.ask(&lasting(&a)), Err(Refusal::Store(_))));
}
