//! Whatever indexes there are, and whatever is known of them: a list has what the query asks for.

mod common;

use common::{ACCOUNTS, Asking, BY_NAME, UNINDEXED, World, account, expect, ids, request_in};
use http::Method;
use kv_tree::Memory;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use tmf630::{Definition, Version};

#[derive(Debug, Clone)]
enum Step {
    Create(Value),
    /// Changes one of the accounts there are, by its place among them.
    Patch(usize, Value),
    Delete(usize),
    /// Lets time pass, in seconds.
    Wait(i64),
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&["a", "b", "B", "ab", "ä", "a,b", "2026-01-01"][..])
}

fn attributes() -> impl Strategy<Value = Value> {
    let state = prop::option::of(prop::sample::select(&["Active", "Closed"][..]));
    let parties = vec(prop::sample::select(&["1", "2", "3"][..]), 1..4);
    let ledger = prop::option::of(prop::sample::select(&["x", "y"][..]));
    (name(), state, parties, ledger).prop_map(|(name, state, parties, ledger)| {
        let party = |id: &&str| json!({ "role": "owner", "partyOrPartyRole": { "id": id } });
        let mut document = json!({
            "name": name,
            "relatedParty": parties.iter().map(party).collect::<Vec<_>>(),
            "n": name.len(),
        });
        if let Some(state) = state {
            document["state"] = json!(state);
        }
        if let Some(ledger) = ledger {
            document["financialAccount"] = json!({ "id": ledger });
        }
        document
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => attributes().prop_map(Step::Create),
        2 => (any::<usize>(), attributes()).prop_map(|(place, patch)| Step::Patch(place, patch)),
        1 => any::<usize>().prop_map(|place| Step::Patch(place, json!({ "state": null }))),
        1 => any::<usize>().prop_map(Step::Delete),
        1 => (1..100_000_i64).prop_map(Step::Wait),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let comparison = prop::sample::select(&["", ".eq", ".ne", ".gt", ".gte", ".lt", ".lte"][..]);
    let on = |path: &'static str, operands: &'static [&'static str]| {
        (comparison.clone(), prop::sample::select(operands))
            .prop_map(move |(operator, operand)| format!("{path}{operator}={operand}"))
    };
    let party = "relatedParty.partyOrPartyRole.id";
    prop_oneof![
        on("name", &["a", "b", "ab", "%C3%A4", "a%2Cb", "2026-01-01", ""]),
        on("state", &["Active", "Closed", "B"]),
        on(party, &["1", "2"]),
        on("lastUpdate", &["2026-09-21", "2026-09-22", "2026-09-21T20:00:00Z", "2027-01-01"]),
        on("n", &["1", "2.0"]),
        on("financialAccount.id", &["x"]),
        on("id", &["00000000-0000-0000-0000-000000000005"]),
        Just("state=Active,Closed".to_owned()),
        Just(format!("{party}=1,2")),
        Just("name.regex=^a".replace('^', "%5E")),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let groups = vec(vec(condition(), 1..4), 0..3).prop_map(|groups| {
        groups.into_iter().map(|group| group.join("&")).collect::<Vec<_>>().join(";")
    });
    let keys = &[
        "",
        "name",
        "-name",
        "state",
        "-state",
        "lastUpdate",
        "-lastUpdate",
        "id",
        "-id",
        "state,-name",
        "n,-lastUpdate",
        "relatedParty.partyOrPartyRole.id",
        "-financialAccount.id",
    ];
    (groups, prop::sample::select(&keys[..]), 0..4_u8, 0..5_u8).prop_map(
        |(filter, sort, offset, limit)| {
            let sort = if sort.is_empty() { String::new() } else { format!("&sort={sort}") };
            format!("?{filter}{sort}&offset={offset}&limit={limit}")
        },
    )
}

fn carry_out(world: &World, definition: &'static Definition, steps: &[Step]) {
    let mut there: Vec<String> = Vec::new();
    for step in steps {
        match step {
            Step::Create(document) => {
                let created = expect(&world.post(definition, document), 201);
                there.push(created["id"].as_str().unwrap().to_owned());
            }
            Step::Patch(place, patch) if !there.is_empty() => {
                expect(&world.patch(definition, &there[place % there.len()], patch), 200);
            }
            Step::Delete(place) if !there.is_empty() => {
                let id = there.remove(place % there.len());
                assert_eq!(world.delete(definition, &id).status(), 204);
            }
            Step::Wait(seconds) => world.advance(*seconds),
            Step::Patch(..) | Step::Delete(_) => {}
        }
    }
}

/// Compares what a program with indexes answers with what one without does, in both versions of the
/// API. Without a sort, the order is the server's choice, so that only whole lists can be compared.
fn compare(memory: &Memory, definition: &'static Definition, queries: &[String]) {
    for query in queries {
        let list = |version: Version, definition: &'static Definition| {
            let sorted = query.contains("sort=");
            let (query, _) =
                if sorted { (query.as_str(), "") } else { query.split_once("&offset").unwrap() };
            let query = match version {
                Version::V4 => query
                    .replace("relatedParty.partyOrPartyRole.id", "relatedParty.id")
                    .replace("lastUpdate", "lastModified"),
                Version::V5 => query.to_owned(),
            };
            let request = request_in(version, definition, Method::GET, &query, "");
            let (mut ids, total) = ids(&World::on(memory.clone()).ask_now(definition, request));
            if !sorted {
                ids.sort_unstable();
            }
            (ids, total)
        };
        let expected = list(Version::V5, &UNINDEXED);
        for (version, definition) in
            [(Version::V5, definition), (Version::V4, definition), (Version::V4, &UNINDEXED)]
        {
            assert_eq!(list(version, definition), expected, "{query} in {version:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_list_is_the_same_with_indexes_and_without(
        steps in vec(step(), 0..20),
        queries in vec(query(), 1..12),
    ) {
        let memory = Memory::default();
        carry_out(&World::on(memory.clone()), &ACCOUNTS, &steps);
        compare(&memory, &ACCOUNTS, &queries);
    }

    /// Programs with other indexes have written before, and write in between.
    #[test]
    fn an_index_that_was_not_kept_is_not_trusted(
        steps in vec((step(), 0..3_usize), 0..20),
        queries in vec(query(), 1..6),
    ) {
        let programs = [&ACCOUNTS, &UNINDEXED, &BY_NAME];
        let memory = Memory::default();
        for (step, program) in steps {
            let world = World::on(memory.clone());
            let there = ids(&world.get(&UNINDEXED, "?sort=id")).0;
            let program = programs[program];
            match step {
                Step::Create(mut document) => {
                    document["id"] = json!(format!("id-{}", there.len()));
                    let _ = world.post(program, &document);
                }
                Step::Patch(place, patch) if !there.is_empty() => {
                    expect(&world.patch(program, &there[place % there.len()], &patch), 200);
                }
                Step::Delete(place) if !there.is_empty() => {
                    world.delete(program, &there[place % there.len()]);
                }
                _ => {
                    world.get(program, "?limit=0");
                }
            }
        }
        compare(&memory, &ACCOUNTS, &queries);
        compare(&memory, &BY_NAME, &queries);
    }
}

#[test]
fn a_new_index_is_built_a_part_at_a_time() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    for number in 0..350 {
        expect(&world.post(&UNINDEXED, &account(&format!("{:03}", number % 100))), 201);
    }
    let whole_after = (0..10).find(|_| {
        let world = World::on(memory.clone());
        let (found, total) = ids(&world.get(&ACCOUNTS, "?name=042&limit=10"));
        assert_eq!((found.len(), total.as_str()), (4, "4"));
        indexes(&memory).iter().all(|state| state == "whole")
    });
    assert_eq!(whole_after, Some(3), "350 accounts, 100 at a time");

    // A program that does not know the indexes writes: they are not trusted any more, and vanish.
    for number in 0..60 {
        expect(
            &World::on(memory.clone()).post(&UNINDEXED, &{
                let mut document = account("042");
                document["id"] = json!(format!("later-{number}"));
                document
            }),
            201,
        );
        assert!(indexes(&memory).iter().all(|state| state == "unused"));
    }
    let (found, _) = ids(&World::on(memory.clone()).get(&ACCOUNTS, "?name=042&limit=100"));
    assert_eq!(found.len(), 64);
}

/// What the tree knows of each of its indexes.
fn indexes(memory: &Memory) -> Vec<String> {
    let store = kv_tree::Store::new(memory.clone());
    let tree = store.tree(kv_tree::TreeName::new("default").unwrap());
    let value = pollster::block_on(async {
        let snapshot = tree.snapshot().await.unwrap();
        snapshot.get("billingAccount/m/indexes").await.unwrap().unwrap()
    });
    let lines = std::str::from_utf8(&value).unwrap().lines();
    lines.map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn an_index_of_one_attribute_does_not_decide_the_order_by_another() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    for (name, state) in [("b", "x"), ("c", "y"), ("a", "x")] {
        let mut document = account(name);
        document["state"] = json!(state);
        expect(&world.post(&ACCOUNTS, &document), 201);
    }
    let queries =
        ["name.gte=a&sort=id", "name.gt=a&sort=-id", "name.gt=&sort=state", "state=x&sort=-id"];
    compare(&memory, &ACCOUNTS, &queries.map(|query| format!("?{query}")));
}

#[test]
fn a_day_in_the_order_of_ids_is_in_that_order() {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    for id in ["c", "a", "b"] {
        let mut document = account("x");
        document["id"] = json!(id);
        expect(&world.post(&ACCOUNTS, &document), 201);
        world.advance(1);
    }
    let day = "lastUpdate=2026-09-21";
    let queries = [format!("{day}&sort=id"), format!("{day}&sort=-id")];
    assert_eq!(ids(&world.get(&ACCOUNTS, &format!("?{}", queries[0]))).0, ["a", "b", "c"]);
    compare(&memory, &ACCOUNTS, &queries.map(|query| format!("?{query}")));
}
