//! What a change adds to the balance of an account.

use bytes::Bytes;
use money::{Currency, Money};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tmf630::Error;
use tmf630::model::behaviour::Work;

use crate::ONE_FOLDS_IN;
use crate::keys::{Account, unit};

/// How many postings are folded at once.
const FOLDED_AT_ONCE: usize = 256;

/// Amounts, in one currency, and what they are made of. An amount that a newer version of the program has
/// added must not get lost in a sum: what has one cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// What unbilled items cost with their taxes.
    #[serde(with = "text")]
    pub unbilled: Decimal,
    /// How many they are.
    pub unbilled_items: i64,
    /// What remains of open bills.
    #[serde(with = "text")]
    pub receivable: Decimal,
    /// How many they are.
    pub open_bills: i64,
    /// When this was last changed, in milliseconds since 1970.
    pub at: i64,
}

/// Numbers as text: all of their digits, and no binary fraction.
mod text {
    use rust_decimal::Decimal;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Decimal, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Posting {
    /// Unbilled items, so many, that cost this with their taxes.
    pub fn unbilled(items: i64, cost: &Money) -> Self {
        Self { unbilled: cost.amount(), unbilled_items: items, ..Self::default() }
    }

    /// Open bills, so many, of which this remains.
    pub fn receivable(bills: i64, remains: &Money) -> Self {
        Self { receivable: remains.amount(), open_bills: bills, ..Self::default() }
    }

    /// Both.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        let add = |a, b| money::sum(a, b).map_err(Error::internal);
        Ok(Self {
            unbilled: add(self.unbilled, other.unbilled)?,
            unbilled_items: self.unbilled_items.saturating_add(other.unbilled_items),
            receivable: add(self.receivable, other.receivable)?,
            open_bills: self.open_bills.saturating_add(other.open_bills),
            at: self.at.max(other.at),
        })
    }

    /// What takes this back.
    pub fn negated(self) -> Self {
        Self {
            unbilled: -self.unbilled,
            unbilled_items: -self.unbilled_items,
            receivable: -self.receivable,
            open_bills: -self.open_bills,
            at: self.at,
        }
    }

    /// Whether it changes nothing.
    pub fn is_nothing(self) -> bool {
        Self { at: 0, ..self } == Self::default()
    }

    /// Whether a value can be at a key of an account.
    pub fn is_valid(key: &str, value: &Bytes) -> bool {
        let currency = unit(key).and_then(|unit| unit.trim_end_matches('/').rsplit('/').next());
        currency.is_some_and(|code| Currency::from_code(code).is_some())
            && Self::decode(key, value).is_ok()
    }

    /// What the key has.
    pub(crate) fn decode(key: &str, value: &Bytes) -> Result<Self, Error> {
        serde_json::from_slice(value).map_err(|error| Error::of_stored_json(key, &error))
    }

    fn encode(self) -> Result<Bytes, Error> {
        Ok(serde_json::to_vec(&self).map_err(Error::internal)?.into())
    }
}

/// Adds what a change brings to the account.
pub async fn post(
    work: &mut dyn Work,
    account: Account<'_>,
    currency: Currency,
    posting: Posting,
) -> Result<(), Error> {
    if posting.is_nothing() {
        return Ok(());
    }
    let prefix = format!("{}{}/", account.prefix(), currency.code());
    let transaction = work.id();
    let key = format!("{prefix}p/{transaction}");
    let posting = Posting { at: work.now().as_millisecond(), ..posting };
    let before = work.get(&key).await?;
    let is_first = before.is_none();
    let posting = match before {
        Some(before) => Posting::decode(&key, &before)?.plus(posting)?,
        None => posting,
    };
    work.put(key, posting.encode()?);
    match is_first && is_drawn(&transaction) {
        true => fold(work, &prefix).await,
        false => Ok(()),
    }
}

/// Whether a transaction folds: one in [`ONE_FOLDS_IN`] does, by the last digits of its id.
fn is_drawn(transaction: &str) -> bool {
    let digits = transaction.get(transaction.len().saturating_sub(2)..);
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    number.is_some_and(|number| number % ONE_FOLDS_IN == 0)
}

/// Adds postings up in the total, so that there are fewer.
async fn fold(work: &mut dyn Work, prefix: &str) -> Result<(), Error> {
    let total_key = format!("{prefix}t");
    let mut total = match work.get(&total_key).await? {
        Some(total) => Posting::decode(&total_key, &total)?,
        None => Posting::default(),
    };
    for (key, value) in work.scan(&format!("{prefix}p/"), FOLDED_AT_ONCE).await? {
        total = total.plus(Posting::decode(&key, &value)?)?;
        work.delete(key);
    }
    work.put(total_key, total.encode()?);
    Ok(())
}

/// Takes everything that stands on the account off it, for one that is going to be deleted.
pub async fn clear(work: &mut dyn Work, account: Account<'_>) -> Result<(), Error> {
    for (key, _) in account.entries(&*work).await? {
        work.delete(key);
    }
    Ok(())
}
