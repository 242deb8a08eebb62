//! PATCH on a resource, in the four media types of TMF630.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use schemas::Fault;
use serde_json::Value;

use crate::budget::Budget;
use crate::context::Context;
use crate::patch::Patch;
use crate::request::{body, conditional};
use crate::storage::catalogue::Catalogue;
use crate::storage::index;
use crate::storage::record::{self, Record};
use crate::{Error, Ports, query, rules};

pub(crate) async fn update<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let fields = query::fields_only(request.uri().query().unwrap_or_default())?;
    let headers = request.headers().clone();
    let (patch_type, body) = body::read_patch(request).await?;
    let patch = Patch::read(patch_type, body)?;

    let record = context
        .tree
        .transact(async |transaction| change(context, &patch, &headers, id, transaction).await)
        .await?;
    context.view.respond(StatusCode::OK, id, &record, fields.as_ref())
}

async fn change<P: Ports>(
    context: &Context<'_, P>,
    patch: &Patch,
    headers: &HeaderMap,
    id: &str,
    transaction: &mut kv_tree::Transaction<P::Kv>,
) -> Result<Record, Error> {
    let Context { definition, view, ports, .. } = context;
    let current = record::find(transaction, id).await?;
    conditional::expect_match(headers, &view.etag(&current))?;

    let before = current.document()?;
    let seen = view.document(id, before.clone());
    let mut after = patch.applied_to(seen.clone(), &Budget::default())?;
    definition.name_class(&mut after);
    let immutable = view.version.immutable(definition);
    let is_same = |name: &str| match after.get(name) {
        Some(Value::String(href)) if name == "href" => is_href_of(definition.name, id, href),
        value => value == seen.get(name),
    };
    let changed = immutable.filter(|name| !is_same(name));
    let faults = changed.map(|name| Fault::new(format!("/{name}"), "cannot be changed")).collect();
    after.remove("href");
    if definition.is_stamped {
        // Kept by the server: what a client sends back of it is no change.
        let stamp = view.version.stamp();
        match seen.get(stamp) {
            Some(time) => after.insert(stamp.into(), time.clone()),
            None => after.remove(stamp),
        };
    }
    let mut after = view.accept(after, faults, Some(&before))?;
    if after == before {
        return Ok(current);
    }
    record::stamp(definition, &mut after, ports.now());
    rules::check_change(context, transaction, id, Some(&before), &after).await?;

    Catalogue::advance(definition, transaction).await?;
    let record = Record::write(&after);
    let (before, after) = (Value::Object(before), Value::Object(after));
    index::update(definition, transaction, id, Some(&before), Some(&after));
    transaction.put(record::key(id), record.to_value());
    Ok(record)
}

/// Whether `href` is an address of the resource. The same resource is reached at several addresses:
/// by the names of hosts, through proxies, in either version of the API.
fn is_href_of(resource: &str, id: &str, href: &str) -> bool {
    let mut segments = href.rsplitn(3, '/');
    let mut is = |name: &str| {
        segments.next().is_some_and(|segment| percent_decode_str(segment).eq(name.bytes()))
    };
    is(id) && is(resource) && segments.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_has_many_addresses() {
        let is_same = |href| is_href_of("billingAccount", "a:1|ü", href);
        for href in [
            "https://api.example/tmf-api/accountManagement/v5/billingAccount/a:1|ü",
            "http://10.0.0.1:3000/proxy/v4/billingAccount/a%3A1%7c%C3%BC",
            "/billingAccount/a:1|%c3%bc",
        ] {
            assert!(is_same(href), "{href}");
        }
        for href in [
            "",
            "a:1|ü",
            "billingAccount/a:1|ü",
            "https://api.example/partyAccount/a:1|ü",
            "https://api.example/billingAccount/a:1|u",
            "https://api.example/billingAccount/a:1|ü/",
            "https://api.example/billingAccount/b/a:1|ü",
            "https://api.example/billingAccount%2Fa:1|ü",
        ] {
            assert!(!is_same(href), "{href}");
        }
    }
}
