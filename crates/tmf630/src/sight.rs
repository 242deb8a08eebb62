//! What a caller sees: of resources that name parties, those that name one of the caller's own. To
//! who acts for a party, the rest does not exist.

use std::borrow::Cow;
use std::collections::BTreeSet;

use access::{Caller, Parties};
use serde_json::Value;

use crate::model::api::Resource;
use crate::model::operation::Operation;
use crate::model::rule::Change;
use crate::model::visibility::{NamedParties, Visibility};
use crate::storage::record::Record;
use crate::value::Document;
use crate::{Definition, Error, Settings};

/// What the caller of a request sees and does.
#[derive(Clone, Copy)]
pub(crate) struct Sight<'s> {
    caller: &'s Caller,
    /// The roles in which a party must be named; any, where there are none.
    roles: &'s BTreeSet<String>,
}

/// What a resource must name to be seen.
#[derive(Clone)]
pub(crate) struct Limit<'s> {
    named: NamedParties,
    /// The ids of the parties of which one must be named, or its owner.
    pub parties: Cow<'s, BTreeSet<String>>,
    roles: Cow<'s, BTreeSet<String>>,
}

impl<'s> Sight<'s> {
    pub fn of(caller: &'s Caller, settings: &'s Settings) -> Self {
        Self { caller, roles: &settings.party_roles }
    }

    /// Refuses an operation that the caller may not do, whatever it is about.
    pub fn expect_allowed(
        self,
        definition: &Definition,
        operation: Operation,
    ) -> Result<(), Error> {
        let [narrow, wide] = definition.scopes(operation);
        if !self.caller.scopes.has(&narrow) && !self.caller.scopes.has(&wide) {
            return Err(Error::scope_missing(&narrow));
        }
        let is_shared = definition.resource.visibility == Visibility::Shared;
        match is_shared && operation.is_write() && self.caller.parties != Parties::All {
            true => Err(Error::not_for_parties(definition.resource.many)),
            false => Ok(()),
        }
    }

    /// What a resource of the kind must name to be seen; nothing if all of them are.
    pub fn limit(self, resource: &Resource) -> Option<Limit<'s>> {
        let Parties::Only(parties) = &self.caller.parties else { return None };
        let named = resource.visibility.parties()?;
        Some(match resource.visibility {
            Visibility::Owned(_) => {
                let owner = BTreeSet::from([self.caller.owner()]);
                Limit { named, parties: Cow::Owned(owner), roles: Cow::default() }
            }
            _ => Limit { named, parties: Cow::Borrowed(parties), roles: Cow::Borrowed(self.roles) },
        })
    }

    /// Refuses a change of what the caller does not see, and one after which they would not see it:
    /// that only who may assign accounts can make of one that is theirs.
    pub fn expect_own(self, definition: &Definition, change: Change<'_>) -> Result<(), Error> {
        let Change { id, before, after, .. } = change;
        let Some(limit) = self.limit(definition.resource) else { return Ok(()) };
        let visibility = definition.resource.visibility;
        let is_server_named =
            matches!(visibility, Visibility::ServerNamed(_) | Visibility::Owned(_));
        if is_server_named && before.is_none() && after.is_some() {
            return Ok(());
        }
        let admits = |document: &Value| limit.admits_value(document);
        // What there was and cannot be read is nobody's.
        let is_seen = before.map_or(after.is_some(), admits);
        if !is_seen {
            return Err(Error::no_such_resource(id));
        }
        let is_left = after.is_none_or(admits);
        let may_leave = || before.is_some() && self.caller.scopes.has(&definition.assign_scope());
        match is_left || may_leave() {
            true => Ok(()),
            false => Err(Error::no_own_party(limit.named.list, self.roles)),
        }
    }
}

impl Limit<'_> {
    /// Whether the document, as it is stored, is of a resource that is seen.
    pub fn admits(&self, document: &Document) -> bool {
        self.named.any(document, |id, role| {
            let is_in_role =
                self.roles.is_empty() || role.is_some_and(|role| self.roles.contains(role));
            is_in_role && self.parties.contains(id)
        })
    }

    /// Whether the record is of a resource that is seen. What cannot be read is nobody's.
    pub fn admits_record(&self, record: &Record) -> bool {
        record.part(self.named.attribute()).is_ok_and(|part| self.admits(&part))
    }

    /// The same of a document that is a value.
    pub fn admits_value(&self, document: &Value) -> bool {
        document.as_object().is_some_and(|document| self.admits(document))
    }

    /// Whether the ids of parties alone decide.
    pub fn is_of_ids_alone(&self) -> bool {
        self.roles.is_empty()
    }

    /// Whether an index of the path finds resources by the ids of the parties.
    pub fn is_found_by(&self, index: &str) -> bool {
        self.named.is_found_by(index)
    }
}
