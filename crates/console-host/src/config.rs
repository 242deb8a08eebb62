//! What the page is told.

use serde_json::{Value, json};

use crate::settings::Settings;

/// `config.json`. Everybody can read it: there is no secret in it.
pub(crate) fn config(settings: &Settings) -> Value {
    let sign_in = settings.sign_in.as_ref();
    json!({
        "auth": settings.auth,
        "tenant": settings.tenant,
        "issuer": sign_in.map(|it| &it.issuer),
        "clientId": sign_in.map(|it| &it.client_id),
        "scope": sign_in.map_or("openid", |it| &it.scope),
        "claims": settings.claims,
        "apis": {
            "account": "tmf-api/accountManagement",
            "bill": "tmf-api/customerBillManagement"
        }
    })
}
