//! PATCH on a resource, in the four media types of TMF630.
//!
//! # Layout
//!
//! * `operations` – JSON Patch (RFC 6902) with what TMF630 adds.
//! * `places` – what the path of an operation points to.

mod operations;
mod places;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use operations::Operation;
use schemas::Fault;
use serde_json::Value;

use crate::body::PatchType;
use crate::catalogue::Catalogue;
use crate::context::Context;
use crate::record::{self, Document, Record};
use crate::{Error, Ports, body, conditional, index, query, rules};

/// Attributes that no patch changes. Their present value may be among a patch, so that a client can
/// send back the whole document.
const IMMUTABLE: [&str; 3] = ["@type", "href", "id"];

pub(crate) async fn patch<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields = query::fields_only(request.uri().query().unwrap_or_default())?;
    let headers = request.headers().clone();
    let patch = Patch::read(request).await?;

    let record = context
        .tree
        .transact(async |transaction| change(context, &patch, &headers, id, transaction).await)
        .await?;
    record.respond(StatusCode::OK, &context.links, id, fields.as_ref())
}

async fn change<P: Ports>(
    context: &Context<'_, P>,
    patch: &Patch,
    headers: &HeaderMap,
    id: &str,
    transaction: &mut kv_tree::Transaction<P::Kv>,
) -> Result<Record, Error> {
    let definition = context.definition;
    let current = record::find(transaction, id).await?;
    conditional::expect_match(headers, Some(&current))?;

    let before = current.document()?;
    let mut seen = before.clone();
    seen.insert("href".into(), context.links.href(id).into());
    let mut after = patch.applied_to(seen.clone())?;
    definition.name_class(&mut after);
    let changes = |name: &&&str| after.get(**name) != seen.get(**name);
    let faults = IMMUTABLE.iter().filter(changes);
    let faults = faults.map(|name| Fault::new(format!("/{name}"), "cannot be changed")).collect();
    after.remove("href");
    if definition.is_stamped {
        // Kept by the server: what a client sends back of it is no change.
        match before.get("lastUpdate") {
            Some(time) => after.insert("lastUpdate".into(), time.clone()),
            None => after.remove("lastUpdate"),
        };
    }
    let is_changed = after != before;
    let mut after = record::validated(definition, after, faults)?;
    if !is_changed {
        return Ok(current);
    }
    record::stamp(definition, &mut after, context.ports.now());
    rules::check_change(context, transaction, id, Some(&before), &after).await?;

    Catalogue::advance(definition, transaction).await?;
    let record = Record::write(&after);
    let (before, after) = (Value::Object(before), Value::Object(after));
    index::update(definition, transaction, id, Some(&before), Some(&after));
    transaction.put(record::key(id), record.clone().into_value());
    Ok(record)
}

/// What a client wants changed.
enum Patch {
    /// A merge patch (RFC 7396).
    Merge(Value),
    /// Operations, one after the other (RFC 6902).
    Operations(Vec<Operation>),
}

impl Patch {
    async fn read<B: http_body::Body>(request: Request<B>) -> Result<Self, Error> {
        let (patch_type, value) = body::read_patch(request).await?;
        match (patch_type, value) {
            (PatchType::Merge, Value::Object(object)) => Ok(Self::Merge(Value::Object(object))),
            (PatchType::Merge, _) => {
                Err(Error::invalid_document(&[Fault::new("", "must be an object")]))
            }
            (PatchType::Operations, value) => Operation::read_all(value).map(Self::Operations),
        }
    }

    /// The document with the patch applied; if a part of the patch fails, nothing of it is.
    fn applied_to(&self, document: Document) -> Result<Document, Error> {
        let mut patched = Value::Object(document);
        match self {
            Self::Merge(patch) => json_patch::merge(&mut patched, patch),
            Self::Operations(operations) => operations::apply(operations, &mut patched)?,
        }
        match patched {
            Value::Object(document) => Ok(document),
            _ => Err(Error::invalid_document(&[Fault::new("", "must stay an object")])),
        }
    }
}
