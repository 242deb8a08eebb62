//! Ids are those that other systems gave, and lead through everything.

mod common;

use account_management::{ALL, BILL_FORMAT, BILLING_ACCOUNT};
use common::ways::{V4, V5, ask, least, patch_as};
use common::{World, expect};
use http::Method;
use kv_tree::Memory;
use serde_json::{Value, json};

#[test]
fn an_id_that_is_given_is_taken_once_in_either_version() {
    for definition in common::resources() {
        for (first, second) in [(V4, V4), (V4, V5), (V5, V4), (V5, V5)] {
            let world = World::on(Memory::default());
            let create = |version, definition, id: &str| {
                let document = least(version, definition, id);
                ask(&world, version, definition, Method::POST, "", &document)
            };
            let created = create(first, definition, "Post_21479");
            assert_eq!(expect(&created, 201)["id"], "Post_21479");
            let taken = create(second, definition, "Post_21479");
            assert!(expect(&taken, 409)["message"].to_string().contains("/id Post_21479"));
            let bulk = json!([
                { "op": "add", "path": "/", "value": least(second, definition, "other") },
                { "op": "add", "path": "/", "value": least(second, definition, "Post_21479") },
            ]);
            let media_type = "application/json-patch+json";
            expect(&patch_as(&world, second, definition, media_type, "", &bulk), 409);
            let list = ask(&world, second, definition, Method::GET, "", &Value::Null);
            assert_eq!(expect(&list, 200).as_array().map(Vec::len), Some(1));
            // Ids are those of a resource.
            let other =
                if definition.resource.name == "billFormat" { ALL[0] } else { &BILL_FORMAT };
            expect(&create(second, other, "Post_21479"), 201);
            for id in ["a b", "a/b", "", "..", "ä", &"x".repeat(129)] {
                let refused = create(first, definition, id);
                assert!(
                    expect(&refused, 400)["message"].to_string().contains("/id must be"),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn ids_of_other_systems_lead_through_everything() {
    let encoded = |id: &str| {
        let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        id.bytes().map(encode).collect::<String>()
    };
    let ids = ["BS2|7836", "0.0.0.1+-account+100001", "a,b;c=d&e", "urn:x[1]", "~x", "!$'()*@"];
    for version in [V4, V5] {
        let world = World::on(Memory::default());
        let get =
            |rest: &str| ask(&world, version, &BILLING_ACCOUNT, Method::GET, rest, &Value::Null);
        for id in ids {
            let document = least(version, &BILLING_ACCOUNT, id);
            let created = ask(&world, version, &BILLING_ACCOUNT, Method::POST, "", &document);
            let document = expect(&created, 201);
            let href = document["href"].as_str().unwrap();
            assert_eq!(created.headers()["location"], href);
            let last = &href[href.rfind('/').unwrap()..];
            for item in [last.to_owned(), format!("/{}", encoded(id)), format!("/{}/", encoded(id))]
            {
                assert_eq!(expect(&get(&item), 200), document, "{item}");
            }
            let patch = json!({ "id": id, "href": href, "state": "Active" });
            let patched = ask(&world, version, &BILLING_ACCOUNT, Method::PATCH, last, &patch);
            assert_eq!(expect(&patched, 200)["state"], "Active", "{id}");

            for query in ["", "&sort=name", "&sort=-id", "&state=Active", "&limit=1&offset=0"] {
                let list = get(&format!("?id={}{query}", encoded(id)));
                let found = expect(&list, 200);
                assert_eq!((&found[0]["id"], &found[1]), (&json!(id), &Value::Null), "{query}");
                assert_eq!(list.headers()["x-total-count"], "1");
                let link = list.headers()["link"].to_str().unwrap();
                let to_self = &link[link.find('?').unwrap()..link.find('>').unwrap()];
                assert_eq!(expect(&get(to_self), 200), found, "{link}");
            }
            let by_href = get(&format!("?href={}", encoded(href)));
            assert_eq!(expect(&by_href, 200)[0]["id"], id);
            let by_path = get(&format!("?filter={}", encoded(&format!("$[?(@.id==\"{id}\")]"))));
            assert_eq!(expect(&by_path, 200)[0]["id"], id);
        }
        let all = ids.map(encoded).join(",");
        assert_eq!(get(&format!("?id={all}")).headers()["x-total-count"], "6");
        // Links lead from each to the next.
        let mut query = "?limit=1&sort=id".to_owned();
        let mut met = Vec::new();
        loop {
            let page = get(&query);
            met.push(expect(&page, 200)[0]["id"].as_str().unwrap().to_owned());
            let link = page.headers()["link"].to_str().unwrap();
            let Some(next) = link.split(", ").find(|link| link.ends_with("rel=\"next\"")) else {
                break;
            };
            query = next[next.find('?').unwrap()..next.find('>').unwrap()].to_owned();
        }
        let mut expected = ids.map(str::to_owned);
        expected.sort();
        assert_eq!(met, expected);
        for id in ids {
            let item = format!("/{}", encoded(id));
            let deleted =
                ask(&world, version, &BILLING_ACCOUNT, Method::DELETE, &item, &Value::Null);
            assert_eq!(deleted.status(), 204, "{id}");
        }
    }
}
