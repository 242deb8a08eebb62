//! GET on a resource.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};

use crate::context::Context;
use crate::derivation;
use crate::request::conditional::{self, Conditions, Outcome};
use crate::{Error, Ports, query};

pub(crate) async fn retrieve<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    let raw = request.uri().query().unwrap_or_default();
    let fields = query::fields_only(raw, context.definition, context.view.version)?;
    let conditions = Conditions::of(request)?;
    let snapshot = context.tree.snapshot_for(context.keys().record(id)).await?;
    let record = context.find(&snapshot, id).await?;
    let record = derivation::show(context, &snapshot, id, record).await?;
    let tag = context.view.etag(&record);
    match conditions.check(Some(&tag))? {
        Outcome::Proceed => context.view.respond(StatusCode::OK, id, &record, tag, fields.as_ref()),
        Outcome::NotModified => {
            let tag = HeaderValue::try_from(tag).map_err(Error::internal)?;
            Ok(conditional::not_modified(Some(tag)))
        }
    }
}
