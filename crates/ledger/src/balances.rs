//! What stands on an account, in each currency.

use std::collections::BTreeMap;

use jiff::Timestamp;
use money::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::rule::Data;

use crate::keys::{Account, SPACE};
use crate::posting::Posting;

/// The kinds of balances that are the server's.
pub const KINDS: [&str; 2] = ["unbilled", "receivable"];

/// What stands on an account in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// The sum of all postings.
    pub sum: Posting,
}

/// Whether nothing stands on any account of the tenant, nor ever has.
pub async fn is_empty(data: &dyn Data) -> Result<bool, Error> {
    Ok(data.scan(SPACE, 1).await?.is_empty())
}

/// What stands on the account, in the order of currencies.
pub async fn balances(data: &dyn Data, account: Account<'_>) -> Result<Vec<Balance>, Error> {
    let prefix = account.prefix();
    let mut sums: BTreeMap<String, Posting> = BTreeMap::new();
    for (key, value) in account.entries(data).await? {
        let currency = key[prefix.len()..].split('/').next().unwrap_or_default();
        let sum = sums.entry(currency.to_owned()).or_default();
        *sum = sum.plus(Posting::decode(&key, &value)?)?;
    }
    let balance = |(code, sum): (String, Posting)| {
        let unknown = || Error::internal(format!("no currency is called {code}"));
        Ok(Balance { currency: Currency::from_code(&code).ok_or_else(unknown)?, sum })
    };
    sums.into_iter().map(balance).collect()
}

/// Shows what stands on an account among the balances that it is stored with. Those of the server's kinds
/// are the server's alone.
pub fn show(document: &mut Map<String, Value>, balances: &[Balance]) -> Result<(), Error> {
    let mut shown = others(document);
    for Balance { currency, sum } in balances {
        for (kind, amount) in KINDS.into_iter().zip([sum.unbilled, sum.receivable]) {
            shown.push(entry(kind, *currency, amount, sum.at)?);
        }
    }
    document.insert(ATTRIBUTE.to_owned(), shown.into());
    Ok(())
}

const ATTRIBUTE: &str = "accountBalance";

/// The balances of the document that are its clients' own.
fn others(document: &Map<String, Value>) -> Vec<Value> {
    let entries = document.get(ATTRIBUTE).and_then(Value::as_array);
    entries.into_iter().flatten().filter(|entry| is_own(entry)).cloned().collect()
}

/// Whether a balance is of a kind that is its clients' own.
fn is_own(entry: &Value) -> bool {
    let kind = entry.get("balanceType").and_then(Value::as_str);
    !kind.is_some_and(|kind| KINDS.contains(&kind))
}

/// Stores of the balances that a client sends what is its own, and what was stored of the server's kinds.
pub fn strip(document: &mut Map<String, Value>, stored: &Map<String, Value>) {
    if !document.contains_key(ATTRIBUTE) && !stored.contains_key(ATTRIBUTE) {
        return;
    }
    let mut kept = others(document);
    let hidden = stored.get(ATTRIBUTE).and_then(Value::as_array).into_iter().flatten();
    kept.extend(hidden.filter(|entry| !is_own(entry)).cloned());
    match kept.is_empty() && !stored.contains_key(ATTRIBUTE) {
        true => drop(document.remove(ATTRIBUTE)),
        false => drop(document.insert(ATTRIBUTE.to_owned(), kept.into())),
    }
}

fn entry(kind: &str, currency: Currency, amount: Decimal, at: i64) -> Result<Value, Error> {
    let amount = Money::new(currency, at_least(amount, currency)).map_err(Error::internal)?;
    let since = Timestamp::from_millisecond(at).map_err(Error::internal)?;
    Ok(json!({
        "@type": "AccountBalance",
        "balanceType": kind,
        "amount": amount.to_value(),
        "validFor": { "startDateTime": format!("{since:.3}") },
    }))
}

/// The amount with as many decimals as it needs, and at least those of its currency.
fn at_least(amount: Decimal, currency: Currency) -> Decimal {
    let mut amount = amount.normalize();
    if amount.scale() < currency.decimals() {
        amount.rescale(currency.decimals());
    }
    amount
}
