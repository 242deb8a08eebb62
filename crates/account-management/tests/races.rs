//! Rules between resources hold for every order in which two instances take their steps.

mod common;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use account_management::{BILL_FORMAT, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT};
use common::{World, account, expect, post, related, request};
use http::Method;
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::Definition;

/// A request: to which resource, what, and with which body.
type Sent = (&'static Definition, Method, &'static str, Value);

/// What both requests answer if the second is carried out when the first has taken a number of steps,
/// for every such number.
fn every_order(
    variables: &[(&'static str, &'static str)],
    prepare: impl Fn(&World),
    first: Sent,
    second: Sent,
) -> Vec<(u16, u16)> {
    let mut outcomes = Vec::new();
    for after in 0.. {
        let memory = Memory::default();
        let instance = || {
            let world = World::on(memory.clone());
            variables.iter().fold(world, |world, (name, value)| world.with(name, value))
        };
        let (own, other) = (instance(), instance());
        prepare(&own);
        let (definition, method, rest, body) = first.clone();
        let sent = request(definition, method, rest, &body.to_string());
        let mut answer = pin!(own.ask(definition, sent));
        let mut context = Context::from_waker(Waker::noop());
        let mut met = None;
        for step in 0.. {
            if step == after {
                let (definition, method, rest, body) = second.clone();
                met = Some(common::ask(&other, definition, method, rest, &body).status().as_u16());
            }
            if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
                match met {
                    Some(met) => outcomes.push((answer.status().as_u16(), met)),
                    // The first request takes no more steps than this.
                    None => return outcomes,
                }
                break;
            }
        }
    }
    outcomes
}

#[test]
fn what_is_deleted_is_not_referred_to() {
    let formatted =
        json!({ "billStructure": { "format": { "@type": "BillFormatRef", "id": "f" } } });
    let prepare = |world: &World| {
        expect(&post(world, &BILL_FORMAT, &json!({ "id": "f", "name": "PDF" })), 201);
        expect(&post(world, &BILLING_ACCOUNT, &account("b", json!({}))), 201);
    };
    let delete: Sent = (&BILL_FORMAT, Method::DELETE, "/f", Value::Null);
    let create: Sent = (&BILLING_ACCOUNT, Method::POST, "", account("a", formatted.clone()));
    let change: Sent = (&BILLING_ACCOUNT, Method::PATCH, "/b", formatted);
    let strict = [("references", "strict")];
    for (referring, done) in [(create, 201), (change, 200)] {
        let outcomes = every_order(&strict, prepare, referring.clone(), delete.clone());
        let is_right = |outcome: &(u16, u16)| *outcome == (done, 409) || *outcome == (400, 204);
        assert!(outcomes.len() > 3 && outcomes.iter().all(is_right), "{outcomes:?}");
        let outcomes = every_order(&strict, prepare, delete.clone(), referring);
        let is_right = |outcome: &(u16, u16)| *outcome == (409, done) || *outcome == (204, 400);
        assert!(outcomes.len() > 3 && outcomes.iter().all(is_right), "{outcomes:?}");
    }
}

#[test]
fn no_circle_is_closed_by_two_at_once() {
    let prepare = |world: &World| {
        expect(&post(world, &PARTY_ACCOUNT, &account("p", json!({}))), 201);
        expect(&post(world, &BILLING_ACCOUNT, &account("b", json!({}))), 201);
        let middle = account("m", related("childOf", "BillingAccount", "b"));
        expect(&post(world, &FINANCIAL_ACCOUNT, &middle), 201);
    };
    let first: Sent =
        (&PARTY_ACCOUNT, Method::PATCH, "/p", related("childOf", "FinancialAccount", "m"));
    for kind in ["childOf", "hasParent"] {
        let second: Sent =
            (&BILLING_ACCOUNT, Method::PATCH, "/b", related(kind, "PartyAccount", "p"));
        for (first, second) in [(first.clone(), second.clone()), (second, first.clone())] {
            let outcomes = every_order(&[], prepare, first, second);
            let is_right = |outcome: &(u16, u16)| matches!(outcome, (200, 400) | (400, 200));
            assert!(outcomes.len() > 3 && outcomes.iter().all(is_right), "{outcomes:?}");
        }
    }
}
