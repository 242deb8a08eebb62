//! Where events are sent, in which order and how often, and what becomes of a subscription.

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use account_management::{BILL_FORMAT, HUB};
use common::events::{CALLBACK, deliver, sent, status, subscribe, subscribe_in, told, world};
use common::{ask, delete, expect, patch, post};
use http::Method;
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Version;
use tmf630::ports::Notification;
use tmf630::testing::World;

#[test]
fn callbacks_that_nothing_may_be_sent_to_are_refused() {
    let world = world();
    for wrong in [
        "",
        "x",
        "/listen",
        "ftp://a.example/",
        "http://a.example/",
        "https://null/x",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost./",
        "https://user:pw@events.example/",
        "https://169.254.169.254/latest",
    ] {
        let body = expect(&post(&world, &HUB, &json!({ "callback": wrong })), 400);
        assert!(body.to_string().contains("/callback"), "{wrong}: {body}");
    }
    assert_eq!(post(&world, &HUB, &json!({ "query": "" })).status(), 400);
    let open = World::on(Memory::default())
        .with("event_private_addresses", "allow")
        .with("event_hosts", "http://127.0.0.1:*");
    expect(&post(&open, &HUB, &json!({ "callback": "http://127.0.0.1:4000/x" })), 201);
}

#[test]
fn registering_again_is_the_same_subscription() {
    let world = world();
    let body = json!({ "callback": CALLBACK, "query": "eventType=BillFormatCreateEvent" });
    let first = expect(&post(&world, &HUB, &body), 201);
    assert!(first["secret"].as_str().unwrap().len() >= 32);
    let answer = post(&world, &HUB, &body);
    assert!(
        answer.headers()["location"].to_str().unwrap().ends_with(first["id"].as_str().unwrap())
    );
    let again = expect(&answer, 201);
    assert_eq!((&again["id"], again.get("secret")), (&first["id"], None));
    // In another version, with another query, or elsewhere it is another one.
    let v4 = subscribe_in(Version::V4, &world, &json!({ "callback": CALLBACK }));
    let others = [v4["id"].clone(), json!(subscribe(&world, ""))];
    assert!(!others.contains(&first["id"]) && others[0] != others[1]);
    expect(&post(&world, &BILL_FORMAT, &json!({ "name": "x" })), 201);
    // To both of v5; v4 has no such event.
    assert_eq!(deliver(&world).delivered, 2);
    let list = expect(&ask(&world, &HUB, Method::GET, "", &Value::Null), 200);
    assert_eq!(list.as_array().unwrap().len(), 3);
    assert!(!list.to_string().contains("secret"));
}

#[test]
fn what_was_not_taken_is_sent_again_in_order_and_holds_up_nothing_else() {
    let world = world();
    let id = subscribe(&world, "");
    let mut left = 2;
    world.answer(move |sent: &Notification| {
        let is_of_1 = String::from_utf8_lossy(&sent.body).contains(r#""id":"1""#);
        if is_of_1 && left > 0 {
            left -= 1;
            return Ok(500);
        }
        Ok(200)
    });
    for id in ["1", "2"] {
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "x" })), 201);
    }
    for id in ["1", "2", "1"] {
        let name = format!("{:?}", world.yields.get());
        assert_eq!(patch(&world, &BILL_FORMAT, id, &json!({ "name": name + id })), 200);
        world.yields.set(world.yields.get() + 1);
    }
    deliver(&world);
    let told_first = told(&world);
    assert_eq!(told_first.iter().filter(|told| told.ends_with('1')).count(), 1, "{told_first:?}");
    assert_eq!(told_first.iter().filter(|told| told.ends_with('2')).count(), 2, "{told_first:?}");
    let seen = status(&world, &id);
    assert_eq!(
        (&seen["status"], &seen["pending"], &seen["failed"]),
        (&json!("retrying"), &json!(3), &json!(1))
    );
    assert!(
        seen["lastError"]["message"].as_str().unwrap().contains("500")
            && seen["nextTry"].is_string()
    );
    // Too early.
    deliver(&world);
    assert_eq!(told(&world).len(), 0);
    world.advance(2);
    deliver(&world);
    assert_eq!(told(&world), ["BillFormatCreate 1"]);
    world.advance(4);
    assert_eq!(status(&world, &id)["oldestPendingAge"], 6);
    deliver(&world);
    let rest = [
        "BillFormatCreate 1",
        "BillFormatAttributeValueChange 1",
        "BillFormatAttributeValueChange 1",
    ];
    assert_eq!(told(&world), rest);
    let seen = status(&world, &id);
    assert_eq!(
        (&seen["status"], &seen["pending"], &seen["delivered"]),
        (&json!("active"), &json!(0), &json!(5))
    );
}

#[test]
fn a_receiver_that_is_down_is_asked_less_and_less_and_loses_nothing() {
    let world = world().with("event_give_up", "1000000");
    let id = subscribe(&world, "");
    let is_up = Rc::new(RefCell::new(false));
    let up = is_up.clone();
    world
        .answer(move |_| if *up.borrow() { Ok(204) } else { Err("it refuses connections".into()) });
    for number in 0..100 {
        let id = format!("{number:03}");
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "x" })), 201);
    }
    for _ in 0..360 {
        deliver(&world);
        world.advance(10);
    }
    let tries = sent(&world).len();
    assert!((10..60).contains(&tries), "{tries} tries in an hour");
    assert_eq!(status(&world, &id)["pending"], 100);
    *is_up.borrow_mut() = true;
    world.advance(3_600);
    for _ in 0..3 {
        deliver(&world);
        world.advance(3_600);
    }
    let mut told = told(&world);
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 100);
    assert_eq!(
        (&status(&world, &id)["pending"], &status(&world, &id)["status"]),
        (&json!(0), &json!("active"))
    );
}

#[test]
fn what_is_given_up_is_parked_and_can_be_sent_again_or_dropped() {
    let world = world().with("event_give_up", "60").with("event_last_retry", "10");
    let id = subscribe(&world, "");
    world.answer(|_| Ok(503));
    for id in ["1", "2", "3", "4", "5", "6"] {
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "x" })), 201);
    }
    for _ in 0..200 {
        deliver(&world);
        world.advance(1);
    }
    let seen = status(&world, &id);
    assert_eq!((&seen["parked"], &seen["pending"]), (&json!(6), &json!(0)), "{seen}");
    world.sent.take();
    world.answer(|_| Ok(200));
    let redrive = ask(&world, &HUB, Method::POST, &format!("/{id}/redrive"), &Value::Null);
    assert_eq!(redrive.status(), 202);
    assert_eq!(
        (&status(&world, &id)["parked"], &status(&world, &id)["pending"]),
        (&json!(0), &json!(6))
    );
    deliver(&world);
    let mut told = told(&world);
    told.sort();
    assert_eq!(told, (1..7).map(|n| format!("BillFormatCreate {n}")).collect::<Vec<_>>());
    assert_eq!(status(&world, &id)["pending"], 0);

    world.answer(|_| Ok(503));
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "7", "name": "x" })), 201);
    for _ in 0..100 {
        deliver(&world);
        world.advance(1);
    }
    assert_eq!(status(&world, &id)["parked"], 1);
    let dropped = ask(&world, &HUB, Method::DELETE, &format!("/{id}/parked"), &Value::Null);
    assert_eq!((dropped.status().as_u16(), &status(&world, &id)["parked"]), (204, &json!(0)));
    world.answer(|_| Ok(200));
    world.sent.take();
    world.advance(3_600);
    deliver(&world);
    assert_eq!(sent(&world).len(), 0);
    for wrong in ["/redrive", "/parked"] {
        let answer = ask(&world, &HUB, Method::GET, &format!("/{id}{wrong}"), &Value::Null);
        assert_eq!(answer.status(), 405, "{wrong}");
    }
}

#[test]
fn who_answers_410_is_told_nothing_more_until_registered_again() {
    let world = world();
    let id = subscribe(&world, "");
    world.answer(|_| Ok(410));
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "1", "name": "x" })), 201);
    deliver(&world);
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "2", "name": "x" })), 201);
    deliver(&world);
    assert_eq!(told(&world), ["BillFormatCreate 1"]);
    assert_eq!(status(&world, &id)["status"], "ended");
    world.answer(|_| Ok(204));
    assert_eq!(subscribe(&world, ""), id);
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "3", "name": "x" })), 201);
    deliver(&world);
    assert_eq!(
        (told(&world), status(&world, &id)["status"].clone()),
        (vec!["BillFormatCreate 3".into()], json!("active"))
    );
}

#[test]
fn nothing_is_left_of_a_subscription_that_was_deleted() {
    let world = world();
    let id = subscribe(&world, "");
    world.answer(|_| Ok(500));
    for number in 0..20 {
        expect(&post(&world, &BILL_FORMAT, &json!({ "name": format!("{number}") })), 201);
    }
    deliver(&world);
    world.sent.take();
    assert_eq!(delete(&world, &HUB, &id), 204);
    deliver(&world);
    deliver(&world);
    assert_eq!(sent(&world).len(), 0);
    let keys = block_on(world.keys("default", "events/TMF666/")).unwrap();
    let left: Vec<_> = keys.iter().filter(|key| !key.contains("/hub/m/")).collect();
    assert!(left.is_empty(), "{left:?}");
    let listeners = block_on(world.keys("default", "billFormat/m/listeners"));
    assert!(listeners.unwrap().is_empty());
}

#[test]
fn what_is_sent_is_signed_and_named() {
    let world = world().with("event_callback", "listener");
    let secret =
        expect(&post(&world, &HUB, &json!({ "callback": CALLBACK })), 201)["secret"].clone();
    expect(&post(&world, &BILL_FORMAT, &json!({ "name": "x" })), 201);
    deliver(&world);
    let [sent] = &world.sent.take()[..] else { panic!() };
    assert_eq!(sent.url, format!("{CALLBACK}/listener/billFormatCreateEvent"));
    let header = |name| sent.headers.iter().find(|(it, _)| *it == name).unwrap().1.clone();
    let signature = header("x-signature");
    let time = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    assert_eq!(signature, webhook::signature(secret.as_str().unwrap(), time, &sent.body));
    let event: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(
        (header("x-event-id"), header("x-event-type")),
        (event["eventId"].as_str().unwrap().into(), "BillFormatCreateEvent".into())
    );
    assert_eq!(header("content-type"), "application/json");
}

#[test]
fn what_is_not_wanted_says_nothing_of_a_receiver_that_was_down() {
    let world = world();
    subscribe(&world, "eventType=BillFormatCreateEvent");
    world.answer(|_| Err("it refuses connections".to_owned()));
    for id in ["1", "2", "3", "4"] {
        expect(&post(&world, &BILL_FORMAT, &json!({ "id": id, "name": "x" })), 201);
    }
    deliver(&world);
    world.answer(|_| Ok(200));
    for number in 0..200 {
        let name = json!({ "name": format!("{number}") });
        assert_eq!(patch(&world, &BILL_FORMAT, "1", &name), 200);
    }
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "5", "name": "x" })), 201);
    world.sent.take();
    // However much lies before what is wanted, one look is enough.
    world.advance(10);
    deliver(&world);
    let told = told(&world);
    assert!(told.contains(&"BillFormatCreate 5".to_owned()), "{told:?}");
    assert_eq!(told.len(), 5);
}

#[test]
fn whatever_waited_when_a_subscription_ended_stands_in_nobodys_way() {
    let world = world();
    let id = subscribe(&world, "");
    // One that is never taken, and many behind it.
    world.answer(|sent| {
        let is_of_1 = String::from_utf8_lossy(&sent.body).contains(r#""id":"1""#);
        if is_of_1 { Ok(500) } else { Ok(200) }
    });
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "1", "name": "x" })), 201);
    for number in 0..600 {
        let name = json!({ "name": format!("{number}") });
        assert_eq!(patch(&world, &BILL_FORMAT, "1", &name), 200);
    }
    deliver(&world);
    world.answer(|_| Ok(410));
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "2", "name": "x" })), 201);
    deliver(&world);
    assert_eq!(status(&world, &id)["status"], "ended");
    world.answer(|_| Ok(200));
    assert_eq!(subscribe(&world, ""), id);
    world.advance(1_000_000);
    deliver(&world);
    world.sent.take();
    assert_eq!(patch(&world, &BILL_FORMAT, "1", &json!({ "name": "new" })), 200);
    deliver(&world);
    assert_eq!(told(&world), ["BillFormatAttributeValueChange 1"]);
    assert_eq!(status(&world, &id)["pending"], 0);
}

#[test]
fn an_id_is_taken_until_nothing_is_left_of_the_subscription_that_had_it() {
    let world = world();
    let body = json!({ "id": "mine", "callback": CALLBACK });
    expect(&post(&world, &HUB, &body), 201);
    assert_eq!(delete(&world, &HUB, "mine"), 204);
    assert_eq!(post(&world, &HUB, &body).status(), 409);
    deliver(&world);
    expect(&post(&world, &HUB, &body), 201);
    expect(&post(&world, &BILL_FORMAT, &json!({ "id": "1", "name": "x" })), 201);
    deliver(&world);
    assert_eq!(told(&world), ["BillFormatCreate 1"]);
}
