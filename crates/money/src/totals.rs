//! The running sum over items.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::bill::{BillAmounts, Rounding, TaxItem};
use crate::exact;
use crate::{Currency, Error, ItemAmounts, Money};

/// The exact sums over any number of items in one currency: everything that the amounts of their
/// bill follow from, however they are rounded.
///
/// The order of items does not matter, nor whether they were added here or to other totals that
/// were merged. As JSON all amounts are text. Its size grows with how many tax categories and rates
/// there are.
///
/// After an error, totals may have a part of what was to be added, and are of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Totals {
    currency: Currency,
    count: u64,
    excluded: Sum,
    taxes: BTreeMap<Tax, Sum>,
}

/// A category and rate, by value: 19 and 19.0 are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Tax {
    category: Option<String>,
    rate: Option<Decimal>,
}

/// What amounts add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    exact: Decimal,
    /// The sum of what each of them is when it is rounded to the currency's decimals.
    of_rounded: Decimal,
}

impl Totals {
    /// Those of no item.
    pub fn new(currency: Currency) -> Self {
        Self { currency, count: 0, excluded: Sum::default(), taxes: BTreeMap::new() }
    }

    /// Adds an item.
    pub fn add(&mut self, item: &ItemAmounts) -> Result<(), Error> {
        self.of_currency(item.currency())?;
        self.count = self.count.checked_add(1).ok_or(Error::Count)?;
        self.excluded.add(Sum::of(item.excluded())?)?;
        for tax in item.taxes() {
            self.taxes
                .entry(Tax::new(tax.category.clone(), tax.rate))
                .or_default()
                .add(Sum::of(&tax.amount)?)?;
        }
        Ok(())
    }

    /// Adds the items of other totals.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.of_currency(other.currency)?;
        self.count = self.count.checked_add(other.count).ok_or(Error::Count)?;
        self.excluded.add(other.excluded)?;
        for (tax, sum) in &other.taxes {
            self.taxes.entry(tax.clone()).or_default().add(*sum)?;
        }
        Ok(())
    }

    /// The currency of all items.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// How many items there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What all items cost with their taxes, exactly.
    pub fn exact_included(&self) -> Result<Money, Error> {
        let mut taxes = self.taxes.values();
        let included =
            taxes.try_fold(self.excluded.exact, |sum, tax| exact::sum(sum, tax.exact))?;
        Money::new(self.currency, included)
    }

    /// The amounts of a bill for all items.
    pub fn finish(&self, rounding: Rounding) -> Result<BillAmounts, Error> {
        let rounded = |sum: &Sum| {
            let amount = match rounding {
                Rounding::Bill => sum.exact,
                Rounding::Line => sum.of_rounded,
            };
            Money::new(self.currency, exact::rounded(amount, self.currency.decimals())?)
        };
        let taxes = self.taxes.iter().map(|(tax, sum)| {
            Ok(TaxItem { category: tax.category.clone(), rate: tax.rate, amount: rounded(sum)? })
        });
        BillAmounts::new(rounded(&self.excluded)?, taxes.collect::<Result<_, Error>>()?)
    }

    fn of_currency(&self, other: Currency) -> Result<(), Error> {
        if self.currency == other {
            return Ok(());
        }
        Err(Error::Currencies { first: self.currency, other })
    }
}

impl Tax {
    fn new(category: Option<String>, rate: Option<Decimal>) -> Self {
        Self { category, rate: rate.map(|rate| rate.normalize()) }
    }
}

impl Sum {
    fn of(money: &Money) -> Result<Self, Error> {
        Ok(Self { exact: money.amount(), of_rounded: money.rounded()?.amount() })
    }

    fn add(&mut self, other: Self) -> Result<(), Error> {
        self.exact = exact::sum(self.exact, other.exact)?;
        self.of_rounded = exact::sum(self.of_rounded, other.of_rounded)?;
        Ok(())
    }
}

/// Totals as they are stored. What a newer version of the program has added must not get lost.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    currency: String,
    count: u64,
    excluded: StoredSum,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taxes: Vec<(Option<String>, Option<String>, StoredSum)>,
}

/// The exact sum, and the sum of what was rounded.
type StoredSum = (String, String);

impl From<Totals> for Stored {
    fn from(totals: Totals) -> Self {
        let stored = |sum: Sum| (sum.exact.to_string(), sum.of_rounded.to_string());
        Self {
            currency: totals.currency.code().into(),
            count: totals.count,
            excluded: stored(totals.excluded),
            taxes: totals
                .taxes
                .into_iter()
                .map(|(tax, sum)| {
                    (tax.category, tax.rate.map(|rate| rate.to_string()), stored(sum))
                })
                .collect(),
        }
    }
}

impl TryFrom<Stored> for Totals {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let currency = Currency::from_code(&stored.currency);
        let currency = currency.ok_or_else(|| format!("{} is no currency", stored.currency))?;
        let number =
            |text: &str| exact::digits(text).ok_or_else(|| format!("{text} is no decimal number"));
        let sum = |(exact, of_rounded): (String, String)| {
            let within = |text: &str| {
                let amount =
                    Money::new(currency, number(text)?).map_err(|error| error.to_string())?;
                Ok::<_, String>(amount.amount())
            };
            Ok::<_, String>(Sum { exact: within(&exact)?, of_rounded: within(&of_rounded)? })
        };
        let mut totals = Self {
            currency,
            count: stored.count,
            excluded: sum(stored.excluded)?,
            taxes: BTreeMap::new(),
        };
        for (category, rate, amounts) in stored.taxes {
            let rate = rate.as_deref().map(number).transpose()?;
            let tax = totals.taxes.entry(Tax::new(category, rate)).or_default();
            tax.add(sum(amounts)?).map_err(|error| error.to_string())?;
        }
        Ok(totals)
    }
}
