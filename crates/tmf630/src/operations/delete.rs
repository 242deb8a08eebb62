//! DELETE on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kv_tree::Transaction;
use serde_json::Value;

use crate::commit::Changes;
use crate::context::Context;
use crate::model::rule::Change;
use crate::request::conditional::Conditions;
use crate::storage::record::Record;
use crate::{Error, Ports, query, tenants};

pub(crate) async fn delete<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    context.audit.note(id);
    query::expect_none(request.uri().query().unwrap_or_default())?;
    let conditions = Conditions::of(request)?;
    tenants::announced(context, async || {
        context
            .tree
            .transact(async |transaction| remove(context, id, &conditions, transaction).await)
            .await
    })
    .await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

async fn remove<P: Ports>(
    context: &Context<'_, P>,
    id: &str,
    conditions: &Conditions,
    transaction: &mut Transaction<P::Kv>,
) -> Result<(), Error> {
    // What is damaged can be deleted, whatever state of it the client has in mind. What a newer program
    // has written cannot: that one knows what goes with it.
    let (current, newer) = match transaction.get(context.keys().record(id)).await {
        Ok(Some(value)) => match Record::read(id, value) {
            Ok(record) => (Some(record), None),
            Err(error) => (None, Some(error).filter(Error::is_newer)),
        },
        Ok(None) => return Err(Error::no_such_resource(id)),
        Err(kv_tree::Error::Damaged { .. }) => (None, None),
        Err(error) => return Err(error.into()),
    };
    let document = current.as_ref().and_then(|current| current.document().ok());
    let before = document.map(Value::Object);
    let resource = context.definition.resource;
    let change = Change { resource, id, before: before.as_ref(), after: None };
    // Of what the client does not see, it is not told in which state it is either.
    context.expect_own(change)?;
    if let Some(newer) = newer {
        return Err(newer);
    }
    if let Some(current) = &current {
        conditions.check(Some(&context.view.etag(current)))?;
    }
    let mut changes = Changes::begin(context, transaction).await?;
    changes.make(change, None).await.map(drop)
}
