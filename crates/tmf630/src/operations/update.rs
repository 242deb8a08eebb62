//! PATCH on a resource, in the four media types of TMF630.

use crate::commit::Changes;
use crate::context::Context;
use crate::model::rule::Change;
use crate::patch::operations::{self, Operation};
use crate::request::body::{self, PatchType};
use crate::request::conditional::Conditions;
use crate::storage::record::{self, Record};
use crate::value::Document;
use crate::{Error, Ports, query};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use schemas::Fault;
use serde_json::Value;

pub(crate) async fn update<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields = query::fields_only(request.uri().query().unwrap_or_default())?;
    let conditions = Conditions::of(&request)?;
    let patch = Patch::read(request).await?;

    let record = context
        .tree
        .transact(async |transaction| change(context, &patch, &conditions, id, transaction).await)
        .await?;
    let tag = context.view.etag(&record);
    context.view.respond(StatusCode::OK, id, &record, tag, fields.as_ref())
}

async fn change<P: Ports>(
    context: &Context<'_, P>,
    patch: &Patch,
    conditions: &Conditions,
    id: &str,
    transaction: &mut kv_tree::Transaction<P::Kv>,
) -> Result<Record, Error> {
    let Context { definition, view, ports, .. } = context;
    let current = record::find(transaction, context.keys(), id).await?;
    conditions.check(Some(&view.etag(&current)))?;

    let before = current.document()?;
    let seen = view.document(id, before.clone());
    let mut after = patch.applied_to(seen.clone())?;
    definition.name_class(&mut after);
    let immutable = definition.immutable(view.version);
    let changed = immutable.filter(|name| after.get(*name) != seen.get(*name));
    let faults = changed.map(|name| Fault::new(format!("/{name}"), "cannot be changed"));
    let faults = faults.chain(definition.base_fault(&after)).collect();
    after.remove("href");
    if let Some(stamp) = definition.shown_stamp(view.version) {
        // Kept by the server: what a client sends back of it is no change.
        match seen.get(&stamp) {
            Some(time) => after.insert(stamp, time.clone()),
            None => after.remove(&stamp),
        };
    }
    let mut after = view.accept(after, faults, Some(&before))?;
    if after == before {
        return Ok(current);
    }
    definition.stamp(&mut after, ports.now());
    let record = Record::write(&after);
    let (before, after) = (Value::Object(before), Value::Object(after));
    let change = Change { definition, id, before: Some(&before), after: Some(&after) };
    let mut changes = Changes::begin(context, transaction).await?;
    changes.commit(change, Some(record.to_value())).await?;
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
