//! Conditional requests, and requests that are sent again.

use black_box_tests::{Answer, Answering, Api, Method, StatusCode, account, id, json};

async fn with(api: &Api, method: Method, path: &str, name: &str, value: &str) -> Answer {
    let request = api.request(method, path).header("content-type", "application/json");
    request.header(name, value).body(r#"{"state":"Active"}"#).answer().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_with_an_account_names_its_state() {
    let api = Api::start().await;
    let created = api.post(&account("Tagged")).await;
    let path = format!("/{}", id(&created.json()));
    let first = created.header("etag").to_owned();
    assert!(first.starts_with('"'), "{first} must be strong");
    assert_eq!(api.get(&path).await.header("etag"), first);
    let unchanged = with(&api, Method::GET, &path, "if-none-match", &first).await;
    assert_eq!((unchanged.status, unchanged.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(unchanged.header("etag"), first);

    let patched = with(&api, Method::PATCH, &path, "if-match", &first).await;
    patched.expect(StatusCode::OK);
    let second = patched.header("etag").to_owned();
    assert_ne!(second, first);
    with(&api, Method::GET, &path, "if-none-match", &first).await.expect(StatusCode::OK);
    with(&api, Method::GET, &path, "if-match", &first).await.expect_error(412, "26");
    for excluded in ["*", &second] {
        for method in [Method::PATCH, Method::DELETE] {
            with(&api, method, &path, "if-none-match", excluded).await.expect_error(412, "26");
        }
    }
    for unreadable in ["", ",", "unquoted", "*, \"x\""] {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            with(&api, method, &path, "if-match", unreadable).await.expect_error(400, "26");
        }
    }

    let late = with(&api, Method::PATCH, &path, "if-match", &first).await;
    late.expect_error(412, "26");
    with(&api, Method::DELETE, &path, "if-match", &first).await.expect_error(412, "26");
    let weak = format!("W/{second}");
    with(&api, Method::DELETE, &path, "if-match", &weak).await.expect_error(412, "26");
    let either = format!("{first}, {second}");
    let deleted = with(&api, Method::DELETE, &path, "if-match", &either).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    with(&api, Method::PATCH, &path, "if-match", "*").await.expect_error(404, "60");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_key_creates_one_account_however_often_it_is_sent() {
    let api = Api::start().await;
    let post = async |key: &str, name: &str| {
        let request = api.request(Method::POST, "").header("idempotency-key", key);
        request.json(&account(name)).answer().await
    };
    let first = post("key-1", "Once").await;
    let created = first.expect(StatusCode::CREATED);
    // The first answer stays the answer, whatever becomes of the account.
    api.patch(&id(&created), &json!({ "name": "Renamed" })).await.expect(StatusCode::OK);
    let again = post("key-1", "Once").await;
    assert_eq!(again.expect(StatusCode::CREATED), created);
    for header in ["location", "etag"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    post("key-1", "Other").await.expect_error(422, "2");
    assert_eq!(id(&post("\"key-1\"", "Once").await.json()), id(&created));
    assert_ne!(id(&post("key-2", "Once").await.json()), id(&created));
    for key in ["", &"x".repeat(256)] {
        post(key, "Once").await.expect_error(400, "26");
    }
    assert_eq!(api.total().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_with_one_key_at_once_one_creates() {
    let api = Api::start().await;
    let request =
        api.request(Method::POST, "").header("idempotency-key", "k").json(&account("One"));
    let requests: Vec<_> =
        (0..16).map(|_| tokio::spawn(request.try_clone().unwrap().answer())).collect();
    let mut ids = std::collections::BTreeSet::new();
    for request in requests {
        ids.insert(id(&request.await.unwrap().expect(StatusCode::CREATED)));
    }
    assert_eq!((ids.len(), api.total().await), (1, 1));
}
