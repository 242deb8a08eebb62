//! What items and bills cost.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use client::{CUSTOMER_BILL_MANAGEMENT, Client};
use serde_json::{Value, json};

use crate::Arguments;
use crate::accounts::{self, ACCOUNTS, any_account};
use crate::cases::Case;
use crate::host::Host;
use crate::load::{self, median};

const ITEMS: &str = "/tmf-api/customerBillManagement/v5/appliedCustomerBillingRate";

/// How many items of each account a run bills.
const ITEMS_OF_AN_ACCOUNT: usize = 10;

/// How many items the bill has that is made step by step.
const ITEMS_OF_A_LARGE_BILL: usize = 100_000;

/// How many items are created together.
const TOGETHER: usize = 1000;

/// How often each is measured; the median counts.
const ROUNDS: usize = 5;

/// How long may be waited for a bill or a run.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Measures on as many accounts as are asked for, and prints the figures.
pub async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let token = ("maintenance_token", "bench");
    let host = Host::start(arguments.host, &arguments.components, false, &[token]).await?;
    let records = arguments.records;
    println!("{}, {records} accounts", host.describe());
    accounts::create(&host, records).await?;
    let client = Client::new(&host.base_url, None)?;
    let bench = Bench { host, client, records, seconds: arguments.seconds };
    let bulk = bench.create_items().await?;
    println!(
        "\n| case | connections | req/s | beside it | req/s | ratio |\n|---|---|---|---|---|---|"
    );
    for &connections in &arguments.connections {
        bench.compare_writes(connections).await?;
        bench.compare_lists(connections).await?;
    }
    println!("\n{TOGETHER} items together: {bulk:.0?}");
    bench.large_bill().await?;
    bench.run().await?;
    bench.host.stop().await
}

struct Bench {
    host: Host,
    client: Client,
    records: usize,
    seconds: u32,
}

/// An item of 0.4 kB.
fn item(account: &str) -> Value {
    json!({
        "name": "Data usage", "billingAccount": { "id": account }, "product": { "id": "mobile-1" },
        "appliedBillingRateType": "usageCharge", "date": "2026-01-15T10:30:00Z",
        "taxExcludedAmount": { "unit": "EUR", "value": 0.123_456 },
        "appliedTax": [{ "taxCategory": "VAT", "taxRate": 19,
            "taxAmount": { "unit": "EUR", "value": 0.023_457 } }]
    })
}

impl Bench {
    /// Creates the items of all accounts; how long it takes to create some together.
    async fn create_items(&self) -> anyhow::Result<Duration> {
        let mut times = Vec::new();
        let all = (0..self.records * ITEMS_OF_AN_ACCOUNT).collect::<Vec<_>>();
        for some in all.chunks(TOGETHER) {
            let account = |number: &usize| format!("a{:07}", number / ITEMS_OF_AN_ACCOUNT);
            let items: Vec<_> = some.iter().map(|number| item(&account(number))).collect();
            let begin = Instant::now();
            self.client.create_many(ITEMS, &items).await?;
            times.push(begin.elapsed());
        }
        times.sort_unstable();
        times.get(times.len() / 2).copied().context("nothing was measured")
    }

    /// POST of an item beside POST of an account.
    async fn compare_writes(&self, connections: u32) -> anyhow::Result<()> {
        let post = |path: &str, body: &str| {
            Case::asks(format!(
                "return wrk.format('POST', '{path}', {{[\"content-type\"] = \"application/json\"}}, {body})"
            ))
        };
        let item = item("ACCOUNT").to_string();
        let account = format!("string.format('a%07d', math.random(0, {}))", self.records - 1);
        let body = format!("'{}'", item.replace("ACCOUNT", &format!("' .. {account} .. '")));
        let (item, account) = (post(ITEMS, &body), post(ACCOUNTS, &any_account()));
        self.compare("POST of an item", &item, "POST of an account", &account, connections).await
    }

    /// A list of the items of an account beside a list of accounts.
    async fn compare_lists(&self, connections: u32) -> anyhow::Result<()> {
        let account = format!("string.format('a%07d', math.random(0, {}))", self.records - 1);
        let items = format!("'{ITEMS}?limit=20&billingAccount.id=' .. {account}");
        let get = |path: String| Case::asks(format!("return wrk.format('GET', {path})"));
        let accounts = get(format!("'{ACCOUNTS}?limit=20'"));
        self.compare("items of an account", &get(items), "20 accounts", &accounts, connections)
            .await
    }

    async fn compare(
        &self,
        name: &str,
        own: &Case,
        beside: &str,
        other: &Case,
        connections: u32,
    ) -> anyhow::Result<()> {
        let (mut of_own, mut of_other) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            for (case, figures) in [(own, &mut of_own), (other, &mut of_other)] {
                let load =
                    load::measure(&self.host.base_url, case, connections, self.seconds).await?;
                figures.push(load.per_second);
            }
        }
        let (own, other) = (median(of_own), median(of_other));
        let ratio = own / other;
        println!("| {name} | {connections} | {own:.0} | {beside} | {other:.0} | {ratio:.2} |");
        Ok(())
    }

    /// A bill that is made step by step.
    async fn large_bill(&self) -> anyhow::Result<()> {
        let party = json!([{ "role": "customer", "partyOrPartyRole": { "id": "large" } }]);
        let account = json!({ "id": "large", "name": "Large", "relatedParty": party });
        self.client.create(ACCOUNTS, &account).await?;
        for _ in 0..ITEMS_OF_A_LARGE_BILL / TOGETHER {
            self.client.create_many(ITEMS, &vec![item("large"); TOGETHER]).await?;
        }
        let begin = Instant::now();
        let demand = json!({ "id": "large", "billingAccount": { "id": "large" } });
        let path = format!("{CUSTOMER_BILL_MANAGEMENT}/customerBillOnDemand");
        self.client.create(&path, &demand).await?;
        let answered = begin.elapsed();
        let request =
            self.until(&format!("{path}/large"), |it| it["state"] != "inProgress").await?;
        ensure!(request["state"] == "done", "{request}");
        let time = begin.elapsed();
        let rate = ITEMS_OF_A_LARGE_BILL as f64 / time.as_secs_f64();
        println!(
            "a bill of {ITEMS_OF_A_LARGE_BILL} items: answered in {answered:.0?}, done in {time:.1?}, {rate:.0} items/s"
        );
        Ok(())
    }

    /// A run over all accounts.
    async fn run(&self) -> anyhow::Result<()> {
        let specification =
            json!({ "id": "monthly-1", "name": "Monthly", "billingPeriod": "month" });
        let path = "/tmf-api/accountManagement/v5/billingCycleSpecification";
        self.client.create(path, &specification).await?;
        let begin = Instant::now();
        let run = json!({ "id": "run", "BillCycleSpecification": { "id": "monthly-1" },
            "validFor": { "startDateTime": "2026-01-01T00:00:00Z" } });
        let path = format!("{CUSTOMER_BILL_MANAGEMENT}/billCycle");
        self.client.create(&path, &run).await?;
        let is_done = |cycle: &Value| cycle["run"]["state"] == "done";
        let cycle = self.until(&format!("{path}/run"), is_done).await?;
        let time = begin.elapsed();
        let bills = cycle["run"]["bills"].as_f64().context("a run tells of its bills")?;
        let rate = bills / time.as_secs_f64();
        println!("a run of {bills} bills: {time:.1?}, {rate:.0} bills/s");
        Ok(())
    }

    /// What is at the path when it is as it should be; lets work go on meanwhile, as maintenance does.
    async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let found = self.client.get(path).await?;
            if is_so(&found) {
                return Ok(found);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            let url = format!("{}/maintenance", self.host.base_url);
            self.host.client.post(url).bearer_auth("bench").send().await?.error_for_status()?;
        }
        anyhow::bail!("{path} is not as it should be")
    }
}
