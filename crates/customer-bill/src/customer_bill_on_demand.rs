//! Requests to make a bill now, of all items of an account that are on none.

use bytes::Bytes;
use jiff::Timestamp;
use money::Currency;
use schemas::{Fault, class};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tmf630::model::behaviour::{Behaviour, Draft, HIDDEN, Outcome, Work};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::job::{Job, Step};
use tmf630::model::operation::{Operation, Operations};
use tmf630::model::rule::Asked;
use tmf630::{Definition, Error};

use crate::account::Account;
use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};
use crate::billing::currency::choose;
use crate::billing::hindrance::Hindrance;
use crate::billing::making::Taking;
use crate::billing::terms::{read_time, time};
use crate::billing::{ITEMS_IN_ONE_TRANSACTION, Making, Terms, unpublished};
use crate::in_order::{Unbilled, expect_room};
use crate::settings::VARIABLES;

/// A request to make a bill.
pub static CUSTOMER_BILL_ON_DEMAND: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::CUSTOMER_BILL_ON_DEMAND,
    class: &class::CUSTOMER_BILL_ON_DEMAND,
    operations: Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve]),
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("state"),
        Index::texts("$server.parties.id"),
    ],
    rules: &[],
    behaviour: Some(&Requests),
    events: Events { v5: api::BILL_EVENTS, v4: api::BILL_EVENTS, of_server: true },
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

    fn previews(&self) -> bool {
        true
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
        let date = match given.map(read_time) {
            None => work.now(),
            Some(Some(date)) => date,
            Some(None) => {
                let expectation = "must be a time of the years 0 to 9999 (UTC)";
                return Err(Error::invalid_document(&[Fault::new("/billDate", expectation)]));
            }
        };
        let mut document = document.clone();
        let parties = Map::from_iter([("parties".to_owned(), account.parties())]);
        document.insert(HIDDEN.to_owned(), parties.into());
        expect_room(&document)?;
        Self { id, document, account, date }.answer(work).await
    }

    async fn answer(self, work: &mut dyn Work) -> Result<Outcome, Error> {
        if unpublished::is_for(&self.account.id, &*work).await? {
            let reason = "another bill is being made for the account; ask when it is there";
            return Ok(self.rejected(reason));
        }
        let asked_for = self.document.get("currency").and_then(Value::as_str);
        let asked_for = asked_for.and_then(Currency::from_code);
        let currency = match choose(&self.account, asked_for, self.date, &*work).await {
            Ok(Some(currency)) => currency,
            Ok(None) => return Ok(self.rejected("nothing to bill")),
            Err(Hindrance::Reason(reason)) => return Ok(self.rejected(&reason)),
            Err(Hindrance::Failed(error)) => return Err(error),
        };
        let mut terms = Terms::on_demand(&self.account, self.date, &*work).await?;
        if let Some(category) = self.category() {
            terms.category = category.to_owned();
        }
        let making = Making::begin(work.new_id(), &self.account.id, currency, terms);
        match making.expect_room(&self.account, &*work) {
            Ok(()) => {}
            Err(Hindrance::Reason(reason)) => return Ok(self.rejected(&reason)),
            Err(Hindrance::Failed(error)) => return Err(error),
        }
        let count = Unbilled::of(&self.account.id, currency, self.date).count(&*work).await?;
        match self.is_trial() {
            true => self.preview(making, count, work).await,
            false => self.make(making, count, work).await,
        }
    }

    fn category(&self) -> Option<&str> {
        self.document.get("category").and_then(Value::as_str)
    }

    fn is_trial(&self) -> bool {
        self.category().is_some_and(|category| category.eq_ignore_ascii_case(TRIAL))
    }

    /// Makes the bill at once, or begins to, if it has many items.
    async fn make(
        mut self,
        mut making: Making,
        count: u64,
        work: &mut dyn Work,
    ) -> Result<Outcome, Error> {
        if count <= ITEMS_IN_ONE_TRANSACTION as u64 {
            match making.take(Taking::Bill, work).await {
                Ok(true) => match making.publish(&self.account, work).await {
                    Ok(_) => {
                        self.document.insert("customerBill".into(), making.reference(&*work));
                        return Ok(Outcome::Store(self.in_state("done")));
                    }
                    Err(Hindrance::Reason(reason)) => return Err(Error::internal(reason)),
                    Err(Hindrance::Failed(error)) => return Err(error),
                },
                // They are too long to be held at once.
                Ok(false) => {}
                Err(Hindrance::Reason(reason)) => return Ok(self.rejected(&reason)),
                Err(Hindrance::Failed(error)) => return Err(error),
            }
        }
        unpublished::begin(work, &making.bill, &making.account);
        let state = State { request: self.id.to_owned(), making, reason: None };
        work.start(&BillOnDemand, self.id, state.encode()?).await?;
        Ok(Outcome::Store(self.in_state("inProgress")))
    }

    /// Shows the bill, and makes none.
    async fn preview(
        mut self,
        mut making: Making,
        count: u64,
        work: &mut dyn Work,
    ) -> Result<Outcome, Error> {
        if count > MOST_LOOKED_AT {
            let reason = format!("more than {MOST_LOOKED_AT} items cannot be looked at beforehand");
            return Ok(self.rejected(&reason));
        }
        loop {
            match making.take(Taking::Look, work).await {
                Ok(true) => break,
                Ok(false) => {}
                Err(Hindrance::Reason(reason)) => return Ok(self.rejected(&reason)),
                Err(Hindrance::Failed(error)) => return Err(error),
            }
        }
        let mut bill = match making.document(&self.account, &*work) {
            Ok(bill) => bill,
            Err(Hindrance::Reason(reason)) => return Ok(self.rejected(&reason)),
            Err(Hindrance::Failed(error)) => return Err(error),
        };
        bill.remove("id");
        self.document.insert(PREVIEW.to_owned(), bill.into());
        Ok(Outcome::Show(self.in_state("done")))
    }

    fn rejected(mut self, reason: &str) -> Outcome {
        let is_trial = self.is_trial();
        self.document.insert(REASON.to_owned(), reason.into());
        let document = self.in_state("rejected");
        if is_trial { Outcome::Show(document) } else { Outcome::Store(document) }
    }

    fn in_state(mut self, state: &str) -> Map<String, Value> {
        self.document.insert("state".to_owned(), state.into());
        self.document
    }
}

/// Makes a bill of many items.
#[derive(Debug)]
pub(crate) struct BillOnDemand;

/// How far it is. What a newer version of the program has added must not get lost: a state that has it is
/// left to that.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// The request that asked for it.
    request: String,
    making: Making,
    /// Why it is given up, and its items are given back.
    reason: Option<String>,
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
            let mut state: State = serde_json::from_slice(&state)
                .map_err(|error| Error::of_stored_json("the state", &error))?;
            match state.go_on(work).await {
                Ok(true) => return Ok(Step::Done),
                Ok(false) => {}
                Err(Hindrance::Reason(reason)) => {
                    state.making.rewind();
                    state.reason = Some(reason);
                }
                Err(Hindrance::Failed(error)) => return Err(error),
            }
            Ok(Step::More(state.encode()?))
        })
    }
}

impl State {
    /// Does the next part; whether it was the last.
    async fn go_on(&mut self, work: &mut dyn Work) -> Result<bool, Hindrance> {
        if let Some(reason) = &self.reason {
            let is_end = self.making.give_back(work).await?;
            if is_end {
                let members =
                    [("state", "terminatedWithError".into()), (REASON, reason[..].into())];
                finish(&self.request, members, work).await?;
            }
            return Ok(is_end);
        }
        if !self.making.take(Taking::Bill, work).await? {
            return Ok(false);
        }
        let account = Account::read(&self.making.account, &*work).await?;
        let account = account.ok_or_else(|| {
            Hindrance::Reason(format!("the account {} cannot be read", self.making.account))
        })?;
        self.making.publish(&account, work).await?;
        let members = [("state", "done".into()), ("customerBill", self.making.reference(&*work))];
        finish(&self.request, members, work).await?;
        Ok(true)
    }
}

/// Says with the request what came of it.
async fn finish(
    request: &str,
    members: [(&str, Value); 2],
    work: &mut dyn Work,
) -> Result<(), Error> {
    let name = CUSTOMER_BILL_ON_DEMAND.name();
    let Some(before) = work.document(name, request).await? else { return Ok(()) };
    let mut after = before.clone();
    for (attribute, value) in members {
        after[attribute] = value;
    }
    after["lastUpdate"] = time(work.now());
    work.write(&CUSTOMER_BILL_ON_DEMAND, request, Some(&before), Some(&after)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state as it was stored: later versions have to read it.
    const STORED: &str = r#"{
        "request": "r",
        "making": {
            "bill": "b", "account": "a",
            "terms": {
                "bill_date": "2026-02-03T00:00:00Z", "until": "2026-02-03T00:00:00Z",
                "period": ["2026-01-01T00:00:00Z", "2026-01-31T23:59:59.999Z"],
                "payment_due": "2026-02-17T00:00:00Z", "next_bill_date": null,
                "cycle": ["january", "January"], "category": "normal"
            },
            "totals": {
                "currency": "EUR", "count": 1000, "excluded": ["10.005", "10.01"],
                "taxes": [[null, null, ["0", "0"]], ["VAT", "19", ["1.90095", "1.90"]]]
            },
            "period": ["2026-01-15T00:00:00Z", "2026-01-15T00:00:00Z"],
            "after": [1, 2, 255]
        },
        "reason": null
    }"#;

    #[test]
    fn a_state_that_was_stored_is_read() {
        let state: State = serde_json::from_str(STORED).unwrap();
        let stored: Value = serde_json::from_str(STORED).unwrap();
        assert_eq!(serde_json::to_value(&state).unwrap(), stored);
    }

    /// A step by this version would lose it.
    #[test]
    fn a_state_with_more_is_left_to_a_newer_version() {
        for place in ["", "/making", "/making/terms", "/making/totals"] {
            let mut newer: Value = serde_json::from_str(STORED).unwrap();
            newer.pointer_mut(place).unwrap()["later"] = 1.into();
            let error = serde_json::from_value::<State>(newer).unwrap_err().to_string();
            assert!(error.starts_with("unknown field `later`"), "{place}: {error}");
        }
    }
}
