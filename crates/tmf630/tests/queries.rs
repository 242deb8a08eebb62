//! What a query asks for, a list has: in both versions, with indexes and without, on every page.

mod common;

use bytes::Bytes;
use common::{ACCOUNTS, Asking, UNINDEXED, World, account, expect, ids, request_in};
use http::{Method, Response};
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::{Definition, Version};

const V4: Version = Version::V4;
const V5: Version = Version::V5;

/// A list as each version and program has it, of what the first one was given.
fn every_list(memory: &Memory, query: &str) -> Vec<(String, Response<Bytes>)> {
    let definitions: [&'static Definition; 2] = [&ACCOUNTS, &UNINDEXED];
    let mut lists = Vec::new();
    for (name, definition) in ["indexed", "unindexed"].into_iter().zip(definitions) {
        for version in [V4, V5] {
            let request = request_in(version, definition, Method::GET, query, "");
            let list = World::on(memory.clone()).ask_now(definition, request);
            lists.push((format!("{query} in {version:?}, {name}"), list));
        }
    }
    lists
}

/// Accounts with these names, whose ids are their places.
fn accounts(documents: &[Value]) -> Memory {
    let memory = Memory::default();
    let world = World::on(memory.clone());
    for (number, attributes) in documents.iter().enumerate() {
        let mut document = account("x");
        document["id"] = json!(format!("{number}"));
        for (name, value) in attributes.as_object().unwrap() {
            document[name] = value.clone();
        }
        expect(&world.post(&ACCOUNTS, &document), 201);
    }
    memory
}

#[track_caller]
fn assert_finds(memory: &Memory, query: &str, expected: &str) {
    for (case, list) in every_list(memory, query) {
        let mut found = ids(&list).0;
        if !query.contains("sort=") {
            found.sort();
        }
        assert_eq!(found.join(" "), expected, "{case}");
    }
}

#[test]
fn a_comma_is_a_comma_and_separates() {
    let memory = accounts(&[
        json!({ "name": "a,b" }),
        json!({ "name": "a" }),
        json!({ "name": "b" }),
        json!({ "name": "a,b,c", "state": "p,q" }),
        json!({ "name": "ab", "state": "q" }),
    ]);
    for (query, expected) in [
        ("?name=a%2Cb", "0 1 2"),
        ("?name=a,b", "1 2"),
        ("?name.eq=a%2Cb", "0 1 2"),
        ("?name==a%2Cb", "0 1 2"),
        ("?name=a%2Cb%2Cc", "1 2 3"),
        ("?name=a%2Cb,ab", "0 1 2 4"),
        ("?state=p%2Cq", "3 4"),
        ("?state=p%2Cq&name=ab", "4"),
        ("?id=1%2C2", "1 2"),
        ("?id=1,2", "1 2"),
        ("?id=0%2C9;state=q", "0 4"),
        ("?name=a%2Cb&sort=-name", "2 0 1"),
    ] {
        assert_finds(&memory, query, expected);
    }
}

#[test]
fn a_tilde_and_signs_in_values_are_themselves() {
    let memory = accounts(&[
        json!({ "name": "~x" }),
        json!({ "name": "x" }),
        json!({ "name": "=x" }),
        json!({ "name": ">x" }),
        json!({ "name": "y;z&" }),
    ]);
    for (query, expected) in [
        // As TMF630 prints a regular expression.
        ("?name=~x", "0 1 2 3"),
        ("?name=%7Ex", "0"),
        ("?name.eq=~x", "0"),
        ("?name=~", ""),
        ("?id=~", ""),
        ("?name.gte=~x", "0"),
        ("?name.eq=%3Dx", "2"),
        ("?name=%3Ex", "3"),
        ("?name.eq=%3Ex", "3"),
        ("?name=y%3Bz%26", "4"),
    ] {
        assert_finds(&memory, query, expected);
    }
    for query in [
        "?creditLimit.value.gt%3E=5",
        "?creditLimit.value.gt%3E5",
        "?name.eq%3Cx",
        "?name.regex%3C=x",
        "?name.ne.gt=x",
    ] {
        for (case, list) in every_list(&memory, query) {
            let status = list.status().as_u16();
            // Of two words, the last is the operator: the first may be an attribute's name.
            let expected = if query.contains("ne.gt") { 200 } else { 400 };
            assert_eq!(status, expected, "{case}");
        }
    }
}

#[test]
fn alternatives_repeat_an_expression_as_often_as_they_need() {
    let memory = accounts(&[json!({ "name": "ab" }), json!({ "name": "b", "description": "ab" })]);
    let alternatives = |expressions: usize| {
        let all = (0..8).map(|at| {
            let expression = at % expressions;
            format!("name.regex=b&description.regex=a{{1,{}}}", expression + 1)
        });
        format!("?{}", all.collect::<Vec<_>>().join(";").replace('{', "%7B").replace('}', "%7D"))
    };
    assert_finds(&memory, &alternatives(3), "1");
    for (case, list) in every_list(&memory, &alternatives(4)) {
        assert_eq!(list.status(), 400, "{case}");
    }
}

#[test]
fn times_are_compared_as_instants_in_every_year() {
    let memory = accounts(&[
        json!({ "until": "9999-12-31T23:59:59Z" }),
        json!({ "until": "0000-01-01T00:00:00Z" }),
        json!({ "until": "2025-11-01T00:00:00+01:00" }),
        json!({ "until": "2025-10-31T23:30:00.1Z" }),
        json!({ "until": "2025-10-31T23:30:00.1000000012345Z" }),
    ]);
    for (query, expected) in [
        ("?lastUpdate.lt=9999-12-31T00:00:00Z&sort=id", "0 1 2 3 4"),
        ("?lastUpdate.lte=9999-12-31", "0 1 2 3 4"),
        ("?lastUpdate.gt=0000-01-01T00:00Z", "0 1 2 3 4"),
        ("?lastUpdate.gt=2025-11-01T00:00Z", "0 1 2 3 4"),
        ("?lastUpdate.gt=9999-12-31T23:59:59Z", ""),
        ("?until=9999-12-31", "0"),
        ("?until=2025-10-31T23:00:00Z", "2"),
        ("?until=2025-10-31T23:00Z", "2"),
        ("?until.lt=0000-01-02", "1"),
        ("?until=2025-10-31", "2 3 4"),
        ("?until.gt=2025-10-31", "0"),
        ("?until.gte=2025-10-31", "0 2 3 4"),
        ("?until.lte=2025-10-31", "1 2 3 4"),
        ("?until.lt=2025-10-31", "1"),
        ("?sort=until", "1 2 3 4 0"),
        ("?sort=-until", "0 4 3 2 1"),
    ] {
        assert_finds(&memory, query, expected);
    }
    for query in
        ["?lastUpdate=10000-01-01", "?lastUpdate.gt=2025-13-01", "?lastUpdate=2025-11-01T00Z"]
    {
        for (case, list) in every_list(&memory, query) {
            assert_eq!(list.status(), 400, "{case}");
        }
    }
}

#[test]
fn names_that_share_their_beginning_have_one_order() {
    let long = |end: &str| json!({ "name": format!("{}{end}", "n".repeat(256)) });
    let umlauts = |end: &str| json!({ "name": format!("m{}{end}", "ä".repeat(200)) });
    let memory = accounts(&[
        long("b"),
        long("a"),
        long(""),
        umlauts("2"),
        umlauts("1"),
        json!({ "name": "n".repeat(255) }),
        long("a"),
    ]);
    for sort in ["name", "-name", "name,id", "-name,-id", "state,name", "lastUpdate,-name"] {
        for page in ["", "&limit=2&offset=1", "&limit=3&offset=3"] {
            let lists = every_list(&memory, &format!("?sort={sort}{page}"));
            let expected = ids(&lists[0].1);
            for (case, list) in lists {
                assert_eq!(ids(&list), expected, "{case}");
            }
        }
    }
    // What shares all that is compared is in the order of ids.
    assert_finds(&memory, "?sort=name", "3 4 5 2 0 1 6");
}

#[test]
fn attributes_have_the_names_of_either_version() {
    let party = |id: &str, name: &str| json!([{ "role": "owner", "partyOrPartyRole": { "id": id, "name": name } }]);
    let memory = accounts(&[
        json!({ "relatedParty": party("p1", "B") }),
        json!({ "relatedParty": party("p2", "A") }),
        json!({ "relatedParty": party("p3", "C"), "lastModified": "an extension" }),
    ]);
    for (query, expected) in [
        ("?relatedParty.id=p1", "0"),
        ("?relatedParty.partyOrPartyRole.id=p1", "0"),
        ("?relatedParty.id.ne=p1", "1 2"),
        ("?relatedParty.id=p1,p3", "0 2"),
        ("?relatedParty.name=A;relatedParty.partyOrPartyRole.name=C", "1 2"),
        ("?sort=relatedParty.name", "1 0 2"),
        ("?sort=-relatedParty.partyOrPartyRole.name", "2 0 1"),
        ("?lastModified.gt=2020-01-01&lastUpdate.gt=2020-01-01", "0 1 2"),
        ("?sort=lastModified,-id", "2 1 0"),
        ("?relatedParty.unknown=p1", ""),
        ("?unknown=p1", ""),
    ] {
        assert_finds(&memory, query, expected);
    }
    for (names, version) in [
        ("relatedParty.id", V4),
        ("relatedParty.id", V5),
        ("relatedParty.partyOrPartyRole.id", V4),
        ("relatedParty.partyOrPartyRole.id", V5),
    ] {
        let query = format!("?fields={names}&id=0");
        let request = request_in(version, &ACCOUNTS, Method::GET, &query, "");
        let list = expect(&World::on(memory.clone()).ask_now(&ACCOUNTS, request), 200);
        let expected = match version {
            V4 => json!([{ "id": "p1" }]),
            V5 => json!([{ "partyOrPartyRole": { "id": "p1" } }]),
        };
        let mut parties = list[0]["relatedParty"].clone();
        let object = parties[0].as_object_mut().unwrap();
        object.remove("@type");
        if let Some(party) = object.get_mut("partyOrPartyRole") {
            party.as_object_mut().unwrap().remove("@type");
        }
        assert_eq!(parties, expected, "{names} in {version:?}");
    }
}

#[test]
fn blank_parameters_are_as_if_absent_and_pages_have_a_greatest_size() {
    let memory = accounts(&vec![json!({}); 7]);
    for parameter in ["sort", "limit", "offset", "filter"] {
        for blank in ["", "%20", "+"] {
            assert_finds(&memory, &format!("?{parameter}={blank}"), "0 1 2 3 4 5 6");
        }
    }
    for query in ["", "?limit=5000", "?limit=", "?limit=4", "?sort=name", "?name.regex=x"] {
        for definition in [&ACCOUNTS, &UNINDEXED] {
            for version in [V4, V5] {
                let world = World::on(memory.clone()).with("max_page_size", "3");
                let mut query = query.to_owned();
                let mut met = Vec::new();
                loop {
                    let request = request_in(version, definition, Method::GET, &query, "");
                    let list = world.ask_now(definition, request);
                    let (found, total) = ids(&list);
                    assert_eq!((total.as_str(), found.len() <= 3), ("7", true), "{query}");
                    assert_eq!(list.headers()["x-result-count"], found.len().to_string()[..]);
                    met.extend(found);
                    match next(&list) {
                        Some(next) => query = next,
                        None => break,
                    }
                }
                assert_eq!(met.join(" "), "0 1 2 3 4 5 6", "{query}");
            }
        }
    }
}

/// The query of the link to the next page.
fn next(list: &Response<Bytes>) -> Option<String> {
    let links = list.headers()["link"].to_str().unwrap();
    let link = links.split(", ").find(|link| link.ends_with("rel=\"next\""))?;
    Some(link[link.find('?')?..link.find('>')?].to_owned())
}

#[test]
fn pages_follow_one_another_through_what_any_query_means() {
    let memory = accounts(&[
        json!({ "name": "L", "mark": "a" }),
        json!({ "name": "L", "mark": "c" }),
        json!({ "name": "M", "mark": "b" }),
        json!({ "name": "M", "mark": "c", "state": "x;y&z" }),
        json!({ "name": "N", "mark": "b", "state": "<\">" }),
    ]);
    for (query, expected) in [
        ("name=L&mark=a;LIMIT&mark=b", "0 2 4"),
        ("LIMIT&name=L&mark=a;mark=b", "0 2 4"),
        ("name=L&mark=a;mark=b&LIMIT", "0 2 4"),
        ("mark=a;filter=$[?(@.mark=='b')]&LIMIT", "0 2 4"),
        ("filter=$[?(@.mark=='b')];mark=a&LIMIT", "0 2 4"),
        ("filter=$[?(@.mark=='b')];filter=$[?(@.mark=='a')]&LIMIT", "0 2 4"),
        ("mark=a;LIMIT&filter=$[?(@.mark=='b')]&name=N", "0 4"),
        ("mark=a;b&LIMIT", "0 2 4"),
        ("mark=a,b&LIMIT", "0 2 4"),
        ("mark=a&LIMIT&mark=b", "0 2 4"),
        ("state=x%3By%26z;LIMIT&mark=a", "0 3"),
        ("state.regex=%3C;LIMIT&name=L", "0 1 4"),
        ("filter=$[?(@.state=='x;y%26z'||@.mark=='a')]&LIMIT", "0 3"),
        ("LIMIT&sort=-mark&name.ne=L", "3 4 2"),
        ("LIMIT", "0 1 2 3 4"),
    ] {
        for limit in [1, 2, 9] {
            for version in [V4, V5] {
                for definition in [&ACCOUNTS, &UNINDEXED] {
                    let mut query = format!("?{query}").replace("LIMIT", &format!("limit={limit}"));
                    let first = query.clone();
                    let mut met = Vec::new();
                    for _ in 0..6 {
                        let request = request_in(version, definition, Method::GET, &query, "");
                        let list = World::on(memory.clone()).ask_now(definition, request);
                        let (found, total) = ids(&list);
                        let count = expected.split(' ').count().to_string();
                        assert_eq!(total, count, "{first}: {query}");
                        met.extend(found);
                        match next(&list) {
                            Some(next) => query = next,
                            None => break,
                        }
                    }
                    if !first.contains("sort") {
                        met.sort();
                    }
                    assert_eq!(met.join(" "), expected, "{first} in {version:?}");
                }
            }
        }
    }
}
