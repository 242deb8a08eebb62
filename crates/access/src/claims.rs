//! From the claims of a token, whose signature is right, to a caller (RFC 7519, RFC 9068).
//!
//! What is missing has a meaning; what has the wrong type is refused, because nobody can say what
//! was meant.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::caller::{Caller, Identity, Parties, Scopes, Tenant};
use crate::issuer::{Issuer, TenantOf};
use crate::refusal::Refusal;

/// By how much the clock of an issuer may differ, in seconds.
const LEEWAY: f64 = 60.0;

/// How long a caller is known without looking at the token again, at most, in seconds.
const MAX_KNOWN: f64 = 600.0;

/// How long `sub`, `azp` and `client_id` can be, in bytes (OpenID Connect Core 1.0, section 2).
pub(crate) const MAX_NAME_BYTES: usize = 255;

/// How many parties a caller can act for, and how long the id of one can be, in bytes.
const MAX_PARTIES: usize = 100;
const MAX_PARTY_BYTES: usize = 256;

/// The claims of a token.
pub(crate) struct Claims<'c>(pub &'c Map<String, Value>);

impl Claims<'_> {
    /// Whether the token is meant for one of the `audiences` (`aud`) and the time is one at which
    /// it is good (`exp`, `nbf`); and how long the caller can be known by it.
    pub fn check(&self, audiences: &[String], now: Timestamp) -> Result<Duration, Refusal> {
        let is_for_us = match self.0.get("aud") {
            Some(Value::String(audience)) => audiences.contains(audience),
            Some(value) => {
                let wrong = || wrong("aud", "must be a string or a list of strings");
                let meant = strings(value).ok_or_else(wrong)?;
                meant.into_iter().any(|meant| audiences.iter().any(|ours| *ours == meant))
            }
            None => return Err(wrong("aud", "is missing")),
        };
        if !is_for_us {
            return Err(Refusal::invalid("The access token is meant for another audience."));
        }
        let now = now.as_nanosecond() as f64 / 1e9;
        let expiry = self.time("exp")?.ok_or_else(|| wrong("exp", "is missing"))?;
        let left = expiry + LEEWAY - now;
        if left <= 0.0 {
            return Err(Refusal::Expired);
        }
        if self.time("nbf")?.is_some_and(|begin| now < begin - LEEWAY) {
            return Err(Refusal::invalid("The access token is not valid yet."));
        }
        self.time("iat")?;
        // It is a number between the two.
        Ok(Duration::try_from_secs_f64(left.min(MAX_KNOWN)).unwrap_or_default())
    }

    /// The caller that a token of `issuer` is for. Where the deployment has one tenant, it must be
    /// `only`.
    pub fn caller(&self, issuer: &Issuer, only: Option<&Tenant>) -> Result<Caller, Refusal> {
        let client = match self.name("azp")? {
            Some(client) => Some(client),
            None => self.name("client_id")?,
        };
        let identity = Identity { issuer: issuer.name.clone(), subject: self.name("sub")?, client };
        let scopes = self.scopes(&issuer.scope_claim)?;
        let parties = match scopes {
            // They are for all of the tenant, whoever they act for besides.
            Scopes::All => Parties::All,
            Scopes::Only(_) => self.parties(&issuer.party_claim, issuer.party_required)?,
        };
        let tenant = self.tenant(&issuer.tenant)?;
        if only.is_some_and(|only| *only != tenant) {
            let message = "The access token is for a tenant that is not here.".into();
            return Err(Refusal::Forbidden { message });
        }
        Ok(Caller { tenant, identity: Some(identity), scopes, parties })
    }

    /// A claim that is a time, in seconds since 1970.
    fn time(&self, claim: &str) -> Result<Option<f64>, Refusal> {
        let wrong = || wrong(claim, "must be a number of seconds since 1970");
        let number = |value: &Value| value.as_f64().filter(|number| number.is_finite());
        self.0.get(claim).map(|value| number(value).ok_or_else(wrong)).transpose()
    }

    /// A claim that names somebody.
    fn name(&self, claim: &str) -> Result<Option<String>, Refusal> {
        match self.0.get(claim) {
            None => Ok(None),
            Some(Value::String(name)) if name.len() <= MAX_NAME_BYTES => Ok(Some(name.clone())),
            Some(_) => Err(wrong(claim, "must be a string of at most 255 bytes")),
        }
    }

    fn tenant(&self, tenant: &TenantOf) -> Result<Tenant, Refusal> {
        let claim = match tenant {
            TenantOf::Issuer(tenant) => return Ok(tenant.clone()),
            TenantOf::Claim(claim) => claim,
        };
        let tenant = self.0.get(claim).and_then(Value::as_str).and_then(Tenant::new);
        tenant.ok_or_else(|| Refusal::Forbidden {
            message: format!(
                "The token's claim {claim} names no tenant: it must be a string of 1 to 64 \
                 characters of A-Z a-z 0-9 _ -."
            ),
        })
    }

    /// The scopes: separated by blanks (RFC 8693, section 4.2), or a list.
    fn scopes(&self, claim: &str) -> Result<Scopes, Refusal> {
        let wrong = || wrong(claim, "must be a string or a list of strings");
        match self.0.get(claim) {
            None => Ok(Scopes::of([].into_iter())),
            Some(Value::String(names)) => {
                Ok(Scopes::of(names.split(' ').filter(|name| !name.is_empty())))
            }
            Some(value) => Ok(Scopes::of(strings(value).ok_or_else(wrong)?.into_iter())),
        }
    }

    fn parties(&self, claim: &str, is_required: bool) -> Result<Parties, Refusal> {
        let not_ids = || {
            let what = "must be the id of a party or a list of at most 100, of 1 to 256 bytes each";
            wrong(claim, what)
        };
        let ids = match self.0.get(claim) {
            None if is_required => return Err(wrong(claim, "must say for whom its holder acts")),
            None => return Ok(Parties::All),
            Some(Value::String(id)) => vec![id.as_str()],
            Some(value) => strings(value).ok_or_else(not_ids)?,
        };
        let is_id = |id: &&str| (1..=MAX_PARTY_BYTES).contains(&id.len());
        if ids.len() > MAX_PARTIES || !ids.iter().all(is_id) {
            return Err(not_ids());
        }
        let ids: BTreeSet<_> = ids.into_iter().map(str::to_owned).collect();
        Ok(Parties::Only(ids))
    }
}

/// The strings of a list that has nothing else.
fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

/// What is wrong with a claim.
fn wrong(claim: &str, what: &str) -> Refusal {
    Refusal::invalid(format!("The token's claim {claim} {what}."))
}
