//! Making bills: by a run of each monthly cycle, and on request.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use client::{CUSTOMER_BILL_MANAGEMENT, Client, Created, each};
use serde_json::{Value, json};

use crate::accounts::{BillingAccount, Use};
use crate::calendar::{Calendar, Period, time};
use crate::catalogue::Cycle;

/// How long the application may take for a bill or a run.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(100);

/// What makes bills.
pub struct Billing<'a> {
    /// The application.
    pub client: &'a Client,
    /// The periods that are billed.
    pub calendar: &'a Calendar,
    /// Told what is done.
    pub tell: &'a dyn Fn(&str),
}

impl Billing<'_> {
    /// Makes the bills of the accounts, as far as they are not made, and answers all of them.
    pub async fn make(&self, accounts: &[BillingAccount]) -> anyhow::Result<Vec<Value>> {
        let mut bills = self.run(Cycle::First, self.calendar.of_the_first).await?;
        bills.extend(self.run(Cycle::Fifteenth, self.calendar.of_the_15th).await?);
        bills.extend(self.on_request(accounts).await?);
        Ok(bills)
    }

    /// Runs a cycle for a period.
    async fn run(&self, cycle: Cycle, period: Period) -> anyhow::Result<Vec<Value>> {
        let path = format!("{CUSTOMER_BILL_MANAGEMENT}/billCycle");
        let id = cycle.id().replace("demo-cycle", "demo-run");
        let run = json!({
            "@type": "BillCycle",
            "id": id,
            "name": format!("{}: {}", cycle.name(), period.month()),
            "BillCycleSpecification": {
                "@type": "BillCycleSpecificationRef", "@referredType": "BillingCycleSpecification",
                "id": cycle.id(), "name": cycle.name(),
            },
            "validFor": period.to_value(),
        });
        self.client.create(&path, &run).await?;
        let is_done = |run: &Value| {
            let count = |attribute: &str| run["run"][attribute].as_u64().unwrap_or_default();
            (self.tell)(&format!(
                "billCycle {id}: {} of {} accounts",
                count("done"),
                count("accounts")
            ));
            run["run"]["state"].as_str().is_some_and(|state| state != "inProgress")
        };
        let done = finished(self.client, &format!("{path}/{id}"), is_done).await?;
        if done["run"]["state"] != "done" {
            bail!("the run {id} has ended, but is not done: {}", done["run"]);
        }
        let bills = format!("{CUSTOMER_BILL_MANAGEMENT}/customerBill");
        self.client.pages(&bills, &format!("billCycle.id={id}")).all().await
    }

    /// Asks for bills of the accounts that get theirs on request. Some requests are rejected: of an
    /// account without items, and of one with items in several currencies, that does not say which
    /// is meant.
    async fn on_request(&self, accounts: &[BillingAccount]) -> anyhow::Result<Vec<Value>> {
        let on_request: Vec<_> =
            accounts.iter().filter(|account| account.cycle == Cycle::Quarter).collect();
        let requests = on_request.iter().map(|account| self.request(account));
        let ask = |request| answered(self.client.clone(), request);
        let mut done = each(requests, ask).await?;
        // Now those that say which currency is meant; before, nothing would have been unclear.
        let unclear = on_request.iter().filter(|account| account.items == Use::SeveralCurrencies);
        let clearer = unclear.map(|account| {
            let mut request = self.request(account);
            request["id"] = format!("demo-request-{:03}-eur", account.number).into();
            request["currency"] = account.currency.into();
            request
        });
        done.extend(each(clearer, ask).await?);
        let bills: Vec<_> = done.iter().filter_map(bill_of).collect();
        let (count, without) = (done.len(), done.len() - bills.len());
        (self.tell)(&format!("customerBillOnDemand: {count} requests, {without} of them rejected"));
        let get = |id: String| {
            let client = self.client.clone();
            async move { client.get(&format!("{CUSTOMER_BILL_MANAGEMENT}/customerBill/{id}")).await }
        };
        each(bills, get).await
    }

    fn request(&self, account: &BillingAccount) -> Value {
        json!({
            "@type": "CustomerBillOnDemand",
            "id": format!("demo-request-{:03}", account.number),
            "name": format!("Bill for {}", account.customer().name),
            "billingAccount": account.reference(),
            "billDate": time(self.calendar.day_of_requests()),
        })
    }
}

fn bill_of(request: &Value) -> Option<String> {
    Some(request.pointer("/customerBill/id")?.as_str()?.to_owned())
}

/// Sends a request for a bill, unless that was done before, and waits for what comes of it.
async fn answered(client: Client, request: Value) -> anyhow::Result<Value> {
    let is_answered = |request: &Value| request["state"] != "inProgress";
    let path = format!("{CUSTOMER_BILL_MANAGEMENT}/customerBillOnDemand");
    let request = match client.create(&path, &request).await? {
        Created::New(request) if is_answered(&request) => request,
        _ => {
            let id = request["id"].as_str().context("a request for a bill has no id")?;
            finished(&client, &format!("{path}/{id}"), is_answered).await?
        }
    };
    match request["state"].as_str() {
        Some("done" | "rejected") => Ok(request),
        _ => bail!("a request for a bill has failed: {request}"),
    }
}

/// What is at `path` as soon as it is finished.
async fn finished(
    client: &Client,
    path: &str,
    is_finished: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let begin = Instant::now();
    loop {
        let document = client.get(path).await?;
        if is_finished(&document) {
            return Ok(document);
        }
        if begin.elapsed() > PATIENCE {
            bail!("{path} is still not finished after {} s: {document}", PATIENCE.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_schema_says() {
        let calendar = Calendar::at("2027-03-10T00:00:00Z".parse().unwrap()).unwrap();
        let client = Client::new("http://127.0.0.1:1", None).unwrap();
        let billing = Billing { client: &client, calendar: &calendar, tell: &|_| {} };
        let request = billing.request(&BillingAccount::all()[170]);
        let class = &schemas::class::CUSTOMER_BILL_ON_DEMAND;
        assert_eq!(class.v5.validate(&request), Ok(()), "{request}");
        assert_eq!(request["billDate"], "2027-03-01T00:00:00.000Z");
    }
}
