//! What stands on an account.

use money::Money;
use serde_json::Value;

use super::document;
use super::sums::Sums;

/// A balance that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// `balanceType`.
    pub kind: String,
    pub amount: Money,
}

/// What of it is owed: the sum of what remains of the open bills.
pub const OWED: &str = "receivable";

/// What of it is on no bill yet.
pub const UNBILLED: &str = "unbilled";

/// The balances of each currency, currencies in alphabetical order; what is owed comes first.
pub fn by_currency(account: &Value) -> Vec<(&'static str, Vec<Balance>)> {
    let mut all: Vec<(&str, Vec<Balance>)> = Vec::new();
    for balance in balances(account) {
        let currency = balance.amount.currency().code();
        match all.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, balances)) => balances.push(balance),
            None => all.push((currency, vec![balance])),
        }
    }
    all.sort_by_key(|(currency, _)| *currency);
    for (_, balances) in &mut all {
        balances.sort_by_key(|it| (it.kind != OWED, it.kind != UNBILLED));
    }
    all
}

/// The balances that are not of money, such as what is prepaid in gigabytes, or cannot be read.
pub fn others(account: &Value) -> Vec<&Value> {
    let all = document::at(account, "accountBalance").into_iter();
    all.filter(|it| document::amount(it, "amount").is_none()).collect()
}

/// Whether a balance is what its parts come to; nothing, where that cannot be told: what differs may be
/// what the reader does not see.
pub fn agrees(balance: Option<&Sums>, parts: Option<&Sums>, sees_all: bool) -> Option<bool> {
    let agrees = balance?.agree_with(parts?);
    (agrees || sees_all).then_some(agrees)
}

/// The sums of the balances of a kind; nothing, if the account shows none of it.
pub fn of_kind(account: &Value, kind: &str) -> Option<Sums> {
    let all = document::at(account, "accountBalance").into_iter();
    let mut of_kind = all.filter(|it| document::text(it, "balanceType") == Some(kind)).peekable();
    of_kind.peek()?;
    Sums::of(of_kind, "amount")
}

fn balances(account: &Value) -> impl Iterator<Item = Balance> {
    document::at(account, "accountBalance").into_iter().filter_map(|it| {
        let kind = document::text(it, "balanceType").unwrap_or_default().to_owned();
        Some(Balance { kind, amount: document::amount(it, "amount")? })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account() -> Value {
        let balance = |kind: &str, unit: &str, value: i64| json!({"balanceType": kind, "amount": {"unit": unit, "value": value}});
        json!({"accountBalance": [
            balance("deposit", "EUR", 5),
            balance("unbilled", "EUR", 1),
            balance("receivable", "EUR", 2),
            balance("receivable", "CHF", 3),
            {"balanceType": "broken"},
        ]})
    }

    #[test]
    fn what_is_owed_comes_first() {
        let found = by_currency(&account());
        let kinds = |place: usize| -> Vec<_> {
            found[place].1.iter().map(|balance| &*balance.kind).collect()
        };
        assert_eq!((found[0].0, kinds(0)), ("CHF", vec!["receivable"]));
        assert_eq!((found[1].0, kinds(1)), ("EUR", vec!["receivable", "unbilled", "deposit"]));
    }

    #[test]
    fn what_is_no_money_is_a_balance_too() {
        let data = json!({"balanceType": "prepaid", "amount": {"unit": "GB", "value": 5}});
        let mut account = account();
        account["accountBalance"].as_array_mut().unwrap().push(data.clone());
        assert_eq!(others(&account), [&json!({"balanceType": "broken"}), &data]);
    }

    #[test]
    fn what_differs_says_nothing_to_who_sees_a_part() {
        let sums = |value: i64| {
            Sums::of([&json!({"due": {"unit": "EUR", "value": value}})], "due").unwrap()
        };
        let (one, two) = (sums(1), sums(2));
        assert_eq!(agrees(Some(&one), Some(&one), false), Some(true));
        assert_eq!(agrees(Some(&two), Some(&one), true), Some(false));
        assert_eq!(agrees(Some(&two), Some(&one), false), None);
        assert_eq!(agrees(None, Some(&one), true), None);
    }

    #[test]
    fn a_kind_has_a_sum_for_each_currency() {
        let owed = of_kind(&account(), OWED).unwrap();
        let owed: Vec<_> = owed.all().iter().map(ToString::to_string).collect();
        assert_eq!(owed, ["3 CHF", "2 EUR"]);
        assert_eq!(of_kind(&json!({}), OWED), None);
    }
}
