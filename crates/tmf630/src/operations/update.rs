//! PATCH on a resource, in the four media types of TMF630.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kv_tree::{Kv, Snapshot, Transaction};
use percent_encoding::percent_decode_str;
use schemas::Fault;
use serde_json::Value;

use crate::commit::Changes;
use crate::context::Context;
use crate::derivation;
use crate::model::rule::Change;
use crate::patch::Patch;
use crate::request::body;
use crate::request::conditional::Conditions;
use crate::storage::record::Record;
use crate::value::HIDDEN;
use crate::{Error, Ports, Version, query, tenants};

pub(crate) async fn update<P: Ports, B: http_body::Body>(
    context: &Context<'_, P>,
    id: &str,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    context.audit.note(id);
    let raw = request.uri().query().unwrap_or_default();
    let fields = query::fields_of_change(raw, context.definition, context.view.version)?;
    let conditions = Conditions::of(&request)?;
    let (patch_type, body) = body::read_patch(request).await?;
    let patch = Patch::read(patch_type, body)?;

    // What is derived is no part of what is changed, and changes often: it is read beside the transaction.
    let is_derived = context.definition.behaviour.is_some_and(|it| !it.derived().is_empty());
    let beside = if is_derived { Some(context.tree.snapshot().await?) } else { None };
    let asked = Asked { patch, conditions, beside };
    let (record, is_changed) = tenants::announced(context, async || {
        context
            .tree
            .transact(async |transaction| change(context, &asked, id, transaction).await)
            .await
    })
    .await?;
    if !is_changed {
        context.audit.note_unchanged();
    }
    let tag = context.view.etag(&record);
    context.view.respond(StatusCode::OK, id, &record, tag, fields.as_ref())
}

/// What is asked for.
struct Asked<K: Kv> {
    patch: Patch,
    conditions: Conditions,
    /// Where what is derived is read, if anything is.
    beside: Option<Snapshot<K>>,
}

impl<K: Kv> Asked<K> {
    /// What is shown of a resource that is stored like this.
    async fn shown<P: Ports<Kv = K>>(
        &self,
        context: &Context<'_, P>,
        id: &str,
        stored: Record,
    ) -> Result<Record, Error> {
        match &self.beside {
            Some(snapshot) => derivation::show(context, snapshot, id, stored).await,
            None => Ok(stored),
        }
    }
}

/// Changes the resource, if it is not so already: what it is then, and whether it was changed.
async fn change<P: Ports>(
    context: &Context<'_, P>,
    asked: &Asked<P::Kv>,
    id: &str,
    transaction: &mut Transaction<P::Kv>,
) -> Result<(Record, bool), Error> {
    let Context { definition, view, ports, .. } = context;
    let Asked { patch, conditions, .. } = asked;
    let stored = context.find(transaction, id).await?;
    conditions.check(Some(&view.etag(&stored)))?;
    let current = asked.shown(context, id, stored.clone()).await?;

    let mut before = current.document()?;
    before.remove(HIDDEN);
    // What v5 shows is what is stored, but for the href.
    let shown = view.document(id, before.clone());
    let shown_in_v4 = (view.version == Version::V4).then(|| shown.clone());
    let seen = shown_in_v4.as_ref().unwrap_or(&before);
    let mut after = patch.applied_to(shown, context.budget)?;
    // What a merge patch does not remove is in lists.
    view.version.schema(definition.class).drop_nulls(&mut after);
    definition.class.name_class(&mut after);
    let immutable = definition.immutable(view.version);
    let is_same = |name: &str| match after.get(name) {
        Some(Value::String(href)) if name == "href" => is_href_of(definition.name(), id, href),
        value => name != "href" && value == seen.get(name),
    };
    let changed = immutable.filter(|name| !is_same(name));
    let faults = changed.map(|name| Fault::new(format!("/{name}"), "cannot be changed"));
    let base_fault = definition.class.base_fault(&after, |class| definition.is_of_api(class));
    let faults = faults.chain(base_fault).collect();
    after.remove("href");
    if let Some(stamp) = definition.shown_stamp(view.version) {
        // Kept by the server: what a client sends back of it is no change.
        match seen.get(stamp) {
            Some(time) => after.insert(stamp.to_owned(), time.clone()),
            None => after.remove(stamp),
        };
    }
    let mut after = view.accept(after, faults, Some(&before))?;
    if after == before {
        return Ok((current, false));
    }
    definition.stamp(&mut after, ports.now());
    let before = stored.document()?;
    if let Some(behaviour) = definition.behaviour
        && current.json() != stored.json()
    {
        behaviour.strip(&mut after, &before);
    }
    if let Some(hidden) = before.get(HIDDEN) {
        after.insert(HIDDEN.to_owned(), hidden.clone());
    }
    let record = Record::write(&after);
    let (before, after) = (Value::Object(before), Value::Object(after));
    let change =
        Change { resource: definition.resource, id, before: Some(&before), after: Some(&after) };
    let mut changes = Changes::begin(context, transaction).await?;
    let made = changes.make(change, Some(record)).await?;
    let record = made.record.ok_or_else(|| Error::internal("nothing is left of a patch"))?;
    Ok((asked.shown(context, id, record).await?, true))
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
