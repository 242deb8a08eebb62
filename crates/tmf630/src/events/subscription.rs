//! A subscription, and what the server keeps with it where no client sees it.

use std::collections::BTreeSet;
use std::rc::Rc;

use access::{Caller, Parties, Tenant};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use webhook::Callback;

use super::interest::Interest;
use super::names::KnownNames;
use super::notification;
use super::occurrence::{Occurrence, What};
use crate::budget::Budget;
use crate::model::api::Api;
use crate::sight::Sight;
use crate::value::{Document, HIDDEN};
use crate::{Error, Settings, Version};

/// What is kept with a subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    /// Who it belongs to.
    pub owner: [Owner; 1],
    /// What others are told from it by: the same owner registers the same once.
    pub same: String,
    /// The parties whose resources it is told of; all, where there is no list.
    pub parties: Option<BTreeSet<String>>,
    /// The resources that its owner may read.
    pub resources: Vec<String>,
    /// What its query calls attributes by.
    pub names: KnownNames,
    /// The address under which its owner has reached the API, for links in what it is sent.
    pub base: String,
    /// What its events are signed with.
    pub secret: String,
}

/// The owner of a subscription, as an element of a list, like the parties of other resources.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Owner {
    pub id: String,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub callback: Callback,
    pub version: Version,
    pub interest: Interest,
    pub kept: Kept,
}

impl Subscription {
    /// Reads a stored document. What is none of this program's was written by a newer version: a damaged
    /// record is no document.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        let kept = document.get(HIDDEN).cloned().unwrap_or_default();
        let kept: Kept = serde_json::from_value(kept)
            .map_err(|error| Error::of_stored_json("what is kept with a subscription", &error))?;
        let callback = Callback::parse(text("callback"))
            .map_err(|fault| Error::newer(format!("a callback {fault}")))?;
        let interest = Interest::known(text("query"), &kept.names)?;
        Ok(Self { callback, version: version_of(document), interest, kept })
    }

    /// Whether the event is one of those that its owner sees and wants; `whole` tells it with the whole
    /// resource, which takes longer than to see that it is not.
    pub fn wants(
        &self,
        api: &Api,
        settings: &Settings,
        tenant: &Tenant,
        occurrence: &Occurrence,
        whole: impl FnOnce() -> Result<Option<Rc<Value>>, Error>,
    ) -> Result<Option<Rc<Value>>, Error> {
        let What { resource: name, kind, .. } = &occurrence.what;
        if !self.kept.resources.contains(name) {
            return Ok(None);
        }
        // Whoever has registered the subscription knew it.
        let resource = api.resource(name).filter(|it| it.versions.contains(&self.version));
        let resource = resource.ok_or_else(|| {
            let number = self.version.number();
            Error::newer(format!(
                "it is about {name}, which this program's v{number} does not have"
            ))
        })?;
        if !self.interest.can_want(&kind.type_of(resource.class)) {
            return Ok(None);
        }
        let observer = self.observer(tenant.clone());
        if let Some(limit) = Sight::of(&observer, settings).limit(resource)
            && !limit.admits(&occurrence.stored()?)
        {
            return Ok(None);
        }
        let Some(event) = whole()? else { return Ok(None) };
        // What it costs too much to decide about is told rather than not.
        let is_wanted = self.interest.wants(&event, self.version, &Budget::of_event());
        Ok(is_wanted.unwrap_or(true).then_some(event))
    }

    /// What is sent of a whole event.
    pub fn body(
        &self,
        api: &Api,
        settings: &Settings,
        event: &Value,
        occurrence: &Occurrence,
    ) -> Result<Bytes, Error> {
        let mut event = event.as_object().cloned().unwrap_or_default();
        let base = match &settings.base_url {
            Some(base_url) => [base_url, api.base].concat(),
            None => self.kept.base.clone(),
        };
        notification::lead(&mut event, &base, self.version, &occurrence.what);
        notification::reduce(&mut event, api, self.version, &occurrence.what);
        // Where it costs too much to select, all is sent.
        let mut selected = event.clone();
        let event = match self.interest.select(&mut selected, &Budget::of_event()) {
            Ok(()) => selected,
            Err(_) => event,
        };
        serde_json::to_vec(&event).map(Bytes::from).map_err(Error::internal)
    }

    /// Somebody who sees what its owner does.
    fn observer(&self, tenant: Tenant) -> Caller {
        let parties = match &self.kept.parties {
            None => Parties::All,
            Some(parties) => Parties::Only(parties.clone()),
        };
        Caller { parties, ..Caller::anybody(tenant) }
    }
}

/// The version that a subscription was registered through.
pub(super) fn version_of(document: &Document) -> Version {
    match document.get("version").and_then(Value::as_str) {
        Some("v4") => Version::V4,
        _ => Version::V5,
    }
}

/// What tells a subscription from others.
pub(super) fn same(owner: &str, version: Version, callback: &str, query: &str) -> String {
    let mut digest = Sha256::new();
    let version = version.number().to_string();
    for text in [owner, &version, callback, query] {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    format!("{:x}", digest.finalize())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::model::event::EventKind;
    use crate::testing::accounts::API;

    /// A subscription to accounts, and to what only a newer version has.
    fn registered() -> Value {
        json!({
            "id": "1",
            "callback": "https://events.example/",
            "query": "eventType=BillingAccountCreateEvent",
            HIDDEN: {
                "owner": [{ "id": "" }], "same": "", "parties": null,
                "resources": ["billingAccount", "merged"],
                "names": { "eventType": { "path": "eventType", "kind": "text" } },
                "base": "http://api.example", "secret": "s",
            },
        })
    }

    fn read(document: &Value) -> Result<Subscription, Error> {
        Subscription::read(document.as_object().unwrap())
    }

    #[test]
    fn what_an_older_program_would_not_have_registered_is_newer() {
        assert!(read(&registered()).is_ok());
        for (place, newer) in [
            ("/callback", json!("later://events.example/")),
            ("/query", json!("eventType.later(=x")),
            ("/$server/names/eventType/kind", json!("later")),
            ("/$server/parties", json!("all")),
        ] {
            let mut document = registered();
            *document.pointer_mut(place).unwrap() = newer;
            let error = read(&document).unwrap_err();
            assert!(error.is_newer(), "{place}: {error:?}");
        }
    }

    #[test]
    fn events_of_what_only_a_newer_version_has_are_not_unwanted() {
        let settings = Settings::read([], |_| None).unwrap();
        let tenant = Tenant::new("default").unwrap();
        let wants = |resource: &str, version: &str| {
            let what = What {
                event: "e".into(),
                kind: EventKind::Delete,
                resource: resource.into(),
                id: "1".into(),
                time: Timestamp::UNIX_EPOCH,
                request: None,
                trace: None,
                changed: Vec::new(),
            };
            let occurrence = Occurrence::new(what, &Document::new(), None);
            let mut document = registered();
            document["version"] = json!(version);
            let subscription = read(&document).unwrap();
            subscription.wants(&API, &settings, &tenant, &occurrence, || Ok(None))
        };
        // Of what it does not listen to, nothing has to be known.
        for resource in ["billingAccount", "billFormat", "unknown"] {
            assert!(wants(resource, "v5").unwrap().is_none(), "{resource}");
        }
        let error = wants("merged", "v4").unwrap_err();
        assert!(error.is_newer() && error.cause().unwrap().contains("merged"), "{error:?}");
    }
}
