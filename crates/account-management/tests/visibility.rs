//! What who acts for a party sees: the accounts that name the party, as if the rest did not exist.

mod common;

use account_management::{BILLING_ACCOUNT, PARTY_ACCOUNT};
use common::callers::{
    account_of, acting_for, as_operator, ask, delete, get, listed, owned, patch, post, related,
    some_accounts,
};
use common::ways::{V4, V5};
use common::{World, expect, request_in};
use http::{HeaderValue, Method};
use kv_tree::Memory;
use pollster::block_on;
use serde_json::{Value, json};

#[test]
fn lists_have_what_names_the_party_and_nothing_else() {
    let world = some_accounts();
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

#[test]
fn conditions_choose_among_what_is_seen() {
    let world = some_accounts();
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
        expect(&post(as_operator(&all), &account_of(id, parties)), 201);
    }
    let some = World::on(memory).with("party_roles", "partner, payer");
    // Role and party are those of the same element.
    assert_eq!(listed(&get(acting_for(&some, &["1"]), "")), (owned(&["b", "c"]), 2));
    assert_eq!(listed(&get(acting_for(&some, &["2"]), "?sort=-name")), (owned(&["a"]), 1));
    assert_eq!(listed(&get(acting_for(&some, &["1", "2"]), "")), (owned(&["a", "b", "c"]), 3));
    expect(&get(acting_for(&some, &["1"]), "/a"), 404);
    let refused = expect(&post(&some, &account_of("d", &[("1", "owner")])), 403);
    assert_eq!(
        refused["message"],
        "/relatedParty must name one of the caller's parties in the role partner or payer."
    );
    expect(&post(&some, &account_of("d", &[("1", "payer")])), 201);
    // Out of the role is out of sight.
    expect(&patch(&some, "d", &json!({ "relatedParty": related(&[("1", "owner")]) })), 403);
}

#[test]
fn what_is_not_seen_is_answered_as_what_is_not_there() {
    let world = some_accounts();
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
fn what_cannot_be_read_is_nobodys_party() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    expect(&post(as_operator(&world), &account_of("a", &[("1", "owner")])), 201);
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
fn an_entry_that_was_left_behind_shows_nothing() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    expect(&post(as_operator(&world), &account_of("a", &[("2", "owner")])), 201);
    let index = "billingAccount/i/relatedParty.partyOrPartyRole.id:texts1/";
    block_on(async {
        let store = kv_tree::Store::new(memory.clone());
        let tree = store.tree(kv_tree::TreeName::new("t").unwrap());
        let planted = tree.transact(async |transaction| {
            let own = transaction.scan(kv_tree::KeyRange::prefix(index), kv_tree::Order::Ascending);
            let (own, _) = { own }.next().await?.expect("the entry of party 2");
            let planted: Vec<u8> =
                own.iter().map(|byte| if *byte == b'2' { b'1' } else { *byte }).collect();
            transaction.put(planted, "");
            Ok::<_, kv_tree::Error>(())
        });
        planted.await.unwrap();
    });
    let world = World::on(memory);
    for query in ["", "?sort=-id", "?sort=name", "?name.gt=a"] {
        assert_eq!(listed(&get(acting_for(&world, &["1"]), query)).0, owned(&[]), "{query}");
        assert_eq!(listed(&get(acting_for(&world, &["1", "3"]), query)).0, owned(&[]), "{query}");
        assert_eq!(listed(&get(acting_for(&world, &["2"]), query)).0, owned(&["a"]), "{query}");
    }
}

#[test]
fn an_account_of_another_kind_is_another_account() {
    let world = some_accounts();
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
            let account = account_of(&format!("a{number}"), &[(party, "owner")]);
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
