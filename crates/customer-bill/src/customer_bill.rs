//! Bills. They are made of items; that those made elsewhere can be created, and payments added to any, are
//! extensions of the standard.

use bytes::Bytes;
use jiff::Timestamp;
use ledger::Posting;
use money::Money;
use schemas::{Fault, class};
use serde_json::{Map, Value, json};
use tmf630::model::behaviour::{Behaviour, Draft, Outcome, Part, PartKind, Representation, Work};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::operation::{Operation, Operations};
use tmf630::model::rule::{Asked, Data};
use tmf630::{Definition, Error, Settings};

use crate::account::{self, Account};
use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};
use crate::billing::number::{self, BILL_NO};
use crate::billing::unpublished;
use crate::settings::{self, VARIABLES};
use crate::{document, elsewhere, payments, states};

/// A bill for an account and a period.
pub static CUSTOMER_BILL: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::CUSTOMER_BILL,
    class: &class::CUSTOMER_BILL,
    operations: Operations::of(&[
        Operation::List,
        Operation::Create,
        Operation::Retrieve,
        Operation::Update,
    ]),
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("state"),
        BILL_NO,
        Index::time("billDate"),
        Index::text("category"),
        Index::text("runType"),
        Index::time("lastUpdate"),
        Index::time("paymentDueDate"),
        Index::texts("relatedParty.partyOrPartyRole.id"),
        Index::text("billCycle.id"),
        Index::text("financialAccount.id"),
    ],
    rules: &[],
    behaviour: Some(&Bills),
    events: Events { v5: api::BILL_EVENTS, v4: api::BILL_EVENTS, of_server: true },
    variables: VARIABLES,
};

/// Attributes of the standard that stay as they are.
const FIXED: [&str; 15] = [
    "billNo",
    "billDate",
    "billingPeriod",
    "category",
    "runType",
    "amountDue",
    "taxExcludedAmount",
    "taxIncludedAmount",
    "taxItem",
    "billingAccount",
    "financialAccount",
    "paymentMethod",
    "paymentDueDate",
    "nextBillDate",
    "relatedParty",
];

/// What the server does with bills.
#[derive(Debug)]
struct Bills;

impl Behaviour for Bills {
    fn operations(&self, settings: &Settings) -> Option<Operations> {
        const AS_STANDARD: Operations =
            Operations::of(&[Operation::List, Operation::Retrieve, Operation::Update]);
        (!settings::takes_writes(settings)).then_some(AS_STANDARD)
    }

    fn complete(
        &self,
        bill: &mut Map<String, Value>,
        before: Option<&Map<String, Value>>,
        _now: Timestamp,
    ) -> Vec<Fault> {
        let completed = match before {
            None => payments::complete_import(bill),
            Some(before) => payments::keep(bill, before, &FIXED, "cannot be changed")
                .and_then(|()| payments::add(bill, before)),
        };
        completed.err().into_iter().collect()
    }

    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let documents =
                (draft.before.and_then(Value::as_object), draft.after.and_then(Value::as_object));
            match documents {
                (None, Some(bill)) => import(draft.id, bill, work).await,
                (Some(before), Some(after)) => {
                    payments::check_state(before, after)?;
                    post_change(Some(before), after, work).await?;
                    Ok(Outcome::AsAsked)
                }
                (_, None) => Ok(Outcome::AsAsked),
            }
        })
    }

    fn parts(&self) -> &'static [PartKind] {
        &[PartKind {
            name: "document",
            description: "The bill with its items, for who checks it: as a page that prints, as a table, or as JSON.",
            media_types: &document::MEDIA_TYPES,
        }]
    }

    fn part<'a>(&'a self, part: Part<'a>, data: &'a dyn Data) -> Asked<'a, Representation> {
        Box::pin(async move {
            let (media_type, text) = document::of(&part, data).await?;
            Ok(Representation { media_type, body: Bytes::from(text) })
        })
    }
}

/// What remains of a bill that is open: not settled, and not nothing.
pub(crate) fn receivable(bill: &Map<String, Value>) -> Result<Posting, Error> {
    let is_settled = bill.get("state").and_then(Value::as_str) == Some(states::SETTLED);
    let Some(remains) = bill.get("remainingAmount").filter(|_| !is_settled) else {
        return Ok(Posting::default());
    };
    let remains = Money::read_sum(remains, "/remainingAmount");
    let remains = remains.map_err(|fault| Error::invalid_document(&[fault]))?;
    let open = i64::from(!remains.amount().is_zero());
    Ok(Posting::receivable(open, &remains))
}

/// Changes what stands on the account by what a change of the bill brings.
async fn post_change(
    before: Option<&Map<String, Value>>,
    after: &Map<String, Value>,
    work: &mut dyn Work,
) -> Result<(), Error> {
    let (Some(remains), Some(account)) = (after.get("remainingAmount"), account::referred(after))
    else {
        return Ok(());
    };
    let remains = Money::read_sum(remains, "/remainingAmount");
    let currency = remains.map_err(|fault| Error::invalid_document(&[fault]))?.currency();
    let old = before.map(receivable).transpose()?.unwrap_or_default();
    let posting = receivable(after)?.plus(old.negated())?;
    let found = Account::read(account, &*work).await?;
    if posting.open_bills > 0 && found.is_some_and(|account| account.is_in_state("Closed")) {
        let message =
            format!("The account {account} is Closed, and no bill of it can become open.");
        return Err(Error::conflict("The account is closed", message));
    }
    account::post_to(work, account, currency, posting).await
}

/// A bill that was made elsewhere.
async fn import(
    id: &str,
    bill: &Map<String, Value>,
    work: &mut dyn Work,
) -> Result<Outcome, Error> {
    if unpublished::has(id, &*work).await? {
        return Err(Error::id_taken(id));
    }
    let mut bill = bill.clone();
    elsewhere::mark(&mut bill);
    let account = Account::of(&bill, &*work).await?;
    match &account {
        None => elsewhere::expect_own_account(&bill, &*work)?,
        Some(account) => {
            if let Some(parties) = account.get("relatedParty") {
                bill.entry("relatedParty").or_insert_with(|| parties.clone());
            }
        }
    }
    let number = bill.get("billNo").and_then(Value::as_str).map(str::to_owned);
    if let Some(number) = &number
        && number::is_taken(number, &*work).await?
    {
        let message = format!("/billNo {number} is the number of another bill.");
        return Err(Error::conflict("The number is taken", message));
    }
    let has_document =
        bill.get("billDocument").and_then(Value::as_array).is_some_and(|it| !it.is_empty());
    if !has_document {
        let address = work.address(&CUSTOMER_BILL, id);
        let document = document_of(id, number.as_deref().unwrap_or(id), &address);
        bill.insert("billDocument".into(), document);
    }
    post_change(None, &bill, work).await?;
    Ok(Outcome::Store(bill))
}

/// Where the bill can be seen as a document.
pub(crate) fn document_of(id: &str, number: &str, address: &str) -> Value {
    json!([{
        "@type": "Attachment", "id": format!("{id}-document"), "name": number,
        "attachmentType": "bill", "mimeType": "text/html", "url": format!("{address}/document"),
    }])
}
