//! What customers owe, by how long it has been due.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::calendar::Day;
use super::document::{self, Shown};
use super::due::{has_passed, owed};
use super::query::Query;

/// The open bills, those due longest first. What is not settled is asked for by two ranges, because
/// an index serves those and not the opposite of equality.
pub const OPEN: &str = "state.lt=settled&remainingAmount.value.ne=0\
    ;state.gt=settled&remainingAmount.value.ne=0&sort=paymentDueDate";

/// How long a bill has been due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    NotDue,
    To30Days,
    To60Days,
    To90Days,
    Older,
    /// The bill does not say when it is due.
    Undated,
}

impl Age {
    pub const ALL: [Self; 6] =
        [Self::NotDue, Self::To30Days, Self::To60Days, Self::To90Days, Self::Older, Self::Undated];

    fn of(due: Option<Day>, today: Day) -> Self {
        let Some(due) = due else { return Self::Undated };
        if !has_passed(due, today) {
            return Self::NotDue;
        }
        match today.since(due) {
            ..=30 => Self::To30Days,
            31..=60 => Self::To60Days,
            61..=90 => Self::To90Days,
            _ => Self::Older,
        }
    }

    /// What its text is known by.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotDue => "notDue",
            Self::To30Days => "to30",
            Self::To60Days => "to60",
            Self::To90Days => "to90",
            Self::Older => "older",
            Self::Undated => "undated",
        }
    }

    /// The query of the list of these bills in a currency.
    pub fn query(self, today: Day, currency: &str) -> Query {
        let (from, before) = match self {
            Self::NotDue => (Some(0), None),
            Self::To30Days => (Some(-30), Some(0)),
            Self::To60Days => (Some(-60), Some(-30)),
            Self::To90Days => (Some(-90), Some(-60)),
            Self::Older => (None, Some(-90)),
            Self::Undated => (None, None),
        };
        let day = |days| today.plus(days).to_string();
        let undated = (self == Self::Undated).then(|| "$[?(!@.paymentDueDate)]".to_owned());
        owed(Query::default())
            .with("remainingAmount.unit", currency)
            .with("paymentDueDate.gte", from.map(day).unwrap_or_default())
            .with("paymentDueDate.lt", before.map(day).unwrap_or_default())
            .with("filter", undated.unwrap_or_default())
            .with("sort", "paymentDueDate")
    }
}

/// How much some bills come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub amount: Decimal,
    pub bills: usize,
}

/// What is owed, as far as bills were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receivables {
    /// For each currency what is owed of each age, in the order of [`Age::ALL`].
    pub currencies: BTreeMap<String, [Sum; Age::ALL.len()]>,
    /// How many bills say what remains in a way that cannot be added up.
    pub unread: usize,
}

impl Receivables {
    /// What the bills come to.
    pub fn of(bills: &[Value], today: Day) -> Self {
        let mut receivables = Self::default();
        for bill in bills {
            if receivables.add(bill, today).is_none() {
                receivables.unread += 1;
            }
        }
        receivables
    }

    fn add(&mut self, bill: &Value, today: Day) -> Option<()> {
        let Shown::Money { amount, currency } = document::money(bill.get("remainingAmount")?)?
        else {
            return None;
        };
        let amount = amount.parse().or_else(|_| Decimal::from_scientific(&amount)).ok()?;
        let due = document::text(bill, "paymentDueDate").and_then(Day::of);
        let age = Age::of(due, today);
        let sums = self.currencies.entry(currency).or_default();
        let place = Age::ALL.iter().position(|it| *it == age)?;
        let sum = sums.get_mut(place)?;
        sum.amount = sum.amount.checked_add(amount)?;
        sum.bills += 1;
        Some(())
    }
}

/// What all ages come to.
pub fn total(sums: &[Sum]) -> Option<Decimal> {
    sums.iter().try_fold(Decimal::ZERO, |total, sum| total.checked_add(sum.amount))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn today() -> Day {
        Day::of("2026-03-31").unwrap()
    }

    fn bill(due: &str, amount: &str, currency: &str) -> Value {
        let amount: Value = serde_json::from_str(amount).unwrap();
        json!({"paymentDueDate": due, "remainingAmount": {"unit": currency, "value": amount}})
    }

    #[test]
    fn ages_end_where_the_next_begins() {
        let age = |due: &str| Age::of(Day::of(due), today());
        assert_eq!(age("2026-03-31"), Age::NotDue);
        assert_eq!(age("2026-03-30"), Age::To30Days);
        assert_eq!(age("2026-03-01"), Age::To30Days);
        assert_eq!(age("2026-02-28"), Age::To60Days);
        assert_eq!(age("2025-12-31"), Age::To90Days);
        assert_eq!(age("2025-12-30"), Age::Older);
        assert_eq!(age(""), Age::Undated);
    }

    #[test]
    fn lists_have_the_bills_that_were_counted() {
        let query = |age: Age| age.query(today(), "EUR");
        assert_eq!(query(Age::NotDue).get("paymentDueDate.gte"), Some("2026-03-31"));
        assert_eq!(query(Age::To30Days).get("paymentDueDate.gte"), Some("2026-03-01"));
        assert_eq!(query(Age::To30Days).get("paymentDueDate.lt"), Some("2026-03-31"));
        assert_eq!(query(Age::Older).get("paymentDueDate.gte"), None);
        assert_eq!(query(Age::Undated).get("filter"), Some("$[?(!@.paymentDueDate)]"));
    }

    #[test]
    fn amounts_are_added_exactly_for_each_currency() {
        let bills = [
            bill("2026-03-01", "0.1", "EUR"),
            bill("2026-03-02", "0.2", "EUR"),
            bill("2026-03-02", "-40", "CHF"),
            json!({"paymentDueDate": "2026-03-02"}),
        ];
        let receivables = Receivables::of(&bills, today());
        let euros = receivables.currencies["EUR"];
        assert_eq!((euros[1].amount.to_string().as_str(), euros[1].bills), ("0.3", 2));
        assert_eq!(total(&receivables.currencies["CHF"]).unwrap().to_string(), "-40");
        assert_eq!(receivables.unread, 1);
    }
}
