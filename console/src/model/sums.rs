//! Sums of money in documents: exact, and apart for each currency.

use money::{ItemAmounts, Money};
use serde_json::Value;

use super::document;

/// What amounts come to: one for each currency, in the order of their codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(Vec<Money>);

impl Sums {
    /// The sums of an attribute. Documents without it count nothing. Where an amount cannot be read,
    /// there is no sum at all, rather than a wrong one.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Value>, attribute: &str) -> Option<Self> {
        Self::of_amounts(documents.into_iter().filter_map(|document| document.get(attribute)))
    }

    /// The sums of amounts that are nothing else.
    pub fn of_amounts<'a>(amounts: impl IntoIterator<Item = &'a Value>) -> Option<Self> {
        Self::added(amounts.into_iter().map(|amount| Money::read_sum(amount, "").ok()))
    }

    /// What items cost with their taxes, with all their decimals.
    pub fn of_items<'a>(items: impl IntoIterator<Item = &'a Value>) -> Option<Self> {
        Self::added(items.into_iter().map(included))
    }

    pub fn all(&self) -> &[Money] {
        &self.0
    }

    /// Whether both are the same, where nothing in a currency is as good as zero.
    pub fn agree_with(&self, other: &Self) -> bool {
        self.is_within(other) && other.is_within(self)
    }

    fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|sum| match other.place(sum) {
            Ok(place) => other.0.get(place) == Some(sum),
            Err(_) => sum.amount().is_zero(),
        })
    }

    fn added(mut amounts: impl Iterator<Item = Option<Money>>) -> Option<Self> {
        amounts.try_fold(Self::default(), |sums, amount| sums.plus(amount?))
    }

    fn plus(mut self, amount: Money) -> Option<Self> {
        match self.place(&amount) {
            Ok(place) => {
                let sum = self.0.get_mut(place)?;
                *sum = sum.plus(&amount).ok()?;
            }
            Err(place) => self.0.insert(place, amount),
        }
        Some(self)
    }

    /// Where the sum in the currency of an amount is, or belongs.
    fn place(&self, amount: &Money) -> Result<usize, usize> {
        self.0.binary_search_by_key(&amount.currency(), Money::currency)
    }
}

/// What an item costs with its taxes. One that says no more than that was made elsewhere.
pub fn included(item: &Value) -> Option<Money> {
    match ItemAmounts::of(item.as_object()?) {
        Ok(amounts) => amounts.included().ok(),
        Err(_) => document::amount(item, "taxIncludedAmount"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Vec<Value> {
        serde_json::from_str(text).unwrap()
    }

    fn written(sums: Option<Sums>) -> Vec<String> {
        sums.unwrap().all().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_currency_has_its_own_exact_sum() {
        let bills = documents(
            r#"[{"due": {"unit": "USD", "value": 0.1}}, {"due": {"unit": "EUR", "value": 100.10}},
                {"due": {"unit": "USD", "value": 0.2}}, {}]"#,
        );
        assert_eq!(written(Sums::of(&bills, "due")), ["100.10 EUR", "0.3 USD"]);
    }

    #[test]
    fn what_cannot_be_read_has_no_sum() {
        for amount in [r#"{"unit": "EUR", "value": "1"}"#, r#"{"unit": "XXX", "value": 1}"#, "1"] {
            let bills = documents(&format!(r#"[{{"due": {amount}}}]"#));
            assert_eq!(Sums::of(&bills, "due"), None);
        }
    }

    #[test]
    fn items_count_with_their_taxes() {
        let items = documents(
            r#"[{"taxExcludedAmount": {"unit": "EUR", "value": 1.234567},
                 "appliedTax": [{"taxAmount": {"unit": "EUR", "value": 0.23456773}}]},
                {"taxIncludedAmount": {"unit": "EUR", "value": 2}}]"#,
        );
        assert_eq!(written(Sums::of_items(&items)), ["3.46913473 EUR"]);
    }

    #[test]
    fn nothing_is_as_good_as_zero() {
        let sums = |text: &str| Sums::of(&documents(text), "due").unwrap();
        let zero = sums(r#"[{"due": {"unit": "EUR", "value": 0.00}}]"#);
        assert!(zero.agree_with(&Sums::default()) && Sums::default().agree_with(&zero));
        let one = sums(r#"[{"due": {"unit": "EUR", "value": 1}}]"#);
        assert!(!one.agree_with(&zero) && !one.agree_with(&Sums::default()));
        assert!(one.agree_with(&sums(r#"[{"due": {"unit": "EUR", "value": 1.0}}]"#)));
    }
}
