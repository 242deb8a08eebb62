//! What can be done with a resource beside the operations of the standard.

use bytes::Bytes;
use http::{Request, Response};
use kv_tree::Transaction;

use crate::commit::data::TenantData;
use crate::context::Context;
use crate::model::behaviour::Action;
use crate::{Error, Ports, query, tenants};

pub(crate) async fn act<P: Ports, B>(
    context: &Context<'_, P>,
    id: &str,
    action: &Action,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    context.audit.note(id);
    query::expect_none(request.uri().query().unwrap_or_default())?;
    let behaviour = context.definition.behaviour.ok_or_else(|| Error::internal("no actions"))?;
    let act = async |transaction: &mut Transaction<P::Kv>| -> Result<(), Error> {
        context.find(transaction, id).await?;
        let mut work = TenantData::of(context, &mut *transaction);
        behaviour.act(action.name, id, &mut work).await
    };
    tenants::announced(context, async || context.tree.transact(act).await).await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = action.status;
    Ok(response)
}
