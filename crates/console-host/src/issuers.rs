//! What tokens of whom say where: the names of claims, out of all that a deployment says of issuers.

use serde::{Deserialize, Serialize};

/// The claims that tell who somebody is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Claims {
    pub tenant: String,
    pub party: String,
    pub scope: String,
}

/// What is not secret of an issuer.
#[derive(Deserialize)]
struct Issuer {
    issuer: String,
    tenant_claim: Option<String>,
    party_claim: Option<String>,
    scope_claim: Option<String>,
}

/// The claims of the issuer called `name` in the list, else of the first. What is wrong with the list,
/// resources say, and here nothing is known then.
pub(crate) fn claims(list: &str, name: &str) -> Claims {
    let mut issuers: Vec<Issuer> = serde_json::from_str(list).unwrap_or_default();
    let position = issuers.iter().position(|issuer| issuer.issuer == name).unwrap_or_default();
    let issuer = (position < issuers.len()).then(|| issuers.swap_remove(position));
    let claim = |of: fn(&Issuer) -> &Option<String>, default: &str| {
        issuer.as_ref().and_then(|issuer| of(issuer).clone()).unwrap_or(default.to_owned())
    };
    Claims {
        tenant: claim(|issuer| &issuer.tenant_claim, "tenant"),
        party: claim(|issuer| &issuer.party_claim, "party_id"),
        scope: claim(|issuer| &issuer.scope_claim, "scope"),
    }
}
