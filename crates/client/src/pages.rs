//! A list, page by page.

use anyhow::{Context, bail, ensure};
use reqwest::Method;
use serde_json::Value;

use crate::Client;

/// How many resources a page has at most; the application can choose to give fewer.
const LIMIT: u64 = 1000;

/// A list in the order of ids. Made by [`Client::pages`].
///
/// A page is told by how many resources are before it. Where the list changes meanwhile, one could
/// be left out or seen twice, so that is an error.
#[derive(Debug)]
pub struct Pages<'c> {
    client: &'c Client,
    path: String,
    query: String,
    seen: u64,
    total: Option<u64>,
}

impl<'c> Pages<'c> {
    pub(crate) fn new(client: &'c Client, path: &str, query: &str) -> Self {
        let separator = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{separator}sort=id&limit={LIMIT}");
        Self { client, path: path.to_owned(), query, seen: 0, total: None }
    }

    /// The next resources; none at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<Value>>> {
        if self.total == Some(self.seen) {
            return Ok(None);
        }
        let path = format!("{}?{}&offset={}", self.path, self.query, self.seen);
        let answer = self.client.send(Method::GET, &path, None).await?;
        let answer = answer.success(Method::GET, &path)?;
        let total = answer.total;
        let total =
            total.with_context(|| format!("GET {path}: the answer has no X-Total-Count"))?;
        if let Some(before) = self.total {
            ensure!(
                before == total,
                "GET {path}: the list had {before} resources and now has {total}: it changed while it was read"
            );
        }
        self.total = Some(total);
        let Value::Array(page) = answer.json(&path)? else {
            bail!("GET {path}: the answer is no list");
        };
        self.seen += page.len() as u64;
        ensure!(
            self.seen <= total,
            "GET {path}: the list has more resources than the {total} that it says"
        );
        ensure!(
            !page.is_empty() || self.seen == total,
            "GET {path}: the list ends after {} of {total} resources",
            self.seen
        );
        Ok((!page.is_empty()).then_some(page))
    }

    /// All that are left.
    pub async fn all(mut self) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}
