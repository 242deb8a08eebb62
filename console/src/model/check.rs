//! Whether a bill adds up: computed again from its items, as exactly as the server does.

use money::{BillAmounts, ItemAmounts, Money, Rounding, Totals};
use serde_json::Value;

use super::document::amount;
use super::sums::Sums;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// The items come to what the bill says: without taxes, in every tax, and with them.
    AddsUp { items: usize },
    /// They come to something else.
    Differs {
        /// Where the bill says so.
        attribute: &'static str,
        items: Money,
        bill: Money,
    },
    /// There are no items of it here, since it was made elsewhere.
    NoItems,
    /// There is an amount that cannot be read, or items are in several currencies.
    Unreadable,
}

const EXCLUDED: &str = "taxExcludedAmount";
const INCLUDED: &str = "taxIncludedAmount";
const DUE: &str = "amountDue";
const TAXES: &str = "taxItem";

/// Checks a bill. How amounts are rounded is the deployment's choice, so either way of it is right.
pub fn check(bill: &Value, items: &[Value]) -> Check {
    let said = [EXCLUDED, INCLUDED, DUE].iter().find_map(|it| amount(bill, it));
    match (items, said) {
        // A bill of nothing has no items.
        ([], Some(said)) if said.amount().is_zero() => Check::AddsUp { items: 0 },
        ([], _) => Check::NoItems,
        (_, Some(said)) => compare(bill, items, said).unwrap_or(Check::Unreadable),
        (_, None) => Check::Unreadable,
    }
}

fn compare(bill: &Value, items: &[Value], said: Money) -> Option<Check> {
    let Some(totals) = totals(items, said) else { return compare_included(bill, items) };
    let once = totals.finish(Rounding::Bill).ok()?;
    let by_line = totals.finish(Rounding::Line).ok()?;
    let differs = difference(bill, &once)?;
    let is_right = differs.is_none() || difference(bill, &by_line)?.is_none();
    Some(differs.filter(|_| !is_right).unwrap_or(Check::AddsUp { items: items.len() }))
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
    let taxes = computed.included.minus(&computed.excluded).ok()?;
    let of_bill =
        Sums::of(bill.get(TAXES).and_then(Value::as_array).into_iter().flatten(), "taxAmount")?;
    let said_taxes = match of_bill.all() {
        [] => None,
        [taxes] => Some(*taxes),
        _ => return None,
    };
    let amounts = [
        (INCLUDED, computed.included, amount(bill, INCLUDED).or_else(|| amount(bill, DUE))),
        (EXCLUDED, computed.excluded, amount(bill, EXCLUDED)),
        (TAXES, taxes, said_taxes),
    ];
    let mut differing = amounts.into_iter().filter_map(|(attribute, items, bill)| {
        let bill = bill.filter(|bill| *bill != items)?;
        Some(Check::Differs { attribute, items, bill })
    });
    Some(differing.next())
}

/// Items that were made elsewhere may say no more than what they are with taxes.
fn compare_included(bill: &Value, items: &[Value]) -> Option<Check> {
    let sums = Sums::of_items(items)?;
    let [sum] = sums.all() else { return None };
    let said = amount(bill, INCLUDED).or_else(|| amount(bill, DUE))?;
    Some(match sum.rounded().ok()? == said {
        true => Check::AddsUp { items: items.len() },
        false => Check::Differs { attribute: INCLUDED, items: *sum, bill: said },
    })
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
        let Check::Differs { attribute, items, bill } =
            check(&bill("10.00", "1.90", "12.00"), &items)
        else {
            panic!("10.00 and 1.90 are not 12.00");
        };
        assert_eq!(
            (attribute, &*items.to_string(), &*bill.to_string()),
            (INCLUDED, "11.90 EUR", "12.00 EUR")
        );
    }

    #[test]
    fn the_right_sum_of_wrong_parts_does_not_add_up() {
        let differs = check(&bill("9.90", "2.00", "11.90"), &[item("10.00", "1.90")]);
        assert!(matches!(differs, Check::Differs { attribute: EXCLUDED, .. }));
        let differs = check(&bill("10.00", "2.00", "11.90"), &[item("10.00", "1.90")]);
        assert!(matches!(differs, Check::Differs { attribute: TAXES, .. }));
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
