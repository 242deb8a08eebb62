//! The accounts of all four kinds, 200 in all.

use serde_json::{Value, json};

use crate::catalogue::{Cycle, bill_structure};
use crate::parties::{PARTNERS, Party, customer, operator, partner};

/// How many billing accounts there are.
const BILLING_ACCOUNTS: usize = 180;

/// How many of their customers have a party account too.
const PARTY_ACCOUNTS: usize = 13;

/// What is on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Items in its currency.
    Items,
    /// Items in US dollars beside those in its currency.
    SeveralCurrencies,
    /// No item.
    Nothing,
}

/// A billing account of a partner's customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAccount {
    /// What everything else of it follows from.
    pub number: usize,
    /// Its id.
    pub id: String,
    /// When it gets its bills.
    pub cycle: Cycle,
    /// What is on it.
    pub items: Use,
    /// What it has its amounts in.
    pub currency: &'static str,
    /// Where in its life it is.
    pub state: &'static str,
}

impl BillingAccount {
    /// All of them.
    pub fn all() -> Vec<Self> {
        (0..BILLING_ACCOUNTS).map(Self::numbered).collect()
    }

    fn numbered(number: usize) -> Self {
        let (cycle, items, state) = match number {
            0..=119 => (Cycle::First, Use::Items, "Active"),
            120..=149 => (Cycle::Fifteenth, Use::Items, "Active"),
            150..=168 => (Cycle::Quarter, Use::Items, "Active"),
            169 => (Cycle::Quarter, Use::SeveralCurrencies, "Active"),
            170..=173 => (Cycle::Quarter, Use::Nothing, "Active"),
            174..=176 => (Cycle::First, Use::Nothing, "Suspended"),
            _ => (Cycle::First, Use::Nothing, "Closed"),
        };
        let currency = match number {
            // The account that one finds first is like most.
            169 => "EUR",
            number if number % 10 == 7 => "USD",
            number if number % 15 == 4 => "JPY",
            _ => "EUR",
        };
        // What TM Forum's conformance kit of v4 asks a bill for.
        let id = if number == 0 { "A0815".into() } else { format!("demo-account-{number:03}") };
        Self { number, id, cycle, items, currency, state }
    }

    /// Its customer.
    pub fn customer(&self) -> Party {
        customer(self.number)
    }

    /// `relatedParty` of it, and of its bills.
    pub fn related_party(&self) -> Value {
        json!([self.customer().in_role("customer"), partner(self.number).in_role("partner")])
    }

    /// Refers to it.
    pub fn reference(&self) -> Value {
        json!({
            "@type": "BillingAccountRef", "@referredType": "BillingAccount", "id": self.id,
            "name": self.name(),
        })
    }

    fn name(&self) -> String {
        format!("{} bills", self.customer().name)
    }

    /// As it is created.
    pub fn document(&self) -> Value {
        let limit = if self.currency == "JPY" { 50_000 } else { 500 };
        let mut document = json!({
            "@type": "BillingAccount",
            "id": self.id,
            "name": self.name(),
            "description": format!("What {} provides to {}", partner(self.number).name, self.customer().name),
            "state": self.state,
            "accountType": "business",
            "ratingType": "postpaid",
            "creditLimit": { "unit": self.currency, "value": limit },
            "relatedParty": self.related_party(),
            "billStructure": bill_structure(self.number, self.cycle),
            "defaultPaymentMethod": {
                "@type": "PaymentMethodRef", "@referredType": "BankAccountDebit",
                "id": format!("demo-payment-method-{:03}", self.number), "name": "Direct debit",
            },
            "contact": [contact(&self.customer())],
        });
        // Some add up to no account in the ledger.
        if !self.number.is_multiple_of(7) {
            document["financialAccount"] = json!({
                "@type": "FinancialAccountRef", "@referredType": "FinancialAccount",
                "id": ledger_id(self.number % PARTNERS),
            });
        }
        document
    }
}

/// The id of what a partner's customers owe, in the ledger.
fn ledger_id(partner: usize) -> String {
    format!("demo-ledger-{}", partner + 1)
}

fn contact(party: &Party) -> Value {
    json!({
        "@type": "Contact",
        "contactType": "billing",
        "contactName": "Accounting",
        "contactMedium": [{
            "@type": "EmailContactMedium", "emailAddress": format!("accounting@{}.example", party.id),
        }],
    })
}

fn account(class: &str, id: String, name: String, parties: Value) -> Value {
    json!({
        "@type": class, "id": id, "name": name, "state": "Active", "accountType": "business",
        "relatedParty": parties,
    })
}

/// Party accounts of some customers.
pub fn of_parties() -> Vec<Value> {
    let of_customer = |number| {
        let (customer, partner) = (customer(number), partner(number));
        let parties = json!([customer.in_role("customer"), partner.in_role("partner")]);
        account("PartyAccount", format!("demo-party-{number:03}"), customer.name, parties)
    };
    (0..PARTY_ACCOUNTS).map(of_customer).collect()
}

/// Settlement accounts: one a partner.
pub fn settlement() -> Vec<Value> {
    let of_partner = |number| {
        let partner = partner(number);
        let parties = json!([partner.in_role("partner"), operator().in_role("operator")]);
        let name = format!("Settlement with {}", partner.name);
        account("SettlementAccount", format!("demo-settlement-{}", number + 1), name, parties)
    };
    (0..PARTNERS).map(of_partner).collect()
}

/// Financial accounts: what the customers of each partner owe, and the operator's own.
pub fn financial() -> Vec<Value> {
    let of_partner = |number| {
        let partner = partner(number);
        let parties = json!([partner.in_role("partner"), operator().in_role("operator")]);
        let name = format!("Receivables of {}", partner.name);
        account("FinancialAccount", ledger_id(number), name, parties)
    };
    let own = account(
        "FinancialAccount",
        "demo-ledger-operator".into(),
        "Fees for billing".into(),
        json!([operator().in_role("operator")]),
    );
    (0..PARTNERS).map(of_partner).chain([own]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemas::class;

    use super::*;

    #[test]
    fn documents_are_what_the_schemas_say() {
        let billing: Vec<_> = BillingAccount::all().iter().map(BillingAccount::document).collect();
        let mut count = 0;
        for (class, documents) in [
            (&class::PARTY_ACCOUNT, of_parties()),
            (&class::SETTLEMENT_ACCOUNT, settlement()),
            (&class::FINANCIAL_ACCOUNT, financial()),
            (&class::BILLING_ACCOUNT, billing),
        ] {
            let ids: BTreeSet<_> = documents.iter().map(|it| it["id"].to_string()).collect();
            assert_eq!(ids.len(), documents.len());
            count += documents.len();
            for document in documents {
                assert_eq!(class.v5.validate(&document), Ok(()), "{document}");
            }
        }
        assert_eq!(count, 200);
    }

    #[test]
    fn the_account_of_the_kit_is_billed() {
        let accounts = BillingAccount::all();
        let account = accounts.iter().find(|account| account.id == "A0815").unwrap();
        assert_eq!(
            (account.cycle, account.items, account.state),
            (Cycle::First, Use::Items, "Active")
        );
        for currency in ["EUR", "USD", "JPY"] {
            assert!(accounts.iter().any(|account| account.currency == currency));
        }
    }
}
