//! The client of the two APIs: everything that is sent, and what comes back.

mod request;
mod send;

use serde_json::{Value, json};

pub use request::Request;
pub use send::{exchange, fetch_json};

use super::session::{Session, session};
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::paging::Walk;
use crate::model::resource::{Api, Resource, path};
use crate::model::search::Question;

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub documents: Vec<Value>,
    /// How many the whole list has, of the same moment.
    pub total: usize,
    /// Whether there are too many for a search, so that only what begins with the text was found.
    pub is_of_beginnings: bool,
}

impl Page {
    /// How many were read, and of how many, where that is not all of them.
    pub fn part(&self) -> Option<(usize, usize)> {
        let read = self.documents.len();
        (read < self.total).then_some((read, self.total))
    }
}

/// A resource as it is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    pub document: Value,
    /// Its state, for `If-Match`.
    pub tag: String,
}

/// The client; requests are sent for who is signed in.
#[derive(Clone, Copy)]
pub struct Client {
    session: Session,
}

/// The client of the page.
pub fn client() -> Client {
    Client { session: session() }
}

const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// How many can be created with one request.
pub const MOST_CREATED: usize = 1_000;

impl Client {
    /// A page of a list; `query` is the API's own.
    pub async fn list(&self, resource: &Resource, query: &str) -> Result<Page, Failure> {
        let path = format!("{}?{query}", resource.name);
        let answer = Request::get(resource.api, path).send(self.session).await?;
        let total = answer.header("x-total-count").and_then(|total| total.parse().ok());
        let Value::Array(documents) = answer.json().await? else { return Err(Failure::Unreadable) };
        let total = total.unwrap_or(documents.len());
        Ok(Page { documents, total, ..Page::default() })
    }

    /// A page of a list that may be searched: where there is too much to look into, by indexes alone.
    pub async fn find(&self, resource: &Resource, asked: &Question) -> Result<Page, Failure> {
        let found = self.list(resource, &asked.anywhere).await;
        match (&found, &asked.by_index) {
            (Err(failure), Some(by_index)) if failure.reads_too_much() => {
                let page = self.list(resource, by_index).await?;
                Ok(Page { is_of_beginnings: true, ..page })
            }
            _ => found,
        }
    }

    /// The next page of a list that is read whole, without what was read before. Nothing comes
    /// where something has moved: then it is read again from further in front.
    pub async fn next(
        &self,
        resource: &Resource,
        query: &str,
        walk: &mut Walk,
    ) -> Result<Vec<Value>, Failure> {
        let page = format!("{query}&limit={}&offset={}", walk.limit, walk.offset);
        let page = self.list(resource, &page).await?;
        Ok(walk.take(page.documents, page.total))
    }

    /// A list, page by page: all of it, or the first so many.
    pub async fn whole(
        &self,
        resource: &Resource,
        query: &str,
        most: usize,
    ) -> Result<Page, Failure> {
        let (mut walk, mut documents) = (Walk::for_most(most), Vec::new());
        while !walk.is_done && documents.len() < most {
            documents.extend(self.next(resource, query, &mut walk).await?);
        }
        documents.truncate(most);
        let total = walk.total.max(documents.len());
        Ok(Page { documents, total, ..Page::default() })
    }

    /// How many a list has.
    pub async fn count(&self, resource: &Resource, query: &str) -> Result<usize, Failure> {
        let query = if query.is_empty() { String::new() } else { format!("{query}&") };
        Ok(self.list(resource, &format!("{query}limit=0")).await?.total)
    }

    pub async fn read(&self, resource: &Resource, id: &str) -> Result<Stored, Failure> {
        let stored = self.stored(Request::get(resource.api, path(resource, &[id])?)).await?;
        match document::text(&stored.document, "id") == Some(id) {
            true => Ok(stored),
            false => Err(Failure::Unreadable),
        }
    }

    /// Creates a resource. The same key with the same document creates it once, however often it is
    /// sent: see [`super::session`] for keys that nobody guesses.
    pub async fn create(
        &self,
        resource: &Resource,
        document: &Value,
        key: &str,
    ) -> Result<Stored, Failure> {
        let request = Request::new("POST", resource.api, resource.name.to_owned());
        let request = request.header("Idempotency-Key", key);
        self.stored(request.body("application/json", document.to_string())).await
    }

    /// Creates all of the documents, or none; the key is that of all of them together.
    pub async fn create_many(
        &self,
        resource: &Resource,
        documents: &[Value],
        key: &str,
    ) -> Result<(), Failure> {
        let add = |document: &Value| json!({"op": "add", "path": "/", "value": document});
        let patch = Value::Array(documents.iter().map(add).collect());
        let request = Request::new("PATCH", resource.api, resource.name.to_owned());
        let request = request.header("Idempotency-Key", key);
        request.body(JSON_PATCH, patch.to_string()).send(self.session).await.map(drop)
    }

    /// Changes a resource by a merge patch (RFC 7396), unless it has another state than that of the
    /// tag: then the failure has the status 412.
    pub async fn patch(
        &self,
        resource: &Resource,
        id: &str,
        tag: &str,
        patch: &Value,
    ) -> Result<Stored, Failure> {
        let request = Request::new("PATCH", resource.api, path(resource, &[id])?);
        let request = request.header("If-Match", tag);
        self.stored(request.body(MERGE_PATCH, patch.to_string())).await
    }

    /// Deletes a resource, unless it has another state than that of the tag.
    pub async fn delete(&self, resource: &Resource, id: &str, tag: &str) -> Result<(), Failure> {
        let request = Request::new("DELETE", resource.api, path(resource, &[id])?);
        request.header("If-Match", tag).send(self.session).await.map(drop)
    }

    /// Does what a resource offers beside that, such as `["42", "redrive"]` of a subscription.
    pub async fn act(
        &self,
        method: &'static str,
        resource: &Resource,
        steps: &[&str],
    ) -> Result<(), Failure> {
        let request = Request::new(method, resource.api, path(resource, steps)?);
        request.send(self.session).await.map(drop)
    }

    /// A representation of something below a resource, as text: the document of a bill.
    pub async fn text(
        &self,
        resource: &Resource,
        steps: &[&str],
        accept: &'static str,
    ) -> Result<String, Failure> {
        let request = Request::get(resource.api, path(resource, steps)?).header("Accept", accept);
        request.send(self.session).await?.text().await
    }

    /// The OpenAPI document of an API.
    pub async fn description(&self, api: Api) -> Result<Value, Failure> {
        Request::get(api, "openapi.json".to_owned()).send(self.session).await?.json().await
    }

    async fn stored(&self, request: Request) -> Result<Stored, Failure> {
        let answer = request.send(self.session).await?;
        let tag = answer.header("etag").unwrap_or_default();
        Ok(Stored { tag, document: answer.json().await? })
    }
}
