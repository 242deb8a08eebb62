//! Tenants and parties are strictly apart: whatever two callers do in turn, each is answered what they
//! would be answered alone, byte for byte. Each chooses ids of its own: one that is taken is taken for
//! both.

mod common;

use account_management::{ALL, BILLING_ACCOUNT, FINANCIAL_ACCOUNT, PARTY_ACCOUNT};
use bytes::Bytes;
use common::World;
use common::ways::{V4, V5};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use kv_tree::Memory;
use pollster::block_on;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use tmf630::testing::{caller, request_in};
use tmf630::{Definition, Version};

/// What one of two callers does.
#[derive(Debug, Clone)]
struct Step {
    is_first: bool,
    definition: usize,
    version: Version,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    Create { id: usize, refers_to: Option<usize>, names_other: bool, key: bool },
    CreateMany { ids: Vec<usize> },
    Rename { id: usize, of_other: bool, name: &'static str },
    Share { id: usize },
    Delete { id: usize, of_other: bool },
    Read { id: usize, of_other: bool, query: &'static str },
    List { query: &'static str },
    GiveAway { id: usize },
}

const KINDS: [&Definition; 3] = [&BILLING_ACCOUNT, &PARTY_ACCOUNT, &FINANCIAL_ACCOUNT];

fn acts() -> impl Strategy<Value = Act> {
    let id = || 0..4_usize;
    prop_oneof![
        4 => (id(), proptest::option::of(0..8_usize), any::<bool>(), any::<bool>()).prop_map(
            |(id, refers_to, names_other, key)| Act::Create { id, refers_to, names_other, key }
        ),
        1 => proptest::collection::vec(id(), 1..4).prop_map(|ids| Act::CreateMany { ids }),
        2 => (id(), any::<bool>(), select(&["x", "y"][..]))
            .prop_map(|(id, of_other, name)| Act::Rename { id, of_other, name }),
        1 => id().prop_map(|id| Act::Share { id }),
        1 => id().prop_map(|id| Act::GiveAway { id }),
        2 => (id(), any::<bool>()).prop_map(|(id, of_other)| Act::Delete { id, of_other }),
        2 => (id(), any::<bool>(), select(&["", "?fields=name"][..]))
            .prop_map(|(id, of_other, query)| Act::Read { id, of_other, query }),
        4 => select(
            &[
                "", "?limit=1", "?offset=1&limit=2", "?sort=name", "?sort=-name&limit=1",
                "?name=x", "?name.ne=x", "?state=Active;name=y", "?fields=name&sort=-id",
                "?filter=$[?(@.name=='x')]", "?relatedParty.partyOrPartyRole.id=p1",
                "?relatedParty.role=owner", "?sort=-lastUpdate", "?id=a0,b0,a1,b1",
            ][..]
        )
        .prop_map(|query| Act::List { query }),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<bool>(), 0..KINDS.len(), select(&[V4, V5][..]), acts()).prop_map(
        |(is_first, definition, version, act)| Step { is_first, definition, version, act },
    );
    proptest::collection::vec(step, 1..40)
}

/// The id that a caller calls so; the first eight are the caller's own and the other's.
fn id(is_first: bool, number: usize) -> String {
    format!("{}{number}", if is_first { 'a' } else { 'b' })
}

fn party(version: Version, id: &str) -> Value {
    match version {
        Version::V4 => {
            json!({ "id": id, "name": id, "@referredType": "Individual", "role": "owner" })
        }
        Version::V5 => json!({ "role": "owner", "partyOrPartyRole": { "id": id } }),
    }
}

fn document(step: &Step, number: usize) -> Value {
    let own = if step.is_first { "p1" } else { "p2" };
    let id = id(step.is_first, number);
    json!({ "id": id, "name": "x", "relatedParty": [party(step.version, own)] })
}

fn request(step: &Step) -> Request<Full<Bytes>> {
    let Step { is_first, definition, version, ref act } = *step;
    let of = |number: &usize, of_other: &bool| id(is_first != *of_other, *number);
    let own = |number: &usize| id(is_first, *number);
    let mut key = None;
    let (method, rest, body) = match act {
        Act::Create { id: number, refers_to, names_other, key: has_key } => {
            let mut document = document(step, *number);
            if let Some(other) = refers_to {
                let other = id(is_first == (*other < 4), *other % 4);
                document["accountRelationship"] =
                    json!([{ "relationshipType": "childOf", "account": { "id": other } }]);
            }
            if *names_other {
                let third = json!([party(version, "p3")]);
                document["relatedParty"] = third;
            }
            key = has_key.then(|| format!("k{number}"));
            (Method::POST, String::new(), document)
        }
        Act::CreateMany { ids } => {
            let add = |number: &usize| json!({ "op": "add", "path": "/", "value": document(step, *number) });
            (Method::PATCH, String::new(), ids.iter().map(add).collect())
        }
        Act::Rename { id, of_other, name } => {
            (Method::PATCH, format!("/{}", of(id, of_other)), json!({ "name": name }))
        }
        Act::Share { id } => {
            let mine = if is_first { "p1" } else { "p2" };
            let parties = json!([party(version, mine), party(version, "p4")]);
            (Method::PATCH, format!("/{}", own(id)), json!({ "relatedParty": parties }))
        }
        Act::GiveAway { id } => {
            let parties = json!([party(version, "p4")]);
            (Method::PATCH, format!("/{}", own(id)), json!({ "relatedParty": parties }))
        }
        Act::Delete { id, of_other } => {
            (Method::DELETE, format!("/{}", of(id, of_other)), Value::Null)
        }
        Act::Read { id, of_other, query } => {
            (Method::GET, format!("/{}{query}", of(id, of_other)), Value::Null)
        }
        Act::List { query } => (Method::GET, (*query).to_owned(), Value::Null),
    };
    let is_bulk = method == Method::PATCH && rest.is_empty();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = request_in(version, KINDS[definition], method, &rest, &body);
    let headers = request.headers_mut();
    headers.insert("x-request-id", HeaderValue::from_static("1"));
    if is_bulk {
        headers.insert("content-type", HeaderValue::from_static("application/json-patch+json"));
    }
    if let Some(key) = key {
        headers.insert("idempotency-key", key.parse().unwrap());
    }
    request
}

/// All of an answer.
type Answer = (u16, String, Bytes);

/// Who calls first, and who else.
type Callers<'c> = [(&'c str, &'c str); 2];

/// What is answered to those of the steps that `counts` lets through, in a store of their own.
fn answers(steps: &[Step], callers: Callers<'_>, counts: impl Fn(&Step) -> bool) -> Vec<Answer> {
    let memory = Memory::default();
    let world = World::on(memory).with("references", "strict");
    let run = |step: &Step| {
        let (tenant, party) = callers[usize::from(!step.is_first)];
        world.call_as(caller(tenant, &["tmf666:read", "tmf666:write"], &[party]));
        let answer = block_on(world.ask(KINDS[step.definition], request(step)));
        let headers = format!("{:?}", answer.headers());
        (answer.status().as_u16(), headers, answer.into_body())
    };
    steps.iter().filter(|step| counts(step)).map(run).collect()
}

fn check(steps: &[Step], callers: Callers<'_>) -> Result<(), TestCaseError> {
    let together = answers(steps, callers, |_| true);
    for first in [true, false] {
        let of_one = steps.iter().zip(&together).filter(|(step, _)| step.is_first == first);
        let alone = answers(steps, callers, |step| step.is_first == first);
        for ((step, together), alone) in of_one.zip(&alone) {
            prop_assert_eq!(together, alone, "{:?}", step);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn parties_of_a_tenant_are_apart(steps in steps()) {
        check(&steps, [("t", "p1"), ("t", "p2")])?;
    }

    /// Who acts for the same party in another tenant acts for another party.
    #[test]
    fn tenants_are_apart(steps in steps()) {
        check(&steps, [("t", "p1"), ("u", "p2")])?;
        check(&steps, [("t", "p1"), ("u", "p1")])?;
    }
}

#[test]
fn the_kinds_are_those_of_accounts() {
    let is_account = |definition: &&Definition| definition.resource.extends.contains(&"Account");
    assert!(KINDS.iter().all(is_account));
    assert!(ALL.into_iter().filter(|definition| is_account(definition)).count() > KINDS.len());
}
