//! Runs of billing cycles. The standard only shows them: to start one is an extension.

use bytes::Bytes;
use jiff::Timestamp;
use schemas::{Fault, class};
use serde_json::{Map, Value};
use tmf630::model::behaviour::{Behaviour, Draft, Outcome, Work};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::job::{Job, Step};
use tmf630::model::operation::{Operation, Operations};
use tmf630::model::rule::Asked;
use tmf630::{Definition, Error, Settings};

use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};
use crate::billing::Terms;
use crate::billing::period::Period;
use crate::billing::run::Run;
use crate::billing::terms::{after, days, read_time, specification, time};
use crate::settings::{self, VARIABLES};

/// A run of a billing cycle.
pub static BILL_CYCLE: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::BILL_CYCLE,
    class: &class::BILL_CYCLE,
    operations: Operations::of(&[Operation::List, Operation::Create, Operation::Retrieve]),
    immutable_in_v4: &[],
    own_indexes: &[Index::time("billingDate"), Index::text("BillCycleSpecification.id")],
    rules: &[],
    behaviour: Some(&Runs),
    events: Events::NONE,
    variables: VARIABLES,
};

/// The specification that a run is one of, with a capital letter as the standard has it.
const SPECIFICATION: &str = "BillCycleSpecification";

/// What the server does with runs.
#[derive(Debug)]
struct Runs;

impl Behaviour for Runs {
    fn operations(&self, settings: &Settings) -> Option<Operations> {
        (!settings::takes_writes(settings)).then_some(Operations::READ_ONLY)
    }

    fn complete(
        &self,
        cycle: &mut Map<String, Value>,
        _before: Option<&Map<String, Value>>,
        _now: Timestamp,
    ) -> Vec<Fault> {
        // As the standard's own example has it.
        if let Some(specification) = cycle.remove("billCycleSpecification") {
            cycle.entry(SPECIFICATION).or_insert(specification);
        }
        match specification_id(cycle) {
            Some(_) => Vec::new(),
            None => vec![Fault::new(format!("/{SPECIFICATION}/id"), "is required")],
        }
    }

    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            match draft.after.and_then(Value::as_object) {
                Some(cycle) => begin(draft.id, cycle, work).await,
                None => Ok(Outcome::AsAsked),
            }
        })
    }

    fn jobs(&self) -> &'static [&'static dyn Job] {
        &[&BillRun]
    }
}

fn specification_id(cycle: &Map<String, Value>) -> Option<&str> {
    cycle.get(SPECIFICATION)?.get("id")?.as_str()
}

/// Begins a run: its dates follow from the specification, as far as they are not given.
async fn begin(
    id: &str,
    cycle: &Map<String, Value>,
    work: &mut dyn Work,
) -> Result<Outcome, Error> {
    let specification_id = specification_id(cycle).unwrap_or_default();
    let found = specification(specification_id, &*work).await?;
    let specification = found.ok_or_else(|| {
        let expectation = format!(
            "must be a billing cycle specification that exists; {specification_id} does not"
        );
        Error::invalid_document(&[Fault::new(format!("/{SPECIFICATION}/id"), expectation)])
    })?;
    let period = Period::of(cycle, &specification, work.now());
    let period = period.map_err(|fault| Error::invalid_document(&[fault]))?;
    let mut cycle = cycle.clone();
    let offset = |attribute: &str| {
        days(&specification, attribute).and_then(|days| after(period.start, days))
    };
    let dates = [
        ("billingDate", Some(offset("billingDateShift").unwrap_or(period.end))),
        ("chargeDate", offset("chargeDateOffset")),
        ("creditDate", offset("creditDateOffset")),
        ("mailingDate", offset("mailingDateOffset")),
        ("paymentDueDate", offset("paymentDueDateOffset")),
    ];
    for (attribute, date) in dates {
        if let Some(date) = date {
            cycle.entry(attribute).or_insert_with(|| time(date));
        }
    }
    cycle.insert("validFor".into(), period.to_value());
    let date =
        |attribute: &str| -> Option<Timestamp> { read_time(cycle.get(attribute)?.as_str()?) };
    let name = cycle.get("name").and_then(Value::as_str).map(str::to_owned);
    let terms = Terms {
        bill_date: date("billingDate").unwrap_or(period.end),
        until: period.last(),
        period: Some((period.start, period.end)),
        payment_due: date("paymentDueDate"),
        next_bill_date: period.next(&specification).and_then(|next| {
            match days(&specification, "billingDateShift") {
                Some(shift) => after(next.start, shift),
                None => Some(next.end),
            }
        }),
        cycle: Some((id.to_owned(), name)),
        category: "normal".to_owned(),
    };
    let run = Run::begin(specification_id, terms, &*work).await?;
    run.show(&mut cycle);
    work.start(&BillRun, id, encode(&run)?).await?;
    Ok(Outcome::Store(cycle))
}

/// Makes the bills of a run. It is called as its cycle.
#[derive(Debug)]
pub(crate) struct BillRun;

impl Job for BillRun {
    fn name(&self) -> &'static str {
        "billCycle"
    }

    fn definition(&self) -> &'static Definition {
        &BILL_CYCLE
    }

    fn step<'a>(&'a self, id: &'a str, state: Bytes, work: &'a mut dyn Work) -> Asked<'a, Step> {
        Box::pin(async move {
            let mut run: Run = serde_json::from_slice(&state)
                .map_err(|error| Error::of_stored_json("the state", &error))?;
            run.go_on(work).await?;
            if let Some(before) = work.document(BILL_CYCLE.name(), id).await?
                && let Some(mut after) = before.as_object().cloned()
            {
                run.show(&mut after);
                let after = Value::Object(after);
                work.write(&BILL_CYCLE, id, Some(&before), Some(&after)).await?;
            }
            match run.is_done() {
                true => Ok(Step::Done),
                false => Ok(Step::More(encode(&run)?)),
            }
        })
    }
}

fn encode(run: &Run) -> Result<Bytes, Error> {
    Ok(serde_json::to_vec(run).map_err(Error::internal)?.into())
}
