//! PATCH on a resource, in the four media types of TMF630.

use crate::patch::operations::{self, Operation};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use schemas::Fault;
use serde_json::Value;

use crate::context::Context;
use crate::request::body::PatchType;
use crate::request::{body, conditional};
use crate::storage::catalogue::Catalogue;
use crate::storage::index;
use crate::storage::record::{self, Document, Record};
use crate::{Error, Ports, query, rules};

pub(crate) async fn update<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields =
        query::fields_of_change(request.uri().query().unwrap_or_default(), context.view.version)?;
    let headers = request.headers().clone();
    let patch = Patch::read(request).await?;

    let record = context
        .tree
        .transact(async |transaction| change(context, &patch, &headers, id, transaction).await)
        .await?;
    context.view.respond(StatusCode::OK, id, &record, fields.as_ref())
}

async fn change<P: Ports>(
    context: &Context<'_, P>,
    patch: &Patch,
    headers: &HeaderMap,
    id: &str,
    transaction: &mut kv_tree::Transaction<P::Kv>,
) -> Result<Record, Error> {
    let Context { definition, view, ports, .. } = context;
    let current = record::find(transaction, id).await?;
    conditional::expect_match(headers, &view.etag(&current))?;

    let before = current.document()?;
    let seen = view.document(id, before.clone());
    let mut after = patch.applied_to(seen.clone())?;
    definition.name_class(&mut after);
    let immutable = view.version.immutable(definition);
    let changed = immutable.filter(|name| after.get(*name) != seen.get(*name));
    let faults = changed.map(|name| Fault::new(format!("/{name}"), "cannot be changed")).collect();
    after.remove("href");
    if definition.is_stamped {
        // Kept by the server: what a client sends back of it is no change.
        let stamp = view.version.stamp();
        match seen.get(stamp) {
            Some(time) => after.insert(stamp.into(), time.clone()),
            None => after.remove(stamp),
        };
    }
    let mut after = view.accept(after, faults, Some(&before))?;
    if after == before {
        return Ok(current);
    }
    record::stamp(definition, &mut after, ports.now());
    rules::check_change(context, transaction, id, Some(&before), &after).await?;

    Catalogue::advance(definition, transaction).await?;
    let record = Record::write(&after);
    let (before, after) = (Value::Object(before), Value::Object(after));
    index::update(definition, transaction, id, Some(&before), Some(&after));
    transaction.put(record::key(id), record.to_value());
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
