//! What stands on accounts: the balances of the server's kinds are shown with them, follow an account to
//! another financial account, and keep it open.

use ledger::{Account, Balance, balances};
use serde_json::{Map, Value};
use tmf630::Error;
use tmf630::model::behaviour::{Behaviour, Draft, Outcome, Shown, Work};
use tmf630::model::rule::{Asked, Data};

/// The state of an account that nothing is charged to any more.
const CLOSED: &str = "Closed";

/// What the server does with accounts of which something can be billed, and those that they belong to.
#[derive(Debug)]
pub(crate) struct Balances {
    /// The name of the accounts in paths.
    pub kind: &'static str,
}

impl Behaviour for Balances {
    fn process<'a>(&'a self, draft: Draft<'a>, work: &'a mut dyn Work) -> Asked<'a, Outcome> {
        Box::pin(async move {
            let account = Account { kind: self.kind, id: draft.id };
            match (draft.before, draft.after) {
                (Some(before), Some(after)) => {
                    if is_closed(after) && !is_closed(before) {
                        expect_nothing(account, "closed", &*work).await?;
                    }
                    move_balances(account, before, after, work).await?;
                }
                (_, None) => {
                    expect_nothing(account, "deleted", &*work).await?;
                    ledger::clear(work, account).await?;
                }
                // Bills may have been brought before their account.
                (None, Some(after)) => move_balances(account, &Value::Null, after, work).await?,
            }
            Ok(Outcome::AsAsked)
        })
    }

    fn derived(&self) -> &'static [&'static str] {
        &["accountBalance"]
    }

    fn derives<'a>(&'a self, data: &'a dyn Data) -> Asked<'a, bool> {
        Box::pin(async move { Ok(!ledger::is_empty(data).await?) })
    }

    fn derive<'a>(&'a self, shown: &'a mut [Shown<'_>], data: &'a dyn Data) -> Asked<'a, ()> {
        Box::pin(async move {
            for account in shown {
                let found = balances(data, Account { kind: self.kind, id: account.id }).await?;
                if !found.is_empty()
                    && let Some(mut document) = account.document()
                {
                    ledger::show(&mut document, &found)?;
                    account.set(&document);
                }
            }
            Ok(())
        })
    }

    fn strip(&self, document: &mut Map<String, Value>, stored: &Map<String, Value>) {
        ledger::strip(document, stored);
    }
}

/// The financial account that an account belongs to.
fn financial_account(account: &Value) -> Option<&str> {
    account.pointer("/financialAccount/id")?.as_str()
}

/// Takes what stands on an account from the financial account that it belonged to, to the other.
async fn move_balances(
    account: Account<'_>,
    before: &Value,
    after: &Value,
    work: &mut dyn Work,
) -> Result<(), Error> {
    let (old, new) = (financial_account(before), financial_account(after));
    if old == new {
        return Ok(());
    }
    for Balance { currency, sum } in balances(&*work, account).await? {
        for (id, sum) in [(old, sum.negated()), (new, sum)] {
            if let Some(id) = id {
                ledger::post(work, Account { kind: "financialAccount", id }, currency, sum).await?;
            }
        }
    }
    Ok(())
}

/// Whether nothing is charged to the account any more.
fn is_closed(account: &Value) -> bool {
    let state = account.get("state").and_then(Value::as_str);
    state.is_some_and(|state| state.eq_ignore_ascii_case(CLOSED))
}

/// Refuses to end an account while something stands on it.
async fn expect_nothing(account: Account<'_>, what: &str, data: &dyn Data) -> Result<(), Error> {
    let (mut items, mut bills) = (0_i64, 0_i64);
    for Balance { sum, .. } in balances(data, account).await? {
        items += sum.unbilled_items;
        bills += sum.open_bills;
    }
    if items == 0 && bills == 0 {
        return Ok(());
    }
    let message = format!(
        "It has {items} unbilled items and {bills} open bills, and cannot be {what} before there are none."
    );
    Err(Error::conflict("Something stands on the account", message))
}
