//! Items become bills, over HTTP: for partners and customers, for many clients at once, and while the
//! application dies in the middle of it.

use std::path::Path;
use std::time::Duration;

use black_box_tests::events::{MAINTENANCE_TOKEN, maintain};
use black_box_tests::process::Application;
use black_box_tests::tokens::{Issuer, READ_WRITE, trusting};
use black_box_tests::{Api, Resource, StatusCode, account_of, id, json, values_of};
use client::Client;
use money::Rounding;
use serde_json::Value;

const BILLS: &str = "/tmf-api/customerBillManagement/v5";

fn item(account: &str, number: usize) -> Value {
    let tax = json!([{ "taxCategory": "VAT", "taxRate": 19,
        "taxAmount": { "unit": "EUR", "value": 0.019_001 } }]);
    json!({ "id": format!("{account}-{number}"), "name": "Usage", "billingAccount": { "id": account },
        "date": "2026-01-15T00:00:00Z", "appliedTax": tax,
        "taxExcludedAmount": { "unit": "EUR", "value": 0.100_005 } })
}

/// Expects that every bill and balance follows from the items, and tells how many bills there are.
async fn expect_right(base_url: &str) -> usize {
    let client = Client::new(base_url, None).unwrap();
    let auditor = audit::read(&client, audit::Auditor::new(Rounding::Bill), &|_| {}).await.unwrap();
    let counts = auditor.counts();
    let differences = auditor.finish();
    assert!(differences.is_empty(), "{differences:?}");
    counts.bills as usize
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_bills_and_a_customer_checks_the_invoice() {
    let issuer = Issuer::default();
    let issuers = trusting(&[issuer.trusted()]);
    let api = Api::start_with(&[("auth", "jwt"), ("jwt_issuers", &issuers)]).await;
    let scopes = format!("{READ_WRITE} tmf678:read tmf678:write");
    let acting_for = |party: &str, resource: &str| {
        api.at(BILLS, resource).with_token(&issuer.token("default", &[party], &scopes))
    };
    let operator = issuer.token("default", &[], "admin");
    let accounts = api.on("billingAccount").with_token(&operator);
    accounts.create(&account_of("a", &[("north", "partner"), ("c", "customer")])).await;

    let items = acting_for("north", "appliedCustomerBillingRate");
    let many: Vec<_> = (0..20).map(|number| item("a", number)).collect();
    items.post_many(&many).await.expect(StatusCode::OK);
    let requests = acting_for("north", "customerBillOnDemand");
    let request = requests.create(&json!({ "billingAccount": { "id": "a" } })).await;
    assert_eq!(request["state"], "done", "{request}");
    let bill = id(&request["customerBill"]).to_owned();

    let bills = acting_for("c", "customerBill");
    assert_eq!(bills.read(&bill).await["amountDue"], json!({ "unit": "EUR", "value": 2.38 }));
    let page = bills.get(&format!("/{bill}/document")).await;
    assert_eq!(page.header("content-type"), "text/html;charset=utf-8");
    let number = bills.read(&bill).await["billNo"].as_str().unwrap().to_owned();
    assert!(number.ends_with("-000001") && page.text.contains(&number), "{}", page.text);
    let own = acting_for("c", "appliedCustomerBillingRate");
    assert_eq!(values_of(&own.get(&format!("?bill.id={bill}&limit=50")).await, "id").len(), 20);
    let v4 = api.at("/tmf-api/customerBillManagement/v4", "customerBill");
    let v4 = v4.with_token(&issuer.token("default", &["c"], &scopes));
    assert_eq!(v4.read(&bill).await["relatedParty"][0]["id"], "north");

    for party in ["south", "nobody"] {
        acting_for(party, "customerBill").get(&format!("/{bill}")).await.expect_no_resource(&bill);
        let document = acting_for(party, "customerBill").get(&format!("/{bill}/document")).await;
        assert_eq!(document.status, StatusCode::NOT_FOUND);
        assert_eq!(acting_for(party, "appliedCustomerBillingRate").total().await, 0);
    }
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_add_items_and_demand_bills() {
    let api = Api::start().await;
    for account in 0..4 {
        api.create(&account_of(&format!("a{account}"), &[("p", "customer")])).await;
    }
    let items = api.at(BILLS, "appliedCustomerBillingRate");
    let requests = api.at(BILLS, "customerBillOnDemand");
    let clients: Vec<_> = (0..64)
        .map(|client| {
            let (items, requests) = (items.clone(), requests.clone());
            tokio::spawn(async move {
                let account = format!("a{}", client % 4);
                for round in 0..5 {
                    let many: Vec<_> = (0..10)
                        .map(|number| item(&account, client * 1000 + round * 10 + number))
                        .collect();
                    items.post_many(&many).await.expect(StatusCode::OK);
                    if round % 2 == 1 {
                        let demand = json!({ "billingAccount": { "id": account } });
                        requests.create(&demand).await;
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(items.total().await, 64 * 50);
    settle(&requests, "state=inProgress").await;
    assert!(expect_right(&api.base_url()).await > 4);
    api.stop().await;
}

/// Waits until no resource is left for which the condition holds.
async fn settle(resource: &Resource, condition: &str) {
    for _ in 0..600 {
        let left = resource.get(&format!("?{condition}&limit=0")).await;
        if left.header("x-total-count") == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{condition} still holds");
}

/// The application in a process of its own, and a client of it.
struct Killed {
    application: Application,
    client: Client,
}

impl Killed {
    fn start(state_dir: &Path) -> Self {
        let program = env!("CARGO_BIN_EXE_application");
        let variables = [("maintenance_token", MAINTENANCE_TOKEN)];
        let application = Application::start(program, state_dir, &variables);
        let client = Client::new(&application.base_url, None).unwrap();
        Self { application, client }
    }

    async fn get(&self, path: &str) -> Value {
        self.client.get(&format!("{BILLS}/{path}")).await.unwrap()
    }
}

/// Kills the application at random moments until `is_done`, starting it again each time.
async fn kill_until(
    state_dir: &Path,
    mut killed: Killed,
    is_done: impl AsyncFn(&Killed) -> bool,
) -> (Killed, usize) {
    let mut random = fastrand::Rng::with_seed(14);
    let (mut kills, mut rounds) = (0, 0);
    while !is_done(&killed).await {
        tokio::time::sleep(Duration::from_millis(random.u64(20..400))).await;
        if kills < 8 {
            killed.application.kill();
            killed = Killed::start(state_dir);
            kills += 1;
        }
        assert_eq!(maintain(&killed.application.base_url).await, Some(200));
        rounds += 1;
        assert!(rounds < 500, "it is never done");
    }
    (killed, kills)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_of_five_thousand_items_is_made_whatever_dies() {
    let state_dir = tempfile::tempdir().unwrap();
    let killed = Killed::start(state_dir.path());
    let api = "/tmf-api/accountManagement/v5/billingAccount";
    killed.client.create(api, &account_of("a", &[("p", "customer")])).await.unwrap();
    for thousand in 0..5 {
        let many: Vec<_> = (0..1000).map(|number| item("a", thousand * 1000 + number)).collect();
        let path = format!("{BILLS}/appliedCustomerBillingRate");
        assert!(killed.client.create_many(&path, &many).await.unwrap());
    }
    let demand = json!({ "id": "r", "billingAccount": { "id": "a" } });
    let path = format!("{BILLS}/customerBillOnDemand");
    killed.client.create(&path, &demand).await.unwrap();
    let is_done = async |killed: &Killed| {
        let request = killed.get("customerBillOnDemand/r").await;
        let bills = killed.get("customerBill").await;
        assert_eq!(bills.as_array().unwrap().len(), usize::from(request["state"] == "done"));
        request["state"] == "done"
    };
    let (killed, kills) = kill_until(state_dir.path(), killed, is_done).await;
    assert!(kills > 0);
    assert_eq!(expect_right(&killed.application.base_url).await, 1);
    let bills = killed.get("customerBill").await;
    assert_eq!(bills[0]["amountDue"]["value"].to_string(), "595.04");
    killed.application.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_over_three_hundred_accounts_is_made_whatever_dies() {
    let state_dir = tempfile::tempdir().unwrap();
    let killed = Killed::start(state_dir.path());
    let base = "/tmf-api/accountManagement/v5";
    let specification = json!({ "id": "m", "name": "Monthly", "billingPeriod": "month" });
    let path = format!("{base}/billingCycleSpecification");
    killed.client.create(&path, &specification).await.unwrap();
    let accounts: Vec<_> = (0..300)
        .map(|number| {
            let mut account = account_of(&format!("a{number}"), &[("p", "customer")]);
            account["billStructure"] = json!({ "cycleSpecification": { "id": "m" } });
            account["state"] = json!("Active");
            account
        })
        .collect();
    killed.client.create_many(&format!("{base}/billingAccount"), &accounts).await.unwrap();
    for chunk in 0..3 {
        let many: Vec<_> = (0..900)
            .map(|number| item(&format!("a{}", chunk * 100 + number / 9), number))
            .collect();
        let path = format!("{BILLS}/appliedCustomerBillingRate");
        assert!(killed.client.create_many(&path, &many).await.unwrap());
    }
    let run = json!({ "id": "run", "BillCycleSpecification": { "id": "m" },
        "validFor": { "startDateTime": "2026-01-01T00:00:00Z" } });
    killed.client.create(&format!("{BILLS}/billCycle"), &run).await.unwrap();
    let is_done =
        async |killed: &Killed| killed.get("billCycle/run").await["run"]["state"] == "done";
    let (killed, kills) = kill_until(state_dir.path(), killed, is_done).await;
    assert!(kills > 0);
    assert_eq!(expect_right(&killed.application.base_url).await, 300);
    let run = killed.get("billCycle/run").await["run"].clone();
    assert_eq!((&run["bills"], &run["done"]), (&json!(300), &json!(300)), "{run}");
    killed.application.kill();
}
