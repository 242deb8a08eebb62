//! Resources as the client of one request sees them, and as it may change them: in a version of the
//! API, and under the address that it uses.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use schemas::{Fault, Version};

use crate::answer::links::Links;
use crate::budget::Budget;
use crate::query::Fields;
use crate::storage::record::Record;
use crate::value::Document;
use crate::value::HIDDEN;
use crate::{Definition, Error};

/// How one client sees the resources.
pub(crate) struct View<'v> {
    pub definition: &'v Definition,
    pub version: Version,
    pub links: Links,
    /// What the request may still cost.
    pub budget: &'v Budget,
    /// When it was made.
    pub now: Timestamp,
}

/// A response with several resources.
pub(crate) struct Listed {
    pub response: Response<Bytes>,
    /// How many are in it.
    pub shown: usize,
    /// How many of those that it was made of it is about: what could not be read, and what had no
    /// room, is not shown, but only what had no room is still to come.
    pub done: usize,
}

impl View<'_> {
    /// The document with the `id`, stored as `stored`, as the client sees it: with its `href`.
    pub fn document(&self, id: &str, mut stored: Document) -> Document {
        stored.remove(HIDDEN);
        let mut shown = match self.version {
            Version::V4 => self.definition.class.to_v4(stored),
            Version::V5 => stored,
        };
        shown.insert("href".into(), self.links.href(id).into());
        shown
    }

    /// What is to be stored of a document that the client sent, if neither its schema finds a fault
    /// with it nor something else has: `faults`. Where it changes a resource, `before` is what is
    /// stored of that.
    pub fn accept(
        &self,
        document: Document,
        faults: Vec<Fault>,
        before: Option<&Document>,
    ) -> Result<Document, Error> {
        let Self { definition, version, now, .. } = self;
        let complete = |document: &mut Document| match definition.behaviour {
            Some(behaviour) => behaviour.complete(document, before, *now),
            None => Vec::new(),
        };
        let accepted = definition.class.accept(*version, document, faults, before, complete);
        accepted.map_err(|faults| Error::invalid_document(&faults))
    }

    /// The entity tag of the resource in this state (RFC 9110): a digest of what is stored, with the
    /// version that shows it; and, behind a dot, one of what is shown, where the server makes that of it.
    pub fn etag(&self, record: &Record) -> String {
        let (number, digest) = (self.version.number(), record.digest());
        match record.digest_of_shown() {
            None => format!("\"{number}-{digest:032x}\""),
            Some(shown) => format!("\"{number}-{digest:032x}.{shown:032x}\""),
        }
    }

    /// Appends the document as the client sees it, with the attributes that are selected.
    pub fn represent(
        &self,
        id: &str,
        record: &Record,
        fields: Option<&Fields>,
        out: &mut BytesMut,
    ) -> Result<(), Error> {
        if self.version == Version::V5 && fields.is_none() {
            // It is copied, not parsed: an object with at least an id, as all that is stored.
            record.check()?;
            out.put_slice(br#"{"href":""#);
            self.links.pieces(id).for_each(|piece| out.put_slice(piece.as_bytes()));
            out.put_slice(br#"","#);
            out.put_slice(&record.json()[1..]);
            return Ok(());
        }
        let mut document = self.document(id, record.document()?);
        if let Some(fields) = fields {
            fields.select(self.version, &mut document, self.budget)?;
        }
        serde_json::to_writer(out.writer(), &document).map_err(Error::internal)
    }

    /// A response with the document of the resource, whose entity tag is `tag`.
    pub fn respond(
        &self,
        status: StatusCode,
        id: &str,
        record: &Record,
        tag: String,
        fields: Option<&Fields>,
    ) -> Result<Response<Bytes>, Error> {
        let mut body = BytesMut::with_capacity(self.expected_len(id, record));
        self.represent(id, record, fields, &mut body)?;
        let mut response = self.json_response(status, body.freeze());
        let tag = HeaderValue::try_from(tag).map_err(Error::internal)?;
        response.headers_mut().insert(ETAG, tag);
        Ok(response)
    }

    /// A response with the documents of several resources: those that `max_bytes` have room for, and
    /// at least one. What cannot be read is left out, and `note` is told of it.
    pub fn respond_list<'r>(
        &self,
        records: impl Iterator<Item = (&'r str, &'r Record)> + Clone,
        fields: Option<&Fields>,
        max_bytes: usize,
        note: impl Fn(&str, &Error),
    ) -> Result<Listed, Error> {
        let len = |(id, record)| match fields {
            None => self.expected_len(id, record),
            Some(_) => 0,
        };
        let expected: usize = records.clone().map(len).sum();
        let mut body = BytesMut::with_capacity(expected.min(max_bytes).saturating_add(2));
        let (mut shown, mut done) = (0, 0);
        body.put_u8(b'[');
        for (id, record) in records {
            let before = body.len();
            if shown > 0 {
                body.put_u8(b',');
            }
            match self.represent(id, record, fields, &mut body) {
                Ok(()) if shown > 0 && body.len() >= max_bytes => {
                    body.truncate(before);
                    break;
                }
                Ok(()) => shown += 1,
                Err(error) if error.cause().is_some() => {
                    note(id, &error);
                    body.truncate(before);
                }
                Err(error) => return Err(error),
            }
            done += 1;
        }
        body.put_u8(b']');
        Ok(Listed { response: self.json_response(StatusCode::OK, body.freeze()), shown, done })
    }

    /// About how many bytes the document is shown in; in v5 as a whole, not one less.
    fn expected_len(&self, id: &str, record: &Record) -> usize {
        let href: usize = self.links.pieces(id).map(str::len).sum();
        record.json().len() + href + r#""href":"","#.len()
    }

    fn json_response(&self, status: StatusCode, body: Bytes) -> Response<Bytes> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let media_type = HeaderValue::from_static(self.version.media_type());
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        response
    }
}
