//! What there is in the end.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::ensure;
use client::{CUSTOMER_BILL_MANAGEMENT, Client};
use money::Money;
use serde_json::Value;

use crate::load::Tally;

/// What was loaded, and what the lists of TMF678 have after that.
#[derive(Debug)]
pub struct Summary {
    /// What was loaded, by the name of the resource.
    pub loaded: Vec<(&'static str, Tally)>,
    /// How many resources each list of TMF678 has.
    pub lists: BTreeMap<&'static str, u64>,
    /// How many items are on no bill.
    pub unbilled_items: u64,
    /// How many bills are in each state.
    pub states: BTreeMap<String, u64>,
    /// What is due and what remains of all bills, by currency.
    pub sums: BTreeMap<String, (Money, Money)>,
}

/// The resources of TMF678.
const RESOURCES: [&str; 4] =
    ["appliedCustomerBillingRate", "customerBill", "customerBillOnDemand", "billCycle"];

impl Summary {
    /// Looks at what there is, which must be what TM Forum's conformance kit of v4 wants: no list
    /// is empty, bills have a document and an account, and items say whether they are billed.
    pub(crate) async fn of(
        client: &Client,
        loaded: Vec<(&'static str, Tally)>,
    ) -> anyhow::Result<Self> {
        let path = |resource: &str| format!("{CUSTOMER_BILL_MANAGEMENT}/{resource}");
        let mut lists = BTreeMap::new();
        for resource in RESOURCES {
            let count = client.count(&path(resource)).await?;
            ensure!(count > 0, "the list {} is empty", path(resource));
            lists.insert(resource, count);
        }
        let items = path(RESOURCES[0]);
        let unbilled_items = client.count(&format!("{items}?isBilled=false")).await?;
        let billed_items = client.count(&format!("{items}?isBilled=true")).await?;
        let count = lists[RESOURCES[0]];
        ensure!(
            unbilled_items + billed_items == count,
            "of {count} items {billed_items} are billed and {unbilled_items} are not; each must be one of the two"
        );
        let mut summary =
            Self { loaded, lists, unbilled_items, states: BTreeMap::new(), sums: BTreeMap::new() };
        let mut pages = client.pages(&path("customerBill"), "");
        while let Some(page) = pages.next().await? {
            for bill in &page {
                summary.add(bill)?;
            }
        }
        Ok(summary)
    }

    fn add(&mut self, bill: &Value) -> anyhow::Result<()> {
        let id = &bill["id"];
        ensure!(bill.pointer("/billDocument/0/id").is_some(), "the bill {id} has no billDocument");
        ensure!(
            bill.pointer("/billingAccount/id").is_some(),
            "the bill {id} has no billingAccount"
        );
        let state = bill["state"].as_str().unwrap_or("without a state");
        *self.states.entry(state.to_owned()).or_default() += 1;
        let read = |attribute: &str| {
            bill.get(attribute).and_then(|money| Money::read_sum(money, attribute).ok())
        };
        let (Some(due), Some(remaining)) = (read("amountDue"), read("remainingAmount")) else {
            return Ok(());
        };
        let zero = Money::zero(due.currency());
        let sums = self.sums.entry(due.currency().to_string()).or_insert((zero, zero));
        *sums = (sums.0.plus(&due)?, sums.1.plus(&remaining)?);
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (resource, tally) in &self.loaded {
            writeln!(formatter, "{resource:<28}{tally}")?;
        }
        let lists: Vec<_> =
            self.lists.iter().map(|(list, count)| format!("{list} {count}")).collect();
        writeln!(
            formatter,
            "In all: {}; {} items unbilled",
            lists.join(", "),
            self.unbilled_items
        )?;
        let states: Vec<_> =
            self.states.iter().map(|(state, count)| format!("{state} {count}")).collect();
        writeln!(formatter, "Bills by state: {}", states.join(", "))?;
        for (due, remaining) in self.sums.values() {
            writeln!(formatter, "Bills in {}: {due} due, {remaining} remaining", due.currency())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bills_are_added_up_by_state_and_currency() {
        let mut summary = Summary {
            loaded: vec![("customerBill", Tally { created: 2, already_there: 1 })],
            lists: BTreeMap::from([("customerBill", 3)]),
            unbilled_items: 4,
            states: BTreeMap::new(),
            sums: BTreeMap::new(),
        };
        let mut bill = json!({
            "id": "1", "state": "sent", "billDocument": [{ "id": "d" }], "billingAccount": { "id": "a" },
            "amountDue": { "unit": "EUR", "value": 10 }, "remainingAmount": { "unit": "EUR", "value": 4 },
        });
        summary.add(&bill).unwrap();
        summary.add(&bill).unwrap();
        let text = summary.to_string();
        for line in [
            "2 created, 1 already there",
            "sent 2",
            "20.00 EUR due, 8.00 EUR remaining",
            "4 items unbilled",
        ] {
            assert!(text.contains(line), "{text}");
        }
        bill["billDocument"] = json!([]);
        assert!(summary.add(&bill).unwrap_err().to_string().contains("billDocument"));
    }
}
