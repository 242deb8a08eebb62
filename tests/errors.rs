//! Every error: what it says, and that it changes nothing.

use black_box_tests::{
    Answer, Answering, Api, BILLING_ACCOUNT, Method, StatusCode, account, id, json,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn post(api: &Api, body: impl Into<Vec<u8>>) -> Answer {
    let request = api.request(Method::POST, "").header("content-type", "application/json");
    request.body(body.into()).answer().await
}

/// The text that tells all faults of a document.
#[track_caller]
fn message(answer: &Answer, code: &str) -> String {
    answer.expect_error(400, code)["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_is_not_found() {
    let api = Api::start().await;
    let patch = json!({ "name": "x" });
    for id in ["absent", "a%20b", "%F0%9F%92%B6", "%2F"] {
        api.get(&format!("/{id}")).await.expect_error(404, "60");
        api.patch(id, &patch).await.expect_error(404, "60");
        api.delete(id).await.expect_error(404, "60");
    }
    for path in ["/a/b", "//", "/%ff"] {
        api.get(path).await.expect_error(404, "60");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_not_allowed() {
    let api = Api::start().await;
    let brew = Method::from_bytes(b"BREW").unwrap();
    for (path, allow, methods) in [
        (
            "",
            "GET, HEAD, POST, PATCH, OPTIONS",
            [Method::PUT, Method::TRACE, Method::DELETE, brew.clone()],
        ),
        (
            "/1",
            "GET, HEAD, PATCH, DELETE, OPTIONS",
            [Method::PUT, Method::POST, Method::TRACE, brew],
        ),
    ] {
        for method in methods {
            let answer = api.request(method.clone(), path).answer().await;
            answer.expect_error(405, "61");
            assert_eq!(answer.header("allow"), allow, "{method}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_media_types_are_not_supported() {
    let api = Api::start().await;
    let id = id(&api.create(&account("Typed")).await);
    let patch = format!("/{id}");
    for (method, path, media_type) in [
        (Method::POST, "", Some("text/plain")),
        (Method::POST, "", Some("application/merge-patch+json")),
        (Method::POST, "", None),
        (Method::PATCH, &patch, Some("application/xml")),
        (Method::PATCH, &patch, None),
    ] {
        let mut request = api.request(method.clone(), path).body(account("Other").to_string());
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let answer = request.answer().await;
        answer.expect_error(415, "26");
        if method == Method::PATCH {
            assert_eq!(
                answer.header("accept-patch"),
                "application/merge-patch+json, application/json, application/json-patch+json, \
                 application/json-patch-query+json"
            );
        }
    }
    assert_eq!(api.read(&id).await["name"], "Typed");
    assert_eq!(api.total().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_is_refused_with_its_place() {
    let api = Api::start().await;
    post(&api, "").await.expect_error(400, "21");
    for body in ["{", "{]", "nonsense", "{\"name\":}", "{} {}", "{\"a\":01}", "{}\u{feff}"] {
        let message = message(&post(&api, body).await, "22");
        assert!(message.contains("line 1 column"), "{body}: {message}");
    }
    let message = message(&post(&api, *b"{\"name\":\"\xff\"}").await, "22");
    assert!(message.contains("Byte 9 is not valid UTF-8"), "{message}");
    assert_eq!(api.total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_means_the_same_to_every_reader() {
    let api = Api::start().await;
    let created = post(&api, format!("\u{feff}{}", account("Marked"))).await;
    let id = id(&created.expect(StatusCode::CREATED));
    let twice = r#"{"name":"x","relatedParty":[{"role":"owner",
        "partyOrPartyRole":{"id":"1","id":"2"}}]}"#;
    let message = message(&post(&api, twice).await, "24");
    assert!(message.starts_with("/relatedParty/0/partyOrPartyRole/id is given twice"), "{message}");
    let reserved = r#"{"ext":{"$serde_json::private::Number":"12"}}"#;
    post(&api, reserved).await.expect_error(400, "24");
    assert_eq!(api.total().await, 1);

    let patch = |header: &str, value: &str, body: &[u8]| {
        let request = api.request(Method::PATCH, &format!("/{id}"));
        let request = request.header("content-type", "application/json");
        request.header(header, value).body(body.to_vec()).answer()
    };
    let gzip = patch("content-encoding", "gzip", b"\x1f\x8b\x08\0").await;
    gzip.expect_error(415, "26");
    assert_eq!(gzip.header("accept-encoding"), "identity");
    patch("content-encoding", "identity", b"{}").await.expect(StatusCode::OK);

    let latin_1 = |name: &[u8]| {
        let request = api.request(Method::PATCH, &format!("/{id}"));
        let request = request.header("content-type", "application/json; charset=ISO-8859-1");
        request.body([b"{\"name\":\"", name, b"\"}"].concat()).answer()
    };
    latin_1(b"Z\xfcrich").await.expect_error(415, "26");
    assert_eq!(api.read(&id).await["name"], "Marked");
    latin_1(b"Bern").await.expect(StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_object_is_refused() {
    let api = Api::start().await;
    for body in ["[]", "null", "1", "\"text\""] {
        let message = message(&post(&api, body).await, "22");
        assert_eq!(message, "the document must be an object", "{body}");
    }
    let id = id(&api.create(&account("Object")).await);
    api.patch(&id, &json!([])).await.expect_error(400, "22");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_nesting_is_refused() {
    let api = Api::start().await;
    let nested = |depth: usize| {
        let mut document = account("Nested").to_string();
        document.pop();
        format!("{document},\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    for depth in [64, 1000, 100_000] {
        let message = message(&post(&api, nested(depth)).await, "22");
        assert!(message.contains("64 deep"), "{message}");
    }
    assert_eq!(api.total().await, 0);
    assert_eq!(post(&api, nested(63)).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_2_mb_is_too_large() {
    let api = Api::start().await;
    let mut document = account("Large");
    document["description"] = json!("x".repeat(2_000_000));
    api.post(&document).await.expect_error(413, "22");
    let id = id(&api.create(&account("Small")).await);
    api.patch(&id, &document).await.expect_error(413, "22");

    // The same without a length told in advance.
    let body = document.to_string();
    let address = api.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST {BILLING_ACCOUNT} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut response = vec![0; 12];
    // The server may answer before it has been sent all of it, and close.
    let (answered, _) = tokio::join!(reader.read_exact(&mut response), async {
        writer.write_all(body.as_bytes()).await?;
        writer.write_all(b"\r\n0\r\n\r\n").await
    });
    answered.unwrap();
    assert_eq!(String::from_utf8_lossy(&response), "HTTP/1.1 413");
    assert_eq!(api.total().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_document_is_named_with_its_pointer() {
    let api = Api::start().await;
    let missing = post(&api, "{}").await;
    assert_eq!(message(&missing, "23"), "/name is required; /relatedParty is required");

    let document = json!({
        "name": 5,
        "relatedParty": [{ "role": "owner", "partyOrPartyRole": {} }, {}],
        "accountBalance": [{ "amount": { "value": "1" }, "balanceType": "deposit",
            "validFor": { "startDateTime": "today" } }],
        "id": "not an id",
        "@type": "Unheard"
    });
    let message = message(&api.post(&document).await, "24");
    for fault in [
        "/name must be a string",
        "/relatedParty/0/partyOrPartyRole/id is required",
        "/relatedParty/1/role is required",
        "/accountBalance/0/amount/value must be a number",
        "/accountBalance/0/validFor/startDateTime must be a date and time",
        "/id must be a string of 1 to 128 characters",
        "/@type must be BillingAccount, or @baseType must say what it extends",
    ] {
        assert!(message.contains(fault), "{fault} is missing: {message}");
    }
    assert_eq!(api.total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_cannot_break_an_account() {
    let api = Api::start().await;
    let created = api.create(&account("Whole")).await;
    let id = id(&created);
    let cases: [(Value, &str, &str); 8] = [
        (json!({ "name": null }), "23", "/name is required"),
        (json!({ "relatedParty": [] }), "24", "/relatedParty must have at least one item"),
        (json!({ "creditLimit": 5 }), "24", "/creditLimit must be an object"),
        (json!({ "id": "other" }), "24", "/id cannot be changed"),
        (json!({ "id": null }), "24", "/id cannot be changed"),
        (json!({ "href": "http://example.com/1" }), "24", "/href cannot be changed"),
        (json!({ "@type": "PartyAccount" }), "24", "/@type cannot be changed"),
        (json!({ "name": "Half", "state": 1 }), "24", "/state must be a string"),
    ];
    for (patch, code, fault) in cases {
        assert_eq!(message(&api.patch(&id, &patch).await, code), fault, "{patch}");
    }
    assert_eq!(api.read(&id).await, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_process_has_locked_says_so() {
    let api = Api::start().await;
    let id = id(&api.create(&account("Before")).await);
    let other = rusqlite::Connection::open(api.state_dir().join("sqlite_key_value.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let begin = std::time::Instant::now();
    let refused = api.post(&account("Locked")).await;
    let waited = begin.elapsed();
    let body = refused.expect_error(503, "1");
    assert!(body["message"].as_str().unwrap().contains("Nothing was changed"), "{body}");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(waited.as_secs() < 3, "{waited:?}");
    assert_eq!(api.read(&id).await["name"], "Before");

    other.execute_batch("ROLLBACK").unwrap();
    api.create(&account("After")).await;
    assert_eq!(api.total().await, 2);
}
