//! An operator moves its data from one application into another by a file, though clients write meanwhile and
//! both applications, and who moves it, are killed on the way: what is there then is what was there at one
//! moment, and adds up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use black_box_tests::process::Application;
use black_box_tests::{BILLING_ACCOUNT, account_of, id, json};
use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT, Client, Created};
use money::Rounding;
use serde_json::Value;
use tokio::sync::Notify;
use transfer_client::{export, import};

const TOKEN: &str = "a-token-of-transfers";

/// Where everything is that the applications have.
const RESOURCES: [(&str, &[&str]); 2] = [
    (
        ACCOUNT_MANAGEMENT,
        &[
            "partyAccount",
            "billingAccount",
            "settlementAccount",
            "financialAccount",
            "billFormat",
            "billPresentationMedia",
            "billingCycleSpecification",
            "hub",
        ],
    ),
    (
        CUSTOMER_BILL_MANAGEMENT,
        &["appliedCustomerBillingRate", "customerBill", "customerBillOnDemand", "billCycle", "hub"],
    ),
];

fn start(folder: &Path, tenant: &str) -> Application {
    let variables = [("transfer_token", TOKEN), ("tenant", tenant), ("store", "")];
    Application::start(env!("CARGO_BIN_EXE_application"), folder, &variables)
}

/// All that an application has, by where it is; addresses are those of whoever asks.
async fn all_of(application: &Application) -> BTreeMap<String, Vec<Value>> {
    let client = Client::new(&application.base_url, None).unwrap();
    let mut all = BTreeMap::new();
    for (base, names) in RESOURCES {
        for name in names {
            let path = format!("{base}/{name}");
            let mut listed = client.pages(&path, "").all().await.unwrap();
            for document in &mut listed {
                let document = document.as_object_mut().unwrap();
                document.remove("href");
                // What was sent where it comes from is not known here.
                document.remove("delivery");
            }
            all.insert(path, listed);
        }
    }
    all
}

/// Lets somebody begin, and stops them when so many lines are done.
async fn until<T>(
    lines: u64,
    work: impl AsyncFnOnce(&mut dyn FnMut(u64, u64)) -> anyhow::Result<T>,
) -> Option<T> {
    let enough = Notify::new();
    let mut told = |done: u64, _of: u64| {
        if done >= lines {
            enough.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = enough.notified() => None,
        done = work(&mut told) => Some(done.unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_moved_by_a_file_whatever_is_killed() {
    let (here, there, files) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = files.path().join("export.ndjson");
    let application = start(here.path(), "here");
    let client = Client::new(&application.base_url, None).unwrap();
    demo::fill(&client, jiff::Timestamp::now(), &|_| {}).await.unwrap();
    let callback = json!({ "callback": "https://events.example.com/listen", "query": "eventType=BillFormatCreateEvent" });
    for base in [ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT] {
        let callback = if base == ACCOUNT_MANAGEMENT {
            callback.clone()
        } else {
            json!({ "callback": "https://events.example.com/bills" })
        };
        assert!(matches!(
            client.create(&format!("{base}/hub"), &callback).await.unwrap(),
            Created::New(_)
        ));
    }
    let expected = all_of(&application).await;

    // Somebody exports, and goes away; the application is killed; then it is gone on with.
    let own = Client::new(&application.base_url, Some(TOKEN)).unwrap();
    let of = |client| transfer_client::Application { client, tenant: None };
    let exported = until(1, async |told| export(&of(&own), &file, told).await).await;
    assert_eq!(exported, None, "all of it came at once");
    application.kill();
    let application = start(here.path(), "here");
    let own = Client::new(&application.base_url, Some(TOKEN)).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let (writer, stop) = (Client::new(&application.base_url, None).unwrap(), is_over.clone());
    let writer = tokio::spawn(async move {
        let mut written = 0;
        while !stop.load(Ordering::Relaxed) {
            let account = account_of(&format!("later-{written}"), &[("p", "owner")]);
            writer.create(BILLING_ACCOUNT, &account).await.unwrap();
            written += 1;
        }
        written
    });
    let exported = export(&of(&own), &file, |_, _| {}).await.unwrap();
    assert_eq!(exported.unreadable, 0);
    let lines = exported.lines;
    is_over.store(true, Ordering::Relaxed);
    assert!(writer.await.unwrap() > 0);
    assert!(lines > 1_000, "{lines}");
    let documents: usize = expected.values().map(Vec::len).sum();
    assert!(lines >= documents as u64, "{lines} lines of {documents} documents");

    // Somebody imports, likewise.
    let target = start(there.path(), "there");
    let other = Client::new(&target.base_url, Some(TOKEN)).unwrap();
    let imported = until(1_000, async |told| import(&of(&other), &file, told).await).await;
    assert_eq!(imported, None, "all of it went at once");
    target.kill();
    let target = start(there.path(), "there");
    let other = Client::new(&target.base_url, Some(TOKEN)).unwrap();
    let imported = import(&of(&other), &file, |_, _| {}).await.unwrap();
    assert_eq!((imported.unchanged, imported.refused), (0, 0));
    assert!(imported.created < lines, "it began anew");
    let again = import(&of(&other), &file, |_, _| {}).await.unwrap();
    assert_eq!(again.created + again.unchanged + again.refused, 0, "{again:?}");

    let moved = all_of(&target).await;
    for (path, documents) in &expected {
        assert_eq!(&moved[path], documents, "{path}");
    }
    let client = Client::new(&target.base_url, None).unwrap();
    let auditor = audit::read(&client, audit::Auditor::new(Rounding::Bill), &|_| {}).await.unwrap();
    assert!(auditor.counts().bills > 100, "{:?}", auditor.counts());
    let differences = auditor.finish();
    assert!(differences.is_empty(), "{differences:?}");
    // Bills go on with the next number.
    let accounts = &expected[BILLING_ACCOUNT];
    let account = accounts.iter().find(|it| it["state"] == "Active").map(id).unwrap();
    let at = |name: &str| format!("{CUSTOMER_BILL_MANAGEMENT}/{name}");
    let item = json!({
        "id": "moved", "name": "Usage", "billingAccount": { "id": account },
        "taxExcludedAmount": { "unit": "EUR", "value": 1.25 },
    });
    let created = client.create(&at("appliedCustomerBillingRate"), &item).await.unwrap();
    assert!(matches!(created, Created::New(_)), "{created:?}");
    let demand = json!({ "billingAccount": { "id": account } });
    let Created::New(demand) = client.create(&at("customerBillOnDemand"), &demand).await.unwrap()
    else {
        panic!("{demand}")
    };
    let bill = client
        .get(&format!("{}/{}", at("customerBill"), id(&demand["customerBill"])))
        .await
        .unwrap();
    let numbers = |bills: &[Value]| {
        let year = |bill: &Value| bill["billNo"].as_str().unwrap_or_default().to_owned();
        bills.iter().map(year).filter(|number| number.starts_with("INV-")).collect::<Vec<_>>()
    };
    let before = numbers(&expected[&at("customerBill")]);
    let number = bill["billNo"].as_str().unwrap().to_owned();
    let of_year = |of: &String| of[..9] == number[..9];
    assert!(before.iter().filter(|it| of_year(it)).max() < Some(&number), "{number} {before:?}");
    assert!(!before.contains(&number), "{number}");
    target.kill();
    application.kill();
}

/// What is refused is kept aside with its reason, mended, and imported.
#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_refused_are_kept_aside_and_can_be_mended() {
    let (here, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let application = start(here.path(), "here");
    let client = Client::new(&application.base_url, Some(TOKEN)).unwrap();
    let of = transfer_client::Application { client: &client, tenant: Some("here") };
    let file = files.path().join("import.ndjson");
    let format = |id: usize, name: &str| {
        let document = json!({ "@type": "BillFormat", "id": format!("f-{id}"), "name": name });
        json!({ "resource": "billFormat", "document": document }).to_string()
    };
    let mut lines: Vec<_> = (0..2_500).map(|number| format(number, "A")).collect();
    for number in [3, 999, 2_400] {
        lines[number] = lines[number].replace("\"A\"", "7");
    }
    let header = r#"{"format":"tmf-billing-export","version":1,"tenant":"here","time":"","commit":1,"lines":2500,"export":"0123456789abcdef"}"#;
    std::fs::write(&file, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    let imported = import(&of, &file, |_, _| {}).await.unwrap();
    assert_eq!((imported.created, imported.refused), (2_497, 3));
    let beside = |end: &str| files.path().join(format!("import.ndjson{end}"));
    let reasons = std::fs::read_to_string(beside(".reasons")).unwrap();
    let expected: String = [3, 999, 2_400]
        .map(|number| format!("line {number}: /document/name must be a string\n"))
        .concat();
    assert_eq!(reasons, expected);
    let error = import(&of, &file, |_, _| {}).await.unwrap_err().to_string();
    assert!(error.contains("of an earlier import"), "{error}");
    let refused = std::fs::read_to_string(beside(".refused")).unwrap();
    let mended = files.path().join("mended.ndjson");
    std::fs::write(&mended, refused.replace("\"name\":7", "\"name\":\"B\"")).unwrap();
    let imported = import(&of, &mended, |_, _| {}).await.unwrap();
    assert_eq!((imported.created, imported.refused), (3, 0));
    let formats = format!("{ACCOUNT_MANAGEMENT}/billFormat");
    assert_eq!(client.count(&formats).await.unwrap(), 2_500);
    // A file that somebody has cut is not imported at all.
    std::fs::write(&mended, refused.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let error = import(&of, &mended, |_, _| {}).await.unwrap_err().to_string();
    assert!(error.contains("is not whole"), "{error}");
    application.kill();
}
