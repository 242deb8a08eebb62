//! The pages that the application serves: the console, and the one on which the APIs are tried.

use black_box_tests::{Answer, Answering, Api, Method, StatusCode, json};

/// What a browser says that it takes.
const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn get(api: &Api, path: &str) -> Answer {
    let url = format!("{}{path}", api.base_url());
    // Who is led elsewhere is told so here.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().unwrap().get(url).header("accept", PAGE).answer().await
}

/// The files that a page names, below the folder that it is in.
fn assets(page: &Answer) -> Vec<String> {
    let names = page.text.split('"').filter(|text| text.starts_with("assets-"));
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_finds_the_console() {
    let api = Api::start().await;
    let entry = get(&api, "/").await;
    assert_eq!((entry.status, entry.header("location")), (StatusCode::SEE_OTHER, "console/"));
    let folder = get(&api, "/console").await;
    assert_eq!(folder.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(folder.header("location"), "console/");
    // A program is answered as ever.
    let url = format!("{}/", api.base_url());
    api.request(Method::GET, &url).answer().await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_files_that_browsers_keep_and_run_nothing_else() {
    let api = Api::start().await;
    for (base, at_least) in [("/console/", 4), ("/docs/", 4)] {
        let page = get(&api, base).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-cache");
        let policy = page.header("content-security-policy");
        let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap();
        assert!(scripts.contains("'self'") && !scripts.contains("inline"), "{policy}");
        assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'self';"));
        let assets = assets(&page);
        assert!(assets.len() >= at_least, "{assets:?}");
        for asset in assets {
            let file = api.get(&format!("{}{base}{asset}", api.base_url())).await;
            assert_eq!(file.status, StatusCode::OK, "{asset}");
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
            let media_type = match asset.rsplit('.').next().unwrap() {
                "js" => "text/javascript; charset=utf-8",
                "css" => "text/css; charset=utf-8",
                "svg" => "image/svg+xml",
                "wasm" => "application/wasm",
                other => panic!("{other}"),
            };
            assert_eq!(file.header("content-type"), media_type, "{asset}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_told_what_the_deployment_says_and_no_secret() {
    let issuers = r#"[{"issuer": "https://id.example", "audience": "api", "tenant": "acme",
        "party_claim": "org", "keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMy"}]}}]"#;
    let api = Api::start_with(&[
        ("auth", "jwt"),
        ("tenant", "acme"),
        ("jwt_issuers", issuers),
        ("console_issuer", "https://id.example"),
        ("console_client_id", "console"),
    ])
    .await;
    let config = get(&api, "/console/config.json").await;
    assert!(!config.text.contains("c2VjcmV0"), "{}", config.text);
    let told = config.expect(StatusCode::OK);
    assert_eq!((&told["auth"], &told["tenant"]), (&json!("jwt"), &json!("acme")));
    assert_eq!(
        (&told["issuer"], &told["claims"]["party"]),
        (&json!("https://id.example"), &json!("org"))
    );
    let policy = get(&api, "/console/").await.header("content-security-policy").to_owned();
    assert!(policy.contains("connect-src 'self' https://id.example;"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_can_be_switched_off_and_mistakes_are_told() {
    let api = Api::start_with(&[("console", "off"), ("api_page", "off")]).await;
    assert_eq!(get(&api, "/").await.expect(StatusCode::OK)["api"].as_array().unwrap().len(), 2);
    for path in ["/console/", "/console/config.json", "/docs/"] {
        assert_eq!(get(&api, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let api = Api::start_with(&[("console_issuer", "id.example"), ("api_page", "perhaps")]).await;
    for (path, variable) in [("/console/", "console_issuer"), ("/docs/", "api_page")] {
        assert_eq!(get(&api, path).await.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(api.log().contains(variable), "{}", api.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_apis_leads_to_every_document() {
    let api = Api::start().await;
    let page = get(&api, "/docs/").await;
    let script = assets(&page).into_iter().find(|name| name.ends_with("/page.js")).unwrap();
    let script = api.get(&format!("{}/docs/{script}", api.base_url())).await.text;
    let all = api.get(&format!("{}/", api.base_url())).await.expect(StatusCode::OK);
    let apis = all["api"].as_array().unwrap();
    for version in apis.iter().flat_map(|api| api["version"].as_array().unwrap()) {
        let base = version["href"].as_str().unwrap().replace(&api.base_url(), "");
        assert!(script.contains(&format!("\"{}\"", base.trim_start_matches('/'))), "{base}");
    }
}
