//! What a deployment says: whether callers are asked who they are, and whom it trusts to say so.
//!
//! Every mistake is an error that says what is wrong and where; none has anything of a key.

use std::rc::Rc;

use serde_json::{Map, Value};

use crate::authenticator::{Authentication, Authenticator};
use crate::caller::Tenant;
use crate::claims::MAX_NAME_BYTES;
use crate::issuer::{Issuer, Keys, TenantOf};
use crate::json;
use crate::key_set::KeySet;
use crate::published_keys::PublishedKeys;

/// The tenant of a deployment that has whatever tenant a token names.
const ANY_TENANT: &str = "*";

/// What can be said of an issuer.
const MEMBERS: [&str; 9] = [
    "issuer",
    "audience",
    "keys",
    "jwks_url",
    "tenant",
    "tenant_claim",
    "party_claim",
    "party_required",
    "scope_claim",
];

impl Authentication {
    /// What a deployment says by three variables.
    ///
    /// * `auth`: `none` or `jwt`.
    /// * `tenant`: the name of the only tenant; or, with `jwt`, `*` for whatever tenant a token
    ///   names.
    /// * `issuers`: with `jwt`, a JSON list of objects, each with `issuer`; `audience`, a string or
    ///   a list; `keys`, a JWK Set, or `jwks_url`, where it is published; `tenant`, whose data all
    ///   of its tokens are for, or `tenant_claim` (`tenant`), which says that; `party_claim`
    ///   (`party_id`), and with `party_required` true, nobody but an administrator goes without it;
    ///   and `scope_claim` (`scope`). Empty, with `none`.
    pub fn read(auth: &str, tenant: &str, issuers: &str) -> Result<Self, String> {
        let only = match tenant {
            ANY_TENANT => None,
            name => Some(Tenant::new(name).ok_or(
                "tenant must be 1 to 64 characters of A-Z a-z 0-9 _ -, or * for whatever tenant a \
                 token names",
            )?),
        };
        let issuers = read_issuers(issuers, only.as_ref())?;
        match (auth, only) {
            ("none", _) if !issuers.is_empty() => {
                Err("auth is none, and jwt_issuers is not empty: with none nobody is asked for a \
                     token"
                    .into())
            }
            ("none", None) => Err("tenant must not be * where auth is none".into()),
            ("none", Some(tenant)) => Ok(Self::None(tenant)),
            ("jwt", _) if issuers.is_empty() => {
                Err("jwt_issuers must have at least one issuer where auth is jwt".into())
            }
            ("jwt", only) => Ok(Self::Jwt(Authenticator::new(only, issuers))),
            _ => Err("auth must be none or jwt".into()),
        }
    }
}

/// The issuers; none where nothing is said.
fn read_issuers(text: &str, only: Option<&Tenant>) -> Result<Vec<Issuer>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let list = json::parse(text.as_bytes()).map_err(|fault| format!("jwt_issuers: {fault}"))?;
    let list = list.as_array().ok_or("jwt_issuers must be a list of objects")?;
    let mut issuers: Vec<Issuer> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let at = format!("jwt_issuers[{index}]");
        let members = value.as_object().ok_or_else(|| format!("{at} must be an object"))?;
        let issuer = Members { members, at: &at }.issuer(only)?;
        if issuers.iter().any(|before| before.name == issuer.name) {
            return Err(format!("{at}.issuer is given twice"));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

/// What is said of an issuer, and where.
struct Members<'m> {
    members: &'m Map<String, Value>,
    at: &'m str,
}

impl Members<'_> {
    fn issuer(&self, only: Option<&Tenant>) -> Result<Issuer, String> {
        let at = self.at;
        let mut names = self.members.keys();
        if let Some(name) = names.find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(format!("{at}.{name} is not known; there can be {}", MEMBERS.join(", ")));
        }
        let name = self.text("issuer")?.ok_or_else(|| format!("{at}.issuer is missing"))?;
        if name.len() > MAX_NAME_BYTES {
            return Err(format!("{at}.issuer must be at most {MAX_NAME_BYTES} bytes long"));
        }
        let claim = |member, usual: &str| {
            Ok::<_, String>(self.text(member)?.unwrap_or_else(|| usual.to_owned()))
        };
        Ok(Issuer {
            audiences: self.audiences()?,
            keys: self.keys(&name)?,
            tenant: self.tenant(only)?,
            party_claim: claim("party_claim", "party_id")?,
            party_required: self.flag("party_required")?,
            scope_claim: claim("scope_claim", "scope")?,
            name,
        })
    }

    /// A member that is a string, and says something.
    fn text(&self, member: &str) -> Result<Option<String>, String> {
        match self.members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(format!("{}.{member} must be a string that is not empty", self.at)),
        }
    }

    /// A member that is true or false.
    fn flag(&self, member: &str) -> Result<bool, String> {
        match self.members.get(member) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(format!("{}.{member} must be true or false", self.at)),
        }
    }

    fn audiences(&self) -> Result<Vec<String>, String> {
        let wrong =
            || format!("{}.audience must be a string, or a list of strings, not empty", self.at);
        let values = match self.members.get("audience") {
            Some(Value::Array(values)) if !values.is_empty() => values.as_slice(),
            Some(value @ Value::String(_)) => std::slice::from_ref(value),
            _ => return Err(wrong()),
        };
        let audience = |value: &Value| {
            let audience = value.as_str().filter(|audience| !audience.is_empty());
            audience.map(str::to_owned).ok_or_else(wrong)
        };
        values.iter().map(audience).collect()
    }

    fn keys(&self, issuer: &str) -> Result<Keys, String> {
        let at = self.at;
        match (self.members.get("keys"), self.text("jwks_url")?) {
            (Some(set), None) => {
                let set = KeySet::of_deployment(set).map_err(|what| format!("{at}.keys{what}"))?;
                Ok(Keys::Given(Rc::new(set)))
            }
            (None, Some(url)) if is_url(&url) => {
                Ok(Keys::Published(PublishedKeys::at(url, issuer.to_owned())))
            }
            (None, Some(_)) => Err(format!("{at}.jwks_url must be an http:// or https:// URL")),
            _ => Err(format!("{at} must have either keys or jwks_url")),
        }
    }

    fn tenant(&self, only: Option<&Tenant>) -> Result<TenantOf, String> {
        let at = self.at;
        match (self.text("tenant")?, self.text("tenant_claim")?) {
            (Some(_), Some(_)) => Err(format!("{at} cannot have both tenant and tenant_claim")),
            (Some(name), None) => {
                let tenant = Tenant::new(&name).ok_or_else(|| {
                    format!("{at}.tenant must be 1 to 64 characters of A-Z a-z 0-9 _ -")
                })?;
                match only.is_none_or(|only| *only == tenant) {
                    true => Ok(TenantOf::Issuer(tenant)),
                    false => Err(format!("{at}.tenant is another than the only one, tenant")),
                }
            }
            (None, claim) => Ok(TenantOf::Claim(claim.unwrap_or_else(|| "tenant".to_owned()))),
        }
    }
}

/// Whether it is the URL of something that can be fetched.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_allowed = |byte: u8| byte.is_ascii_graphic();
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    // A password in it would be logged when it cannot be fetched.
    !host.is_empty()
        && !host.starts_with(':')
        && !host.contains('@')
        && text.bytes().all(is_allowed)
}
