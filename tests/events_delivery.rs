//! Events arrive, in order and at least once, whatever receivers do; and what one of them does is no
//! matter to others, nor to who writes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use black_box_tests::events::{Told, maintain, subscribe};
use black_box_tests::receiver::{Arrival, Receiver, Reply, kind, subject};
use black_box_tests::{Answering, Method, Resource, StatusCode, account_of, id, json};
use serde_json::Value;

/// The id of the account that an arrival is about.
fn account(arrival: &Arrival) -> String {
    id(subject(&arrival.event()))
}

/// Creates an account and changes its name so often.
async fn write(accounts: &Resource, id: &str, changes: usize) {
    accounts.create(&account_of(id, &[("p", "owner")])).await;
    for number in 1..=changes {
        let patch = json!({ "name": format!("{id} {number}") });
        accounts.patch(id, &patch).await.expect(StatusCode::OK);
    }
}

/// Expects that the events about each account are those of [`write`], in its order.
#[track_caller]
fn expect_in_order(events: &[Value], accounts: usize, changes: usize) {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for event in events {
        names.entry(id(subject(event))).or_default().push(subject(event)["name"].clone());
    }
    assert_eq!(names.len(), accounts, "{:?}", names.keys());
    for (id, names) in names {
        let mut expected = vec![json!(format!("Account {id}"))];
        expected.extend((1..=changes).map(|number| json!(format!("{id} {number}"))));
        assert_eq!(names, expected, "{id}");
    }
}

/// What a subscription says of its delivery, once it says this.
async fn settled(hub: &Resource, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let delivery = hub.read(id).await["delivery"].clone();
        if is_so(&delivery) {
            return delivery;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{delivery}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_can_tell_who_sends() {
    let world = Told::start().await;
    let one = world.subscribe("/one", "").await;
    let other = world.subscribe("/other", "").await;
    assert_ne!(one["secret"], other["secret"]);
    world.receiver.script("/one", &[Reply::Status(500)], Reply::Status(200));
    write(&world, "a", 1).await;
    for (path, subscription) in [("/one", one), ("/other", other)] {
        world.receiver.expect(path, 2).await;
        for arrival in world.receiver.arrivals(path) {
            arrival.expect_signed(subscription["secret"].as_str().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_with_500_nine_times_arrives_the_tenth_time_in_order() {
    let world = Told::start().await;
    let hub = id(&world.subscribe("/hub", "").await);
    let refusals: Vec<_> = (0..9).map(|_| Reply::Status(500)).collect();
    world.receiver.script("/hub", &refusals, Reply::Status(201));
    write(&world, "a", 2).await;
    write(&world, "b", 0).await;
    let events = world.receiver.expect_only("/hub", 4).await;
    let of_a: Vec<_> = events.into_iter().filter(|event| subject(event)["id"] == "a").collect();
    expect_in_order(&of_a, 1, 2);
    let arrivals = world.receiver.arrivals("/hub");
    assert_eq!(arrivals.len(), 13);
    // Of an account, nothing is sent before what came before has arrived.
    let mut waiting = BTreeMap::new();
    for arrival in &arrivals {
        let before = waiting.remove(&account(arrival));
        assert!(before.is_none_or(|before: String| before == arrival.id()), "{arrivals:#?}");
        if !arrival.is_taken {
            waiting.insert(account(arrival), arrival.id());
        }
    }
    // The same event is the same whenever it comes.
    let mut bodies = BTreeMap::new();
    for arrival in &arrivals {
        let body = bodies.entry(arrival.id()).or_insert(&arrival.body);
        assert_eq!(*body, &arrival.body);
    }
    let is_done = |delivery: &Value| delivery["delivered"] == 4;
    let delivery = settled(&world.on("hub"), &hub, is_done).await;
    assert_eq!(delivery["failed"], 9, "{delivery}");
    assert_eq!(delivery["pending"], 0, "{delivery}");
    assert_eq!(delivery["status"], "active", "{delivery}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_further_and_further_apart() {
    let variables = [("event_first_retry", "0.1"), ("event_last_retry", "0.8")];
    let world = Told::start_with(&variables).await;
    world.subscribe("/hub", "").await;
    world.receiver.answer("/hub", Reply::Status(503));
    write(&world, "a", 0).await;
    let arrivals = world.receiver.expect_arrivals("/hub", 6).await;
    let pauses = arrivals.windows(2).map(|two| (two[1].at - two[0].at).as_secs_f64());
    // Of 0.1, 0.2, 0.4, 0.8 and 0.8 seconds at least a half; somebody has to look, too.
    for (pause, least) in pauses.zip([0.05, 0.1, 0.2, 0.4, 0.4]) {
        assert!((least..least * 2.0 + 0.6).contains(&pause), "{pause} s, not {least} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_subscribes_is_told_what_became_of_events() {
    let world = Told::start().await;
    let hub = world.on("hub");
    let nowhere = format!("http://{}/", Receiver::nowhere().await);
    let subscription = id(&subscribe(&hub, &nowhere, "").await);
    write(&world, "a", 0).await;
    write(&world, "b", 1).await;
    let has_failed = |delivery: &Value| delivery["failed"].as_u64() > Some(1);
    let delivery = settled(&hub, &subscription, has_failed).await;
    assert_eq!(delivery["status"], "retrying", "{delivery}");
    assert_eq!((&delivery["pending"], &delivery["delivered"]), (&json!(3), &json!(0)));
    assert_eq!(delivery["parked"], 0, "{delivery}");
    assert!(delivery["oldestPendingAge"].as_f64().is_some_and(|age| age < 30.0), "{delivery}");
    assert!(delivery["nextTry"].as_str().is_some_and(|time| time.starts_with("20")), "{delivery}");
    let error = &delivery["lastError"];
    assert!(error["message"].as_str().is_some_and(|text| text.contains("refused")), "{error}");
    assert!(error["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{error}");
    // Both versions say so, and lists do.
    assert_eq!(world.on_v4("hub").read(&subscription).await["delivery"]["pending"], 3);
    assert_eq!(hub.get("").await.json()[0]["delivery"]["pending"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_receivers_delay_neither_others_nor_who_writes() {
    let world = Told::start().await;
    let hub = world.on("hub");
    for (path, reply) in [
        ("/hangs", Reply::Hangs),
        ("/closes", Reply::Closes),
        ("/breaks-off", Reply::BreaksOff),
        ("/fails", Reply::Status(500)),
        ("/slow", Reply::Slowly(Duration::from_millis(500), 200)),
        ("/redirects", Reply::RedirectsTo(world.receiver.at("/elsewhere"))),
        ("/huge", Reply::Sends(2 << 30)),
        ("/endless", Reply::NeverEnds),
    ] {
        world.receiver.answer(path, reply);
        world.subscribe(path, "").await;
    }
    let nowhere = format!("http://{}/", Receiver::nowhere().await);
    subscribe(&hub, &nowhere, "").await;
    world.subscribe("/good", "").await;

    let mut answered = BTreeMap::new();
    for number in 0..20 {
        let (id, begin) = (format!("a{number}"), Instant::now());
        world.create(&account_of(&id, &[("p", "owner")])).await;
        let end = Instant::now();
        assert!(end - begin < Duration::from_millis(900), "{id} took {:?}", end - begin);
        answered.insert(id, end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    world.receiver.expect("/good", 20).await;
    for arrival in world.receiver.arrivals("/good") {
        let delay = arrival.at.saturating_duration_since(answered[&account(&arrival)]);
        assert!(delay < Duration::from_millis(900), "{} came after {delay:?}", account(&arrival));
    }
    // A redirect is not followed, and much is not read.
    world.receiver.expect_arrivals("/redirects", 20).await;
    world.receiver.expect("/huge", 20).await;
    world.receiver.expect("/endless", 20).await;
    assert_eq!(world.receiver.count("/elsewhere"), 0);
    let sent = world.receiver.sent();
    assert!(sent < 500_000_000, "{sent} bytes were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn much_that_a_receiver_answers_is_not_read_and_not_sent_again() {
    let world = Told::start().await;
    let hub = world.on("hub");
    for (path, reply) in [("/huge", Reply::Sends(2 << 30)), ("/endless", Reply::NeverEnds)] {
        world.receiver.answer(path, reply);
        let subscription = id(&world.subscribe(path, "").await);
        write(&world, &path[1..], 4).await;
        let is_done = |delivery: &Value| delivery["delivered"] == 5;
        let delivery = settled(&hub, &subscription, is_done).await;
        assert_eq!(delivery["failed"], 0, "{delivery}");
        assert_eq!(world.receiver.count(path), 5);
        hub.delete(&subscription).await;
    }
    // What the system keeps of each connection is sent, and no more.
    let sent = world.receiver.sent();
    assert!(sent < 100_000_000, "{sent} bytes were read");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_once_is_asked_again() {
    let world = Told::start().await;
    for (path, reply) in [
        ("/hangs", Reply::Hangs),
        ("/closes", Reply::Closes),
        ("/breaks-off", Reply::BreaksOff),
        ("/redirects", Reply::RedirectsTo(world.receiver.at("/elsewhere"))),
        ("/refuses", Reply::Status(400)),
    ] {
        world.receiver.script(path, &[reply], Reply::Status(200));
        world.subscribe(path, "").await;
    }
    write(&world, "a", 1).await;
    for path in ["/hangs", "/closes", "/breaks-off", "/redirects", "/refuses"] {
        expect_in_order(&world.receiver.expect_only(path, 2).await, 1, 1);
        let arrivals = world.receiver.arrivals(path);
        assert_eq!(arrivals.len(), 3, "{path}");
        assert_eq!(arrivals[0].id(), arrivals[1].id(), "{path}");
    }
    assert_eq!(world.receiver.count("/elsewhere"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_gone_is_not_called_any_more() {
    let world = Told::start().await;
    let hub = world.on("hub");
    let subscription = id(&world.subscribe("/hub", "").await);
    world.receiver.answer("/hub", Reply::Status(410));
    write(&world, "a", 0).await;
    let has_ended = |delivery: &Value| delivery["status"] == "ended";
    settled(&hub, &subscription, has_ended).await;
    write(&world, "b", 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.receiver.count("/hub"), 1);
    // Who registers again is told what happens from then on.
    world.receiver.answer("/hub", Reply::Status(200));
    assert_eq!(id(&world.subscribe("/hub", "").await), subscription);
    write(&world, "c", 0).await;
    let events = world.receiver.expect_only("/hub", 1).await;
    assert_eq!(subject(&events[0])["id"], "c");
    assert_eq!(hub.delete(&subscription).await.status, StatusCode::NO_CONTENT);
    assert_ne!(id(&world.subscribe("/hub", "").await), subscription);
    write(&world, "d", 0).await;
    let events = world.receiver.expect_only("/hub", 2).await;
    assert_eq!(subject(&events[1])["id"], "d");
}

/// A deployment that gives up soon, and a subscription whose receiver fails, with three events parked.
async fn with_parked_events() -> (Told, String) {
    let world = Told::start_with(&[("event_give_up", "0.3")]).await;
    let subscription = id(&world.subscribe("/hub", "").await);
    world.receiver.answer("/hub", Reply::Status(500));
    write(&world, "a", 2).await;
    let is_parked = |delivery: &Value| delivery["parked"] == 3;
    let delivery = settled(&world.on("hub"), &subscription, is_parked).await;
    assert_eq!((&delivery["pending"], &delivery["delivered"]), (&json!(0), &json!(0)));
    (world, subscription)
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_events_are_sent_again_in_order_when_somebody_asks() {
    let (world, subscription) = with_parked_events().await;
    let hub = world.on("hub");
    let tries = world.receiver.count("/hub");
    world.receiver.answer("/hub", Reply::Status(200));
    // Nobody sends them before, and new ones do not wait for them.
    write(&world, "b", 0).await;
    let events = world.receiver.expect_only("/hub", 1).await;
    assert_eq!(subject(&events[0])["id"], "b");
    assert_eq!(world.receiver.count("/hub"), tries + 1);

    let redrive = format!("/{subscription}/redrive");
    let answer = hub.request(Method::POST, &redrive).answer().await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:#?}");
    let events = world.receiver.expect_only("/hub", 4).await;
    expect_in_order(&events[1..], 1, 2);
    let is_done = |delivery: &Value| delivery["delivered"] == 4;
    let delivery = settled(&hub, &subscription, is_done).await;
    assert_eq!((&delivery["parked"], &delivery["pending"]), (&json!(0), &json!(0)));
    let nothing = hub.request(Method::POST, "/unknown/redrive").answer().await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_events_are_dropped_when_somebody_asks() {
    let (world, subscription) = with_parked_events().await;
    let hub = world.on("hub");
    world.receiver.answer("/hub", Reply::Status(200));
    let dropped = hub.delete(&format!("{subscription}/parked")).await;
    assert_eq!(dropped.status, StatusCode::NO_CONTENT, "{dropped:#?}");
    assert_eq!(hub.read(&subscription).await["delivery"]["parked"], 0);
    let redrive = format!("/{subscription}/redrive");
    hub.request(Method::POST, &redrive).answer().await;
    world.receiver.expect_only("/hub", 0).await;
    write(&world, "b", 1).await;
    expect_in_order(&world.receiver.expect_only("/hub", 2).await, 1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_in_the_middle_of_it_is_told_no_more() {
    let world = Told::start().await;
    let hub = world.on("hub");
    let subscription = id(&world.subscribe("/hub", "").await);
    let other = id(&world.subscribe("/other", "").await);
    world.receiver.answer("/hub", Reply::Slowly(Duration::from_millis(100), 200));
    let many: Vec<_> =
        (0..200).map(|number| account_of(&format!("a{number}"), &[("p", "owner")])).collect();
    world.post_many(&many).await.expect(StatusCode::OK);
    world.receiver.expect_arrivals("/hub", 5).await;
    let begin = Instant::now();
    assert_eq!(hub.delete(&subscription).await.status, StatusCode::NO_CONTENT);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    let deleted = Instant::now();
    world.receiver.expect_only("/other", 200).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    // Whoever had begun with some goes on with those for a second.
    let arrivals = world.receiver.arrivals("/hub");
    let late = |arrival: &&Arrival| arrival.at > deleted + Duration::from_secs(2);
    assert_eq!(arrivals.iter().filter(late).count(), 0);
    assert!(arrivals.len() < 100, "{} came", arrivals.len());
    assert_eq!(values_of_all(&hub).await, [other]);
    // A new one begins with what happens after it.
    world.subscribe("/hub", "").await;
    write(&world, "b", 0).await;
    let arrivals = world.receiver.expect_arrivals("/hub", arrivals.len() + 1).await;
    assert_eq!(account(arrivals.last().unwrap()), "b");
}

/// The ids of all subscriptions.
async fn values_of_all(hub: &Resource) -> Vec<String> {
    black_box_tests::values_of(&hub.get("").await, "id")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_after_it_at_once_sends_nothing_twice() {
    let world = Told::unattended_with(&[]).await;
    let subscription = id(&world.subscribe("/hub", "").await);
    world.receiver.answer("/hub", Reply::Status(500));
    let many: Vec<_> =
        (0..40).map(|number| account_of(&format!("a{number}"), &[("p", "owner")])).collect();
    world.post_many(&many).await.expect(StatusCode::OK);
    world.receiver.expect_arrivals("/hub", 1).await;
    // The instance gives up, and what it tried is due again.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let tried = world.receiver.count("/hub");
    world.receiver.answer("/hub", Reply::Slowly(Duration::from_millis(10), 200));
    let base_url = world.base_url();
    for _ in 0..4 {
        let two = tokio::join!(maintain(&base_url), maintain(&base_url));
        assert_eq!(two, (Some(200), Some(200)));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    world.receiver.expect_only("/hub", 40).await;
    assert_eq!(world.receiver.count("/hub"), tried + 40);
    let is_done = |delivery: &Value| delivery["delivered"] == 40;
    settled(&world.on("hub"), &subscription, is_done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_survives_a_restart() {
    let world = Told::start().await;
    let address = Receiver::nowhere().await;
    subscribe(&world.on("hub"), &format!("http://{address}/hub"), "").await;
    write(&world, "a", 3).await;
    let world = world.restart().await;
    write(&world, "b", 3).await;
    let receiver = Receiver::start_at(address).await;
    expect_in_order(&receiver.expect_only("/hub", 8).await, 2, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_come_to_twenty_subscriptions() {
    const SUBSCRIPTIONS: usize = 20;
    const WRITERS: usize = 10;
    const ACCOUNTS: usize = 25;
    const CHANGES: usize = 3;
    let world = Told::start().await;
    for number in 0..SUBSCRIPTIONS {
        // One is slow, and one fails now and then.
        let path = format!("/{number}");
        match number {
            0 => world.receiver.answer(&path, Reply::Slowly(Duration::from_millis(5), 200)),
            1 => {
                let refuses = |number| Reply::Status(if number % 9 == 0 { 503 } else { 200 });
                let replies: Vec<_> = (0..100).map(refuses).collect();
                world.receiver.script(&path, &replies, Reply::Status(200));
            }
            _ => {}
        }
        world.subscribe(&path, "").await;
    }
    let nowhere = format!("http://{}/", Receiver::nowhere().await);
    subscribe(&world.on("hub"), &nowhere, "").await;
    let begin = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let accounts = world.on("billingAccount");
            tokio::spawn(async move {
                for number in 0..ACCOUNTS {
                    write(&accounts, &format!("{writer}-{number}"), CHANGES).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let written = begin.elapsed();
    let all = WRITERS * ACCOUNTS * (CHANGES + 1);
    for number in 0..SUBSCRIPTIONS {
        let events = world.receiver.expect(&format!("/{number}"), all).await;
        expect_in_order(&events, WRITERS * ACCOUNTS, CHANGES);
        let kinds: BTreeSet<_> = events.iter().map(kind).collect();
        assert_eq!(kinds.len(), 2, "{kinds:?}");
    }
    let told = begin.elapsed();
    eprintln!("{all} changes in {written:.1?}, {SUBSCRIPTIONS} subscriptions in {told:.1?}");
}
