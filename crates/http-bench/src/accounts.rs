//! The accounts that there are.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::host::Host;

/// The path of the accounts.
pub const ACCOUNTS: &str = "/tmf-api/accountManagement/v5/billingAccount";

/// The same in v4.
pub const ACCOUNTS_V4: &str = "/tmf-api/accountManagement/v4/billingAccount";

/// How many accounts each related party has.
const OF_A_PARTY: usize = 20;

/// How many are created at once.
const AT_ONCE: usize = 500;

/// How many related parties there are.
pub fn parties(records: usize) -> usize {
    records.div_ceil(OF_A_PARTY)
}

/// An account of 1.5 kB. Names are in another order than ids.
fn account(number: usize, records: usize) -> Value {
    let shuffled = number.wrapping_mul(7919) % records.max(1);
    json!({
        "id": format!("a{number:07}"),
        "@type": "BillingAccount",
        "name": format!("Account {shuffled:07}"),
        "state": if number.is_multiple_of(10) { "Suspended" } else { "Active" },
        "accountType": "business",
        "description": "x".repeat(1000),
        "creditLimit": { "unit": "EUR", "value": 100.50 },
        "relatedParty": [{
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": "owner",
            "partyOrPartyRole": {
                "@type": "PartyRef",
                "id": format!("p{}", number % parties(records)),
                "@referredType": "Organization"
            }
        }]
    })
}

/// Creates the accounts, many at once.
pub async fn create(host: &Host, records: usize) -> anyhow::Result<()> {
    for start in (0..records).step_by(AT_ONCE) {
        let operations: Vec<_> = (start..records.min(start + AT_ONCE))
            .map(|number| json!({ "op": "add", "path": "/", "value": account(number, records) }))
            .collect();
        let request = host.client.patch(format!("{}{ACCOUNTS}?fields=none", host.base_url));
        let request = request.header("content-type", "application/json-patch+json");
        let response = request.body(json!(operations).to_string()).send().await?;
        let status = response.status();
        ensure!(status.is_success(), "creating accounts: {status} {}", response.text().await?);
    }
    Ok(())
}
