//! PATCH on the collection: creating many resources at once, all or none (TMF630 part 1, bulk
//! operations).

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Request, Response};
use schemas::Fault;
use serde_json::Value;

use crate::context::Context;
use crate::operations::create::NewResource;
use crate::request::body;
use crate::storage::catalogue::Catalogue;
use crate::storage::record;
use crate::{Error, Ports, query};

/// How many resources can be created at once.
const MAX_OPERATIONS: usize = 1000;

pub(crate) async fn create_many<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields =
        query::fields_of_change(request.uri().query().unwrap_or_default(), context.view.version)?;
    let operations = match body::read_bulk(request).await? {
        Value::Array(operations) => operations,
        single => vec![single],
    };
    if operations.len() > MAX_OPERATIONS {
        let limit = format!("must have up to {MAX_OPERATIONS} operations");
        return Err(Error::invalid_document(&[Fault::new("", limit)]));
    }
    let mut resources = Vec::with_capacity(operations.len());
    let mut ids = BTreeSet::new();
    for (number, operation) in operations.into_iter().enumerate() {
        let document =
            added(operation, number).map_err(|fault| Error::invalid_document(&[fault]))?;
        let place = format!("/{number}/value");
        let resource = NewResource::of(context, document).map_err(|error| error.within(&place))?;
        if !ids.insert(resource.id.clone()) {
            return Err(Error::id_taken(&resource.id).within(&place));
        }
        resources.push(resource);
    }
    context
        .tree
        .transact(async |transaction| {
            Catalogue::advance(context.definition, transaction).await?;
            for (number, resource) in resources.iter().enumerate() {
                let inserted = resource.insert(context, transaction).await;
                inserted.map_err(|error| error.within(&format!("/{number}/value")))?;
            }
            Ok::<_, Error>(())
        })
        .await?;

    let records = resources.iter().map(|resource| (&resource.id[..], &resource.record));
    context.view.respond_list(records, fields.as_ref())
}

/// The document that an operation adds to the collection.
fn added(operation: Value, number: usize) -> Result<record::Document, Fault> {
    let fault = |member: &str, expectation: &str| {
        Err(Fault::new(format!("/{number}{member}"), expectation))
    };
    let Value::Object(mut members) = operation else {
        return fault("", "must be an operation of JSON Patch (RFC 6902)");
    };
    if members.get("op") != Some(&"add".into()) {
        return fault("/op", "must be add: a collection can only be added to");
    }
    if !matches!(members.get("path").and_then(Value::as_str), Some("/" | "" | "/-" | "-")) {
        return fault("/path", "must be / (the collection)");
    }
    match members.remove("value") {
        Some(Value::Object(document)) => Ok(document),
        _ => fault("/value", "must be an object"),
    }
}
