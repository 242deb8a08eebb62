//! DELETE on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kv_tree::{Kv, Tree};

use crate::{Error, query, record};

pub(crate) async fn delete<K: Kv, B>(
    tree: &Tree<K>,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri())?;
    tree.transact(async |transaction| {
        record::find(transaction, id).await?;
        transaction.delete(record::key(id));
        Ok::<_, Error>(())
    })
    .await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
