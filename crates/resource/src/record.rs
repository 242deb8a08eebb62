//! A resource as it is stored, and as a client sees it.
//!
//! A record lies at `r/{id}` in the tree of its resource. Its value is a format version, one byte,
//! followed by the JSON text of the document. The document has everything but the `href`, which
//! depends on the address that a client uses.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use kv_tree::{KeyRange, Kv, Snapshot};
use schemas::Fault;
use serde_json::{Map, Value};

use crate::route::Links;
use crate::{Definition, Error};

/// The JSON object that a resource is.
pub(crate) type Document = Map<String, Value>;

const VERSION: u8 = 1;

/// The key of the record with the id.
pub(crate) fn key(id: &str) -> String {
    format!("r/{id}")
}

/// The keys of all records.
pub(crate) fn keys() -> KeyRange {
    KeyRange::prefix("r/")
}

/// The record with the id, or the error that there is none.
pub(crate) async fn find<K: Kv>(snapshot: &Snapshot<K>, id: &str) -> Result<Record, Error> {
    match snapshot.get(key(id)).await? {
        Some(value) => Record::read(id, value),
        None => Err(Error::no_such_resource(id)),
    }
}

/// A document in its stored form.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    value: Bytes,
}

impl Record {
    pub fn write(document: &Document) -> Self {
        let mut value = BytesMut::new().writer();
        value.get_mut().put_u8(VERSION);
        // Writing JSON to memory fails for map keys that are no strings, which a Map cannot have.
        let _ = serde_json::to_writer(&mut value, document);
        Self { value: value.into_inner().freeze() }
    }

    pub fn read(id: &str, value: Bytes) -> Result<Self, Error> {
        match &value[..] {
            [VERSION, b'{', ..] => Ok(Self { value }),
            [version, ..] => Err(Error::internal(format!(
                "record {id} has format version {version}, which this program does not know"
            ))),
            [] => Err(Error::internal(format!("record {id} is empty"))),
        }
    }

    pub fn document(&self) -> Result<Document, Error> {
        serde_json::from_slice(self.json())
            .map_err(|error| Error::internal(format!("a record is damaged: {error}")))
    }

    pub fn into_value(self) -> Bytes {
        self.value
    }

    fn json(&self) -> &[u8] {
        &self.value[1..]
    }

    /// Appends the document as a client sees it: with its `href`. The stored text is copied, not
    /// parsed; it is an object with at least an id.
    pub fn represent(&self, href: &str, out: &mut BytesMut) {
        out.put_slice(br#"{"href":"#);
        out.put_slice(Value::from(href).to_string().as_bytes());
        out.put_u8(b',');
        out.put_slice(&self.json()[1..]);
    }

    /// A response with the document of the resource.
    pub fn respond(&self, status: StatusCode, links: &Links, id: &str) -> Response<Bytes> {
        let mut body = BytesMut::new();
        self.represent(&links.href(id), &mut body);
        json_response(status, body)
    }
}

/// A response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: BytesMut) -> Response<Bytes> {
    let mut response = Response::new(body.freeze());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Marks the document as changed at `now`, to the millisecond.
pub(crate) fn stamp(document: &mut Document, now: Timestamp) {
    document.insert("lastUpdate".into(), format!("{now:.3}").into());
}

/// The document, if neither its schema finds a fault with it nor something else has: `faults`.
pub(crate) fn validated(
    definition: &Definition,
    document: Document,
    mut faults: Vec<Fault>,
) -> Result<Document, Error> {
    let document = Value::Object(document);
    faults.extend(definition.schema.validate(&document).err().into_iter().flatten());
    match document {
        Value::Object(document) if faults.is_empty() => Ok(document),
        _ => Err(Error::invalid_document(&faults)),
    }
}

/// The id in the key of a record.
pub(crate) fn id_of(key: &[u8]) -> Result<&str, Error> {
    key.strip_prefix(b"r/")
        .and_then(|id| std::str::from_utf8(id).ok())
        .ok_or_else(|| Error::internal(format!("{key:?} is no key of a record")))
}
