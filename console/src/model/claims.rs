//! What an access token says of its holder, and what follows from it.
//!
//! The console does not check tokens: the server does, with every request. It reads them to show who
//! is signed in, and to offer only what the server would allow.

use serde_json::Value;

use super::base64url;
use super::resource::Resource;

/// How the issuer of a token names what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimNames {
    pub tenant: String,
    pub party: String,
    pub scope: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self { tenant: "tenant".into(), party: "party_id".into(), scope: "scope".into() }
    }
}

/// Who is signed in. It stays the same as long as the tokens that follow each other say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// What they are called.
    pub subject: Option<String>,
    /// What the issuer knows them by, `sub`.
    pub id: Option<String>,
    pub tenant: Option<String>,
    /// For whom they act; nobody: for the whole tenant, as administrators always do.
    pub parties: Vec<String>,
    /// `None`: nobody is asked, everything is allowed.
    pub scopes: Option<Vec<String>>,
}

/// The scope that is all of them.
const ADMIN: &str = "admin";

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Read,
    Write,
}

impl Claims {
    /// What the payload of a token says.
    pub fn of(payload: &Value, names: &ClaimNames) -> Self {
        let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
        let scopes = payload.get(&names.scope).map(words).unwrap_or_default();
        let parties = payload.get(&names.party).map(texts).unwrap_or_default();
        let is_admin = scopes.iter().any(|scope| scope == ADMIN);
        Self {
            subject: ["name", "preferred_username", "email", "sub"].iter().find_map(|it| text(it)),
            id: text("sub"),
            tenant: text(&names.tenant),
            parties: if is_admin { Vec::new() } else { parties },
            scopes: Some(scopes),
        }
    }

    /// Who they are, whatever they may do.
    #[must_use]
    pub fn person(&self) -> Self {
        Self { scopes: None, ..self.clone() }
    }

    /// Whether the server would allow it, whatever it is about. Who acts for parties changes nothing that
    /// all parties share.
    pub fn may(&self, right: Right, resource: &Resource) -> bool {
        if right == Right::Write && resource.is_shared() && !self.parties.is_empty() {
            return false;
        }
        let Some(scopes) = &self.scopes else { return true };
        let right = match right {
            Right::Read => "read",
            Right::Write => "write",
        };
        let api = resource.api.scope();
        let sufficient =
            [ADMIN.into(), format!("{api}:{right}"), format!("{api}:{}:{right}", resource.name)];
        scopes.iter().any(|scope| sufficient.contains(scope))
    }
}

fn texts(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn words(value: &Value) -> Vec<String> {
    texts(value).iter().flat_map(|text| text.split(' ')).map(str::to_owned).collect()
}

/// The payload of a token in base64url, decoded: the middle one of its three parts.
pub fn payload(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&base64url::decode(payload)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_payload_is_the_middle_part() {
        assert_eq!(payload("e30.eyJzdWIiOiLDpD8ifQ.x"), Some(json!({"sub": "ä?"})));
        assert_eq!(payload("no token"), None);
        assert_eq!(payload("a.%.b"), None);
    }

    #[test]
    fn scopes_decide() {
        let account = Resource::named("billingAccount").unwrap();
        let bill = Resource::named("customerBill").unwrap();
        let token = json!({"scope": "tmf666:billingAccount:read tmf678:write", "party_id": "7"});
        let claims = Claims::of(&token, &ClaimNames::default());
        assert!(claims.may(Right::Read, account) && !claims.may(Right::Write, account));
        assert!(!claims.may(Right::Read, bill) && claims.may(Right::Write, bill));
        assert_eq!(claims.parties, ["7"]);
        assert!(Claims::default().may(Right::Write, bill));
    }

    #[test]
    fn what_parties_share_is_not_changed_for_one_of_them() {
        let format = Resource::named("billFormat").unwrap();
        let account = Resource::named("billingAccount").unwrap();
        let may = |scope: &str, party: Value| {
            let token = json!({"scope": scope, "party_id": party});
            let claims = Claims::of(&token, &ClaimNames::default());
            assert!(claims.may(Right::Read, format) && claims.may(Right::Write, account));
            claims.may(Right::Write, format)
        };
        let all = "tmf666:read tmf666:write";
        assert!(may(all, Value::Null) && !may(all, json!("7")) && may("admin", json!("7")));
    }
}
