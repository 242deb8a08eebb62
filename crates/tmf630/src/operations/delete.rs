//! DELETE on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::context::Context;
use crate::request::conditional::Conditions;
use crate::storage::catalogue::Catalogue;
use crate::storage::{index, record};
use crate::{Error, Ports, query, rules};

pub(crate) async fn delete<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri().query().unwrap_or_default())?;
    let conditions = Conditions::of(request)?;
    context
        .tree
        .transact(async |transaction| {
            let current = record::find(transaction, id).await?;
            conditions.check(Some(&context.view.etag(&current)))?;
            rules::check_delete(context, transaction, id).await?;
            Catalogue::advance(context.definition, transaction).await?;
            let before = Value::Object(current.document()?);
            index::update(context.definition, transaction, id, Some(&before), None);
            transaction.delete(record::key(id));
            Ok::<_, Error>(())
        })
        .await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
