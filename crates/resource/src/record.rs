//! A resource as it is stored, and as a client sees it.
//!
//! A record lies at `r/{id}` in the tree of its resource. Its value is a format version, one byte,
//! followed by the JSON text of the document. The document has everything but the `href`, which
//! depends on the address that a client uses.

use std::ops::Bound;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use kv_tree::{KeyRange, Kv, Snapshot};
use schemas::Fault;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use crate::query::Fields;
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

/// The keys of the records whose keys are greater than `key`.
pub(crate) fn keys_after(key: &str) -> KeyRange {
    KeyRange::between(Bound::Excluded(key.into()), Bound::Excluded(b"r0".to_vec()))
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

    /// The entity tag of the resource in this state (RFC 9110): a digest of the document, with the
    /// version of the API that shows it.
    pub fn etag(&self) -> String {
        format!("\"5-{:032x}\"", xxh3_128(self.json()))
    }

    /// Appends the document as a client sees it: with its `href`, and with the attributes that are
    /// selected. All of it is copied, not parsed; it is an object with at least an id.
    pub fn represent(
        &self,
        href: &str,
        fields: Option<&Fields>,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        if let Some(fields) = fields {
            let mut document = self.document()?;
            document.insert("href".into(), href.into());
            fields.select(&mut document);
            return serde_json::to_writer(out.writer(), &document).map_err(Error::internal);
        }
        out.put_slice(br#"{"href":"#);
        out.put_slice(Value::from(href).to_string().as_bytes());
        out.put_u8(b',');
        out.put_slice(&self.json()[1..]);
        Ok(())
    }

    /// A response with the document of the resource.
    pub fn respond(
        &self,
        status: StatusCode,
        links: &Links,
        id: &str,
        fields: Option<&Fields>,
    ) -> Result<Response<Bytes>, Error> {
        let mut body = BytesMut::new();
        self.represent(&links.href(id), fields, &mut body)?;
        let mut response = json_response(status, body.freeze());
        let tag = HeaderValue::try_from(self.etag()).map_err(Error::internal)?;
        response.headers_mut().insert(ETAG, tag);
        Ok(response)
    }
}

/// A response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Marks the document as changed at `now`, to the millisecond, if it is of a resource that has such a
/// mark.
pub(crate) fn stamp(definition: &Definition, document: &mut Document, now: Timestamp) {
    if definition.is_stamped {
        document.insert("lastUpdate".into(), format!("{now:.3}").into());
    }
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
