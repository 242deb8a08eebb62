//! PATCH on the collection: creating many resources at once, all or none (TMF630 part 1, bulk
//! operations).

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Request, Response};
use schemas::Fault;
use serde_json::Value;

use super::create::{self, Head, NewResource};
use crate::context::Context;
use crate::request::body::{self, MAX_BODY_BYTES};
use crate::value::Document;
use crate::value::size::Size;
use crate::{Error, Ports};

/// How many resources can be created at once.
const MAX_OPERATIONS: usize = 1000;

pub(crate) async fn create_many<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let head = Head::of(context, &request)?;
    let body = body::read_bulk(request).await?;
    let operations = match body.value {
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
        let document = Value::Object(document);
        expect_moderate(context, &document, &place).await?;
        let Value::Object(document) = document else { continue };
        let new = NewResource::of(context, document);
        let mut resource = new.map_err(|error| error.within(&place))?;
        if !ids.insert(resource.id.clone()) {
            return Err(Error::id_taken(&resource.id).within(&place));
        }
        resource.place = place;
        resources.push(resource);
    }
    resources.iter().for_each(|resource| context.audit.note(&resource.id));
    let repeatable = head.repeatable(context, &body.bytes);
    let inserted = create::insert(context, &resources, repeatable.as_ref()).await?;
    inserted.note(context);
    let created = inserted.resources.iter().map(|(id, record)| (&id[..], record));
    // As long as a body is: a client must see all that it has created.
    let listed = context.view.respond_list(
        created,
        head.fields.as_ref(),
        usize::MAX,
        context.unreadable(),
    )?;
    Ok(listed.response)
}

/// Refuses a document that is longer than the body of a POST may be, and lets others go on.
async fn expect_moderate<P: Ports>(
    context: &Context<'_, P>,
    document: &Value,
    place: &str,
) -> Result<(), Error> {
    let size = Size::of(document);
    if size.bytes > MAX_BODY_BYTES as u64 {
        let limit = format!("may have up to {MAX_BODY_BYTES} bytes");
        return Err(Error::invalid_document(&[Fault::new(place, limit)]));
    }
    context.budget.charge("the body", size.values)?;
    context.budget.pause_if_due(context.ports).await;
    Ok(())
}

/// The document that an operation adds to the collection.
fn added(operation: Value, number: usize) -> Result<Document, Fault> {
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
