//! What the deployment tells the page: `config.json`.

use serde_json::Value;

use super::claims::ClaimNames;
use super::resource::Api;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether callers are asked who they are.
    pub asks: bool,
    /// Where people sign in; else they bring a token.
    pub sign_in: Option<SignIn>,
    pub claims: ClaimNames,
    /// The tenant that is served, unless tokens say it.
    pub tenant: Option<String>,
    account: String,
    bill: String,
}

/// An OpenID provider, and what the console is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    pub issuer: String,
    pub client_id: String,
    pub scope: String,
}

impl Config {
    /// What a document says; what it leaves out is as in a deployment that sets nothing.
    pub fn of(document: &Value) -> Self {
        let text = |pointer: &str| {
            let text = document.pointer(pointer).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let or = |pointer: &str, otherwise: &str| text(pointer).unwrap_or(otherwise.to_owned());
        let names = ClaimNames::default();
        let sign_in = || {
            let (issuer, client_id) = (text("/issuer")?, text("/clientId")?);
            Some(SignIn { issuer, client_id, scope: or("/scope", "openid") })
        };
        Self {
            asks: text("/auth").is_some_and(|auth| auth != "none"),
            sign_in: sign_in(),
            claims: ClaimNames {
                tenant: or("/claims/tenant", &names.tenant),
                party: or("/claims/party", &names.party),
                scope: or("/claims/scope", &names.scope),
            },
            tenant: text("/tenant").filter(|tenant| tenant != "*"),
            account: or("/apis/account", "tmf-api/accountManagement"),
            bill: or("/apis/bill", "tmf-api/customerBillManagement"),
        }
    }

    /// The address of a path of an API, relative to the page.
    pub fn address(&self, api: Api, path: &str) -> String {
        let base = match api {
            Api::Account => &self.account,
            Api::Bill => &self.bill,
        };
        format!("../{base}/v5/{path}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_is_usual() {
        let config = Config::of(&json!({"auth": "none", "tenant": "default"}));
        assert!(!config.asks && config.sign_in.is_none());
        assert_eq!(config.address(Api::Account, "hub"), "../tmf-api/accountManagement/v5/hub");
    }

    #[test]
    fn a_provider_needs_a_client() {
        let mut document = json!({"auth": "jwt", "issuer": "https://id.example", "tenant": "*"});
        assert_eq!(Config::of(&document).sign_in, None);
        document["clientId"] = "console".into();
        let config = Config::of(&document);
        assert_eq!(config.sign_in.map(|it| it.scope).as_deref(), Some("openid"));
        assert_eq!(config.tenant, None);
    }
}
