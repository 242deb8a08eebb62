//! Whether a bill adds up: computed again from its items, as exactly as the server does.

use std::collections::BTreeMap;

use money::{BillAmounts, Decimal, ItemAmounts, Money, Rounding, TaxItem, Totals};
use serde_json::Value;

use super::document::{amount, text};
use super::sums::Sums;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// The items come to what the bill says: without taxes, in every tax, with them, and in all.
    AddsUp { items: usize },
    /// They do but for what is due: a bill that was made elsewhere may ask for more, or for less, than it
    /// charges.
    OtherDue { total: Money, due: Money },
    /// They come to something else.
    Differs {
        /// Where the bill says so.
        place: Place,
        items: Money,
        bill: Money,
    },
    /// There are no items of it here, since it was made elsewhere.
    NoItems,
    /// There is an amount that cannot be read, or items are in several currencies.
    Unreadable,
    /// What the reader sees comes to something else, and may be only some of the items.
    SeenInPart,
    /// The reader sees none of the items, if there are any.
    Unseen,
}

/// Where a bill says an amount.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Attribute(&'static str),
    /// In `taxItem`, of this category and rate.
    Tax(TaxItem),
}

impl Check {
    /// What is left of it for who may see only some of the items.
    #[must_use]
    pub fn by_part(self) -> Self {
        match self {
            Self::Differs { .. } => Self::SeenInPart,
            Self::NoItems | Self::AddsUp { items: 0 } => Self::Unseen,
            other => other,
        }
    }
}

const EXCLUDED: &str = "taxExcludedAmount";
const INCLUDED: &str = "taxIncludedAmount";
const DUE: &str = "amountDue";
const TAXES: &str = "taxItem";

/// Checks a bill. How amounts are rounded is the deployment's choice, so either way of it is right.
pub fn check(bill: &Value, items: &[Value]) -> Check {
    let said: Vec<_> = [INCLUDED, EXCLUDED, DUE].iter().filter_map(|it| amount(bill, it)).collect();
    match (items, said.first()) {
        // A bill of nothing has no items.
        ([], Some(_)) if said.iter().all(|it| it.amount().is_zero()) => Check::AddsUp { items: 0 },
        ([], _) => Check::NoItems,
        (_, Some(said)) => compare(bill, items, *said).unwrap_or(Check::Unreadable),
        (_, None) => Check::Unreadable,
    }
}

fn compare(bill: &Value, items: &[Value], said: Money) -> Option<Check> {
    let Some(totals) = totals(items, said) else { return compare_included(bill, items) };
    let once = difference(bill, &totals.finish(Rounding::Bill).ok()?)?;
    let by_line = difference(bill, &totals.finish(Rounding::Line).ok()?)?;
    Some(match (once, by_line) {
        (None, _) | (_, None) => Check::AddsUp { items: items.len() },
        (_, Some(due @ Check::OtherDue { .. })) => due,
        (Some(differs), _) => differs,
    })
}

/// The sums over items that all say what they are without taxes.
fn totals(items: &[Value], said: Money) -> Option<Totals> {
    let mut totals = Totals::new(said.currency());
    for item in items {
        totals.add(&ItemAmounts::of(item.as_object()?).ok()?).ok()?;
    }
    Some(totals)
}

/// The first amount that a bill says otherwise than computed.
fn difference(bill: &Value, computed: &BillAmounts) -> Option<Option<Check>> {
    let taxes = difference_of_taxes(bill, computed)?;
    let in_attribute = |name, items| difference_in(bill, name, items);
    Some(
        in_attribute(INCLUDED, computed.included)
            .or_else(|| in_attribute(EXCLUDED, computed.excluded))
            .or(taxes)
            .or_else(|| difference_in_due(bill, computed.included)),
    )
}

fn difference_in_due(bill: &Value, total: Money) -> Option<Check> {
    let due = amount(bill, DUE).filter(|due| *due != total)?;
    match amount(bill, INCLUDED) {
        Some(_) => Some(Check::OtherDue { total, due }),
        None => difference_in(bill, DUE, total),
    }
}

fn difference_in(bill: &Value, attribute: &'static str, items: Money) -> Option<Check> {
    let bill = amount(bill, attribute).filter(|bill| *bill != items)?;
    Some(Check::Differs { place: Place::Attribute(attribute), items, bill })
}

/// A category and a rate, without zeros at its end.
type Tax = (Option<String>, Option<Decimal>);

/// The first tax that a bill says otherwise than computed, if it says any.
fn difference_of_taxes(bill: &Value, computed: &BillAmounts) -> Option<Option<Check>> {
    if bill.get(TAXES).is_none() {
        return Some(None);
    }
    let said = taxes(bill)?;
    let of_items = computed.taxes.iter().map(|it| ((it.category.clone(), it.rate), it.amount));
    let of_items: BTreeMap<Tax, Money> = of_items.collect();
    let nothing = Money::zero(computed.included.currency());
    let amount = |of: &BTreeMap<Tax, Money>, tax| of.get(tax).copied().unwrap_or(nothing);
    let mut all = of_items.keys().chain(said.keys());
    Some(all.find_map(|tax| {
        let (items, bill) = (amount(&of_items, tax), amount(&said, tax));
        let (category, rate) = tax.clone();
        let place = Place::Tax(TaxItem { category, rate, amount: items });
        (items != bill).then_some(Check::Differs { place, items, bill })
    }))
}

/// What a bill says of each tax; nothing, if that cannot be read.
fn taxes(bill: &Value) -> Option<BTreeMap<Tax, Money>> {
    let mut taxes = BTreeMap::new();
    for tax in bill.get(TAXES)?.as_array()? {
        let rate = match tax.get("taxRate") {
            None | Some(Value::Null) => None,
            Some(rate) => Some(decimal(rate)?),
        };
        let category = text(tax, "taxCategory").map(str::to_owned);
        let mut sum = amount(tax, "taxAmount")?;
        if let Some(other) = taxes.get(&(category.clone(), rate)) {
            sum = sum.plus(other).ok()?;
        }
        taxes.insert((category, rate), sum);
    }
    Some(taxes)
}

fn decimal(number: &Value) -> Option<Decimal> {
    let text = number.as_number()?.to_string();
    let decimal = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
    Some(decimal.ok()?.normalize())
}

/// Items that were made elsewhere may say no more than what they are with taxes.
fn compare_included(bill: &Value, items: &[Value]) -> Option<Check> {
    let sums = Sums::of_items(items)?;
    let [sum] = sums.all() else { return None };
    let sum = sum.rounded().ok()?;
    if [INCLUDED, DUE].iter().all(|it| amount(bill, it).is_none()) {
        return None;
    }
    let differs = difference_in(bill, INCLUDED, sum).or_else(|| difference_in_due(bill, sum));
    Some(differs.unwrap_or(Check::AddsUp { items: items.len() }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn item(excluded: &str, tax: &str) -> Value {
        read(&format!(
            r#"{{"taxExcludedAmount": {{"unit": "EUR", "value": {excluded}}},
                 "appliedTax": [{{"taxRate": 19, "taxAmount": {{"unit": "EUR", "value": {tax}}}}}]}}"#
        ))
    }

    fn bill(excluded: &str, tax: &str, included: &str) -> Value {
        read(&format!(
            r#"{{"taxExcludedAmount": {{"unit": "EUR", "value": {excluded}}},
                 "taxIncludedAmount": {{"unit": "EUR", "value": {included}}},
                 "taxItem": [{{"taxRate": 19, "taxAmount": {{"unit": "EUR", "value": {tax}}}}}]}}"#
        ))
    }

    #[test]
    fn either_way_of_rounding_adds_up() {
        let items = [item("1.004", "0.19076"), item("1.004", "0.19076")];
        assert_eq!(check(&bill("2.01", "0.38", "2.39"), &items), Check::AddsUp { items: 2 });
        assert_eq!(check(&bill("2.00", "0.38", "2.38"), &items), Check::AddsUp { items: 2 });
    }

    #[test]
    fn a_difference_is_told_where_it_is() {
        let items = [item("10.00", "1.90")];
        let Check::Differs { place, items, bill } = check(&bill("10.00", "1.90", "12.00"), &items)
        else {
            panic!("10.00 and 1.90 are not 12.00");
        };
        assert_eq!(
            (place, &*items.to_string(), &*bill.to_string()),
            (Place::Attribute(INCLUDED), "11.90 EUR", "12.00 EUR")
        );
    }

    /// Where a bill says otherwise than its items.
    fn place(bill: &Value, items: &[Value]) -> Place {
        match check(bill, items) {
            Check::Differs { place, .. } => place,
            other => panic!("{other:?}"),
        }
    }

    fn euro(amount: &str) -> Value {
        read(&format!(r#"{{"unit": "EUR", "value": {amount}}}"#))
    }

    #[test]
    fn the_right_sum_of_wrong_parts_does_not_add_up() {
        let items = [item("10.00", "1.90")];
        assert_eq!(place(&bill("9.90", "2.00", "11.90"), &items), Place::Attribute(EXCLUDED));
        let of_tax = place(&bill("10.00", "2.00", "11.90"), &items);
        assert!(matches!(of_tax, Place::Tax(tax) if tax.rate == Some(Decimal::from(19))));
    }

    #[test]
    fn each_tax_is_what_the_items_say() {
        let tax =
            |rate: &str, amount: &str| json!({"taxRate": read(rate), "taxAmount": euro(amount)});
        let mut items = [item("10.00", "1.90"), item("10.00", "0.70")];
        items[1]["appliedTax"][0]["taxRate"] = 7.into();
        let mut bill = bill("20.00", "0", "22.60");
        bill["taxItem"] = json!([tax("7.0", "0.70"), tax("19", "1.90")]);
        assert_eq!(check(&bill, &items), Check::AddsUp { items: 2 });
        // The sum is right, and neither of its parts.
        bill["taxItem"] = json!([tax("7", "1.90"), tax("19", "0.70")]);
        assert!(matches!(place(&bill, &items), Place::Tax(_)));
        bill["taxItem"] = json!([tax("19", "2.60")]);
        assert!(matches!(place(&bill, &items), Place::Tax(_)));
        bill["taxItem"] = json!([tax("7", "0.70"), tax("19", "1.90"), tax("5", "0.10")]);
        let of_tax = place(&bill, &items);
        assert!(matches!(of_tax, Place::Tax(tax) if tax.rate == Some(Decimal::from(5))));
        bill["taxItem"] = json!([tax("7", "0.70"), tax("19", "1.90"), tax("5", "0")]);
        assert_eq!(check(&bill, &items), Check::AddsUp { items: 2 });
    }

    #[test]
    fn what_is_due_is_told_where_it_is_not_what_the_items_come_to() {
        let mut bill = bill("10.00", "1.90", "11.90");
        bill["amountDue"] = euro("11.90");
        assert_eq!(check(&bill, &[item("10.00", "1.90")]), Check::AddsUp { items: 1 });
        bill["amountDue"] = euro("12.00");
        let checked = check(&bill, &[item("10.00", "1.90")]);
        let Check::OtherDue { total, due } = checked else { panic!("{checked:?}") };
        assert_eq!((&*total.to_string(), &*due.to_string()), ("11.90 EUR", "12.00 EUR"));
        let due_alone = json!({"amountDue": euro("12.00")});
        assert_eq!(place(&due_alone, &[item("10.00", "1.90")]), Place::Attribute(DUE));
        let of_nothing = json!({"taxExcludedAmount": euro("0"), "amountDue": euro("12")});
        assert_eq!(check(&of_nothing, &[]), Check::NoItems);
    }

    #[test]
    fn a_part_of_the_items_says_nothing_of_the_bill() {
        let whole = bill("20.00", "3.80", "23.80");
        let seen = [item("10.00", "1.90")];
        assert_eq!(check(&whole, &seen).by_part(), Check::SeenInPart);
        assert_eq!(check(&whole, &[]).by_part(), Check::Unseen);
        assert_eq!(check(&bill("0", "0", "0"), &[]).by_part(), Check::Unseen);
        let all = check(&bill("10.00", "1.90", "11.90"), &seen);
        assert_eq!(all.by_part(), Check::AddsUp { items: 1 });
    }

    #[test]
    fn bills_made_elsewhere_are_checked_as_far_as_they_say_something() {
        let due = json!({"amountDue": {"unit": "EUR", "value": 5}});
        assert_eq!(check(&due, &[]), Check::NoItems);
        let item = json!({"taxIncludedAmount": {"unit": "EUR", "value": 5}});
        assert_eq!(check(&due, &[item]), Check::AddsUp { items: 1 });
        let nothing = json!({"amountDue": {"unit": "EUR", "value": 0}});
        assert_eq!(check(&nothing, &[]), Check::AddsUp { items: 0 });
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_so() {
        let dollars = json!({"taxIncludedAmount": {"unit": "USD", "value": 5}});
        let mixed = [item("10.00", "1.90"), dollars];
        assert_eq!(check(&bill("10.00", "1.90", "11.90"), &mixed), Check::Unreadable);
        assert_eq!(check(&json!({}), &[item("1", "0")]), Check::Unreadable);
    }
}
