//! What the client makes of answers, given by a server that has a few and ends.

use client::{Client, Created, each};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// An answer: its status, its `X-Total-Count`, its body.
type Answer = (u16, Option<u64>, Value);

/// Serves the answers, one a connection, and then tells what was asked.
async fn serve(answers: Vec<Answer>) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), Some("secret"));
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for (status, total, body) in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            asked.push(request(&mut stream).await);
            let body = body.to_string();
            let total =
                total.map_or_else(String::new, |total| format!("X-Total-Count: {total}\r\n"));
            let head = format!(
                "HTTP/1.1 {status} Status\r\n{total}Connection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
        asked
    });
    (client.unwrap(), asked)
}

/// A whole request as text.
async fn request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length: ").and_then(|length| length.parse().ok())
        });
        if body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap().trim_end_matches(" HTTP/1.1")
}

#[tokio::test]
async fn a_list_is_read_page_by_page() {
    let page = |ids: &[u32]| ids.iter().map(|id| json!({ "id": id })).collect::<Value>();
    let (client, asked) =
        serve(vec![(206, Some(3), page(&[1, 2])), (206, Some(3), page(&[3]))]).await;
    let all = client.pages("/things", "fields=id").all().await.unwrap();
    assert_eq!(Value::from(all), page(&[1, 2, 3]));
    let asked = asked.await.unwrap();
    let lines: Vec<_> = asked.iter().map(|request| first_line(request)).collect();
    assert_eq!(
        lines,
        [
            "GET /things?fields=id&sort=id&limit=1000&offset=0",
            "GET /things?fields=id&sort=id&limit=1000&offset=2"
        ]
    );
    assert!(asked[0].to_lowercase().contains("authorization: bearer secret"));
}

#[tokio::test]
async fn a_list_that_changes_is_an_error() {
    for (second, expected) in [
        ((200, Some(3), json!([1, 2])), "changed while it was read"),
        ((200, Some(2), json!([])), "ends after 1 of 2"),
        ((200, Some(2), json!([1, 2])), "more resources than the 2"),
        ((200, None, json!([1])), "no X-Total-Count"),
        ((200, Some(2), json!({})), "no list"),
        ((403, None, json!({ "reason": "no" })), "403 Forbidden {\"reason\":\"no\"}"),
    ] {
        let (client, _asked) = serve(vec![(200, Some(2), json!([1])), second]).await;
        let error = client.pages("/things", "").all().await.unwrap_err().to_string();
        assert!(error.contains("GET /things?sort=id"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn what_the_application_has_no_time_for_is_sent_again() {
    let busy = (503, None, json!({}));
    let (client, asked) = serve(vec![busy.clone(), busy, (201, None, json!({ "id": "a" }))]).await;
    let document = json!({ "id": "a", "name": "b" });
    let created = client.create("/things", &document).await.unwrap();
    assert_eq!(created, Created::New(json!({ "id": "a" })));
    let asked = asked.await.unwrap();
    assert!(asked.iter().all(|request| request.ends_with(&document.to_string())), "{asked:?}");
}

#[tokio::test]
async fn an_id_that_is_taken_is_told_from_other_conflicts() {
    let conflict = (409, None, json!({ "reason": "number" }));
    let document = json!({ "id": "a" });
    let (client, _asked) = serve(vec![conflict.clone(), (200, None, json!({}))]).await;
    assert_eq!(client.create("/things", &document).await.unwrap(), Created::AlreadyThere);
    let (client, asked) = serve(vec![conflict.clone(), (404, None, json!({}))]).await;
    let error = client.create("/things", &document).await.unwrap_err().to_string();
    assert_eq!(error, "POST /things: 409 Conflict {\"reason\":\"number\"}");
    assert_eq!(first_line(&asked.await.unwrap()[1]), "GET /things/a?fields=id");
    let (client, asked) = serve(vec![conflict]).await;
    assert!(!client.create_many("/things", &[document]).await.unwrap());
    let asked = asked.await.unwrap();
    assert!(asked[0].ends_with(r#"[{"op":"add","path":"/","value":{"id":"a"}}]"#), "{asked:?}");
    assert!(asked[0].to_lowercase().contains("content-type: application/json-patch+json"));
}

#[tokio::test]
async fn many_are_done_at_once_and_an_error_ends_it() {
    let mut doubled = each(0..100, |number| async move { anyhow::Ok(2 * number) }).await.unwrap();
    doubled.sort_unstable();
    assert!(doubled.into_iter().eq((0..100).map(|number| 2 * number)));
    let failing = |number: i32| async move {
        anyhow::ensure!(number != 50, "fifty");
        Ok(number)
    };
    assert_eq!(each(0..100, failing).await.unwrap_err().to_string(), "fifty");
}
