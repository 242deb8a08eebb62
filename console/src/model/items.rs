//! The items of a bill as readers look for them: by what kind of charge they are.

use serde_json::Value;

use super::document;
use super::sums::Sums;

/// The items of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `appliedBillingRateType`; empty where it is not said.
    pub kind: String,
    pub items: Vec<Value>,
    /// What they are without taxes; nothing where it cannot be read.
    pub sum: Option<Sums>,
}

/// Kinds in the order that bills have them. Others follow, and what has no kind comes last.
const KINDS: [&str; 4] = ["recurringCharge", "usageCharge", "oneTimeCharge", "rebate"];

/// Those that refer to exactly this, such as to a bill by `bill.id`. The server takes an id with a
/// comma for several ids, too.
pub fn referring(mut items: Vec<Value>, path: &str, id: &str) -> Vec<Value> {
    items.retain(|item| document::text(item, path) == Some(id));
    items
}

/// Those of a bill, by its id and its account, as its document has them: what was made elsewhere may name
/// the bill of another account, which is none of this one's.
pub fn of_bill(items: Vec<Value>, bill: &Value) -> Vec<Value> {
    let text = |path| document::text(bill, path).unwrap_or_default();
    let mut items = referring(items, "bill.id", text("id"));
    let account = text("billingAccount.id");
    items.retain(|it| document::text(it, "billingAccount.id").is_none_or(|it| it == account));
    items
}

/// Groups items by kind; within a kind they keep their order.
pub fn grouped(items: &[Value]) -> Vec<Group> {
    let mut kinds: Vec<_> = items.iter().map(kind).collect();
    kinds.sort_by_key(|kind| rank(kind));
    kinds.dedup();
    let group = |name: &str| {
        let items: Vec<_> = items.iter().filter(|item| kind(item) == name).cloned().collect();
        Group { kind: name.to_owned(), sum: Sums::of(&items, "taxExcludedAmount"), items }
    };
    kinds.into_iter().map(group).collect()
}

fn kind(item: &Value) -> &str {
    item.get("appliedBillingRateType").and_then(Value::as_str).unwrap_or_default()
}

fn rank(kind: &str) -> (usize, String) {
    let known = KINDS.iter().position(|it| *it == kind).unwrap_or(KINDS.len());
    (if kind.is_empty() { usize::MAX } else { known }, kind.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_of_other_bills_are_left_out() {
        let of = |id: &str| json!({"bill": {"id": id}});
        let items = vec![of("a"), of("a,b"), of("b"), json!({})];
        assert_eq!(referring(items, "bill.id", "a,b"), [of("a,b")]);
    }

    #[test]
    fn items_of_other_accounts_are_not_on_a_bill() {
        let of = |account: &str| json!({"bill": {"id": "b"}, "billingAccount": {"id": account}});
        let bill = json!({"id": "b", "billingAccount": {"id": "a"}});
        let unsaid = json!({"bill": {"id": "b"}});
        let other_bill = json!({"bill": {"id": "c"}, "billingAccount": {"id": "a"}});
        let items = vec![of("a"), of("other"), unsaid.clone(), other_bill];
        assert_eq!(of_bill(items, &bill), [of("a"), unsaid]);
    }

    #[test]
    fn kinds_come_in_the_order_of_bills() {
        let item = |kind: &str, value: i64| {
            json!({
                "appliedBillingRateType": kind,
                "taxExcludedAmount": {"unit": "EUR", "value": value},
            })
        };
        let items = [
            json!({}),
            item("rebate", -1),
            item("late fee", 5),
            item("usageCharge", 2),
            item("recurringCharge", 3),
            item("usageCharge", 4),
        ];
        let groups = grouped(&items);
        let kinds: Vec<_> = groups.iter().map(|group| &*group.kind).collect();
        assert_eq!(kinds, ["recurringCharge", "usageCharge", "rebate", "late fee", ""]);
        assert_eq!(groups[1].items, [items[3].clone(), items[5].clone()]);
        let sum = groups[1].sum.as_ref().unwrap();
        assert_eq!(sum.all()[0].to_string(), "6 EUR");
    }
}
