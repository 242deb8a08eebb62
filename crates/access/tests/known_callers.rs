//! Tokens that were checked not long ago.

mod common;

use std::rc::Rc;

use access::Refusal;
use common::*;
use serde_json::json;

#[test]
fn a_caller_is_known_by_the_same_token() {
    let (world, key) = (World::alone(), p256("a"));
    let deployment = trusting(&[&key]);
    let token = key.token(&claims());
    let caller = world.ask(&deployment, &token).unwrap();
    assert!(Rc::ptr_eq(&caller, &world.ask(&deployment, &token).unwrap()));
    // Whatever others send.
    for number in 0..5000 {
        let forged = format!("{}.{}", token, number);
        assert!(world.ask(&deployment, &forged).is_err());
    }
    assert!(Rc::ptr_eq(&caller, &world.ask(&deployment, &token).unwrap()));
    world.advance(359);
    assert!(world.ask(&deployment, &token).is_ok());
    world.advance(1);
    assert!(matches!(world.ask(&deployment, &token), Err(Refusal::Expired)));
}

#[test]
fn a_token_is_looked_at_again_after_ten_minutes() {
    let (world, key) = (World::alone(), shared("a"));
    let deployment = trusting(&[&key]);
    let token = key.token(&claims_with("exp", json!(BEGIN + 100_000)));
    let caller = world.ask(&deployment, &token).unwrap();
    world.advance(599);
    assert!(Rc::ptr_eq(&caller, &world.ask(&deployment, &token).unwrap()));
    world.advance(1);
    assert!(!Rc::ptr_eq(&caller, &world.ask(&deployment, &token).unwrap()));
}

#[test]
fn a_token_that_was_not_good_yet_is_not_good_when_the_clock_goes_back() {
    let (world, key) = (World::alone(), shared("a"));
    let deployment = trusting(&[&key]);
    let token = key.token(&claims_with("nbf", json!(BEGIN + 100)));
    world.memory.set_clock_ahead(100);
    assert!(world.ask(&deployment, &token).is_ok());
    world.memory.set_clock_ahead(0);
    invalid(world.ask(&deployment, &token));
}

#[test]
fn deployments_know_their_own_callers() {
    let (world, key) = (World::alone(), shared("a"));
    let token = key.token(&claims());
    assert!(world.ask(&trusting(&[&key]), &token).is_ok());
    let issuer = json!([{"issuer": ISSUER, "audience": "other", "keys": set(&[&key])}]);
    invalid(world.ask(&deployment("*", &issuer), &token));
}
