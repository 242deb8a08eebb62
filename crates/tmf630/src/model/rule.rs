//! What an API asks of a change, beyond the schema of the document.

use std::fmt::Debug;
use std::pin::Pin;

use access::Caller;
use bytes::Bytes;
use jiff::Timestamp;
use kv_tree::KeyRange;
use serde_json::Value;

use super::api::Resource;
use super::index::Index;
use crate::Error;
use crate::settings::Settings;

/// A change of one resource: none was there before one is created, none is left of one deleted.
#[derive(Debug, Clone, Copy)]
pub struct Change<'c> {
    /// What kind of resource it is.
    pub resource: &'static Resource,
    /// Its id.
    pub id: &'c str,
    /// What was stored.
    pub before: Option<&'c Value>,
    /// What is going to be stored.
    pub after: Option<&'c Value>,
}

impl Change<'_> {
    /// Whether the change concerns the attribute of the document itself.
    pub fn concerns(&self, attribute: &str) -> bool {
        fn value<'v>(document: Option<&'v Value>, attribute: &str) -> Option<&'v Value> {
            document?.get(attribute)
        }
        value(self.before, attribute) != value(self.after, attribute)
    }
}

/// What comes of asking for something that may have to be read.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>;

/// The resources of the tenant, as the transaction of a change sees them: all of them, because what
/// a rule guards must hold for everybody. Whatever is asked, the change is made only if the answer
/// still holds when it is committed.
pub trait Data {
    /// What the deployment chose.
    fn settings(&self) -> &Settings;

    /// The time.
    fn now(&self) -> Timestamp;

    /// Who it is done for.
    fn caller(&self) -> &Caller;

    /// Whether the client of the request acts for parties, and sees what is theirs alone.
    fn is_limited(&self) -> bool;

    /// Whether there is a resource with the id for the client of the request: one that it does not see
    /// is none.
    fn can_see<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, bool>;

    /// The document with the id, whoever sees it: what an error says must not tell of it.
    fn document<'a>(&'a self, resource: &'static str, id: &'a str) -> Asked<'a, Option<Value>>;

    /// The resources that have the text among the values of an index, with their ids: `limit` at
    /// most.
    fn found<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        text: &'a str,
        limit: usize,
    ) -> Asked<'a, Vec<(String, Value)>>;

    /// The documents with the ids, in their order, whoever sees them: of as many of the ids, from the first
    /// on, as take a bounded number of bytes, and of at least one.
    fn documents<'a>(
        &'a self,
        resource: &'static str,
        ids: &'a [String],
    ) -> Asked<'a, Vec<Option<Value>>>;

    /// The entries of an index in the range, in its order: `limit` at most.
    fn entries<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        range: Texts<'a>,
        limit: usize,
    ) -> Asked<'a, Vec<Entry>>;

    /// How many entries of an index are in the range.
    fn count<'a>(
        &'a self,
        resource: &'static str,
        index: Index,
        range: Texts<'a>,
    ) -> Asked<'a, u64>;

    /// The value at a key of the API's own.
    fn get<'a>(&'a self, key: &'a str) -> Asked<'a, Option<Bytes>>;

    /// What the API keeps of its own at keys that begin with the prefix, in their order: `limit` at most.
    fn scan<'a>(&'a self, prefix: &'a str, limit: usize) -> Asked<'a, Vec<(String, Bytes)>>;

    /// The same of a range of keys.
    fn scan_in<'a>(&'a self, range: &'a KeyRange, limit: u64) -> Asked<'a, Vec<(String, Bytes)>>;

    /// How many keys are in a range.
    fn count_in<'a>(&'a self, range: &'a KeyRange) -> Asked<'a, u64>;
}

/// A range of the texts of an index: from one on, up to another, which is not in it.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'t> {
    /// The first text.
    pub from: &'t str,
    /// The text that ends the range.
    pub to: &'t str,
    /// The key of the entry behind which the range begins, where part of it was seen.
    pub after: Option<&'t [u8]>,
}

/// An entry of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key, by which one goes on behind it.
    pub key: Bytes,
    /// The resource that it is for.
    pub id: String,
}

/// A rule of an API's own.
pub trait Rule: Debug + Sync {
    /// Refuses a change that breaks the rule.
    fn check<'a>(
        &'a self,
        change: Change<'a>,
        settings: &'a Settings,
        data: &'a dyn Data,
    ) -> Asked<'a, ()>;
}
