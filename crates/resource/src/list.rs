//! GET on the collection.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode};
use kv_tree::{Kv, Order, Tree};

use crate::Error;
use crate::query::Page;
use crate::record::{self, Record};
use crate::route::Links;

pub(crate) async fn list<K: Kv, B>(
    tree: &Tree<K>,
    links: &Links,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    let Page { offset, limit } = Page::of(request.uri())?;
    let snapshot = tree.snapshot().await?;
    let total = snapshot.count(&record::keys()).await?;
    let scan = snapshot.scan(record::keys(), Order::Ascending);
    let mut scan = scan.offset(offset).limit(limit as u64);
    let mut body = BytesMut::new();
    let mut results = 0_usize;
    body.put_u8(b'[');
    while let Some((key, value)) = scan.next().await? {
        let id = record::id_of(&key)?;
        if results > 0 {
            body.put_u8(b',');
        }
        Record::read(id, value)?.represent(&links.href(id), &mut body);
        results += 1;
    }
    body.put_u8(b']');

    let mut response = record::json_response(StatusCode::OK, body);
    response.headers_mut().insert("x-total-count", HeaderValue::from(total));
    response.headers_mut().insert("x-result-count", HeaderValue::from(results));
    Ok(response)
}
