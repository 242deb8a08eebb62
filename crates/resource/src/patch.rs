//! PATCH on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kv_tree::{Kv, Tree};
use schemas::Fault;
use serde_json::Value;

use crate::record::{self, Document, Record};
use crate::route::Links;
use crate::{Definition, Error, Ports, body, query};

pub(crate) async fn patch<K: Kv, P: Ports, B: http_body::Body>(
    definition: &Definition,
    tree: &Tree<K>,
    ports: &P,
    links: &Links,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri())?;
    let mut patch = body::read_merge_patch(request).await?;
    // A client that sends back what it received sends this too; it is the server's to set.
    patch.remove("lastUpdate");
    let patch = Patch { href: patch.remove("href"), merge: Value::Object(patch) };

    let record = tree
        .transact(async |transaction| {
            let current = record::find(transaction, id).await?;
            let before = current.document()?;
            let faults = patch.forbidden_changes(&before, &links.href(id));
            let mut after = patch.applied_to(before.clone());
            if after == before && faults.is_empty() {
                return Ok(current);
            }
            record::stamp(&mut after, ports.now());
            let record = Record::write(&record::validated(definition, after, faults)?);
            transaction.put(record::key(id), record.clone().into_value());
            Ok::<_, Error>(record)
        })
        .await?;
    Ok(record.respond(StatusCode::OK, links, id))
}

/// A merge patch (RFC 7396), and the `href` that came with it, which no document stores.
struct Patch {
    merge: Value,
    href: Option<Value>,
}

impl Patch {
    /// The attributes that the patch would change and no patch can. Their present value may be
    /// among the patch, so that a client can send back the whole document.
    fn forbidden_changes(&self, document: &Document, href: &str) -> Vec<Fault> {
        let mut faults = Vec::new();
        for attribute in ["@type", "id"] {
            if let Some(value) = self.merge.get(attribute)
                && document.get(attribute) != Some(value)
            {
                faults.push(Fault::new(format!("/{attribute}"), "cannot be changed"));
            }
        }
        if self.href.as_ref().is_some_and(|value| value != href) {
            faults.push(Fault::new("/href", "cannot be changed"));
        }
        faults
    }

    fn applied_to(&self, document: Document) -> Document {
        let mut patched = Value::Object(document);
        json_patch::merge(&mut patched, &self.merge);
        match patched {
            Value::Object(document) => document,
            // An object that is merged with an object is one.
            _ => Document::new(),
        }
    }
}
