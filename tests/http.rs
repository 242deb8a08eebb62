//! What the API does as a server of HTTP.

use black_box_tests::{Answering, Api, Method, StatusCode, account, id, options};
use devhost::Log;

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let api = Api::start().await;
    let path = format!("/{}", id(&api.create(&account("Headed")).await));
    for path in ["", &path, "?name=x", "/nothing"] {
        let (get, head) = (api.get(path).await, api.request(Method::HEAD, path).answer().await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.header(header), get.header(header), "{path}");
        }
        for header in ["etag", "x-total-count", "link"] {
            assert_eq!(head.headers.get(header), get.headers.get(header), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_tell_what_can_be_done() {
    let api = Api::start().await;
    for (path, allow, accept_patch) in [
        ("", "GET, HEAD, POST, PATCH, OPTIONS", "application/json-patch+json"),
        (
            "/1",
            "GET, HEAD, PATCH, DELETE, OPTIONS",
            "application/merge-patch+json, application/json, application/json-patch+json, \
             application/json-patch-query+json",
        ),
    ] {
        let options = api.request(Method::OPTIONS, path).answer().await;
        assert_eq!(options.status, StatusCode::NO_CONTENT);
        assert_eq!(options.header("allow"), allow);
        assert_eq!(options.header("accept-patch"), accept_patch);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_describes_itself() {
    let api = Api::start().await;
    for (base, checked_in) in [
        ("accountManagement/v4", include_str!("../docs/openapi/TMF666-v4.json")),
        ("accountManagement/v5", include_str!("../docs/openapi/TMF666-v5.json")),
        ("customerBillManagement/v4", include_str!("../docs/openapi/TMF678-v4.json")),
        ("customerBillManagement/v5", include_str!("../docs/openapi/TMF678-v5.json")),
    ] {
        let url = format!("{}/tmf-api/{base}/openapi.json", api.base_url());
        let document = api.get(&url).await;
        document.expect(StatusCode::OK);
        assert_eq!(document.text, checked_in);
        let head = api.request(Method::HEAD, &url).answer().await;
        assert_eq!(head.header("content-length"), checked_in.len().to_string());
        let tag = document.header("etag");
        let again = api.request(Method::GET, &url).header("if-none-match", tag).answer().await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        let options = api.request(Method::OPTIONS, &url).answer().await;
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
        let refused = api.request(Method::POST, &url).header("x-request-id", "1").answer().await;
        assert_eq!(refused.expect(StatusCode::METHOD_NOT_ALLOWED)["code"], "61");
        assert_eq!(refused.header("x-request-id"), "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_in_leads_to_every_resource() {
    let api = Api::start().await;
    for (number, base, counts) in
        [(0, "/tmf-api/accountManagement", [8, 8]), (1, "/tmf-api/customerBillManagement", [5, 4])]
    {
        expect_way_in(&api, number, base, counts).await;
    }
}

/// The API that is the `number`th of all leads to so many resources in each of its versions.
async fn expect_way_in(api: &Api, number: usize, base: &str, counts: [usize; 2]) {
    let get = async |path: &str| match path.starts_with("http") {
        true => api.get(path).await,
        false => api.get(&(api.base_url() + path)).await,
    };
    let all = get("/").await.expect(StatusCode::OK);
    let href = |document: &serde_json::Value| document["href"].as_str().unwrap().to_owned();
    assert_eq!(href(&all["api"][number]), api.base_url() + base);
    let versions = get(base).await.expect(StatusCode::OK)["version"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 2);
    for (version, count) in versions.as_array().unwrap().iter().zip(counts) {
        let own = get(&href(version)).await;
        assert_eq!(get(&(href(version) + "/")).await.text, own.text);
        let resources = own.expect(StatusCode::OK)["resource"].clone();
        assert_eq!(resources.as_array().unwrap().len(), count);
        // What has a route of its own is not answered by the entry.
        for resource in resources.as_array().unwrap() {
            let list = get(&href(resource)).await;
            assert_eq!(list.expect(StatusCode::OK), serde_json::json!([]), "{resource}");
            assert_eq!(list.header("x-total-count"), "0");
            get(&(href(resource) + "/1")).await.expect(StatusCode::NOT_FOUND);
        }
        let openapi = get(version["openapi"].as_str().unwrap()).await.expect(StatusCode::OK);
        assert!(openapi["paths"].is_object());
    }
    for path in ["/", base, &format!("{base}/v4"), &format!("{base}/v5/")] {
        let url = api.base_url() + path;
        let entry = api.get(&url).await;
        let head = api.request(Method::HEAD, &url).answer().await;
        assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
        assert_eq!(head.header("content-length"), entry.text.len().to_string());
        let tag = entry.header("etag");
        let again = api.request(Method::GET, &url).header("if-none-match", tag).answer().await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        let options = api.request(Method::OPTIONS, &url).answer().await;
        assert_eq!(options.header("allow"), "GET, HEAD, OPTIONS");
        let refused = api.request(Method::POST, &url).json(&account("x")).answer().await;
        assert_eq!(refused.expect(StatusCode::METHOD_NOT_ALLOWED)["code"], "61");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bills_are_reached_under_another_name_where_there_is_one() {
    let path = "/tmf-api/customerBill/v5";
    let nameless = Api::start().await;
    for rest in ["", "/openapi.json", "/customerBill", "/billCycle/1"] {
        let url = format!("{}{path}{rest}", nameless.base_url());
        let missing = nameless.get(&url).await.expect(StatusCode::NOT_FOUND);
        assert_eq!(missing["@type"], "Error", "{rest}");
    }
    nameless.stop().await;

    let api = Api::start_with(&[("bill_base_alias", "customerBill")]).await;
    let bills = api.at(path, "customerBill");
    let list = bills.get("").await;
    assert_eq!(list.expect(StatusCode::OK), serde_json::json!([]));
    let entry = api.get(&(api.base_url() + path)).await.expect(StatusCode::OK);
    assert_eq!(entry["href"], api.base_url() + path);
    let openapi = api.get(entry["openapi"].as_str().unwrap()).await;
    assert_eq!(openapi.text, include_str!("../docs/openapi/TMF678-v5.json"));
    // No other name is taken for it.
    let other = api.base_url() + "/tmf-api/customerBills/v5/customerBill";
    api.get(&other).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_that_leads_to_nothing_says_so() {
    let api = Api::start().await;
    for path in [
        "/x",
        "/tmf-api",
        "/tmf-api/other/v5/billingAccount",
        "/tmf-api/accountManagement/v3/billingAccount",
        "/tmf-api/accountManagement/v5/unknown",
        "/tmf-api/accountManagement/v5/unknown/1",
        "/tmf-api/accountManagement/v5/billingAccounts",
        "/tmf-api/accountManagement/v5/openapi.yaml",
    ] {
        let url = api.base_url() + path;
        for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
            api.request(method, &url).answer().await.expect_error(404, "60");
        }
    }
    let in_v4 = api.base_url() + "/tmf-api/accountManagement/v4/unknown";
    let error = api.get(&in_v4).await;
    assert_eq!(error.expect(StatusCode::NOT_FOUND).get("@type"), None);
    assert_eq!(error.header("content-type"), "application/json;charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_does_not_take_is_not_sent() {
    let api = Api::start().await;
    for (accept, status) in
        [("text/html", 406), ("application/json;q=0", 406), ("text/html, */*;q=0.1", 200)]
    {
        let answer = api.request(Method::GET, "").header("accept", accept).answer().await;
        assert_eq!(answer.status.as_u16(), status, "{accept}");
    }
    // Nothing is done for a client that cannot be told of it.
    let post = api.request(Method::POST, "").header("accept", "text/xml").json(&account("x"));
    post.answer().await.expect_error(406, "26");
    assert_eq!(api.total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_addresses_are_too_long() {
    let api = Api::start().await;
    api.get(&format!("?name={}", "x".repeat(9000))).await.expect_error(414, "28");
    api.get(&format!("?name={}", "x".repeat(7000))).await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_an_id_and_a_line_in_the_log() {
    let (log, lines) = Log::collect();
    let state_dir = tempfile::tempdir().unwrap();
    let running = options(state_dir.path(), &[], log).start().await.unwrap();
    let url = format!("{}{}", running.base_url(), black_box_tests::BILLING_ACCOUNT);
    let client = reqwest::Client::new();
    let given = client.post(&url).header("x-request-id", "trace-1").json(&account("Secret"));
    assert_eq!(given.answer().await.header("x-request-id"), "trace-1");
    let made = client.get(format!("{url}/Hidden?fields=name")).answer().await;
    assert_eq!(made.header("x-request-id").len(), 36);
    running.stop().await;

    let lines = lines.lock().unwrap();
    let parsed: Vec<serde_json::Value> =
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let seen: Vec<_> = parsed
        .iter()
        .filter(|line| line.get("change").is_none())
        .map(|line| {
            assert_eq!(line["tenant"], "default");
            assert!(line["microseconds"].is_u64() && line["time"].is_string(), "{line}");
            format!("{} {} {} {}", line["method"], line["route"], line["status"], line["requestId"])
        })
        .collect();
    let route = black_box_tests::BILLING_ACCOUNT;
    assert_eq!(
        seen,
        [
            format!(r#""POST" "{route}" 201 "trace-1""#),
            format!(r#""GET" "{route}/{{id}}" 404 {:?}"#, made.header("x-request-id")),
        ]
    );
    let text = lines.concat();
    assert!(!text.contains("Secret") && !text.contains("Hidden"), "{text}");
}
