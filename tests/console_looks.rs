//! Every page of the console, on a desk and on a phone, light and dark: whether everybody can use it.

use black_box_tests::browser::{Browser, Look};
use black_box_tests::{Api, StatusCode, account_of, json};
use serde_json::Value;

const BILLS: &str = "/tmf-api/customerBillManagement/v5";

/// An operator's day: accounts, a bill that is paid in part, a run, a subscription.
async fn fill(api: &Api) -> String {
    api.on("billFormat").create(&json!({ "id": "detailed", "name": "Detailed" })).await;
    let media = json!({ "id": "mail", "name": "Electronic mail" });
    api.on("billPresentationMedia").create(&media).await;
    let cycle = json!({ "id": "monthly", "name": "Monthly", "billingPeriod": "month" });
    api.on("billingCycleSpecification").create(&cycle).await;
    let mut ledger = account_of("ledger", &[("acme", "owner")]);
    ledger["name"] = json!("Acme");
    api.on("financialAccount").create(&ledger).await;
    for (id, name, state) in
        [("travel", "Travel", "Active"), ("fleet", "Fleet", "Suspended"), ("old", "Old", "Closed")]
    {
        let mut account = account_of(id, &[("acme", "customer"), ("north", "partner")]);
        account["name"] = json!(name);
        account["state"] = json!(state);
        account["creditLimit"] = json!({ "unit": "EUR", "value": 500 });
        account["financialAccount"] = json!({ "id": "ledger" });
        account["billStructure"] = json!({
            "format": { "id": "detailed" },
            "cycleSpecification": { "id": "monthly" },
            "presentationMedia": [{ "id": "mail" }]
        });
        account["contact"] = json!([{
            "contactType": "primary", "contactName": "Rachel",
            "validFor": { "startDateTime": "2026-01-01T00:00:00Z" }
        }]);
        api.create(&account).await;
    }
    let amount = |value: f64| json!({ "unit": "EUR", "value": value });
    let items = api.at(BILLS, "appliedCustomerBillingRate");
    let charge = async |name: &str, excluded: f64, tax: f64| {
        let item = json!({
            "name": name, "appliedBillingRateType": "recurringCharge",
            "billingAccount": { "id": "travel" }, "taxExcludedAmount": amount(excluded),
            "appliedTax": [{ "taxCategory": "VAT", "taxRate": 19, "taxAmount": amount(tax) }]
        });
        items.create(&item).await;
    };
    charge("Fibre", 80.0, 15.2).await;
    charge("Roaming", 19.579831, 3.720168).await;
    let request = json!({ "billingAccount": { "id": "travel" } });
    api.at(BILLS, "customerBillOnDemand").create(&request).await;
    charge("Mobile", 10.0, 1.9).await;
    let bills = api.at(BILLS, "customerBill");
    let bill = bills.get("").await.expect(StatusCode::OK)[0]["id"].as_str().unwrap().to_owned();
    let payment = json!({ "appliedPayment": [{ "appliedAmount": amount(18.5) }] });
    bills.patch(&bill, &payment).await.expect(StatusCode::OK);
    let run = json!({
        "name": "January", "BillCycleSpecification": { "id": "monthly" },
        "validFor": { "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z" }
    });
    api.at(BILLS, "billCycle").create(&run).await;
    api.on("hub").create(&json!({ "callback": "https://crm.example.com/events" })).await;
    bill
}

/// The pages, each with a name for its pictures, and what it must say before it is judged.
async fn pages(api: &Api, bill: &str) -> Vec<(&'static str, String, &'static str)> {
    let first = |answer: Value| answer[0]["id"].as_str().unwrap().to_owned();
    let run = first(api.at(BILLS, "billCycle").get("").await.json());
    let item = first(api.at(BILLS, "appliedCustomerBillingRate").get("").await.json());
    let hub = first(api.on("hub").get("").await.json());
    [
        ("home", "/".to_owned(), "Receivables by age"),
        ("search", "/search?search=acme".to_owned(), "Found for"),
        ("accounts", "/billingAccount?sort=name".to_owned(), "1–3 of 3"),
        ("account", "/billingAccount/travel".to_owned(), "What is owed, and why"),
        ("ledger", "/financialAccount/ledger".to_owned(), "Acme"),
        ("edit", "/edit/billingAccount/travel".to_owned(), "Edit Travel"),
        ("new", "/new/billingAccount".to_owned(), "New: Billing accounts"),
        ("preview", "/billingAccount/travel/bill".to_owned(), "Nothing is made before you say so"),
        ("bills", "/customerBill".to_owned(), "1–1 of 1"),
        ("bill", format!("/customerBill/{bill}"), "Adds up"),
        ("correct", format!("/customerBill/{bill}/correct"), "What was charged wrongly?"),
        ("items", "/appliedCustomerBillingRate".to_owned(), "Fibre"),
        ("item", format!("/appliedCustomerBillingRate/{item}"), "What is charged"),
        ("new-item", "/new/appliedCustomerBillingRate".to_owned(), "New: Bill items"),
        ("runs", "/billCycle".to_owned(), "January"),
        ("run", format!("/billCycle/{run}"), "How far it is"),
        ("new-run", "/new/billCycle".to_owned(), "Start a run"),
        ("subscriptions", "/subscriptions".to_owned(), "https://crm.example.com/events"),
        ("subscription", format!("/accountHub/{hub}"), "https://crm.example.com/events"),
        ("new-subscription", "/subscriptions/new".to_owned(), "Send events to"),
        ("format", "/billFormat/detailed".to_owned(), "Detailed"),
        ("cycle", "/billingCycleSpecification/monthly".to_owned(), "Monthly"),
        ("me", "/me".to_owned(), "Who I am"),
        ("missing", "/nothing/at/all".to_owned(), "There is no such page"),
    ]
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page() {
    let api = Api::start().await;
    let bill = fill(&api).await;
    let browser = Browser::start().await;
    let mut found = Vec::new();
    for (name, path, text) in pages(&api, &bill).await {
        browser.open("about:blank").await;
        browser.open(&format!("{}/console/#{path}", api.base_url())).await;
        browser.see(text).await;
        for look in Look::ALL {
            browser.look(look).await;
            browser.settle().await;
            let violations = browser.violations().await;
            found.extend(violations.into_iter().map(|it| format!("{name} {look:?}: {it}")));
            browser.keep_picture(name, look).await;
            let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
            let beyond = browser.run(script, vec![]).await;
            if beyond != json!(0) {
                found.push(format!("{name} {look:?}: {beyond} pixels wider than the window"));
            }
        }
    }
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_view_is_small_and_soon_there() {
    let api = Api::start().await;
    fill(&api).await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/console/", api.base_url())).await;
    browser.see("Receivables by age").await;
    let script = "return performance.now();";
    println!("the first view is there after {} ms", browser.run(script, vec![]).await);
    browser.settle().await;
    let script = "return performance.getEntriesByType('resource')
        .concat(performance.getEntriesByType('navigation'))
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0);";
    let bytes = browser.run(script, vec![]).await.as_f64().unwrap();
    println!("the first view takes {bytes} bytes");
    // Compressed code, and data. The validator is fetched by the first form.
    assert!(bytes < 300_000.0, "{bytes} bytes");
    let names =
        "return performance.getEntriesByType('resource').map((entry) => entry.name).join();";
    let names = browser.run(names, vec![]).await;
    assert!(!names.as_str().unwrap().contains("validator"), "{names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_used_by_the_keyboard_alone() {
    let api = Api::start().await;
    fill(&api).await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/console/#/billingAccount?sort=name", api.base_url())).await;
    browser.see("1–3 of 3").await;
    // The first stop leads past the navigation.
    let focused =
        "return document.activeElement.innerText || document.activeElement.ariaLabel || '';";
    browser.run("document.activeElement.blur();", vec![]).await;
    browser.press("\u{e004}").await;
    assert_eq!(browser.run(focused, vec![]).await, "Skip to the content");
    // Every stop can be seen, and has a name.
    for _ in 0..40 {
        browser.press("\u{e004}").await;
        let script = "const it = document.activeElement; const box = it.getBoundingClientRect();
            const style = getComputedStyle(it);
            const isMarked = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
            return it === document.body || (box.width > 0 && isMarked);";
        let text = browser.run(focused, vec![]).await;
        assert_eq!(browser.run(script, vec![]).await, json!(true), "no mark at {text}");
    }
}
