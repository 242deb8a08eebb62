//! A request of an API, and its answer.

use serde_json::Value;
use web_sys::{RequestInit, Response};

use super::super::session::Session;
use super::send;
use crate::model::failure::Failure;
use crate::model::resource::Api;

pub struct Request {
    method: &'static str,
    api: Api,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

/// An answer that is no error. Its body is still to be read.
pub struct Answer(Response);

impl Request {
    pub fn new(method: &'static str, api: Api, path: String) -> Self {
        Self { method, api, path, headers: Vec::new(), body: None }
    }

    pub fn get(api: Api, path: String) -> Self {
        Self::new("GET", api, path)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    #[must_use]
    pub fn body(mut self, media_type: &'static str, body: String) -> Self {
        self.body = Some(body);
        self.header("Content-Type", media_type)
    }

    /// Sends it. Where the server does not know the token any more, the session ends.
    pub async fn send(self, session: Session) -> Result<Answer, Failure> {
        let init = RequestInit::new();
        init.set_method(self.method);
        let headers = web_sys::Headers::new().map_err(|_| Failure::Network)?;
        let token = session.token().await;
        let bearer = token.as_ref().map(|token| ("Authorization", format!("Bearer {token}")));
        for (name, value) in self.headers.into_iter().chain(bearer) {
            // What is no header value cannot be sent: a token with signs that no token has.
            headers.set(name, &value).map_err(|_| Failure::Network)?;
        }
        init.set_headers(&headers);
        if let Some(body) = &self.body {
            init.set_body(&body.as_str().into());
        }
        let address = session.config().address(self.api, &self.path);
        let response = send::fetch(&address, &init).await.ok_or(Failure::Network)?;
        if response.ok() {
            return Ok(Answer(response));
        }
        let (status, answer) = (response.status(), Answer(response));
        if status == 401 {
            session.end(token.as_deref());
        }
        let request = answer.header("x-request-id").unwrap_or_default();
        let body = answer.json().await.unwrap_or_default();
        Err(Failure::refused(status, &body, request))
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<String> {
        self.0.headers().get(name).ok()?
    }

    pub async fn text(&self) -> Result<String, Failure> {
        send::text(&self.0).await.ok_or(Failure::Network)
    }

    pub async fn json(&self) -> Result<Value, Failure> {
        serde_json::from_str(&self.text().await?).map_err(|_| Failure::Unreadable)
    }
}
