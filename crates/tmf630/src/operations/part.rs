//! GET on a document that lies below a resource.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use serde_json::Value;

use crate::commit::data::TenantData;
use crate::context::Context;
use crate::model::behaviour::{HIDDEN, Part};
use crate::request::negotiation;
use crate::{Error, Ports, query};

pub(crate) async fn retrieve<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    name: &'static str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri().query().unwrap_or_default())?;
    let snapshot = context.tree.snapshot_for(context.keys().record(id)).await?;
    let record = context.find(&snapshot, id).await?;
    let record = context.shown(&snapshot, id, record).await?;
    let behaviour = context.definition.behaviour.ok_or_else(|| Error::internal("no parts"))?;
    let mut resource = record.document()?;
    resource.remove(HIDDEN);
    let resource = Value::Object(resource);
    let accept = negotiation::accepted(request.headers());
    let part = Part { name, id, resource, accept: &accept };
    let data = TenantData::of(context, &snapshot);
    let representation = behaviour.part(part, &data).await?;
    let mut response = Response::new(representation.body);
    let media_type = HeaderValue::from_static(representation.media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}
