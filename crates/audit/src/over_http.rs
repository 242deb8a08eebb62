//! All documents of a running application.

use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT, Client};
use serde_json::Value;

use crate::auditor::ITEM;
use crate::bill::CUSTOMER_BILL;
use crate::{AccountKind, Auditor};

/// How many resources are read until it is told how many.
const TOLD_EVERY: u64 = 50_000;

/// Gives an auditor the accounts, bills and items that the client sees, page by page, and tells how
/// far it has come.
///
/// The client must see all of the tenant, and nothing must change meanwhile: where a list does,
/// that is an error; what else changes is seen as differences.
pub async fn read(
    client: &Client,
    mut auditor: Auditor,
    tell: &dyn Fn(&str),
) -> anyhow::Result<Auditor> {
    let reader = Reader { client, tell };
    for kind in [AccountKind::Billing, AccountKind::Financial] {
        let fields = "fields=id,accountBalance,financialAccount";
        let add = |account: &Value| auditor.add_account(kind, account);
        reader.read(ACCOUNT_MANAGEMENT, kind.resource(), fields, add).await?;
    }
    let fields = "fields=id,billNo,state,billingAccount,taxExcludedAmount,taxIncludedAmount,amountDue,\
                  remainingAmount,taxItem,appliedPayment";
    let add = |bill: &Value| auditor.add_bill(bill);
    reader.read(CUSTOMER_BILL_MANAGEMENT, CUSTOMER_BILL, fields, add).await?;
    let fields = "fields=id,isBilled,bill,billingAccount,taxExcludedAmount,appliedTax";
    let add = |item: &Value| auditor.add_item(item);
    reader.read(CUSTOMER_BILL_MANAGEMENT, ITEM, fields, add).await?;
    Ok(auditor)
}

struct Reader<'a> {
    client: &'a Client,
    tell: &'a dyn Fn(&str),
}

impl Reader<'_> {
    async fn read(
        &self,
        api: &str,
        resource: &str,
        fields: &str,
        mut add: impl FnMut(&Value),
    ) -> anyhow::Result<()> {
        let mut pages = self.client.pages(&format!("{api}/{resource}"), fields);
        let (mut count, mut told) = (0, TOLD_EVERY);
        while let Some(page) = pages.next().await? {
            page.iter().for_each(&mut add);
            count += page.len() as u64;
            if count >= told {
                (self.tell)(&format!("{resource}: {count} read"));
                told = count + TOLD_EVERY;
            }
        }
        (self.tell)(&format!("{resource}: {count}"));
        Ok(())
    }
}
