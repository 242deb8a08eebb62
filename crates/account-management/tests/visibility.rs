//! What who acts for a party sees and does: the accounts that name the party, as if the rest did not
//! exist.

mod common;

use std::collections::BTreeMap;

use account_management::{ALL, BILL_FORMAT, BILLING_ACCOUNT, PARTY_ACCOUNT};
use bytes::Bytes;
use common::ways::{V4, V5};
use common::{World, expect, request_in};
use http::{HeaderValue, Method, Response};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::testing::caller;
use tmf630::{Definition, Version};

const READ_WRITE: &[&str] = &["tmf666:read", "tmf666:write"];

/// Nobody's customer.
fn as_operator(world: &World) -> &World {
    world.call_as(caller("t", READ_WRITE, &[]));
    world
}

/// Who acts for the parties.
fn acting_for<'w>(world: &'w World, parties: &[&str]) -> &'w World {
    world.call_as(caller("t", READ_WRITE, parties));
    world
}

/// An account of the parties, each with its role.
fn account(id: &str, parties: &[(&str, &str)]) -> Value {
    json!({ "id": id, "name": format!("name of {id}"), "relatedParty": related(parties) })
}

fn related(parties: &[(&str, &str)]) -> Value {
    let element =
        |(id, role): &(&str, &str)| json!({ "role": role, "partyOrPartyRole": { "id": id } });
    parties.iter().map(element).collect()
}

fn ask(
    world: &World,
    version: Version,
    definition: &'static Definition,
    method: Method,
    rest: &str,
    body: &Value,
) -> Response<Bytes> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = request_in(version, definition, method.clone(), rest, &body);
    let headers = request.headers_mut();
    headers.insert("x-request-id", HeaderValue::from_static("1"));
    if method == Method::PATCH && rest.is_empty() {
        headers.insert("content-type", HeaderValue::from_static("application/json-patch+json"));
    }
    block_on(world.ask(definition, request))
}

fn get(world: &World, rest: &str) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::GET, rest, &Value::Null)
}

fn post(world: &World, document: &Value) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::POST, "", document)
}

fn patch(world: &World, id: &str, patch: &Value) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::PATCH, &format!("/{id}"), patch)
}

fn delete(world: &World, id: &str) -> Response<Bytes> {
    ask(world, V5, &BILLING_ACCOUNT, Method::DELETE, &format!("/{id}"), &Value::Null)
}

/// The ids of a list, and the total that it says.
fn listed(answer: &Response<Bytes>) -> (Vec<String>, u64) {
    let ids = expect(answer, 200).as_array().unwrap().iter().map(common_id).collect();
    (ids, answer.headers()["x-total-count"].to_str().unwrap().parse().unwrap())
}

fn common_id(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}

/// Accounts a to f: of the parties 1, 2, both, in other roles, and of nobody else.
fn world() -> World {
    let world = World::on(Memory::default());
    for (id, parties) in [
        ("a", &[("1", "owner")][..]),
        ("b", &[("2", "owner")]),
        ("c", &[("1", "partner"), ("2", "owner")]),
        ("d", &[("3", "owner")]),
        ("e", &[("2", "owner"), ("1", "payer"), ("1", "partner")]),
        ("f", &[("11", "owner")]),
    ] {
        expect(&post(as_operator(&world), &account(id, parties)), 201);
    }
    world
}

#[test]
fn lists_have_what_names_the_party_and_nothing_else() {
    let world = world();
    for (parties, expected) in [
        (&["1"][..], &["a", "c", "e"][..]),
        (&["2"], &["b", "c", "e"]),
        (&["1", "2"], &["a", "b", "c", "e"]),
        (&["3", "11", "nobody"], &["d", "f"]),
        (&["nobody"], &[]),
    ] {
        let world = acting_for(&world, parties);
        let all = expected.len() as u64;
        for query in ["", "?sort=id", "?sort=name", "?name.gt=name", "?filter=$[?(@.name)]"] {
            let (ids, total) = listed(&get(world, query));
            assert_eq!((&ids[..], total), (&owned(expected)[..], all), "{parties:?} {query}");
        }
        for query in ["?sort=-id", "?sort=-name", "?sort=-name&state.ne=x"] {
            let mut backwards = owned(expected);
            backwards.reverse();
            assert_eq!(listed(&get(world, query)), (backwards, all), "{parties:?} {query}");
        }
        // Page by page, by an index and by looking.
        for query in ["", "&sort=name", "&sort=-id", "&accountType.ne=x"] {
            let mut ids = Vec::new();
            for offset in 0..=all {
                let page = get(world, &format!("?limit=1&offset={offset}{query}"));
                let (page, total) = listed(&page);
                assert_eq!(total, all);
                ids.extend(page);
            }
            ids.sort();
            assert_eq!(ids, owned(expected), "{parties:?} {query}");
        }
    }
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn conditions_choose_among_what_is_seen() {
    let world = world();
    let world = acting_for(&world, &["1"]);
    for (query, expected) in [
        ("?id=a", &["a"][..]),
        ("?id=b", &[]),
        ("?id=a,b,c", &["a", "c"]),
        ("?name=name of b", &[]),
        ("?name=name of b,name of c", &["c"]),
        ("?name=name of b;name=name of e", &["e"]),
        ("?relatedParty.partyOrPartyRole.id=2", &["c", "e"]),
        ("?relatedParty.partyOrPartyRole.id=3", &[]),
        ("?relatedParty.partyOrPartyRole.id.ne=3", &["a", "c", "e"]),
        ("?relatedParty.role=payer", &["e"]),
        ("?filter=$[?(@.id=='b' || @.id=='c')]", &["c"]),
        ("?sort=name&name.lt=name of d", &["a", "c"]),
    ] {
        let query = query.replace(' ', "%20");
        let (ids, total) = listed(&get(world, &query));
        assert_eq!((&ids[..], total), (&owned(expected)[..], expected.len() as u64), "{query}");
    }
}

#[test]
fn a_role_can_be_asked_of_the_party() {
    let memory = Memory::default();
    let all = World::on(memory.clone());
    for (id, parties) in [
        ("a", &[("1", "owner"), ("2", "partner")][..]),
        ("b", &[("1", "partner"), ("2", "owner")]),
        ("c", &[("1", "payer")]),
    ] {
        expect(&post(as_operator(&all), &account(id, parties)), 201);
    }
    let some = World::on(memory).with("party_roles", "partner, payer");
    // Role and party are those of the same element.
    assert_eq!(listed(&get(acting_for(&some, &["1"]), "")), (owned(&["b", "c"]), 2));
    assert_eq!(listed(&get(acting_for(&some, &["2"]), "?sort=-name")), (owned(&["a"]), 1));
    assert_eq!(listed(&get(acting_for(&some, &["1", "2"]), "")), (owned(&["a", "b", "c"]), 3));
    expect(&get(acting_for(&some, &["1"]), "/a"), 404);
    let refused = expect(&post(&some, &account("d", &[("1", "owner")])), 403);
    assert_eq!(
        refused["message"],
        "/relatedParty must name one of the caller's parties in the role partner or payer."
    );
    expect(&post(&some, &account("d", &[("1", "payer")])), 201);
    // Out of the role is out of sight.
    expect(&patch(&some, "d", &json!({ "relatedParty": related(&[("1", "owner")]) })), 403);
}

#[test]
fn what_is_not_seen_is_answered_as_what_is_not_there() {
    let world = world();
    let tag = get(as_operator(&world), "/b").headers()["etag"].clone();
    let world = acting_for(&world, &["1"]);
    let bodies = [
        json!({ "name": "x" }),
        json!({ "relatedParty": related(&[("1", "owner")]) }),
        json!({ "id": "y" }),
        json!({ "name": 5 }),
        json!({}),
    ];
    for version in [V4, V5] {
        let ask = |method: Method, id: &str, condition: Option<&str>, body: &Value| {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let rest = format!("/{id}");
            let mut request = request_in(version, &BILLING_ACCOUNT, method, &rest, &body);
            let headers = request.headers_mut();
            headers.insert("x-request-id", HeaderValue::from_static("1"));
            if let Some(condition) = condition {
                headers.insert("if-match", condition.parse().unwrap());
            }
            let answer = block_on(world.ask(&BILLING_ACCOUNT, request));
            let text = String::from_utf8(answer.body().to_vec()).unwrap();
            (answer.status(), answer.headers().clone(), text.replace(&format!("id {id}"), "id"))
        };
        for condition in [None, Some("*"), Some("\"x\""), Some(tag.to_str().unwrap())] {
            for method in [Method::GET, Method::HEAD, Method::DELETE] {
                let of = |id: &str| ask(method.clone(), id, condition, &Value::Null);
                // As long as each other, because the length of the answer is told.
                assert_eq!(of("b"), of("x"), "{method} {condition:?}");
                assert_eq!(of("b").0, 404);
            }
            for body in &bodies {
                let of = |id: &str| ask(Method::PATCH, id, condition, body);
                assert_eq!(of("b"), of("x"), "{body} {condition:?}");
                assert_eq!(of("b").0, 404);
            }
        }
    }
    // Nothing was changed.
    let seen = expect(&get(as_operator(world), "/b"), 200);
    assert_eq!(seen["name"], "name of b");
}

#[test]
fn who_creates_names_a_party_of_their_own() {
    let world = world();
    let world = acting_for(&world, &["1", "4"]);
    let others = account("n", &[("2", "owner")]);
    let bulk = |documents: &[&Value]| -> Value {
        let add = |document: &&Value| json!({ "op": "add", "path": "/", "value": document });
        documents.iter().map(add).collect()
    };
    for version in [V4, V5] {
        let mut others = others.clone();
        let mut own = account("o", &[("2", "owner"), ("4", "partner")]);
        if version == V4 {
            let party = |id: &str| json!({ "id": id, "name": id, "@referredType": "Individual" });
            others["relatedParty"] = json!([party("2")]);
            own["relatedParty"] = json!([party("2"), party("4")]);
        }
        let refused = ask(world, version, &BILLING_ACCOUNT, Method::POST, "", &others);
        let refused = expect(&refused, 403);
        assert_eq!(
            (&refused["code"], &refused["message"]),
            (&json!("52"), &json!("/relatedParty must name one of the caller's parties."))
        );
        let both = bulk(&[&own, &others]);
        let refused = ask(world, version, &BILLING_ACCOUNT, Method::PATCH, "", &both);
        let refused = expect(&refused, 403);
        assert_eq!(
            refused["message"],
            "In /1/value: /relatedParty must name one of the caller's parties."
        );
        expect(&get(world, "/o"), 404);
        let only = bulk(&[&own]);
        expect(&ask(world, version, &BILLING_ACCOUNT, Method::PATCH, "", &only), 200);
        expect(&get(world, "/o"), 200);
        assert_eq!(delete(world, "o").status(), 204);
    }
    expect(&get(as_operator(world), "/n"), 404);
}

#[test]
fn a_taken_id_is_a_conflict_whoever_sees_it() {
    let world = world();
    let world = acting_for(&world, &["1"]);
    let answer = |id: &str| {
        let answer = post(world, &account(id, &[("1", "owner")]));
        let error = expect(&answer, 409).to_string();
        (answer.headers().clone(), error.replace(&format!("/id {id}"), "/id"))
    };
    assert_eq!(answer("a"), answer("b"));
    // Who may not create it is not told either.
    let others = |id: &str| {
        let answer = post(world, &account(id, &[("2", "owner")]));
        expect(&answer, 403).to_string()
    };
    assert_eq!(others("b"), others("x"));
}

#[test]
fn who_changes_keeps_a_party_of_their_own() {
    let world = world();
    let world = acting_for(&world, &["1"]);
    let give_away = json!({ "relatedParty": related(&[("2", "owner")]) });
    let refused = expect(&patch(world, "a", &give_away), 403);
    assert_eq!(refused["code"], "52");
    // To share is possible, and then others see it too.
    let share = json!({ "relatedParty": related(&[("9", "owner"), ("1", "partner")]) });
    expect(&patch(world, "a", &share), 200);
    expect(&get(acting_for(world, &["9"]), "/a"), 200);
    // Who may assign accounts can give one away, and does not see it any more.
    for scope in ["tmf666:assign", "admin"] {
        let mut given = caller("t", &["tmf666:read", "tmf666:write", scope], &["1"]);
        // What `admin` means for parties is for the check of tokens to say.
        given.parties = caller("t", &[], &["1"]).parties;
        world.call_as(given.clone());
        expect(&patch(world, "a", &give_away), 200);
        expect(&get(world, "/a"), 404);
        expect(&patch(world, "a", &share), 404);
        // What is not theirs cannot be created so.
        expect(&post(world, &account("n", &[("2", "owner")])), 403);
        expect(&patch(as_operator(world), "a", &share), 200);
    }
    assert_eq!(delete(acting_for(world, &["9"]), "a").status(), 204);
}

#[test]
fn what_everybody_shares_is_changed_by_the_operator_alone() {
    let world = World::on(Memory::default());
    for definition in ALL.into_iter().filter(|definition| {
        ["billFormat", "billPresentationMedia", "billingCycleSpecification"]
            .contains(&definition.name())
    }) {
        let document = json!({ "id": "1", "name": "x" });
        let bulk = json!([{ "op": "add", "path": "/", "value": document }]);
        let ask = |world: &World, method: Method, rest: &str, body: &Value| {
            ask(world, V5, definition, method, rest, body).status().as_u16()
        };
        assert_eq!(ask(acting_for(&world, &["1"]), Method::POST, "", &document), 403);
        assert_eq!(ask(&world, Method::PATCH, "", &bulk), 403);
        assert_eq!(ask(as_operator(&world), Method::POST, "", &document), 201);
        let world = acting_for(&world, &["1"]);
        assert_eq!(ask(world, Method::GET, "/1", &Value::Null), 200);
        assert_eq!(ask(world, Method::GET, "", &Value::Null), 200);
        assert_eq!(ask(world, Method::PATCH, "/1", &json!({ "name": "y" })), 403);
        assert_eq!(ask(world, Method::DELETE, "/1", &Value::Null), 403);
    }
}

#[test]
fn a_reference_to_what_is_not_seen_is_one_to_what_is_not_there() {
    let memory = Memory::default();
    let world = World::on(memory).with("references", "strict");
    expect(&post(as_operator(&world), &account("theirs", &[("2", "owner")])), 201);
    expect(&post(&world, &account("mine", &[("1", "owner")])), 201);
    let format = json!({ "id": "f", "name": "x" });
    expect(&ask(&world, V5, &BILL_FORMAT, Method::POST, "", &format), 201);
    let world = acting_for(&world, &["1"]);
    let referring = |id: &str| {
        let relationship = json!({
            "relationshipType": "childOf", "account": { "id": id, "@referredType": "BillingAccount" }
        });
        let answer = patch(world, "mine", &json!({ "accountRelationship": [relationship] }));
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        (answer.status().as_u16(), text.replace(&format!("; {id} "), "; "))
    };
    assert_eq!(referring("theirs"), referring("absent"));
    assert_eq!(referring("theirs").0, 400);
    assert_eq!(referring("mine").0, 400);
    // What everybody shares can be referred to.
    let structure = json!({ "billStructure": { "format": { "id": "f" } } });
    expect(&patch(world, "mine", &structure), 200);
    expect(&post(as_operator(world), &account("shared", &[("2", "owner"), ("1", "x")])), 201);
    acting_for(world, &["1"]);
    assert_eq!(referring("shared").0, 200);
}

#[test]
fn who_refers_is_named_to_those_who_see_it() {
    let world = World::on(Memory::default());
    let mut referring = account("secret", &[("2", "owner")]);
    referring["accountRelationship"] =
        json!([{ "relationshipType": "childOf", "account": { "id": "mine" } }]);
    expect(&post(as_operator(&world), &account("mine", &[("1", "owner")])), 201);
    expect(&post(&world, &referring), 201);
    let refused = delete(acting_for(&world, &["1"]), "mine");
    let refused = expect(&refused, 409);
    assert_eq!(
        refused["message"],
        "What you do not see refers to mine; only the operator can delete it."
    );
    let refused = expect(&delete(as_operator(&world), "mine"), 409);
    assert!(refused["message"].as_str().unwrap().contains("billingAccount secret"), "{refused}");

    // A circle is refused, and nothing of it told.
    let circle = json!({ "accountRelationship": [
        { "relationshipType": "childOf", "account": { "id": "secret" } }
    ] });
    let refused = patch(acting_for(&world, &["1"]), "mine", &circle);
    let refused = expect(&refused, 400).to_string();
    assert!(!refused.contains("secret") && refused.contains("mine"), "{refused}");
}

#[test]
fn a_key_of_another_caller_is_another_key() {
    let world = World::on(Memory::default());
    let create = |id: &str| {
        let body = account(id, &[("1", "owner"), ("2", "owner")]).to_string();
        let mut request = request_in(V5, &BILLING_ACCOUNT, Method::POST, "", &body);
        request.headers_mut().insert("idempotency-key", HeaderValue::from_static("k"));
        block_on(world.ask(&BILLING_ACCOUNT, request))
    };
    acting_for(&world, &["1"]);
    expect(&create("a"), 201);
    assert_eq!(common_id(&expect(&create("a"), 201)), "a");
    expect(&create("b"), 422);
    // Neither found nor in the way.
    acting_for(&world, &["2"]);
    expect(&create("b"), 201);
    world.call_as(caller("other", READ_WRITE, &["1"]));
    expect(&create("c"), 201);
    as_operator(&world);
    expect(&create("d"), 201);
    acting_for(&world, &["1"]);
    assert_eq!(common_id(&expect(&create("a"), 201)), "a");
}

#[test]
fn scopes_decide_what_is_done_at_all() {
    let world = World::on(Memory::default());
    let scopes_of = |resource: &str| {
        BTreeMap::from([
            ("tmf666:read".to_owned(), (true, false)),
            ("tmf666:write".to_owned(), (false, true)),
            (format!("tmf666:{resource}:read"), (true, false)),
            (format!("tmf666:{resource}:write"), (false, true)),
            ("admin".to_owned(), (true, true)),
            ("tmf666:assign".to_owned(), (false, false)),
            ("tmf666:otherAccount:write".to_owned(), (false, false)),
            ("tmf678:read".to_owned(), (false, false)),
            ("tmf666".to_owned(), (false, false)),
            (format!("tmf666:{resource}"), (false, false)),
            ("*".to_owned(), (false, false)),
        ])
    };
    for definition in ALL {
        let name = definition.name();
        for (scope, (reads, writes)) in scopes_of(name) {
            world.call_as(caller("t", &[&scope], &[]));
            let mut document = account("1", &[("1", "owner")]);
            if name.starts_with("bill") && !name.ends_with("Account") {
                document = json!({ "id": "1", "name": "x" });
            }
            let bulk = json!([{ "op": "add", "path": "/", "value": { "name": 5 } }]);
            for version in [V4, V5] {
                for (method, rest, body, is_write) in [
                    (Method::GET, "", &Value::Null, false),
                    (Method::HEAD, "", &Value::Null, false),
                    (Method::GET, "/absent", &Value::Null, false),
                    (Method::POST, "", &document, true),
                    (Method::PATCH, "", &bulk, true),
                    (Method::PATCH, "/absent", &document, true),
                    (Method::DELETE, "/1", &Value::Null, true),
                ] {
                    let answer = ask(&world, version, definition, method.clone(), rest, body);
                    let is_allowed = if is_write { writes } else { reads };
                    let is_refused = answer.status() == 403;
                    assert_eq!(is_refused, !is_allowed, "{scope}: {method} {name}{rest}");
                    if is_refused {
                        let kind = if is_write { "write" } else { "read" };
                        let needed = format!("scope=\"tmf666:{name}:{kind}\"");
                        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
                        assert!(challenge.contains("insufficient_scope"), "{challenge}");
                        assert!(challenge.ends_with(&needed), "{challenge}");
                    }
                }
                let options = ask(&world, version, definition, Method::OPTIONS, "", &Value::Null);
                assert_eq!(options.status(), 204);
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_nobodys_party() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    expect(&post(as_operator(&world), &account("a", &[("1", "owner")])), 201);
    block_on(async {
        let store = kv_tree::Store::new(memory.clone());
        let tree = store.tree(kv_tree::TreeName::new("t").unwrap());
        let damage = tree.transact(async |transaction| {
            transaction.put("billingAccount/r/a", "damaged");
            Ok::<_, kv_tree::Error>(())
        });
        damage.await.unwrap();
    });
    let world = World::on(memory);
    let partner = acting_for(&world, &["1"]);
    expect(&get(partner, "/a"), 404);
    assert_eq!(delete(partner, "a").status(), 404);
    expect(&patch(partner, "a", &json!({ "name": "x" })), 404);
    assert_eq!(listed(&get(partner, "?sort=name")).0, owned(&[]));
    expect(&get(as_operator(&world), "/a"), 500);
    assert_eq!(delete(&world, "a").status(), 204);
}

#[test]
fn an_account_of_another_kind_is_another_account() {
    let world = world();
    expect(
        &ask(acting_for(&world, &["1"]), V5, &PARTY_ACCOUNT, Method::GET, "/a", &Value::Null),
        404,
    );
}

#[test]
fn who_sees_a_part_pays_for_that_part() {
    let world = World::on(Memory::default());
    as_operator(&world);
    for start in (0..4000).step_by(1000) {
        let add = |number: usize| {
            let party = if number.is_multiple_of(1000) { "1" } else { "2" };
            let account = account(&format!("a{number}"), &[(party, "owner")]);
            json!({ "op": "add", "path": "/", "value": account })
        };
        let bulk: Value = (start..start + 1000).map(add).collect();
        expect(&ask(&world, V5, &BILLING_ACCOUNT, Method::PATCH, "", &bulk), 200);
    }
    for query in
        ["?sort=-name", "?accountType.ne=x", "?filter=$[?(@.name)]", "?sort=-name&name.gt=a"]
    {
        // Who looks at many lets others go on meanwhile.
        let pauses = |world: &World| {
            world.yields.set(0);
            listed(&get(world, query));
            world.yields.get()
        };
        assert_eq!(pauses(acting_for(&world, &["1"])), 0, "{query}");
        assert!(query.starts_with("?sort") || pauses(as_operator(&world)) > 0, "{query}");
    }
}
