//! Requests, and what is expected of their answers.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::Pages;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How long a connection is kept that nothing is asked over: the application may close it at any time, and
/// a change that was lost so is not sent again.
const IDLE: Duration = Duration::from_secs(1);

/// How often a request is sent that the application has no time for.
const MOST_ATTEMPTS: u32 = 6;

/// How long the first pause between attempts is; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How much of an answer an error shows, in characters.
const SHOWN: usize = 2000;

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A client of an application. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    token: Option<String>,
}

/// What came of creating a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// It was created, as this document.
    New(Value),
    /// There is one with its id, which stays as it is.
    AlreadyThere,
}

/// What the application answered.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// `X-Total-Count`.
    pub total: Option<u64>,
    /// Its body.
    pub text: String,
}

impl Client {
    /// A client of the application at an address such as `http://127.0.0.1:3000`; `token` is its
    /// access token, where the application asks who calls.
    pub fn new(url: &str, token: Option<&str>) -> anyhow::Result<Self> {
        ensure!(url.starts_with("http://"), "the address {url} must begin with http://");
        let builder = reqwest::Client::builder().timeout(TIMEOUT).pool_idle_timeout(IDLE);
        let http = builder.build()?;
        let base_url = url.trim_end_matches('/').to_owned();
        Ok(Self { http, base_url, token: token.map(str::to_owned) })
    }

    /// What is at `path`.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None).await?.success(Method::GET, path)?.json(path)
    }

    /// How many resources the list at `path`, which can have a query, has in all.
    pub async fn count(&self, path: &str) -> anyhow::Result<u64> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}limit=0");
        let answer = self.send(Method::GET, &path, None).await?.success(Method::GET, &path)?;
        answer.total.with_context(|| format!("GET {path}: the answer has no X-Total-Count"))
    }

    /// The list at `path` in the order of ids; `query` is what else is asked, such as
    /// `fields=name`.
    pub fn pages(&self, path: &str, query: &str) -> Pages<'_> {
        Pages::new(self, path, query)
    }

    /// Creates a resource with an id of the client's own in the collection at `path`.
    pub async fn create(&self, path: &str, document: &Value) -> anyhow::Result<Created> {
        let body = (JSON, document.to_string());
        let answer = self.send(Method::POST, path, Some(body)).await?;
        if answer.status != StatusCode::CONFLICT {
            return answer.success(Method::POST, path)?.json(path).map(Created::New);
        }
        // The id is not all that can be in conflict with something.
        match self.has(path, document).await? {
            true => Ok(Created::AlreadyThere),
            false => answer.success(Method::POST, path)?.json(path).map(Created::New),
        }
    }

    /// Whether the collection at `path` has a resource with the id of the document.
    pub async fn has(&self, path: &str, document: &Value) -> anyhow::Result<bool> {
        let id = document.get("id").and_then(Value::as_str).context("the document has no id")?;
        let path = format!("{path}/{id}?fields=id");
        let answer = self.send(Method::GET, &path, None).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            _ => answer.success(Method::GET, &path).map(|_| true),
        }
    }

    /// Creates up to 1,000 resources at once, or none where one of their ids is taken. Whether they
    /// were created.
    pub async fn create_many(&self, path: &str, documents: &[Value]) -> anyhow::Result<bool> {
        let operation = |document| json!({ "op": "add", "path": "/", "value": document });
        let operations: Value = documents.iter().map(operation).collect();
        let path = format!("{path}?fields=none");
        let body = (JSON_PATCH, operations.to_string());
        let answer = self.send(Method::PATCH, &path, Some(body)).await?;
        if answer.status == StatusCode::CONFLICT {
            return Ok(false);
        }
        answer.success(Method::PATCH, &path).map(|_| true)
    }

    /// Changes the resource at `path` by a merge patch (RFC 7396), and answers it as it is then.
    pub async fn merge(&self, path: &str, patch: &Value) -> anyhow::Result<Value> {
        self.patch(path, MERGE_PATCH, patch).await
    }

    /// Changes the resource at `path` by operations of JSON Patch (RFC 6902), and answers it as it
    /// is then.
    pub async fn apply(&self, path: &str, operations: &Value) -> anyhow::Result<Value> {
        self.patch(path, JSON_PATCH, operations).await
    }

    async fn patch(
        &self,
        path: &str,
        media_type: &'static str,
        patch: &Value,
    ) -> anyhow::Result<Value> {
        let body = (media_type, patch.to_string());
        let answer = self.send(Method::PATCH, path, Some(body)).await?;
        let told = answer.success(Method::PATCH, path);
        told.with_context(|| format!("with {}", shortened(&patch.to_string())))?.json(path)
    }

    /// The answer to a request, whatever it is; a body comes with its media type.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> anyhow::Result<Answer> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..MOST_ATTEMPTS {
            let answer = self.attempt(&method, path, body.clone()).await?;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(answer);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.attempt(&method, path, body).await
    }

    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> anyhow::Result<Answer> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((media_type, body)) = body {
            request = request.header(CONTENT_TYPE, media_type).body(body);
        }
        let answer = async {
            let response = request.send().await?;
            let total = response.headers().get("x-total-count");
            let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
            Ok::<_, reqwest::Error>(Answer {
                status: response.status(),
                total,
                text: response.text().await?,
            })
        };
        answer.await.with_context(|| format!("{method} {path}"))
    }
}

impl Answer {
    /// The answer, if it is one of success.
    pub fn success(self, method: Method, path: &str) -> anyhow::Result<Self> {
        if !self.status.is_success() {
            bail!("{method} {path}: {} {}", self.status, shortened(&self.text));
        }
        Ok(self)
    }

    /// Its document.
    pub fn json(&self, path: &str) -> anyhow::Result<Value> {
        serde_json::from_str(&self.text)
            .with_context(|| format!("{path}: the answer is not JSON: {}", shortened(&self.text)))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_the_beginning_of_answers() {
        assert_eq!(shortened("ä"), "ä");
        let long = "ä".repeat(SHOWN + 1);
        assert_eq!(shortened(&long), format!("{}…", "ä".repeat(SHOWN)));
        let answer = Answer { status: StatusCode::NOT_FOUND, total: None, text: "gone".into() };
        let error = answer.success(Method::GET, "/x").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("GET /x: 404 Not Found gone"));
    }

    #[test]
    fn addresses_are_of_http() {
        assert!(Client::new("127.0.0.1:3000", None).is_err());
        assert_eq!(Client::new("http://a/", None).unwrap().base_url, "http://a");
    }
}
