//! GET on a document that lies below a resource.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use serde_json::Value;

use crate::commit::data::TenantData;
use crate::context::Context;
use crate::derivation;
use crate::model::behaviour::Part;
use crate::request::negotiation;
use crate::value::HIDDEN;
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
    let record = derivation::show(context, &snapshot, id, record).await?;
    let behaviour = context.definition.behaviour.ok_or_else(|| Error::internal("no parts"))?;
    let mut resource = record.document()?;
    resource.remove(HIDDEN);
    let resource = Value::Object(resource);
    let kind = behaviour.parts().iter().find(|kind| kind.name == name);
    let offered = kind.map_or(&[][..], |kind| kind.media_types);
    let accepted = negotiation::accepted(request.headers());
    let media_type = negotiation::preferred(&accepted, offered);
    let media_type = media_type.ok_or_else(|| Error::not_acceptable(offered))?;
    let part = Part { name, id, resource, media_type };
    let data = TenantData::of(context, &snapshot);
    let representation = behaviour.part(part, &data).await?;
    let mut response = Response::new(representation.body);
    let media_type = HeaderValue::from_static(representation.media_type);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}
