//! What items and bills take over from the billing account that they are for.

use ledger::Posting;
use money::Currency;
use schemas::Fault;
use serde_json::{Map, Value, json};
use tmf630::model::behaviour::Work;
use tmf630::model::rule::Data;
use tmf630::{Error, is_id};

/// The name of billing accounts in paths.
pub(crate) const BILLING_ACCOUNT: &str = "billingAccount";

/// The name of financial accounts in paths.
const FINANCIAL_ACCOUNT: &str = "financialAccount";

/// A billing account, as it is stored.
pub(crate) struct Account {
    /// Its id.
    pub id: String,
    document: Value,
}

impl Account {
    /// The account that a document refers to at `billingAccount`, if it does, and its client sees that.
    pub async fn of(document: &Map<String, Value>, data: &dyn Data) -> Result<Option<Self>, Error> {
        let Some(id) = referred(document) else { return Ok(None) };
        match data.can_see(BILLING_ACCOUNT, id).await? {
            true => Self::read(id, data).await,
            false => Ok(None),
        }
    }

    /// The same where it has to be there.
    pub async fn expect(document: &Map<String, Value>, data: &dyn Data) -> Result<Self, Error> {
        let account = Self::of(document, data).await?;
        account.ok_or_else(|| Error::invalid_document(&[unknown(document)]))
    }

    /// The account with the id, whoever sees it.
    pub async fn read(id: &str, data: &dyn Data) -> Result<Option<Self>, Error> {
        let document = data.document(BILLING_ACCOUNT, id).await?;
        Ok(document.map(|document| Self { id: id.to_owned(), document }))
    }

    /// The account with the id and the document.
    pub fn new(id: String, document: Value) -> Self {
        Self { id, document }
    }

    /// An attribute of it.
    pub fn get(&self, attribute: &str) -> Option<&Value> {
        self.document.get(attribute)
    }

    /// Whether its state is this one, in capital or small letters.
    pub fn is_in_state(&self, state: &str) -> bool {
        let own = self.get("state").and_then(Value::as_str);
        own.is_some_and(|own| own.eq_ignore_ascii_case(state))
    }

    /// Whether it gets bills of a cycle. One without a state is active.
    pub fn is_active(&self) -> bool {
        self.get("state").is_none() || self.is_in_state("Active")
    }

    /// Whether it wants a bill also where there is nothing to bill.
    pub fn wants_empty_bills(&self) -> bool {
        let wants = |object: Option<&Value>| {
            object.and_then(|object| object.get("generateEmptyBill")) == Some(&Value::Bool(true))
        };
        wants(Some(&self.document)) || wants(self.get("billStructure"))
    }

    /// The currency that it has amounts in, where nothing else says one.
    pub fn currency(&self) -> Option<Currency> {
        let limit = self.document.pointer("/creditLimit/unit");
        let unit = limit.or_else(|| self.document.pointer("/accountBalance/0/amount/unit"));
        unit.and_then(Value::as_str).and_then(Currency::from_code)
    }

    /// Its parties, as what belongs to it keeps them out of sight.
    pub fn parties(&self) -> Value {
        let parties = self.get("relatedParty").and_then(Value::as_array);
        let parties = parties.into_iter().flatten().filter_map(|party| {
            let id = party.pointer("/partyOrPartyRole/id")?.as_str()?;
            Some(match party.get("role") {
                Some(role) => json!({ "id": id, "role": role }),
                None => json!({ "id": id }),
            })
        });
        parties.collect()
    }

    /// Refers to it.
    pub fn reference(&self) -> Value {
        let mut reference = json!({
            "@type": "BillingAccountRef", "@referredType": "BillingAccount", "id": self.id,
        });
        for attribute in ["name", "ratingType"] {
            if let Some(value) = self.get(attribute) {
                reference[attribute] = value.clone();
            }
        }
        reference
    }

    /// The id of the financial account that it belongs to.
    fn financial_account(&self) -> Option<&str> {
        self.document.pointer("/financialAccount/id")?.as_str()
    }

    /// Adds to what stands on it, and on its financial account.
    pub async fn post(
        &self,
        work: &mut dyn Work,
        currency: Currency,
        posting: Posting,
    ) -> Result<(), Error> {
        post(work, &self.id, self.financial_account(), currency, posting).await
    }
}

/// Adds to what stands on an account, and on the financial account that it belongs to now.
pub(crate) async fn post_to(
    work: &mut dyn Work,
    account: &str,
    currency: Currency,
    posting: Posting,
) -> Result<(), Error> {
    match Account::read(account, work).await? {
        Some(account) => account.post(work, currency, posting).await,
        None => post(work, account, None, currency, posting).await,
    }
}

async fn post(
    work: &mut dyn Work,
    account: &str,
    financial_account: Option<&str>,
    currency: Currency,
    posting: Posting,
) -> Result<(), Error> {
    let accounts = [(BILLING_ACCOUNT, Some(account)), (FINANCIAL_ACCOUNT, financial_account)];
    for (kind, id) in accounts {
        // What no account here can be called is kept elsewhere.
        if let Some(id) = id.filter(|id| is_id(id)) {
            ledger::post(work, ledger::Account { kind, id }, currency, posting).await?;
        }
    }
    Ok(())
}

/// The id of the account that a document refers to.
pub(crate) fn referred(document: &Map<String, Value>) -> Option<&str> {
    document.get(BILLING_ACCOUNT)?.get("id")?.as_str()
}

/// What is wrong with a document whose account is not there, or not to be seen.
pub(crate) fn unknown(document: &Map<String, Value>) -> Fault {
    match referred(document) {
        Some(id) => {
            let expectation = format!("must refer to a billing account that exists; {id} does not");
            Fault::new("/billingAccount/id", expectation)
        }
        None => Fault::new("/billingAccount/id", "is required"),
    }
}
