//! GET on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::context::Context;
use crate::request::conditional;
use crate::storage::record;
use crate::{Error, Ports, query};

pub(crate) async fn retrieve<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields =
        query::fields_only(request.uri().query().unwrap_or_default(), context.view.version)?;
    let record = record::find(&context.tree.snapshot_for(record::key(id)).await?, id).await?;
    match conditional::not_modified(request.headers(), &context.view.etag(&record)) {
        Some(response) => response,
        None => context.view.respond(StatusCode::OK, id, &record, fields.as_ref()),
    }
}
