//! GET on the collection.

use bytes::Bytes;
use http::header::{CONTENT_RANGE, LINK};
use http::{HeaderValue, Request, Response, StatusCode};
use kv_tree::{Kv, Snapshot, Tree};

use crate::answer::links::Links;
use crate::answer::view::Listed;
use crate::context::Context;
use crate::query::{self, Page, Query};
use crate::request::conditional::{self, Conditions, Outcome};
use crate::selection::{MAX_PAGE_BYTES, Selected, select};
use crate::storage::catalogue::{self, Known};
use crate::storage::keys::Keys;
use crate::{Definition, Error, Ports};

/// How long a query can be, in bytes, of which links to pages are made: they repeat it five times, and
/// a head of a response that is too long is refused by clients.
const MAX_LINKED_QUERY: usize = 1024;

pub(crate) async fn list<P: Ports, B>(
    context: &Context<'_, P>,
    request: &Request<B>,
) -> Result<Response<Bytes>, Error> {
    let Context { definition, view, tree, .. } = context;
    let raw = request.uri().query().unwrap_or_default();
    let mut query = Query::parse(raw, definition, view.version)?;
    query.page = query.page.at_most(context.settings.max_page_size);
    // The list exists, in a state that no tag names.
    if Conditions::of(request)?.check(None)? == Outcome::NotModified {
        return Ok(conditional::not_modified(None));
    }
    let (snapshot, known) = settled_snapshot(definition, tree).await?;
    let Selected { total, page, is_cut, .. } = select(context, &known, &snapshot, &query).await?;

    let records = page.iter().map(|(id, record)| (&id[..], record));
    let Listed { mut response, shown, done } =
        view.respond_list(records, query.fields.as_ref(), MAX_PAGE_BYTES, context.unreadable())?;
    // A page ends where its answer has to.
    let is_cut = is_cut || done < page.len();
    let end = is_cut.then(|| query.page.offset.saturating_add(done as u64));
    let headers = response.headers_mut();
    headers.insert("x-total-count", HeaderValue::from(total));
    headers.insert("x-result-count", HeaderValue::from(shown));
    if raw.len() <= MAX_LINKED_QUERY {
        let link = page_links(&view.links, raw, query.page, end, total);
        headers.insert(LINK, HeaderValue::try_from(link).map_err(Error::internal)?);
    }
    if context.settings.partial_content {
        mark_part(&mut response, query.page, shown as u64, total)?;
    }
    Ok(response)
}

/// A snapshot and which indexes are whole in it; where some are not, this request has helped to build
/// them.
async fn settled_snapshot<K: Kv>(
    definition: &Definition,
    tree: &Tree<K>,
) -> Result<(Snapshot<K>, Known), Error> {
    let keys = Keys::of(definition);
    let snapshot = tree.snapshot().await?;
    let known = Known::read(keys, &snapshot).await?;
    if known.is_settled(definition) {
        return Ok((snapshot, known));
    }
    tree.transact(async |transaction| catalogue::advance(definition, transaction).await).await?;
    let snapshot = tree.snapshot().await?;
    let known = Known::read(keys, &snapshot).await?;
    Ok((snapshot, known))
}

/// Links to this page and to those before and after it (RFC 8288; TMF630 part 1, pagination). All
/// else that the client asked for stays as it wrote it. `end` is where the page ends before its limit.
fn page_links(links: &Links, raw: &str, page: Page, end: Option<u64>, total: u64) -> String {
    let others = query::without_page(raw);
    let link = |relation: &str, offset: u64| {
        let joint = if others.is_empty() { "" } else { "&" };
        // What may not stand in a link is encoded, as a client should have done.
        let others: String = others
            .chars()
            .map(|letter| match letter {
                '<' => "%3C".to_owned(),
                '>' => "%3E".to_owned(),
                '"' => "%22".to_owned(),
                letter => letter.to_string(),
            })
            .collect();
        let query = format!("{others}{joint}offset={offset}&limit={}", page.limit);
        format!("<{}?{query}>; rel=\"{relation}\"", links.collection())
    };
    let neighbours = page.neighbours(total).into_iter();
    let neighbours = neighbours.map(|(relation, offset)| match relation {
        "next" => (relation, end.or(offset)),
        _ => (relation, offset),
    });
    let others = neighbours.filter_map(|(relation, offset)| Some(link(relation, offset?)));
    [link("self", page.offset)].into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

/// Says with the status and `Content-Range` that the list is a part (TMF630 part 1; a deployment
/// chooses this).
fn mark_part(
    response: &mut Response<Bytes>,
    page: Page,
    results: u64,
    total: u64,
) -> Result<(), Error> {
    if total > 0 && page.offset >= total && page.limit > 0 {
        return Err(Error::no_such_page(total));
    }
    if results < total {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        if results > 0 {
            let (first, last) = (page.offset + 1, page.offset + results);
            let range = format!("items {first}-{last}/{total}");
            let range = HeaderValue::try_from(range).map_err(Error::internal)?;
            response.headers_mut().insert(CONTENT_RANGE, range);
        }
    }
    Ok(())
}
