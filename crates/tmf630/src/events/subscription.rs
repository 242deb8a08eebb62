//! A subscription, and what the server keeps with it where no client sees it.

use std::collections::BTreeSet;

use access::{Caller, Parties, Tenant};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use webhook::Callback;

use super::interest::Interest;
use super::names::KnownNames;
use super::notification;
use super::occurrence::Occurrence;
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
    /// Reads a stored document.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        let kept = document.get(HIDDEN).cloned().unwrap_or_default();
        let kept: Kept = serde_json::from_value(kept).map_err(Error::internal)?;
        Ok(Self {
            callback: Callback::parse(text("callback")).map_err(Error::internal)?,
            version: version_of(document),
            interest: Interest::known(text("query"), &kept.names)?,
            kept,
        })
    }

    /// The event with the whole resource, if it is one of those that its owner sees and wants.
    pub fn wanted(
        &self,
        api: &Api,
        settings: &Settings,
        tenant: &Tenant,
        occurrence: &Occurrence,
    ) -> Result<Option<Document>, Error> {
        let name = &occurrence.what.resource;
        let resource = api.resource(name).filter(|_| self.kept.resources.contains(name));
        let Some(resource) = resource else { return Ok(None) };
        let observer = self.observer(tenant.clone());
        if let Some(limit) = Sight::of(&observer, settings).limit(resource)
            && !limit.admits(&occurrence.stored()?)
        {
            return Ok(None);
        }
        let base = match &settings.base_url {
            Some(base_url) => [base_url, api.base].concat(),
            None => self.kept.base.clone(),
        };
        let event = notification::whole(api, base, self.version, occurrence)?;
        let Some(event) = event.map(Value::Object) else { return Ok(None) };
        // What it costs too much to decide about is told rather than not.
        let is_wanted = self.interest.wants(&event, self.version, &Budget::default());
        match event {
            Value::Object(event) if is_wanted.unwrap_or(true) => Ok(Some(event)),
            _ => Ok(None),
        }
    }

    /// What is sent of a whole event.
    pub fn body(
        &self,
        api: &Api,
        mut event: Document,
        occurrence: &Occurrence,
    ) -> Result<Bytes, Error> {
        notification::reduce(&mut event, api, self.version, &occurrence.what);
        // Where it costs too much to select, all is sent.
        let mut selected = event.clone();
        let event = match self.interest.select(&mut selected, &Budget::default()) {
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
