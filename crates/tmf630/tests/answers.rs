//! What every answer says beside the data: who may keep it, and where resources are.

mod common;

use bytes::Bytes;
use common::{ACCOUNTS, World, account, expect, request};
use http::{HeaderValue, Method, Response};
use http_body_util::Full;
use kv_tree::Memory;
use pollster::block_on;
use tmf630::{Settings, serve, serve_document};

fn settings(name: &str, value: &'static str) -> Settings {
    Settings::read(|variable| match variable == name {
        true => value,
        false => Settings::default_of(variable),
    })
    .unwrap()
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
    let mut unchanged = request(Method::GET, &item, "");
    unchanged.headers_mut().insert("if-none-match", created.headers()["etag"].clone());
    let unchanged = world.ask(&ACCOUNTS, unchanged);
    assert_eq!(unchanged.status(), 304);
    for answer in [
        created,
        unchanged,
        world.get(&ACCOUNTS, &item),
        world.get(&ACCOUNTS, ""),
        world.get(&ACCOUNTS, "/absent"),
        world.ask(&ACCOUNTS, request(Method::HEAD, &item, "")),
        world.ask(&ACCOUNTS, request(Method::PATCH, &item, "{}")),
        world.ask(&ACCOUNTS, request(Method::PUT, &item, "{}")),
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
            request(Method::POST, "", &account("Proxied").to_string());
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
        serve_document("openapi.json", |_| "{}", &settings, &world, &request)
    };
    let document = ask(None);
    let again = ask(Some(&document.headers()["etag"]));
    assert_eq!((document.status().as_u16(), again.status().as_u16()), (200, 304));
    for answer in [document, again] {
        assert_eq!(header_of(&answer, "cache-control"), "public, no-cache");
        assert_eq!(header_of(&answer, "vary"), "Accept");
    }
}
