//! What a server does of its own with resources of a kind, beside what clients ask for.

use std::fmt::Debug;
use std::future::ready;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;
use schemas::{Fault, Version};
use serde_json::{Map, Value};

use super::definition::Definition;
use super::job::Job;
use super::operation::Operations;
use super::rule::{Asked, Data};
use crate::Error;
use crate::settings::Settings;
use crate::storage::record::Record;

/// The member of a stored document that no client sees, nor sends: what the server keeps with it.
pub const HIDDEN: &str = crate::value::HIDDEN;

/// What a server does with resources of a kind. Whatever is not said, it does not do.
pub trait Behaviour: Debug + Sync {
    /// Completes and checks a document before it is validated, in the form that is stored: what was
    /// there `before` it, if anything, and the time are given.
    fn complete(
        &self,
        document: &mut Map<String, Value>,
        before: Option<&Map<String, Value>>,
        now: Timestamp,
    ) -> Vec<Fault> {
        let _ = (document, before, now);
        Vec::new()
    }

    /// What can be done with the resources where the deployment does not want everything.
    fn operations(&self, settings: &Settings) -> Option<Operations> {
        let _ = settings;
        None
    }

    /// What becomes of a change that a client asks for, and what follows from it, in the transaction of
    /// the change. It may be done again on a newer state, so it has no effects but through `work`.
    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        let _ = (draft, work);
        Box::pin(ready(Ok(Outcome::AsAsked)))
    }

    /// Whether what a client creates may be shown without being stored ([`Outcome::Show`]).
    fn previews(&self) -> bool {
        false
    }

    /// The attributes that are shown otherwise than they are stored, as [`Behaviour::derive`] has them.
    fn derived(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether anything is shown otherwise than it is stored at present.
    fn derives<'a>(&'a self, data: &'a dyn Data) -> Asked<'a, bool> {
        let _ = data;
        Box::pin(ready(Ok(false)))
    }

    /// Shows the resources as they are, where they are stored otherwise.
    fn derive<'a>(&'a self, shown: &'a mut [Shown<'_>], data: &'a dyn Data) -> Asked<'a, ()> {
        let _ = (shown, data);
        Box::pin(ready(Ok(())))
    }

    /// Takes what was derived out of a document that a client sends back.
    fn strip(&self, document: &mut Map<String, Value>, stored: &Map<String, Value>) {
        let _ = (document, stored);
    }

    /// What goes on after a change was answered.
    fn jobs(&self) -> &'static [&'static dyn Job] {
        &[]
    }

    /// What can be done with a resource beside the operations of the standard.
    fn actions(&self) -> &'static [Action] {
        &[]
    }

    /// Does it, in a transaction of its own.
    fn act<'a>(&'a self, action: &'a str, id: &'a str, work: &'a mut dyn Work) -> Asked<'a, ()> {
        let _ = (id, work);
        Box::pin(ready(Err(Error::internal(format!("no {action}")))))
    }

    /// What belongs to a resource that is stored as an export has it, beside its record, its entries in indexes
    /// and what the export has of the API's own keys.
    fn restore<'a>(
        &'a self,
        id: &'a str,
        document: &'a Map<String, Value>,
        work: &'a mut dyn Work,
    ) -> Asked<'a, ()> {
        let _ = (id, document, work);
        Box::pin(ready(Ok(())))
    }

    /// The documents that lie below each resource.
    fn parts(&self) -> &'static [PartKind] {
        &[]
    }

    /// A document that lies below a resource.
    fn part<'a>(&'a self, part: Part<'a>, data: &'a dyn Data) -> Asked<'a, Representation> {
        let _ = data;
        Box::pin(ready(Err(Error::internal(format!("no {}", part.name)))))
    }
}

/// Something that can be done with each resource of a kind, at a path below it.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name in paths, such as `redrive`.
    pub name: &'static str,
    /// The method that does it.
    pub method: Method,
    /// What that is answered with.
    pub status: StatusCode,
    /// What it does, in a sentence.
    pub description: &'static str,
}

/// A document that lies below each resource of a kind.
#[derive(Debug)]
pub struct PartKind {
    /// Its name in paths, such as `document`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// What it can be seen as. The first is for who does not say.
    pub media_types: &'static [&'static str],
}

/// A document below a resource that is asked for.
pub struct Part<'p> {
    /// Its name.
    pub name: &'p str,
    /// The id of the resource.
    pub id: &'p str,
    /// The resource as it is shown, in the form in which it is stored.
    pub resource: Value,
    /// The one of its media types that the client prefers.
    pub media_type: &'static str,
}

/// What a client is shown that is no JSON of a resource.
pub struct Representation {
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub body: Bytes,
}

/// A change that is going to be made: nothing was there before a resource is created, and nothing is left
/// of one that is deleted.
pub struct Draft<'d> {
    /// The id of the resource.
    pub id: &'d str,
    /// What is stored.
    pub before: Option<&'d Value>,
    /// What a client wants to be stored.
    pub after: Option<&'d Value>,
}

/// What becomes of a change.
pub enum Outcome {
    /// It is made as it was asked for.
    AsAsked,
    /// This is stored instead.
    Store(Map<String, Value>),
    /// The first is stored, and the client that creates it is shown the second.
    StoreShowing { stored: Map<String, Value>, shown: Map<String, Value> },
    /// There is one already, which is the answer.
    Existing { id: String, document: Map<String, Value> },
    /// The client is shown this, and nothing is stored.
    Show(Map<String, Value>),
}

/// A resource that a client is going to be shown.
pub struct Shown<'r> {
    /// Its id.
    pub id: &'r str,
    pub(crate) record: &'r mut Record,
}

impl Shown<'_> {
    /// The document, as it is stored; nothing if that cannot be read.
    pub fn document(&self) -> Option<Map<String, Value>> {
        self.record.document().ok()
    }

    /// Shows another document instead.
    pub fn set(&mut self, document: &Map<String, Value>) {
        *self.record = Record::write(document).instead_of(self.record);
    }
}

/// A transaction of the server's own. What it writes is stored together with the change that it belongs
/// to, or not at all.
pub trait Work: Data {
    /// The version that the client of the request uses.
    fn version(&self) -> Version;

    /// The address under which the client of the request has reached the API, without its version.
    fn base(&self) -> String;

    /// The number of the commit that the transaction was begun on.
    fn commit(&self) -> u64;

    /// An id that no resource has. Ids ascend in the order in which they are made.
    fn new_id(&self) -> String;

    /// An id of the transaction that no other one has. It may stay the same where a step is done again.
    fn id(&self) -> String;

    /// The address of a resource that can be kept: with the configured base URL, or else without scheme and
    /// host, because each client may use others.
    fn address(&self, definition: &Definition, id: &str) -> String;

    /// Writes a value at a key of the API's own, which begins with a word that no resource is called.
    fn put(&mut self, key: String, value: Bytes);

    /// Removes a key of the API's own.
    fn delete(&mut self, key: String);

    /// Creates, changes or deletes a resource, with its entries in indexes. No rule is asked: what the
    /// server does of its own has to be right.
    fn write<'a>(
        &'a mut self,
        definition: &'static Definition,
        id: &'a str,
        before: Option<&'a Value>,
        after: Option<&'a Value>,
    ) -> Asked<'a, ()>;

    /// Sees that events are sent after the request, or what has to do with them is done.
    fn deliver(&self) -> Result<(), Error>;

    /// Begins a job, whose first step finds the `state`, which must not begin with a byte of 0. No job begins
    /// if the change is not committed. Only what creates resources may begin one.
    fn start<'a>(&'a mut self, job: &'static dyn Job, id: &'a str, state: Bytes) -> Asked<'a, ()>;
}
