//! Changes, each of which is noted before it is sent, and sent until it is known to be made.

use anyhow::bail;
use reqwest::Method;
use serde_json::Value;

use crate::caller::{Caller, Outcome};
use crate::expectations::Expectations;
use crate::kinds::{Change, Key};

/// How often a change is sent whose outcome is not known.
const ATTEMPTS: usize = 50;

/// Who makes changes. All of them are such that to make one twice is to make it once.
#[derive(Clone)]
pub struct Changes {
    pub caller: Caller,
    pub expectations: Expectations,
}

impl Changes {
    /// Creates a resource with an id of the client's own: as it is then, unless that is refused.
    pub async fn create(&self, key: &Key, document: &Value) -> anyhow::Result<Option<Value>> {
        let mark = Some(key.0.mark(document));
        self.make(key, Change::Create, mark, Method::POST, Some(document)).await
    }

    /// Changes a resource by a merge patch, which leaves the mark: as it is then, unless that is refused.
    pub async fn patch(
        &self,
        key: &Key,
        change: Change,
        mark: &str,
        patch: &Value,
    ) -> anyhow::Result<Option<Value>> {
        self.make(key, change, Some(mark.to_owned()), Method::PATCH, Some(patch)).await
    }

    /// Deletes a resource.
    pub async fn delete(&self, key: &Key) -> anyhow::Result<()> {
        self.make(key, Change::Delete, None, Method::DELETE, None).await.map(drop)
    }

    /// Notes that the application itself has created a resource, with the mark.
    pub fn follows(&self, key: &Key, mark: &str) {
        self.expectations.begin(key, Change::Create, Some(mark.to_owned()));
        self.expectations.done(key);
    }

    async fn make(
        &self,
        key: &Key,
        change: Change,
        mark: Option<String>,
        method: Method,
        body: Option<&Value>,
    ) -> anyhow::Result<Option<Value>> {
        let (kind, id) = key;
        let (all, one) = (kind.path(), format!("{}/{id}", kind.path()));
        let path = if method == Method::POST { &all } else { &one };
        self.expectations.begin(key, change, mark.clone());
        for attempt in 0..ATTEMPTS {
            match self.caller.send(method.clone(), path, body).await? {
                Outcome::Answered(answer) if (200..300).contains(&answer.status) => {
                    self.expectations.done(key);
                    return Ok(Some(answer.document));
                }
                Outcome::Answered(answer) if attempt == 0 => {
                    self.expectations.refused(key);
                    let what = format!("{method} {one}: {} {}", answer.status, answer.document);
                    self.caller.tally.note_wrong(what);
                    return Ok(None);
                }
                // What was sent before may be the reason for a refusal.
                Outcome::Answered(_) | Outcome::Unknown => {}
            }
            let found = self.caller.get(&one).await?;
            let shown = (found.status == 200).then(|| kind.mark(&found.document));
            if shown == mark {
                self.expectations.done(key);
                return Ok(Some(found.document));
            }
        }
        bail!("{method} {one}: it is still not known whether it was made")
    }
}
