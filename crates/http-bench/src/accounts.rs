//! The accounts that there are.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::ensure;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::host::Host;

/// The path of the accounts.
pub const ACCOUNTS: &str = "/tmf-api/accountManagement/v5/billingAccount";

/// The same in v4.
pub const ACCOUNTS_V4: &str = "/tmf-api/accountManagement/v4/billingAccount";

/// How many accounts each related party has.
const OF_A_PARTY: usize = 20;

/// How many are created at once.
const AT_ONCE: usize = 500;

/// How many clients create them where each is created by itself.
const WORKERS: usize = 16;

/// How many related parties there are.
pub fn parties(records: usize) -> usize {
    records.div_ceil(OF_A_PARTY)
}

/// An account of 1.4 kB, as an operator has it who bills on behalf of a partner. What differs from
/// account to account beside its name and party is made of `number`s of nine digits.
fn account(name: &str, party: &str, mut number: impl FnMut() -> String) -> Value {
    json!({
        "@type": "BillingAccount",
        "name": name,
        "state": "Active",
        "accountType": "business",
        "description": format!("Fixed line and fibre, contract {}, store {}", number(), number()),
        "ratingType": "postpaid",
        "paymentStatus": "paid",
        "creditLimit": { "unit": "EUR", "value": 250.50 },
        "billStructure": {
            "@type": "BillStructure",
            "cycleSpecification": { "@type": "BillingCycleSpecificationRef", "id": "monthly-1" },
            "format": { "@type": "BillFormatRef", "id": "detailed", "name": "Detailed bill" },
            "presentationMedia": [{ "@type": "BillPresentationMediaRef", "id": "e-mail" }]
        },
        "contact": [{
            "@type": "Contact",
            "contactType": "primary",
            "contactName": format!("Accounting {}", number()),
            "contactMedium": [
                {
                    "@type": "EmailContactMedium",
                    "emailAddress": format!("accounting-{}@example.com", number())
                },
                { "@type": "PhoneContactMedium", "phoneNumber": format!("+49{}", number()) },
                {
                    "@type": "GeographicAddressContactMedium",
                    "street1": format!("Industrial Estate {}", number()),
                    "postCode": number(),
                    "city": "Hamburg",
                    "country": "Germany"
                }
            ]
        }],
        "relatedParty": [
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "customer",
                "partyOrPartyRole": {
                    "@type": "PartyRef",
                    "id": party,
                    "name": format!("Customer {}", number()),
                    "@referredType": "Organization"
                }
            },
            {
                "@type": "RelatedPartyRefOrPartyRoleRef",
                "role": "onBehalfOf",
                "partyOrPartyRole": {
                    "@type": "PartyRoleRef",
                    "id": "partner-7",
                    "partyId": "partner",
                    "@referredType": "Supplier"
                }
            }
        ]
    })
}

/// The account that is one of the `records` there are. Names are in another order than ids.
fn numbered(number: usize, records: usize) -> Value {
    let shuffled = number.wrapping_mul(7919) % records.max(1);
    let party = format!("p{}", number % parties(records));
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    let mut account = account(&format!("Account {shuffled:07}"), &party, || {
        hasher.write_u8(0);
        format!("{:09}", hasher.finish() % 1_000_000_000)
    });
    account["id"] = format!("a{number:07}").into();
    if number.is_multiple_of(10) {
        account["state"] = "Suspended".into();
    }
    account
}

/// An expression in Lua: the text of an account with a new name, of a new party, that is never the
/// same.
pub fn any_account() -> String {
    let text = account("Created #", "p#", || "#".to_owned()).to_string();
    format!("(('{text}'):gsub('#', function() return math.random(100000000, 999999999) end))")
}

/// Creates the accounts, many at once.
pub async fn create(host: &Host, records: usize) -> anyhow::Result<()> {
    create_as(&host.client, &host.base_url, records, None).await
}

/// The same for a client; each account with a number that is a multiple of that of `of_party` is of
/// its party instead of the one that all others share.
pub async fn create_as(
    client: &Client,
    base_url: &str,
    records: usize,
    of_party: Option<(&str, usize)>,
) -> anyhow::Result<()> {
    let of_number = |number: usize| {
        let mut account = numbered(number, records);
        if let Some((party, every)) = of_party
            && number.is_multiple_of(every)
        {
            account["relatedParty"][1]["partyOrPartyRole"]["id"] = party.into();
        }
        json!({ "op": "add", "path": "/", "value": account })
    };
    for start in (0..records).step_by(AT_ONCE) {
        let end = records.min(start + AT_ONCE);
        let operations: Vec<_> = (start..end).map(of_number).collect();
        let request = client.patch(format!("{base_url}{ACCOUNTS}?fields=none"));
        let request = request.header("content-type", "application/json-patch+json");
        let response = request.body(json!(operations).to_string()).send().await?;
        let status = response.status();
        ensure!(status.is_success(), "creating accounts: {status} {}", response.text().await?);
    }
    Ok(())
}

/// Creates them one by one, where many at once is not possible.
pub async fn create_each(client: &Client, base_url: &str, records: usize) -> anyhow::Result<()> {
    let mut workers = JoinSet::new();
    for first in 0..WORKERS {
        let (client, url) = (client.clone(), format!("{base_url}{ACCOUNTS}"));
        workers.spawn(async move {
            for number in (first..records).step_by(WORKERS) {
                let response = client.post(&url).json(&numbered(number, records)).send().await?;
                let status = response.status();
                ensure!(status.is_success(), "creating an account: {status}");
            }
            Ok(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    Ok(())
}
