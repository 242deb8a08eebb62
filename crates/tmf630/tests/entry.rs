//! What there is at `/` and at the paths of APIs, and that there is nothing at any other.

mod common;

use bytes::Bytes;
use common::{ACCOUNTS, World, expect};
use http::{HeaderValue, Method, Request, Response};
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::settings::CONSOLE;
use tmf630::{Settings, serve_entry};

const BASE: &str = "/tmf-api/accountManagement";

fn ask_with(
    settings: &Settings,
    method: &Method,
    path: &str,
    header: Option<(&'static str, &str)>,
) -> Response<Bytes> {
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.uri_mut() = format!("http://api.example{path}").parse().unwrap();
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    serve_entry(&[ACCOUNTS.api], settings, &World::on(Memory::default()), &request)
}

fn ask(method: &Method, path: &str) -> Response<Bytes> {
    ask_with(&Settings::read(&[], |_| None).unwrap(), method, path, None)
}

/// The paths of entry documents, as they are linked.
fn entries() -> [String; 4] {
    ["/".to_owned(), BASE.to_owned(), format!("{BASE}/v4"), format!("{BASE}/v5")]
}

#[test]
fn an_entry_leads_to_all_that_there_is() {
    let document = |path: &str| expect(&ask(&Method::GET, path), 200);
    let at = |rest: &str| format!("http://api.example{BASE}{rest}");
    let all = document("/");
    assert_eq!(all["href"], "http://api.example/");
    assert_eq!(all["api"], json!([document(BASE)]));
    let api = document(BASE);
    assert_eq!(
        (&api["id"], &api["title"], &api["href"]),
        (&json!("TMF000"), &json!("Test"), &json!(at("")))
    );
    let versions = api["version"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    for (version, number, release) in [(&versions[0], "5", "5.0.0"), (&versions[1], "4", "4.0.0")] {
        assert_eq!(version["release"], release);
        assert_eq!(version["href"], at(&format!("/v{number}")));
        assert_eq!(version["openapi"], at(&format!("/v{number}/openapi.json")));
        let mut own = document(&format!("{BASE}/v{number}"));
        let resources = own.as_object_mut().unwrap().remove("resource").unwrap();
        assert_eq!(own, *version);
        let expected = ["billingAccount", "billFormat"].map(|name| {
            let href = at(&format!("/v{number}/{name}"));
            json!({ "name": name, "description": "Accounts.", "href": href })
        });
        assert_eq!(resources, json!(expected));
    }
}

#[test]
fn a_slash_at_the_end_makes_no_difference() {
    for path in &entries()[1..] {
        let (with, without) = (ask(&Method::GET, &format!("{path}/")), ask(&Method::GET, path));
        assert_eq!(expect(&with, 200), expect(&without, 200), "{path}");
        expect(&ask(&Method::GET, &format!("{path}//")), 404);
        expect(&ask(&Method::GET, &format!("{path}?x=1")), 200);
    }
}

#[test]
fn an_entry_can_be_read_and_nothing_else() {
    for path in entries() {
        let (get, head) = (ask(&Method::GET, &path), ask(&Method::HEAD, &path));
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
        for name in ["content-type", "content-length", "etag", "vary", "cache-control"] {
            assert_eq!(head.headers()[name], get.headers()[name], "{path} {name}");
        }
        assert_eq!(get.headers()["content-length"], get.body().len().to_string()[..]);
        assert_eq!(get.headers()["content-type"], "application/json");

        let options = ask(&Method::OPTIONS, &path);
        assert_eq!((options.status().as_u16(), options.body().len()), (204, 0));
        assert_eq!(options.headers()["allow"], "GET, HEAD, OPTIONS");
        for method in [Method::POST, Method::PATCH, Method::PUT, Method::DELETE] {
            let refused = ask(&method, &path);
            assert_eq!(expect(&refused, 405)["code"], "61");
            assert_eq!(refused.headers()["allow"], "GET, HEAD, OPTIONS");
        }
        let settings = Settings::read(&[], |_| None).unwrap();
        let refused = ask_with(&settings, &Method::GET, &path, Some(("accept", "text/csv")));
        expect(&refused, 406);
    }
}

#[test]
fn an_entry_that_a_client_has_is_not_sent_again() {
    let settings = Settings::read(&[], |_| None).unwrap();
    for path in entries() {
        let tag = ask(&Method::GET, &path).headers()["etag"].to_str().unwrap().to_owned();
        for (header, value, status) in [
            ("if-none-match", &tag[..], 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"x\"", 200),
            ("if-match", &tag[..], 200),
            ("if-match", "\"x\"", 412),
            ("if-none-match", "x", 400),
        ] {
            for method in [Method::GET, Method::HEAD] {
                let answer = ask_with(&settings, &method, &path, Some((header, value)));
                assert_eq!(answer.status(), status, "{path} {header} {value}");
                assert!(status != 304 || answer.headers()["etag"] == tag[..]);
            }
        }
    }
}

#[test]
fn links_begin_as_the_client_reaches_the_application() {
    let href = |variable: &'static str, value: &'static str, header| {
        let value_of = |name: &str| (name == variable).then_some(value);
        let settings = Settings::read(&[], value_of).unwrap();
        let answer = ask_with(&settings, &Method::GET, "/", header);
        let vary: Vec<_> = answer.headers().get_all("vary").iter().cloned().collect();
        (expect(&answer, 200)["api"][0]["href"].clone(), vary.len())
    };
    let forwarded = Some(("x-forwarded-host", "other.example"));
    assert_eq!(href("", "", forwarded), (json!(format!("http://api.example{BASE}")), 1));
    assert_eq!(
        href("trust_forwarded", "yes", forwarded),
        (json!(format!("http://other.example{BASE}")), 2)
    );
    let configured = json!(format!("https://configured.example/eu{BASE}"));
    assert_eq!(href("base_url", "https://configured.example/eu/", forwarded), (configured, 1));
}

#[test]
fn at_any_other_path_there_is_nothing() {
    for (path, is_v4) in [
        ("/x", false),
        ("//", false),
        ("/favicon.ico", false),
        ("/tmf-api", false),
        ("/tmf-api/other/v5/billingAccount", false),
        ("/TMF-API/accountManagement", false),
        ("/tmf-api/accountManagementX", false),
        ("/tmf-api/accountManagementX/v4/y", false),
        ("/tmf-api/accountManagement/v5/unknown", false),
        ("/tmf-api/accountManagement/v5/unknown/1", false),
        ("/tmf-api/accountManagement/v5/hub", false),
        ("/tmf-api/accountManagement/v3", false),
        ("/tmf-api/accountManagement/v50", false),
        ("/tmf-api/accountManagement/v4/unknown", true),
        ("/%ff", false),
    ] {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, Method::DELETE] {
            let answer = ask(&method, path);
            assert_eq!(answer.status(), 404, "{method} {path}");
            if method == Method::HEAD {
                continue;
            }
            let error: Value = expect(&answer, 404);
            assert_eq!(error["code"], "60", "{path}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
            let (class, media_type) = match is_v4 {
                true => (&Value::Null, "application/json;charset=utf-8"),
                false => (&json!("Error"), "application/json"),
            };
            assert_eq!(&error["@type"], class, "{path}");
            assert_eq!(answer.headers()["content-type"], media_type, "{path}");
        }
    }
}

#[test]
fn the_log_knows_where_it_led() {
    let world = World::on(Memory::default());
    let settings = Settings::read(&[], |_| None).unwrap();
    for (path, route) in [
        ("/", "/"),
        (BASE, BASE),
        ("/tmf-api/accountManagement/v4/", "/tmf-api/accountManagement/v4"),
        ("/secret", "none"),
    ] {
        world.log.borrow_mut().clear();
        let request = Request::get(path).header("host", "a.example").body(()).unwrap();
        serve_entry(&[ACCOUNTS.api], &settings, &world, &request);
        let lines = world.log.borrow();
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((lines.len(), &line["route"]), (1, &json!(route)), "{path}");
        assert!(!lines[0].contains("secret"));
    }
}

#[test]
fn a_browser_is_sent_to_the_console_and_no_program_is() {
    let page = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let on = Settings::read(&[], |_| None).unwrap();
    let off = Settings::read(&[CONSOLE], |name| (name == "console").then_some("off")).unwrap();
    for (settings, method, path, accept, status) in [
        (&on, Method::GET, "/", page, 303),
        (&on, Method::HEAD, "/", page, 303),
        (&on, Method::OPTIONS, "/", page, 204),
        (&on, Method::GET, "/", "*/*", 200),
        (&on, Method::GET, "/", "application/json, text/html;q=0.9", 200),
        (&on, Method::GET, BASE, page, 200),
        (&off, Method::GET, "/", page, 200),
    ] {
        let response = ask_with(settings, &method, path, Some(("accept", accept)));
        assert_eq!(response.status(), status, "{method} {path} {accept}");
        if status == 303 {
            // Relative: it is right behind any proxy.
            assert_eq!(response.headers()["location"], "console/");
            assert_eq!(response.headers()["vary"], "Accept");
        }
    }
}
