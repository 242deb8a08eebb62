//! Bill items. The standard only shows them: that they can be created, and changed until they are billed,
//! is an extension.

use jiff::Timestamp;
use ledger::Posting;
use money::ItemAmounts;
use schemas::{Fault, class};
use serde_json::{Map, Value};
use tmf630::model::behaviour::{Behaviour, Draft, HIDDEN, Outcome, Shown, Work};
use tmf630::model::event::Events;
use tmf630::model::index::Index;
use tmf630::model::operation::Operations;
use tmf630::model::rule::{Asked, Data};
use tmf630::{Definition, Error, Settings};

use crate::account::{self, Account, BILLING_ACCOUNT};
use crate::api::{self, CUSTOMER_BILL_MANAGEMENT};
use crate::billing::terms::time;
use crate::billing::unpublished;
use crate::elsewhere;
use crate::in_order::{IN_ORDER, bill_of, expect_room, is_unbilled};
use crate::settings::{self, VARIABLES};

/// What is charged or credited.
pub static APPLIED_CUSTOMER_BILLING_RATE: Definition = Definition {
    api: &CUSTOMER_BILL_MANAGEMENT,
    resource: &api::APPLIED_CUSTOMER_BILLING_RATE,
    class: &class::APPLIED_CUSTOMER_BILLING_RATE,
    operations: Operations::ALL,
    immutable_in_v4: &[],
    own_indexes: &[
        Index::text("billingAccount.id"),
        Index::text("bill.id"),
        Index::text("product.id"),
        Index::boolean("isBilled"),
        Index::time("date"),
        Index::text("appliedBillingRateType"),
        Index::time("date").within("billingAccount.id"),
        Index::texts("$server.parties.id"),
        IN_ORDER,
    ],
    rules: &[],
    behaviour: Some(&Items),
    events: Events { v5: api::ITEM_EVENTS, v4: api::ITEM_EVENTS, of_server: false },
    variables: VARIABLES,
};

/// What only a bill changes.
const OF_THE_BILL: [&str; 3] = ["isBilled", "bill", "billingAccount"];

/// What the server does with items.
#[derive(Debug)]
struct Items;

impl Behaviour for Items {
    fn operations(&self, settings: &Settings) -> Option<Operations> {
        (!settings::takes_writes(settings)).then_some(Operations::READ_ONLY)
    }

    fn complete(
        &self,
        document: &mut Map<String, Value>,
        before: Option<&Map<String, Value>>,
        now: Timestamp,
    ) -> Vec<Fault> {
        // What is billed is refused for that, whatever else is wrong with it.
        if before.is_some_and(|before| !is_unbilled(before)) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let date = before.and_then(|before| before.get("date")).cloned();
        document.entry("date").or_insert_with(|| date.unwrap_or_else(|| time(now)));
        match before {
            None => {
                document.entry("isBilled").or_insert(false.into());
                if is_unbilled(document) && document.contains_key("bill") {
                    let expectation = "must be left out: what is not billed is on no bill";
                    faults.push(Fault::new("/bill", expectation));
                }
            }
            Some(before) => {
                let changed =
                    OF_THE_BILL.iter().filter(|it| document.get(**it) != before.get(**it));
                let fault = |it: &&str| Fault::new(format!("/{it}"), "cannot be changed");
                faults.extend(changed.map(fault));
            }
        }
        let completed = money::complete_item(document, !is_unbilled(document));
        faults.extend(completed.err().into_iter().flatten());
        faults
    }

    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let documents =
                (draft.before.and_then(Value::as_object), draft.after.and_then(Value::as_object));
            match documents {
                (None, Some(item)) if is_unbilled(item) => create(item, work).await,
                (None, Some(item)) => import(item, work).await,
                (Some(before), after) => change(draft.id, before, after, work).await,
                // What cannot be read can be deleted.
                (None, None) => Ok(Outcome::AsAsked),
            }
        })
    }

    fn derived(&self) -> &'static [&'static str] {
        &["isBilled", "bill.id", "bill"]
    }

    fn derives<'a>(&'a self, data: &'a dyn Data) -> Asked<'a, bool> {
        Box::pin(async move { unpublished::is_any(data).await })
    }

    /// An item that is being put on a bill is not billed until the bill is there.
    fn derive<'a>(&'a self, shown: &'a mut [Shown<'_>], data: &'a dyn Data) -> Asked<'a, ()> {
        Box::pin(async move {
            let bills = unpublished::all(data).await?;
            for item in shown {
                let Some(mut document) = item.document() else { continue };
                if bill_of(&document).is_some_and(|bill| bills.contains(bill)) {
                    document.insert("isBilled".into(), false.into());
                    document.remove("bill");
                    item.set(&document);
                }
            }
            Ok(())
        })
    }
}

/// What an unbilled item costs.
fn cost(item: &Map<String, Value>) -> Result<Posting, Error> {
    let cost = amounts(item)?.included().map_err(Error::internal)?;
    Ok(Posting::unbilled(1, &cost))
}

/// The amounts of an unbilled item.
pub(crate) fn amounts(item: &Map<String, Value>) -> Result<ItemAmounts, Error> {
    ItemAmounts::of(item).map_err(|fault| Error::invalid_document(&[fault]))
}

async fn create(item: &Map<String, Value>, work: &mut dyn Work) -> Result<Outcome, Error> {
    let account = Account::expect(item, &*work).await?;
    if account.is_in_state("Closed") {
        let expectation = "must refer to an account that is not Closed";
        return Err(Error::invalid_document(&[Fault::new("/billingAccount/id", expectation)]));
    }
    account.post(work, amounts(item)?.currency(), cost(item)?).await?;
    let item = with_parties(item, account.parties());
    expect_room(&item)?;
    Ok(Outcome::Store(item))
}

/// What was billed elsewhere is never put on a bill here, and its account need not be here.
async fn import(item: &Map<String, Value>, work: &mut dyn Work) -> Result<Outcome, Error> {
    let account = Account::of(item, &*work).await?;
    if account.is_none() {
        elsewhere::expect_own_account(item, &*work)?;
    }
    elsewhere::expect_bill(item, &*work).await?;
    let parties = account.map_or_else(|| Value::Array(Vec::new()), |account| account.parties());
    Ok(Outcome::Store(with_parties(item, parties)))
}

fn with_parties(item: &Map<String, Value>, parties: Value) -> Map<String, Value> {
    let mut item = item.clone();
    item.insert(HIDDEN.to_owned(), Map::from_iter([("parties".to_owned(), parties)]).into());
    item
}

/// Changes or deletes an item, as long as it is on no bill.
async fn change(
    id: &str,
    before: &Map<String, Value>,
    after: Option<&Map<String, Value>>,
    work: &mut dyn Work,
) -> Result<Outcome, Error> {
    if !is_unbilled(before) {
        return Err(billed(id, before));
    }
    let (old, currency) = (cost(before)?.negated(), amounts(before)?.currency());
    let account = account::referred(before).unwrap_or_default();
    if work.is_limited() && !work.can_see(BILLING_ACCOUNT, account).await? {
        let message =
            "What is charged to an account that was given away is its new owner's matter.";
        return Err(Error::conflict("The account is another's", message));
    }
    after.map(expect_room).transpose()?;
    let Some(after) = after else {
        account::post_to(work, account, currency, old).await?;
        return Ok(Outcome::AsAsked);
    };
    let (new, other) = (cost(after)?, amounts(after)?.currency());
    if other == currency {
        account::post_to(work, account, currency, old.plus(new)?).await?;
    } else {
        account::post_to(work, account, currency, old).await?;
        account::post_to(work, account, other, new).await?;
    }
    Ok(Outcome::AsAsked)
}

fn billed(id: &str, item: &Map<String, Value>) -> Error {
    let bill = match bill_of(item) {
        Some(bill) => format!("The item {id} is on the bill {bill}"),
        None => format!("The item {id} was billed elsewhere"),
    };
    let message = format!("{bill} and stays as it is; correct it by another item.");
    Error::conflict("The item is billed", message)
}
