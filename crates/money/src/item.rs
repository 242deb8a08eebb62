//! What a bill item costs (TMF678 `AppliedCustomerBillingRate`), and completing what a client left
//! out.
//!
//! An item may have more decimals than its currency: rating engines give six. They are never
//! rounded here. Negative amounts are credits.

use rust_decimal::Decimal;
use schemas::Fault;

use crate::attribute::{self, Object};
use crate::exact::LIMIT_OF_AMOUNTS;
use crate::money::{beyond, missing};
use crate::{Currency, Error, Money};

const EXCLUDED: &str = "taxExcludedAmount";
const INCLUDED: &str = "taxIncludedAmount";
const TAXES: &str = "appliedTax";
const TAX_AMOUNT: &str = "taxAmount";
const CATEGORY: &str = "taxCategory";
const RATE: &str = "taxRate";

/// Checks the amounts of a bill item in its v5 form, and computes what can be left out.
///
/// * All amounts are in one currency.
/// * `taxIncludedAmount` is `taxExcludedAmount` and the taxes, to within one unit of the coarsest
///   digit that is given among them, and of the currency's smallest unit where that is less:
///   83.33333 and 17.499998 can be given as 100.83333, and 100 and 19 not as 120.
/// * One of the two may be left out, and is computed exactly. An item without `appliedTax` has no
///   taxes.
///
/// What was billed elsewhere (`is_billed_elsewhere`) may lack any of this. What is there must be
/// readable, and consistent as far as it is complete: without `appliedTax`, nothing is known of its
/// taxes.
pub fn complete_item(document: &mut Object, is_billed_elsewhere: bool) -> Result<(), Vec<Fault>> {
    let amounts = Given::read(document)?;
    amounts.in_one_currency()?;
    if !is_billed_elsewhere {
        amounts.nothing_needed_is_missing()?;
    } else if !amounts.say_their_taxes() {
        return Ok(());
    }
    if let Some((name, amount)) = amounts.completed().map_err(|fault| vec![fault])? {
        document.insert(name.into(), amount.to_value());
    }
    Ok(())
}

/// What an item costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAmounts {
    excluded: Money,
    taxes: Vec<ItemTax>,
}

/// A tax on an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemTax {
    /// `taxCategory`, such as `VAT`.
    pub category: Option<String>,
    /// `taxRate`, with the digits that were given. Whether 19 or 0.19 means 19 % is between those
    /// who write and those who read it.
    pub rate: Option<Decimal>,
    /// `taxAmount`.
    pub amount: Money,
}

impl ItemAmounts {
    /// The amounts of an item that [`complete_item`] has completed. The amount without taxes and
    /// the taxes say what it costs; the amount with taxes, which may be rounded, is not asked.
    pub fn of(document: &Object) -> Result<Self, Fault> {
        let amounts =
            Given::read(document).and_then(|amounts| amounts.in_one_currency().map(|()| amounts));
        let amounts = amounts.map_err(first)?;
        let excluded = amounts.excluded.ok_or_else(|| missing(pointer(EXCLUDED)))?;
        let taxes = amounts.taxes.into_iter().map(|tax| {
            let amount =
                tax.amount.ok_or_else(|| missing(format!("{}/{TAX_AMOUNT}", tax.pointer)))?;
            Ok(ItemTax { category: tax.category, rate: tax.rate, amount })
        });
        Ok(Self { excluded, taxes: taxes.collect::<Result<_, Fault>>()? })
    }

    /// The currency of all amounts.
    pub fn currency(&self) -> Currency {
        self.excluded.currency()
    }

    /// The amount without taxes.
    pub fn excluded(&self) -> &Money {
        &self.excluded
    }

    /// The taxes, in the order of the item.
    pub fn taxes(&self) -> &[ItemTax] {
        &self.taxes
    }

    /// The exact sum of the amount without taxes and the taxes.
    pub fn included(&self) -> Result<Money, Error> {
        self.taxes.iter().try_fold(self.excluded, |sum, tax| sum.plus(&tax.amount))
    }
}

/// The amounts that an item has.
struct Given {
    excluded: Option<Money>,
    included: Option<Money>,
    taxes: Vec<GivenTax>,
}

struct GivenTax {
    pointer: String,
    category: Option<String>,
    rate: Option<Decimal>,
    amount: Option<Money>,
}

impl Given {
    fn read(document: &Object) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut read = |name| {
            attribute::money(document, name, "").unwrap_or_else(|fault| {
                faults.push(fault);
                None
            })
        };
        let (excluded, included) = (read(EXCLUDED), read(INCLUDED));
        let mut taxes = Vec::new();
        for tax in attribute::objects(document, TAXES) {
            match tax.and_then(|(pointer, tax)| GivenTax::read(pointer, tax)) {
                Ok(tax) => taxes.push(tax),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Self { excluded, included, taxes }) } else { Err(faults) }
    }

    /// All amounts, with where they stand.
    fn all(&self) -> impl Iterator<Item = (String, &Money)> {
        let taxes =
            self.taxes.iter().map(|tax| (format!("{}/{TAX_AMOUNT}", tax.pointer), &tax.amount));
        let amounts = [(pointer(EXCLUDED), &self.excluded), (pointer(INCLUDED), &self.included)];
        amounts
            .into_iter()
            .chain(taxes)
            .filter_map(|(pointer, money)| Some((pointer, money.as_ref()?)))
    }

    fn in_one_currency(&self) -> Result<(), Vec<Fault>> {
        let mut all = self.all();
        let Some((_, first)) = all.next() else { return Ok(()) };
        let others = all.filter(|(_, money)| money.currency() != first.currency());
        let expectation = format!("must be {}, as the other amounts are", first.currency());
        none(
            others
                .map(|(pointer, _)| Fault::new(format!("{pointer}/unit"), expectation.clone()))
                .collect(),
        )
    }

    fn nothing_needed_is_missing(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        if self.excluded.is_none() && self.included.is_none() {
            let expectation = format!("is required, or {INCLUDED}");
            faults.push(Fault { missing: true, ..Fault::new(pointer(EXCLUDED), expectation) });
        }
        let without = self.taxes.iter().filter(|tax| tax.amount.is_none());
        faults.extend(without.map(|tax| missing(format!("{}/{TAX_AMOUNT}", tax.pointer))));
        none(faults)
    }

    fn say_their_taxes(&self) -> bool {
        !self.taxes.is_empty() && self.taxes.iter().all(|tax| tax.amount.is_some())
    }

    /// The amount that was left out. None, if both are there, which then add up.
    fn completed(&self) -> Result<Option<(&'static str, Money)>, Fault> {
        match (self.excluded, self.included) {
            (Some(excluded), Some(included)) => self.adds_up(excluded, included).map(|()| None),
            (Some(excluded), None) => computed(INCLUDED, self.and_taxes(excluded)),
            (None, Some(included)) => computed(
                EXCLUDED,
                self.and_taxes(included.negated()).map(|credit| credit.negated()),
            ),
            (None, None) => Ok(None),
        }
    }

    fn adds_up(&self, excluded: Money, included: Money) -> Result<(), Fault> {
        let fault = |error| attribute::fault(pointer(INCLUDED), error);
        let sum = self.and_taxes(excluded).map_err(fault)?;
        let difference = sum.minus(&included).map_err(fault)?;
        let coarsest =
            self.all().map(|(_, money)| money.amount().scale()).min().unwrap_or_default();
        let unit =
            Decimal::try_from_i128_with_scale(1, coarsest.max(included.currency().decimals()));
        if unit.is_ok_and(|unit| difference.amount().abs() <= unit) {
            return Ok(());
        }
        Err(Fault::new(
            pointer(INCLUDED),
            format!("must be {EXCLUDED} and the taxes, which are {sum}"),
        ))
    }

    fn and_taxes(&self, amount: Money) -> Result<Money, Error> {
        self.taxes.iter().filter_map(|tax| tax.amount).try_fold(amount, |sum, tax| sum.plus(&tax))
    }
}

impl GivenTax {
    fn read(pointer: String, tax: &Object) -> Result<Self, Fault> {
        let category = attribute::text(tax, CATEGORY, &pointer)?.map(str::to_owned);
        let rate = attribute::number(tax, RATE, &pointer)?;
        let amount = attribute::money(tax, TAX_AMOUNT, &pointer)?;
        Ok(Self { pointer, category, rate, amount })
    }
}

/// An amount that was left out. It has the limits of what is given, because it is read again.
fn computed(
    name: &'static str,
    amount: Result<Money, Error>,
) -> Result<Option<(&'static str, Money)>, Fault> {
    let amount = amount.map_err(|error| attribute::fault(pointer(name), error))?;
    if Money::read(&amount.to_value(), "").is_err() {
        let expectation = format!("is computed as {amount}, and {}", beyond(LIMIT_OF_AMOUNTS));
        return Err(Fault::new(pointer(name), expectation));
    }
    Ok(Some((name, amount)))
}

fn pointer(name: &str) -> String {
    format!("/{name}")
}

fn none(faults: Vec<Fault>) -> Result<(), Vec<Fault>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn first(faults: Vec<Fault>) -> Fault {
    faults.into_iter().next().unwrap_or_else(|| Fault::new("", "must be a bill item"))
}
