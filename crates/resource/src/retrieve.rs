//! GET on a resource.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kv_tree::{Kv, Tree};

use crate::route::Links;
use crate::{Error, query, record};

pub(crate) async fn retrieve<K: Kv, B>(
    tree: &Tree<K>,
    links: &Links,
    id: &str,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    query::expect_none(request.uri())?;
    let record = record::find(&tree.snapshot().await?, id).await?;
    Ok(record.respond(StatusCode::OK, links, id))
}
