//! Which currency a bill is in.

use jiff::Timestamp;
use money::Currency;
use tmf630::model::rule::Data;

use super::hindrance::Hindrance;
use crate::account::Account;
use crate::in_order::currencies;

/// The currency that is asked for, or else that of the account's unbilled items; nothing if there is nothing
/// to bill in it, and the account wants no bill of that.
pub(crate) async fn choose(
    account: &Account,
    asked_for: Option<Currency>,
    until: Timestamp,
    data: &dyn Data,
) -> Result<Option<Currency>, Hindrance> {
    let found = currencies(&account.id, until, data).await?;
    let is_empty = asked_for.map_or(found.is_empty(), |asked_for| !found.contains(&asked_for));
    if is_empty && !account.wants_empty_bills() {
        return Ok(None);
    }
    match (asked_for, &found[..]) {
        (Some(currency), _) => Ok(Some(currency)),
        (None, [one]) => Ok(Some(*one)),
        (None, []) => match account.currency() {
            Some(currency) => Ok(Some(currency)),
            None => Err(reason("nothing to bill, and an empty bill needs a currency")),
        },
        (None, several) => {
            let codes: Vec<_> = several.iter().map(|currency| currency.code()).collect();
            Err(reason(&format!("items in several currencies: {}; ask for one", codes.join(", "))))
        }
    }
}

fn reason(reason: &str) -> Hindrance {
    Hindrance::Reason(reason.to_owned())
}
