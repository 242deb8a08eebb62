//! Who was found to make a request.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use sha2::{Digest, Sha256};

/// How long the name of a tenant can be.
const MAX_TENANT: usize = 64;

/// The scope that allows everything in a tenant.
const ADMIN: &str = "admin";

/// Who makes a request, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose data it is about.
    pub tenant: Tenant,
    /// What the token says of them; nothing where nobody is asked who they are.
    pub identity: Option<Identity>,
    /// What they may do.
    pub scopes: Scopes,
    /// The parties that they act for.
    pub parties: Parties,
}

/// The name of a tenant: 1 to 64 characters of `A-Z a-z 0-9 _ -`. It names the tree that has all of
/// its data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenant(String);

/// What a token says of who it was issued to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who issued it (`iss`).
    pub issuer: String,
    /// Who it was issued for (`sub`).
    pub subject: Option<String>,
    /// The program that it was issued to (`azp`, or else `client_id`).
    pub client: Option<String>,
}

/// The parties that a caller acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parties {
    /// Whoever there is: the caller is nobody's customer or partner.
    All,
    /// Those with the ids, in order and each once. There may be none: then nothing is theirs.
    Only(BTreeSet<String>),
}

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scopes {
    /// Everything.
    All,
    /// What is named.
    Only(BTreeSet<String>),
}

impl Caller {
    /// Somebody who was not asked who they are, where nobody is: everything in `tenant` is allowed.
    pub fn anybody(tenant: Tenant) -> Self {
        Self { tenant, identity: None, scopes: Scopes::All, parties: Parties::All }
    }

    /// What in the tenant belongs to the caller alone is kept under this name: 64 hexadecimal digits
    /// that stand for the issuer and the parties, or else the subject and the program. It is empty
    /// where nobody is asked who they are.
    pub fn owner(&self) -> String {
        let Some(Identity { issuer, subject, client }) = &self.identity else {
            return String::new();
        };
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        add(issuer);
        match &self.parties {
            Parties::Only(parties) => parties.iter().for_each(|party| add(party)),
            Parties::All => [subject, client].into_iter().for_each(|name| {
                // What is absent is not what is empty.
                add(if name.is_some() { "1" } else { "0" });
                add(name.as_deref().unwrap_or_default());
            }),
        }
        format!("{:x}", digest.finalize())
    }
}

impl Tenant {
    /// The tenant called `name`, if that can be one.
    pub fn new(name: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let is_name = (1..=MAX_TENANT).contains(&name.len()) && name.chars().all(allowed);
        is_name.then(|| Self(name.to_owned()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Tenant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Scopes {
    /// What the `names` allow.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: BTreeSet<_> = names.map(str::to_owned).collect();
        match names.contains(ADMIN) {
            true => Self::All,
            false => Self::Only(names),
        }
    }

    /// Whether what `scope` names is allowed.
    pub fn has(&self, scope: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(scope),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_names_a_tree() {
        assert_eq!(Tenant::new("acme-1_x").unwrap().as_str(), "acme-1_x");
        for wrong in ["", "a.b", "a:b", "a/b", "ä", "a b", "*", &"x".repeat(65)] {
            assert_eq!(Tenant::new(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn callers_of_different_parties_or_subjects_are_different_owners() {
        let caller = |issuer: &str, subject: Option<&str>, parties: Option<&[&str]>| {
            let tenant = Tenant::new("t").unwrap();
            let identity =
                Identity { issuer: issuer.into(), subject: subject.map(Into::into), client: None };
            let parties = match parties {
                Some(parties) => Parties::Only(parties.iter().map(|id| (*id).into()).collect()),
                None => Parties::All,
            };
            Caller { identity: Some(identity), parties, ..Caller::anybody(tenant) }.owner()
        };
        let owners = BTreeSet::from([
            Caller::anybody(Tenant::new("t").unwrap()).owner(),
            caller("i", None, None),
            caller("i", Some(""), None),
            caller("i", Some("s"), None),
            caller("j", Some("s"), None),
            caller("i", Some("s"), Some(&[])),
            caller("i", Some("s"), Some(&["1"])),
            caller("i", Some("s"), Some(&["1", "2"])),
            caller("i", Some("s"), Some(&["12"])),
        ]);
        assert_eq!(owners.len(), 9);
        // Who acts for a party does it whoever they are.
        assert_eq!(caller("i", Some("s"), Some(&["1"])), caller("i", None, Some(&["1"])));
    }

    #[test]
    fn admin_is_every_scope() {
        assert!(Scopes::of(["x", "admin"].into_iter()).has("tmf666:read"));
        let some = Scopes::of(["tmf666:read"].into_iter());
        assert!(some.has("tmf666:read") && !some.has("tmf666:write") && !some.has("admin"));
    }
}
