//! Whom a deployment trusts to say who a caller is, and for what.

use std::rc::Rc;

use crate::caller::Tenant;
use crate::key_set::KeySet;
use crate::outside::Outside;
use crate::published_keys::PublishedKeys;
use crate::refusal::Refusal;

/// An issuer of tokens.
pub(crate) struct Issuer {
    /// Its name, which is the `iss` of its tokens, letter by letter.
    pub name: String,
    /// Whom a token must be meant for: one of them.
    pub audiences: Vec<String>,
    /// What it signs with.
    pub keys: Keys,
    /// Whose data its tokens are for.
    pub tenant: TenantOf,
    /// The claim that has the parties that a caller acts for.
    pub party_claim: String,
    /// Whether a token must have it, unless it is of an administrator of the tenant.
    pub party_required: bool,
    /// The claim that has what a caller may do.
    pub scope_claim: String,
}

/// What an issuer signs with.
pub(crate) enum Keys {
    /// Keys that the deployment gives.
    Given(Rc<KeySet>),
    /// Keys that the issuer publishes.
    Published(PublishedKeys),
}

/// Where the tenant of a token is said.
pub(crate) enum TenantOf {
    /// It is the same for all tokens of the issuer.
    Issuer(Tenant),
    /// The claim has it.
    Claim(String),
}

impl Keys {
    /// The set, as it is known.
    pub async fn set<O: Outside>(&self, outside: &O) -> Result<Rc<KeySet>, Refusal> {
        match self {
            Self::Given(set) => Ok(set.clone()),
            Self::Published(keys) => keys.set(outside).await,
        }
    }

    /// A set that is newer than `old`, in which a key was looked for in vain.
    pub async fn newer<O: Outside>(
        &self,
        old: &Rc<KeySet>,
        outside: &O,
    ) -> Result<Option<Rc<KeySet>>, Refusal> {
        match self {
            Self::Given(_) => Ok(None),
            Self::Published(keys) => keys.newer(old, outside).await,
        }
    }
}
