//! Requests to make a bill now, of all items of an account that are on none.

use bytes::Bytes;
use jiff::Timestamp;
use money::Currency;
use schemas::{Fault, class};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tmf630::model::behaviour::{Behaviour, Draft, HIDDEN, Outcome, Work};
use tmf630::model::index::Index;
use tmf630::model::job::{Job, Step};
use tmf630::model::operation::{Operation, Operations};
use tmf630::model::rule::Asked;
use tmf630::{Definition, Error};

use crate::account::Account;
use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};
use crate::billing::making::Taking;
use crate::billing::terms::time;
use crate::billing::{ITEMS_OF_A_REQUEST, Making, Terms, unpublished};
use crate::customer_bill::CUSTOMER_BILL;
use crate::in_order::{Unbilled, currencies};
use crate::settings::VARIABLES;

/// A request to make a bill.
pub static CUSTOMER_BILL_ON_DEMAND: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::CUSTOMER_BILL_ON_DEMAND,
    class: &class::CUSTOMER_BILL_ON_DEMAND,
    class_aliases: &[],
    takes_own_classes: true,
    operations: Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve]),
    stamp: Some("lastUpdate"),
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("state"),
        Index::texts("$server.parties.id"),
    ],
    rules: &[],
    behaviour: Some(&Requests),
    variables: VARIABLES,
};

/// How many items a bill that is only looked at can have.
const MOST_LOOKED_AT: u64 = 20_000;

/// What the server does with requests for bills.
#[derive(Debug)]
struct Requests;

impl Behaviour for Requests {
    fn complete(
        &self,
        document: &mut Map<String, Value>,
        _before: Option<&Map<String, Value>>,
        _now: Timestamp,
    ) -> Vec<Fault> {
        // What comes of it is the server's to say.
        for attribute in ["state", "customerBill", REASON, PREVIEW] {
            document.remove(attribute);
        }
        match document.get("currency").and_then(Value::as_str) {
            Some(code) if Currency::from_code(code).is_none() => {
                vec![Fault::new("/currency", format!("must be a code of ISO 4217; {code} is none"))]
            }
            _ => Vec::new(),
        }
    }

    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            match draft.after.and_then(Value::as_object) {
                Some(request) => Request::begin(draft.id, request, work).await,
                None => Ok(Outcome::AsAsked),
            }
        })
    }

    fn jobs(&self) -> &'static [&'static dyn Job] {
        &[&BillOnDemand]
    }
}

/// Why a request was rejected, in words: an extension of the standard.
const REASON: &str = "stateReason";

/// The bill that would be made: an extension of the standard.
const PREVIEW: &str = "preview";

/// The category of a bill that is only looked at.
const TRIAL: &str = "trial";

/// A request that is answered.
struct Request<'r> {
    id: &'r str,
    document: Map<String, Value>,
    account: Account,
    date: Timestamp,
}

impl<'r> Request<'r> {
    async fn begin(
        id: &'r str,
        document: &Map<String, Value>,
        work: &mut dyn Work,
    ) -> Result<Outcome, Error> {
        let account = Account::expect(document, &*work).await?;
        let given = document.get("billDate").and_then(Value::as_str);
        let date = match given.map(str::parse) {
            None => work.now(),
            Some(Ok(date)) => date,
            Some(Err(_)) => {
                let fault =
                    Fault::new("/billDate", "must be a time between the years -9999 and 9999");
                return Err(Error::invalid_document(&[fault]));
            }
        };
        let mut document = document.clone();
        let parties = Map::from_iter([("parties".to_owned(), account.parties())]);
        document.insert(HIDDEN.to_owned(), parties.into());
        Self { id, document, account, date }.answer(work).await
    }

    async fn answer(self, work: &mut dyn Work) -> Result<Outcome, Error> {
        if let Some(bill) = unpublished::of_account(&self.account.id, &*work).await? {
            let reason =
                format!("the bill {bill} is being made for the account; ask when it is there");
            return Ok(self.rejected(&reason));
        }
        let currency = match self.currency(work).await? {
            Ok(currency) => currency,
            Err(reason) => return Ok(self.rejected(&reason)),
        };
        let address = work.address(&CUSTOMER_BILL, "");
        let mut terms = Terms::on_demand(&self.account, self.date, address, &*work).await?;
        let is_trial = self.document.get("category").and_then(Value::as_str) == Some(TRIAL);
        if let Some(category) = self.document.get("category").and_then(Value::as_str) {
            terms.category = category.to_owned();
        }
        let making = Making::begin(work.new_id(), &self.account.id, currency, terms);
        let count = Unbilled::of(&self.account.id, currency, self.date).count(&*work).await?;
        if is_trial {
            return self.look(making, count, work).await;
        }
        if count <= ITEMS_OF_A_REQUEST as u64 {
            return self.bill(making, work).await;
        }
        unpublished::begin(work, &making.bill, &making.account);
        let state = State { request: self.id.to_owned(), making };
        work.start(&BillOnDemand, self.id, state.encode()?).await?;
        Ok(Outcome::Store(self.in_state("inProgress")))
    }

    /// The currency of the bill, or why there is none.
    async fn currency(&self, work: &mut dyn Work) -> Result<Result<Currency, String>, Error> {
        let given = self.document.get("currency").and_then(Value::as_str);
        let given = given.and_then(Currency::from_code);
        let found = currencies(&self.account.id, self.date, &*work).await?;
        let is_empty = match given {
            Some(given) => !found.contains(&given),
            None => found.is_empty(),
        };
        if is_empty && !self.account.wants_empty_bills() {
            return Ok(Err("nothing to bill".to_owned()));
        }
        if let Some(given) = given {
            return Ok(Ok(given));
        }
        Ok(match &found[..] {
            [one] => Ok(*one),
            [] => self
                .account
                .currency()
                .ok_or_else(|| "nothing to bill, and an empty bill needs a currency".to_owned()),
            several => {
                let codes: Vec<_> = several.iter().map(|currency| currency.code()).collect();
                Err(format!("items in several currencies: {}; ask for one", codes.join(", ")))
            }
        })
    }

    /// Makes the bill at once.
    async fn bill(mut self, mut making: Making, work: &mut dyn Work) -> Result<Outcome, Error> {
        while !making.take(Taking::Bill, work).await? {}
        making.publish(&self.account, work).await?;
        self.document.insert("customerBill".into(), making.reference());
        Ok(Outcome::Store(self.in_state("done")))
    }

    /// Shows the bill, and makes none.
    async fn look(
        mut self,
        mut making: Making,
        count: u64,
        work: &mut dyn Work,
    ) -> Result<Outcome, Error> {
        if count > MOST_LOOKED_AT {
            let reason = format!("more than {MOST_LOOKED_AT} items cannot be looked at beforehand");
            return Ok(Outcome::Show(self.in_state_because("rejected", &reason)));
        }
        while !making.take(Taking::Look, work).await? {}
        let mut bill = making.bill(&self.account, &*work)?;
        bill.remove("id");
        self.document.insert(PREVIEW.to_owned(), bill.into());
        Ok(Outcome::Show(self.in_state("done")))
    }

    fn rejected(self, reason: &str) -> Outcome {
        let is_trial = self.document.get("category").and_then(Value::as_str) == Some(TRIAL);
        let document = self.in_state_because("rejected", reason);
        if is_trial { Outcome::Show(document) } else { Outcome::Store(document) }
    }

    fn in_state_because(mut self, state: &str, reason: &str) -> Map<String, Value> {
        self.document.insert(REASON.to_owned(), reason.into());
        self.in_state(state)
    }

    fn in_state(mut self, state: &str) -> Map<String, Value> {
        self.document.insert("state".to_owned(), state.into());
        self.document
    }
}

/// Makes a bill of many items.
#[derive(Debug)]
pub(crate) struct BillOnDemand;

/// How far it is.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The request that asked for it.
    request: String,
    making: Making,
}

impl State {
    fn encode(&self) -> Result<Bytes, Error> {
        Ok(serde_json::to_vec(self).map_err(Error::internal)?.into())
    }
}

impl Job for BillOnDemand {
    fn name(&self) -> &'static str {
        "billOnDemand"
    }

    fn definition(&self) -> &'static Definition {
        &CUSTOMER_BILL_ON_DEMAND
    }

    fn step<'a>(&'a self, _id: &'a str, state: Bytes, work: &'a mut dyn Work) -> Asked<'a, Step> {
        Box::pin(async move {
            let mut state: State = serde_json::from_slice(&state).map_err(Error::internal)?;
            if !state.making.take(Taking::Bill, work).await? {
                return Ok(Step::More(state.encode()?));
            }
            let account = Account::read(&state.making.account, &*work).await?;
            let account = account.ok_or_else(|| Error::internal("the account is gone"))?;
            state.making.publish(&account, work).await?;
            finish(&state, work).await?;
            Ok(Step::Done)
        })
    }
}

/// Says with the request that its bill is there.
async fn finish(state: &State, work: &mut dyn Work) -> Result<(), Error> {
    let name = CUSTOMER_BILL_ON_DEMAND.name();
    let Some(before) = work.document(name, &state.request).await? else { return Ok(()) };
    let mut after = before.clone();
    after["state"] = "done".into();
    after["customerBill"] = state.making.reference();
    after["lastUpdate"] = time(work.now());
    work.write(&CUSTOMER_BILL_ON_DEMAND, &state.request, Some(&before), Some(&after)).await?;
    Ok(())
}
