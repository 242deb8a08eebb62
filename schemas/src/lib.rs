//! The JSON Schemas of the Account Management API and of the Customer Bill Management API, compiled
//! into validators, and what a document of one version is in the other.
//!
//! The schema files beside this crate's sources (`v4/*.schema.json` and `v5/*.schema.json`, JSON
//! Schema 2020-12, one file a type) are read when the crate is compiled; nothing is parsed at run
//! time. A type that both APIs have is one file; where they differ, that of TMF678 is `…OfBill`. Where
//! v5 offers several types for one attribute, the branch is chosen by `@type`. Attributes that no schema
//! names are extensions and always allowed.
//!
//! Where `minLength` says that a text is not empty, the format `not-blank`, a word of our own, says
//! that it is not of white space only: the pattern `\S` for which a regular expression engine would
//! have to be compiled in.
//!
//! # Layout
//!
//! * [`json`] – from bytes to a document, and [`id`] – what an id may be.
//! * [`class`] – the resources, each in both versions.
//! * [`accept`] – what is accepted of a document that a client sends.
//! * [`version`] – the versions; [`v4`], [`v5`] – the resources of version 4 and of version 5 of the APIs.
//! * [`attribute`] – what the standard attributes of a type hold, from the same files (`build.rs`).
//! * `convert` – from one version to the other, and what a document of v5 leaves unsaid.
//! * [`fault`] – what is wrong with a value, and where.
//! * `text` – texts that say nothing.

#![forbid(unsafe_code)]

pub mod accept;
pub mod attribute;
pub mod class;
mod convert;
pub mod fault;
pub mod id;
pub mod json;
mod text;
pub mod v4;
pub mod v5;
pub mod version;

pub use attribute::Kind;
pub use class::Class;
pub use fault::Fault;
use serde_json::{Map, Value};
pub use version::Version;

/// The schema of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    type_name: &'static str,
    attributes: &'static attribute::Type,
    /// Whether clients may write in short what [`Schema::normalise`] spells out.
    has_shorthand: bool,
    is_valid: fn(&Value) -> bool,
    errors: for<'v> fn(&'v Value) -> jsonschema::ErrorIterator<'v>,
}

impl Schema {
    /// The name of the class that the schema describes, such as `BillingAccount`.
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// What the attribute at a dotted path holds, such as `creditLimit.value`. None where it is an
    /// object, or where the standard has no such attribute: an extension can hold anything.
    pub fn kind_of(&self, path: &str) -> Option<Kind> {
        self.attributes.kind_of(path)
    }

    /// Removes every standard attribute that is null, at any depth: in a document null says no more
    /// than leaving it out. Extensions stay as they are.
    pub fn drop_nulls(&self, document: &mut Map<String, Value>) {
        self.attributes.drop_nulls(document);
    }

    /// Spells out what clients of TMF678 write in short: an array that has nothing but one object, where
    /// the standard has one object, is that object; and a date, where it has a time, is the beginning
    /// of that day in UTC. What clients of other APIs write stays as it is, and so do extensions.
    ///
    /// It decides what is valid, so this goes before that check.
    pub fn normalise(&self, document: &mut Map<String, Value>) {
        if self.has_shorthand {
            self.attributes.normalise(document);
        }
    }

    /// Whether nothing is wrong with `value`.
    pub fn is_valid(&self, value: &Value) -> bool {
        (self.is_valid)(value)
    }

    /// Checks `value` and reports everything that is wrong with it, in the order of the pointers.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<Fault>> {
        // The yes-or-no check is many times faster than collecting faults, and nearly always yes.
        if self.is_valid(value) {
            return Ok(());
        }
        // A fault of a base type is found once for each type that extends it.
        let mut faults: Vec<_> =
            (self.errors)(value).map(|error| Fault::from_error(&error)).collect();
        faults.sort_unstable();
        faults.dedup();
        Err(faults)
    }
}
