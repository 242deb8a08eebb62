//! Requests, and what came of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;
use tokio::sync::watch;

use crate::host::Running;
use crate::tally::{Tally, Trouble};

/// How long an answer may take: longer than the application gives a request.
const TIMEOUT: Duration = Duration::from_secs(90);

/// How long a connection is kept that nothing is asked over.
const IDLE: Duration = Duration::from_secs(1);

/// How long a request is sent again and again.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long is waited before it is.
const PAUSE: Duration = Duration::from_millis(200);

/// Who sends requests, wherever the application is at the moment. Clones share their connections.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    running: watch::Receiver<Running>,
    pub tally: Arc<Tally>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// `X-Total-Count`.
    pub total: Option<usize>,
    pub document: Value,
}

/// What came of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It was answered with something that is no failure of the server.
    Answered(Answer),
    /// It may have had an effect.
    Unknown,
}

/// What came of an attempt.
enum Attempt {
    Answered(Answer),
    Failed(Trouble),
}

impl Caller {
    pub fn new(running: watch::Receiver<Running>, tally: Arc<Tally>) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).pool_idle_timeout(IDLE).build()?;
        Ok(Self { http, running, tally })
    }

    /// Sends a request until it is certain that it had an effect, or may have had one. With a PATCH goes a
    /// merge patch.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Outcome> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            match self.attempt(&method, path, body).await {
                Attempt::Answered(answer) => return Ok(Outcome::Answered(answer)),
                Attempt::Failed(Trouble::NotConnected | Trouble::Busy) => {}
                Attempt::Failed(_) => return Ok(Outcome::Unknown),
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("{method} {path} has had no effect for {} s", PATIENCE.as_secs())
    }

    /// Asks until there is an answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Outcome::Answered(answer) = self.send(Method::GET, path, None).await? {
                return Ok(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("GET {path} was not answered for {} s", PATIENCE.as_secs())
    }

    /// The status of `POST /maintenance`.
    pub async fn maintain(&self, token: &str) -> reqwest::Result<u16> {
        let request = self.http.post(self.url("/maintenance")).bearer_auth(token);
        Ok(request.send().await?.status().as_u16())
    }

    /// What a GET of now answers, if it is answered soon. It is not tallied.
    pub async fn peek(&self, path: &str, within: Duration) -> Option<Value> {
        let request = self.http.get(self.url(path)).timeout(within);
        let answer = request.send().await.ok()?.error_for_status().ok()?;
        answer.json().await.ok()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.borrow().base_url)
    }

    async fn attempt(&self, method: &Method, path: &str, body: Option<&Value>) -> Attempt {
        let mut request = self.http.request(method.clone(), self.url(path));
        if let Some(body) = body {
            let media_type = match *method {
                Method::PATCH => "application/merge-patch+json",
                _ => "application/json",
            };
            request = request.header(CONTENT_TYPE, media_type).body(body.to_string());
        }
        let begin = self.tally.now();
        let attempt = read(request).await;
        match &attempt {
            Attempt::Answered(_) => self.tally.answered(request_kind(method, path), begin),
            Attempt::Failed(trouble) => self.tally.failed(*trouble, begin),
        }
        attempt
    }
}

/// What requests have in common that ask for the same sort of thing, in either version: such as
/// `GET billingAccount/{id}`, or `GET billingAccount?sort`.
fn request_kind(method: &Method, path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    // The path begins with a slash, and with the three segments of an API and its version.
    let mut segments = path.split('/').skip(4);
    let resource = segments.next().unwrap_or_default();
    let one = segments.next().map_or("", |_| "/{id}");
    let first = query.split(['=', '&']).next().unwrap_or_default();
    let separator = if first.is_empty() { "" } else { "?" };
    format!("{method} {resource}{one}{separator}{first}")
}

async fn read(request: reqwest::RequestBuilder) -> Attempt {
    let answer = async {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let may_retry = response.headers().contains_key(RETRY_AFTER);
        let total = response.headers().get("x-total-count");
        let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
        let document = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
        Ok::<_, reqwest::Error>((may_retry, Answer { status, total, document }))
    };
    match answer.await {
        Ok((true, Answer { status: 503, .. })) => Attempt::Failed(Trouble::Busy),
        Ok((_, answer)) if answer.status == 500 && answer.document["code"] == "3" => {
            Attempt::Failed(Trouble::Unknown)
        }
        Ok((_, answer)) if answer.status >= 500 => Attempt::Failed(Trouble::Status(answer.status)),
        Ok((_, answer)) => Attempt::Answered(answer),
        Err(error) if error.is_connect() => Attempt::Failed(Trouble::NotConnected),
        Err(_) => Attempt::Failed(Trouble::BrokenOff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;

    #[test]
    fn requests_of_a_kind_are_told_from_others() {
        let path = Kind::Account.path();
        for (method, path, kind) in [
            (Method::GET, format!("{path}/5"), "GET billingAccount/{id}"),
            (Method::GET, format!("{path}?sort=name&limit=20"), "GET billingAccount?sort"),
            (Method::GET, path.replace("/v5/", "/v4/") + "/5", "GET billingAccount/{id}"),
            (Method::GET, format!("{path}?a.b.id=1&limit=2"), "GET billingAccount?a.b.id"),
            (Method::POST, path, "POST billingAccount"),
            (
                Method::PATCH,
                format!("{}/7", Kind::Item.path()),
                "PATCH appliedCustomerBillingRate/{id}",
            ),
        ] {
            assert_eq!(request_kind(&method, &path), kind);
        }
    }
}
