//! Bills and items of a billing system that was in use before.

use anyhow::Context;
use money::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::accounts::BillingAccount;
use crate::calendar::{Calendar, after, time};
use crate::items::{Rate, tax};

/// How many accounts were billed there last.
const IMPORTED: usize = 6;

/// How long before the period that is billed here that was, in minutes.
const BEFORE: i64 = -35 * 24 * 60;

/// The fee on all of those bills, in hundredths.
const FEE: i64 = 3490;

/// Accounts with amounts in euro.
fn some(accounts: &[BillingAccount]) -> impl Iterator<Item = &BillingAccount> {
    accounts.iter().filter(|account| account.currency == "EUR").take(IMPORTED)
}

fn fee() -> anyhow::Result<Money> {
    let euro = Currency::from_code("EUR").context("EUR is no currency")?;
    Ok(Money::new(euro, Decimal::new(FEE, 2))?)
}

fn number(account: &BillingAccount) -> String {
    format!("OLD-{:06}", 48_100 + account.number)
}

/// The items of those bills. They say which bill they were on, which is not here under that id; one
/// does not say it.
pub fn items(accounts: &[BillingAccount], calendar: &Calendar) -> anyhow::Result<Vec<Value>> {
    let fee = fee()?;
    let date = time(after(calendar.of_the_first.start, BEFORE)?);
    let mut items = Vec::new();
    for account in some(accounts) {
        let mut item = json!({
            "@type": "AppliedCustomerBillingRate",
            "id": format!("demo-imported-item-{:03}", account.number),
            "name": "Fibre 100",
            "description": "Monthly fee for Fibre 100, billed by the system before",
            "date": date,
            "isBilled": true,
            "appliedBillingRateType": "recurringCharge",
            "taxExcludedAmount": fee.to_value(),
            "appliedTax": [tax(&fee, Rate::Standard)?],
            "billingAccount": account.reference(),
        });
        if account.number > 0 {
            item["bill"] = json!({ "@type": "CustomerBillRef", "@referredType": "CustomerBill", "id": number(account) });
        }
        items.push(item);
    }
    Ok(items)
}

/// The bills: paid, but for one.
pub fn bills(accounts: &[BillingAccount], calendar: &Calendar) -> anyhow::Result<Vec<Value>> {
    let fee = fee()?;
    let taxes = tax(&fee, Rate::Standard)?;
    let tax_amount = Money::read(&taxes["taxAmount"], "/taxAmount")
        .map_err(|fault| anyhow::anyhow!("the tax on {fee} is wrong: {fault}"))?;
    let taxes_rounded = tax_amount.rounded()?;
    let due = fee.plus(&taxes_rounded)?;
    let date = after(calendar.of_the_first.start, BEFORE)?;
    let mut bills = Vec::new();
    for account in some(accounts) {
        let mut bill = json!({
            "@type": "CustomerBill",
            "id": format!("demo-imported-bill-{:03}", account.number),
            "billNo": number(account),
            "billDate": time(date),
            "paymentDueDate": time(after(date, 14 * 24 * 60)?),
            "category": "normal",
            "runType": "onCycle",
            "state": "sent",
            "taxExcludedAmount": fee.to_value(),
            "taxIncludedAmount": due.to_value(),
            "amountDue": due.to_value(),
            "taxItem": [{
                "@type": "TaxItem", "taxCategory": taxes["taxCategory"], "taxRate": taxes["taxRate"],
                "taxAmount": taxes_rounded.to_value(),
            }],
            "billingAccount": account.reference(),
            "relatedParty": account.related_party(),
        });
        if account.number > 0 {
            bill["state"] = "settled".into();
            bill["appliedPayment"] = json!([{
                "@type": "AppliedPayment",
                "appliedAmount": due.to_value(),
                "payment": {
                    "@type": "PaymentRef", "@referredType": "Payment",
                    "id": format!("demo-imported-payment-{:03}", account.number),
                },
            }]);
        }
        bills.push(bill);
    }
    Ok(bills)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bills_are_what_the_schemas_say_and_add_up() {
        let calendar = Calendar::at("2027-03-10T00:00:00Z".parse().unwrap()).unwrap();
        let bills = bills(&BillingAccount::all(), &calendar).unwrap();
        assert_eq!(bills.len(), IMPORTED);
        for bill in bills {
            assert_eq!(schemas::class::CUSTOMER_BILL.v5.validate(&bill), Ok(()), "{bill}");
            let due = Money::read(&bill["amountDue"], "").unwrap();
            assert_eq!(due.to_string(), "41.53 EUR");
            let remains = money::remaining(&due, bill.as_object().unwrap()).unwrap();
            let is_open = bill["state"] == "sent";
            assert_eq!(remains.amount().is_zero(), !is_open, "{bill}");
        }
    }
}
