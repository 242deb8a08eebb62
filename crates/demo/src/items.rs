//! Bill items: recurring, usage as rating engines have it, one-time, and rebates.

use anyhow::Context;
use fastrand::Rng;
use jiff::Timestamp;
use money::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::accounts::{BillingAccount, Use};
use crate::calendar::{Calendar, Period, after, time};
use crate::catalogue::Cycle;

/// How many accounts there are for one that has items of a time that is not billed yet.
const UNBILLED_ON_ONE_IN: usize = 4;

/// What the prices in euro are in yen.
const YEN_FOR_TEN_EURO: i64 = 1600;

const DAY: i64 = 24 * 60;

/// What is charged for: its name, its price in hundredths, and which of the two tax rates it has.
type Product = (&'static str, i64, Rate);

/// A tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// The usual one.
    Standard,
    /// The lower one.
    Reduced,
}

const RECURRING: [Product; 6] = [
    ("Fibre 250", 3990, Rate::Standard),
    ("Fibre 1000", 6495, Rate::Standard),
    ("Mobile Flex 20 GB", 1799, Rate::Standard),
    ("Mobile Team 5 SIM", 7250, Rate::Standard),
    ("Cloud backup 500 GB", 1249, Rate::Standard),
    ("News and magazines", 999, Rate::Reduced),
];

const USAGE: [&str; 4] =
    ["Mobile data abroad", "Calls abroad", "Calls to service numbers", "Cloud traffic"];

const ONE_TIME: [Product; 3] = [
    ("Visit of a technician", 7900, Rate::Standard),
    ("Router", 12995, Rate::Standard),
    ("Printed handbook", 1450, Rate::Reduced),
];

const REBATES: [Product; 2] =
    [("Loyalty rebate", -500, Rate::Standard), ("Credit for an outage", -845, Rate::Standard)];

/// The items of the period that is billed for an account.
pub fn of(account: &BillingAccount, calendar: &Calendar) -> anyhow::Result<Vec<Value>> {
    let period = match account.cycle {
        Cycle::Fifteenth => calendar.of_the_15th,
        Cycle::First | Cycle::Quarter => calendar.of_the_first,
    };
    let mut maker = Maker::new(account, account.currency, "item", period)?;
    match account.items {
        Use::Nothing => return Ok(Vec::new()),
        Use::Items => {}
        Use::SeveralCurrencies => {
            let mut roaming = Maker::new(account, "USD", "roaming", period)?;
            for _ in 0..3 {
                roaming.usage()?;
            }
            maker.items.extend(roaming.items);
        }
    }
    for _ in 0..maker.rng.usize(1..=2) {
        maker.recurring()?;
    }
    for _ in 0..maker.rng.usize(3..=8) {
        maker.usage()?;
    }
    if account.number.is_multiple_of(5) {
        maker.one_time()?;
    }
    if account.number % 6 == 1 {
        maker.rebate()?;
    }
    Ok(maker.items)
}

/// The items that some accounts have of the time after that.
pub fn unbilled(accounts: &[BillingAccount], calendar: &Calendar) -> anyhow::Result<Vec<Value>> {
    let mut items = Vec::new();
    let some = accounts.iter().filter(|account| account.items != Use::Nothing);
    for account in some.filter(|account| account.number.is_multiple_of(UNBILLED_ON_ONE_IN)) {
        // Charges of the first days of a month can still be on the bill for a shorter one.
        let start = after(calendar.of_the_first.end, 5 * DAY)?;
        let period = Period { start, end: after(start, 30 * DAY)? };
        let mut maker = Maker::new(account, account.currency, "unbilled", period)?;
        maker.recurring()?;
        maker.usage()?;
        maker.usage()?;
        items.extend(maker.items);
    }
    Ok(items)
}

/// Makes items of an account, always the same.
struct Maker<'a> {
    account: &'a BillingAccount,
    currency: Currency,
    kind: &'static str,
    period: Period,
    rng: Rng,
    items: Vec<Value>,
}

impl<'a> Maker<'a> {
    fn new(
        account: &'a BillingAccount,
        currency: &str,
        kind: &'static str,
        period: Period,
    ) -> anyhow::Result<Self> {
        let seed = account.number as u64 * 31 + kind.len() as u64;
        let currency =
            Currency::from_code(currency).with_context(|| format!("{currency} is no currency"))?;
        Ok(Self { account, currency, kind, period, rng: Rng::with_seed(seed), items: Vec::new() })
    }

    fn recurring(&mut self) -> anyhow::Result<()> {
        // Two of an account are not the same.
        let product = RECURRING[(self.account.number + self.items.len()) % RECURRING.len()];
        let description = format!("Monthly fee for {}", product.0);
        let period = self.period;
        self.add("recurringCharge", product, &description, period.start, Some(period))
    }

    fn one_time(&mut self) -> anyhow::Result<()> {
        let product = ONE_TIME[self.account.number / 5 % ONE_TIME.len()];
        let date = self.any_time()?;
        self.add("oneTimeCharge", product, product.0, date, None)
    }

    fn rebate(&mut self) -> anyhow::Result<()> {
        let product = REBATES[self.account.number / 6 % REBATES.len()];
        let date = self.any_time()?;
        self.add("rebate", product, product.0, date, None)
    }

    fn add(
        &mut self,
        kind: &str,
        (product, price, rate): Product,
        description: &str,
        date: Timestamp,
        covers: Option<Period>,
    ) -> anyhow::Result<()> {
        let price = match self.currency.decimals() {
            0 => Decimal::new(price * YEN_FOR_TEN_EURO / 1000, 0),
            _ => Decimal::new(price, 2),
        };
        self.push(kind, product, description, price, rate, (date, covers))
    }

    /// Usage is rated with six decimals.
    fn usage(&mut self) -> anyhow::Result<()> {
        let product = USAGE[self.rng.usize(..USAGE.len())];
        let millionths = self.rng.i64(20_000..2_500_000);
        let price = match self.currency.decimals() {
            0 => Decimal::new(millionths * YEN_FOR_TEN_EURO / 10, 6),
            _ => Decimal::new(millionths, 6),
        };
        let minutes = self.rng.i64(1..90);
        let date = self.any_time()?;
        let covers = Period { start: date, end: after(date, minutes)? };
        let description = format!("{product}, {minutes} minutes");
        self.push("usageCharge", product, &description, price, Rate::Standard, (date, Some(covers)))
    }

    fn any_time(&mut self) -> anyhow::Result<Timestamp> {
        // The shortest month has 28 days.
        after(self.period.start, self.rng.i64(0..27 * DAY))
    }

    fn push(
        &mut self,
        kind: &str,
        product: &str,
        description: &str,
        price: Decimal,
        rate: Rate,
        (date, covers): (Timestamp, Option<Period>),
    ) -> anyhow::Result<()> {
        let account = self.account;
        let price = Money::new(self.currency, price)?;
        let mut item = json!({
            "@type": "AppliedCustomerBillingRate",
            "id": format!("demo-{}-{:03}-{:02}", self.kind, account.number, self.items.len() + 1),
            "name": product,
            "description": description,
            "date": time(date),
            "isBilled": false,
            "appliedBillingRateType": kind,
            "taxExcludedAmount": price.to_value(),
            "appliedTax": [tax(&price, rate)?],
            "billingAccount": account.reference(),
            "product": {
                "@type": "ProductRef", "@referredType": "Product",
                "id": format!("demo-product-{:03}-{}", account.number, id_of(product)), "name": product,
            },
        });
        if let Some(covers) = covers {
            item["periodCoverage"] = covers.to_value();
        }
        self.items.push(item);
        Ok(())
    }
}

/// The name as a part of an id.
fn id_of(product: &str) -> String {
    product.to_lowercase().replace(' ', "-")
}

/// The tax on a price, with all of its digits.
pub fn tax(price: &Money, rate: Rate) -> anyhow::Result<Value> {
    let (category, standard, reduced) = match price.currency().code() {
        "USD" => ("Sales tax", 8, 4),
        "JPY" => ("Consumption tax", 10, 8),
        _ => ("VAT", 19, 7),
    };
    let percent = match rate {
        Rate::Standard => standard,
        Rate::Reduced => reduced,
    };
    let amount =
        price.amount().checked_mul(Decimal::new(percent, 2)).context("a tax is too large")?;
    Ok(json!({
        "@type": "AppliedBillingTaxRate",
        "taxCategory": category,
        "taxRate": percent,
        "taxAmount": Money::new(price.currency(), amount)?.to_value(),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use money::{ItemAmounts, complete_item};

    use super::*;

    fn calendar() -> Calendar {
        Calendar::at("2027-03-10T00:00:00Z".parse().unwrap()).unwrap()
    }

    fn all() -> Vec<Value> {
        let (accounts, calendar) = (BillingAccount::all(), calendar());
        let mut items = unbilled(&accounts, &calendar).unwrap();
        items.extend(accounts.iter().flat_map(|account| of(account, &calendar).unwrap()));
        items.extend(crate::imports::items(&accounts, &calendar).unwrap());
        items
    }

    #[test]
    fn documents_are_what_the_schemas_and_the_arithmetic_say() {
        let items = all();
        let ids: BTreeSet<_> = items.iter().map(|item| item["id"].to_string()).collect();
        assert_eq!(ids.len(), items.len());
        for item in &items {
            let class = &schemas::class::APPLIED_CUSTOMER_BILLING_RATE;
            assert_eq!(class.v5.validate(item), Ok(()), "{item}");
            let mut object = item.as_object().unwrap().clone();
            assert_eq!(complete_item(&mut object, item["isBilled"] == true), Ok(()), "{item}");
        }
        assert_eq!(items, all(), "they are always the same");
    }

    #[test]
    fn there_are_items_of_all_kinds() {
        let items = all();
        let some = |is: &dyn Fn(&Value) -> bool| items.iter().filter(|item| is(item)).count();
        for kind in ["recurringCharge", "usageCharge", "oneTimeCharge", "rebate"] {
            assert!(some(&|item| item["appliedBillingRateType"] == kind) > 20, "{kind}");
        }
        for currency in ["EUR", "USD", "JPY"] {
            assert!(some(&|item| item["taxExcludedAmount"]["unit"] == currency) > 20, "{currency}");
        }
        for rate in [19, 7] {
            assert!(some(&|item| item["appliedTax"][0]["taxRate"] == rate) > 20, "{rate}");
        }
        let amount =
            |item: &Value| ItemAmounts::of(item.as_object().unwrap()).unwrap().excluded().amount();
        assert!(some(&|item| amount(item).is_sign_negative()) > 20);
        assert!(some(&|item| amount(item).scale() == 6) > 500);
        assert!(items.len() > 1000, "more than a bulk request can have");
    }

    #[test]
    fn dates_are_in_their_periods_and_unbilled_items_after_them() {
        let (accounts, calendar) = (BillingAccount::all(), calendar());
        let date = |item: &Value| item["date"].as_str().unwrap().parse::<Timestamp>().unwrap();
        for account in &accounts {
            let period = match account.cycle {
                Cycle::Fifteenth => calendar.of_the_15th,
                _ => calendar.of_the_first,
            };
            for item in of(account, &calendar).unwrap() {
                assert!((period.start..period.end).contains(&date(&item)), "{item}");
            }
        }
        let latest = after(calendar.of_the_first.start, 31 * DAY).unwrap();
        for item in unbilled(&accounts, &calendar).unwrap() {
            assert!(date(&item) > latest, "{item}");
        }
    }

    #[test]
    fn prices_in_yen_have_no_decimals() {
        let accounts = BillingAccount::all();
        let account = accounts.iter().find(|account| account.currency == "JPY").unwrap();
        let items = of(account, &calendar()).unwrap();
        let recurring =
            items.iter().find(|it| it["appliedBillingRateType"] == "recurringCharge").unwrap();
        let price = recurring["taxExcludedAmount"]["value"].to_string();
        assert!(price.parse::<u64>().is_ok_and(|yen| yen > 100), "{price}");
    }
}
