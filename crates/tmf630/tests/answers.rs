//! What every answer says beside the data: who may keep it, and where resources are.

mod common;

use bytes::Bytes;
use common::{ACCOUNTS, Asking, World, account, expect, request};
use http::{HeaderValue, Method, Response};
use http_body_util::Full;
use kv_tree::Memory;
use pollster::block_on;
use tmf630::{Settings, serve, serve_document};

fn settings(name: &str, value: &'static str) -> Settings {
    Settings::read(&[], |variable| (variable == name).then_some(value)).unwrap()
}

#[track_caller]
fn header_of(response: &Response<Bytes>, name: &str) -> String {
    let values: Vec<_> =
        response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
    values.join(", ")
}

#[test]
fn no_answer_with_data_is_kept_for_others() {
    let world = World::on(Memory::default());
    let created = world.post(&ACCOUNTS, &account("Private"));
    let item = format!("/{}", expect(&created, 201)["id"].as_str().unwrap());
    let mut unchanged = request(&ACCOUNTS, Method::GET, &item, "");
    unchanged.headers_mut().insert("if-none-match", created.headers()["etag"].clone());
    let unchanged = world.ask_now(&ACCOUNTS, unchanged);
    assert_eq!(unchanged.status(), 304);
    for answer in [
        created,
        unchanged,
        world.get(&ACCOUNTS, &item),
        world.get(&ACCOUNTS, ""),
        world.get(&ACCOUNTS, "/absent"),
        world.ask_now(&ACCOUNTS, request(&ACCOUNTS, Method::HEAD, &item, "")),
        world.ask_now(&ACCOUNTS, request(&ACCOUNTS, Method::PATCH, &item, "{}")),
        world.ask_now(&ACCOUNTS, request(&ACCOUNTS, Method::PUT, &item, "{}")),
        world.delete(&ACCOUNTS, "absent"),
    ] {
        assert_eq!(header_of(&answer, "cache-control"), "private, no-cache", "{answer:?}");
        assert_eq!(header_of(&answer, "vary"), "Accept", "{answer:?}");
    }
}

#[test]
fn a_trusted_proxy_says_where_resources_are() {
    let world = World::on(Memory::default());
    let ask = |settings: Settings| {
        let mut request: http::Request<Full<Bytes>> =
            request(&ACCOUNTS, Method::POST, "", &account("Proxied").to_string());
        for (name, value) in [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "api.example.com"),
            ("x-forwarded-prefix", "/eu"),
        ] {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let answer = block_on(serve(&ACCOUNTS, &settings, &world, request));
        let href = expect(&answer, 201)["href"].as_str().unwrap().to_owned();
        assert_eq!(header_of(&answer, "location"), href);
        (href, header_of(&answer, "vary"))
    };
    let (href, vary) = ask(settings("trust_forwarded", "yes"));
    assert!(href.starts_with("https://api.example.com/eu/tmf-api/"), "{href}");
    let expected = "Accept, Forwarded, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix";
    assert_eq!(vary, expected);
    let (href, vary) = ask(settings("trust_forwarded", "no"));
    assert!(href.starts_with("http://api.example/tmf-api/"), "{href}");
    assert_eq!(vary, "Accept");
}

#[test]
fn a_description_is_for_everybody() {
    let world = World::on(Memory::default());
    let ask = |tag: Option<&HeaderValue>| {
        let mut request = http::Request::new(());
        *request.uri_mut() = "/tmf-api/accountManagement/v5/openapi.json".parse().unwrap();
        request.headers_mut().extend(tag.map(|tag| (http::header::IF_NONE_MATCH, tag.clone())));
        let settings = settings("trust_forwarded", "yes");
        serve_document(
            &[ACCOUNTS.api],
            "openapi.json",
            |_, _| Some("{}"),
            &settings,
            &world,
            &request,
        )
    };
    let document = ask(None);
    let again = ask(Some(&document.headers()["etag"]));
    assert_eq!((document.status().as_u16(), again.status().as_u16()), (200, 304));
    for answer in [document, again] {
        assert_eq!(header_of(&answer, "cache-control"), "public, no-cache");
        assert_eq!(header_of(&answer, "vary"), "Accept");
    }
}

/// Follows `next` from the first page, and tells how many resources each page has.
fn pages(world: &World, query: &str) -> (Vec<usize>, Vec<String>) {
    let mut next = Some(query.to_owned());
    let (mut counts, mut names) = (Vec::new(), Vec::new());
    while let Some(query) = next {
        let page = world.get(&ACCOUNTS, &query);
        assert!(page.body().len() <= 16 * 1024 * 1024 + 2);
        let items = expect(&page, 200);
        let items = items.as_array().unwrap();
        assert_eq!(header_of(&page, "x-result-count"), items.len().to_string());
        assert_eq!(header_of(&page, "x-total-count"), "70");
        counts.push(items.len());
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let link = header_of(&page, "link");
        let link = link.split(", ").find(|link| link.ends_with("rel=\"next\""));
        next = link.map(|link| link[link.find('?').unwrap()..link.find('>').unwrap()].to_owned());
    }
    (counts, names)
}

#[test]
fn a_list_ends_where_its_answer_would_be_too_long() {
    let world = World::on(Memory::default());
    let mut expected = Vec::new();
    for number in 0..70 {
        let mut document = account(&format!("Long {number:02}"));
        document["description"] = "x".repeat(255_000).into();
        assert_eq!(world.post(&ACCOUNTS, &document).status(), 201);
        expected.push(format!("Long {number:02}"));
    }
    for (query, counts) in [
        ("?limit=1000", vec![65, 5]),
        ("?sort=-name&limit=66", vec![65, 5]),
        ("?limit=40", vec![40, 30]),
    ] {
        let (found, mut names) = pages(&world, query);
        names.sort();
        assert_eq!((found, &names), (counts, &expected), "{query}");
    }
    let fields = world.get(&ACCOUNTS, "?fields=name&limit=1000");
    // However little is shown of them, no more are read.
    assert_eq!(header_of(&fields, "x-result-count"), "66");
    assert!(header_of(&fields, "link").contains("offset=66&limit=1000>; rel=\"next\""));
}

#[test]
fn ids_of_other_systems_lead_back_to_their_resources() {
    let world = World::on(Memory::default());
    let ids = ["0.0.0.1+-account+100001", "BS2|7836", "a;b,c=d&e@f!$'()*[]~", "urn:x:1"];
    for id in ids {
        let mut document = account(id);
        document["id"] = id.into();
        let request = request(&ACCOUNTS, Method::POST, "", &document.to_string());
        let (mut head, body) = request.into_parts();
        head.headers.insert("idempotency-key", HeaderValue::try_from(id).unwrap());
        let again = http::Request::from_parts(head.clone(), body.clone());
        let created = world.ask_now(&ACCOUNTS, http::Request::from_parts(head, body));
        let document = expect(&created, 201);
        assert_eq!(document["id"], id);
        let href = document["href"].as_str().unwrap();
        assert_eq!(header_of(&created, "location"), href);
        assert_eq!(expect(&world.ask_now(&ACCOUNTS, again), 201), document);

        let item = &href[href.rfind('/').unwrap()..];
        assert_eq!(expect(&world.get(&ACCOUNTS, item), 200), document);
        assert_eq!(expect(&world.get(&ACCOUNTS, &format!("/{id}")), 200), document);
        let patched = world.ask_now(&ACCOUNTS, request_of(Method::PATCH, item));
        assert_eq!(expect(&patched, 200)["state"], "new");
    }
    // Found through an index too, whose entries end with the id.
    for query in ["?state=new&sort=name", "?sort=-state", "?relatedParty.partyOrPartyRole.id=1"] {
        let (mut found, total) = common::ids(&world.get(&ACCOUNTS, query));
        found.sort();
        assert_eq!((found, total), (ids.map(str::to_owned).to_vec(), "4".to_owned()), "{query}");
    }
    for id in ids {
        let item = format!("/{}", id.replace('|', "%7C").replace('[', "%5B"));
        assert_eq!(world.ask_now(&ACCOUNTS, request_of(Method::DELETE, &item)).status(), 204);
    }
}

fn request_of(method: Method, rest: &str) -> http::Request<Full<Bytes>> {
    request(&ACCOUNTS, method, rest, r#"{"state":"new"}"#)
}
