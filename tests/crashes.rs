//! The application dies in the middle of its work: what it acknowledged is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use black_box_tests::process::Application;
use black_box_tests::{BILLING_ACCOUNT, account, json};
use kv_tree::{KeyRange, Store, TreeName};
use reqwest::{Client, Method};
use serde_json::Value;
use sqlite_store::{NativeKv, Sqlite};

/// How often the application is killed.
const KILLS: usize = 50;

/// How many clients write at a time.
const WRITERS: usize = 16;

fn start(state_dir: &Path) -> Application {
    Application::start(env!("CARGO_BIN_EXE_application"), state_dir, &[])
}

/// Where the accounts are.
fn accounts(application: &Application) -> String {
    format!("{}{BILLING_ACCOUNT}", application.base_url)
}

/// What the application has acknowledged: the name that an account must have, or `None` if it must
/// be gone. An account about which the last answer is missing is in `unknown`.
#[derive(Default)]
struct Acknowledged {
    names: BTreeMap<String, Option<String>>,
    unknown: BTreeSet<String>,
}

/// The answer of the application, if it lived long enough to give one.
async fn answer(client: &Client, method: Method, url: &str, body: &Value) -> Option<(u16, String)> {
    let request = client
        .request(method.clone(), url)
        .header(
            "content-type",
            if method == Method::PATCH {
                "application/merge-patch+json"
            } else {
                "application/json"
            },
        )
        .body(body.to_string());
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    Some((status, response.text().await.ok()?))
}

/// Creates accounts, and changes and deletes some of them, until the application does not answer.
async fn write(accounts: String, writer: usize, round: usize, known: Arc<Mutex<Acknowledged>>) {
    let client = Client::new();
    for number in 0.. {
        let id = format!("{round}-{writer}-{number}");
        let url = format!("{accounts}/{id}");
        let note = |name: Option<&str>| {
            let mut known = known.lock().unwrap();
            known.unknown.remove(&id);
            known.names.insert(id.clone(), name.map(str::to_owned));
        };
        let doubt = || known.lock().unwrap().unknown.insert(id.clone());

        let mut document = account("created");
        document["id"] = json!(id);
        doubt();
        match answer(&client, Method::POST, &accounts, &document).await {
            Some((201, _)) => note(Some("created")),
            Some(other) => panic!("{other:?}"),
            None => return,
        }
        if number % 3 == 1 {
            doubt();
            let patch = json!({ "name": "changed" });
            match answer(&client, Method::PATCH, &url, &patch).await {
                Some((200, _)) => note(Some("changed")),
                Some(other) => panic!("{other:?}"),
                None => return,
            }
        }
        if number % 5 == 2 {
            doubt();
            match answer(&client, Method::DELETE, &url, &json!({})).await {
                Some((204, _)) => note(None),
                Some(other) => panic!("{other:?}"),
                None => return,
            }
        }
    }
}

/// Reads all accounts in pages: their names by their ids.
async fn read_all(accounts: &str) -> BTreeMap<String, String> {
    let client = Client::new();
    let mut names = BTreeMap::new();
    loop {
        let url = format!("{accounts}?limit=1000&offset={}", names.len());
        let response = client.get(url).send().await.unwrap();
        let total: usize = response.headers()["x-total-count"].to_str().unwrap().parse().unwrap();
        let page: Vec<Value> = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let before = names.len();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        names.extend(page.iter().map(|account| (text(&account["id"]), text(&account["name"]))));
        assert_eq!(names.len(), before + page.len(), "an account is listed twice");
        if page.is_empty() {
            assert_eq!(names.len(), total, "the count is not exact");
            return names;
        }
    }
}

fn check(known: &Acknowledged, stored: &BTreeMap<String, String>) {
    for (id, name) in &known.names {
        if !known.unknown.contains(id) {
            assert_eq!(stored.get(id), name.as_ref(), "{id} is not as it was acknowledged");
        }
    }
    for id in stored.keys() {
        assert!(known.names.contains_key(id) || known.unknown.contains(id), "{id} was never sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_application_is_killed_fifty_times() {
    let state_dir = tempfile::tempdir().unwrap();
    let known = Arc::new(Mutex::new(Acknowledged::default()));
    let mut random = fastrand::Rng::with_seed(50);
    for round in 0..KILLS {
        let application = start(state_dir.path());
        if round % 10 == 0 {
            let stored = read_all(&accounts(&application)).await;
            check(&known.lock().unwrap(), &stored);
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let known = known.clone();
                tokio::spawn(write(accounts(&application), writer, round, known))
            })
            .collect();
        let enough = known.lock().unwrap().names.len() + random.usize(3..60);
        let progress = async {
            while known.lock().unwrap().names.len() < enough {
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), progress)
            .await
            .expect("the writers are stuck");
        application.kill();
        for writer in writers {
            writer.await.unwrap();
        }
    }
    let application = start(state_dir.path());
    let stored = read_all(&accounts(&application)).await;
    application.kill();
    let known = known.lock().unwrap();
    check(&known, &stored);

    // The tree itself is whole, and what the crashes left can be removed.
    let store = Sqlite::open(state_dir.path()).unwrap().store("default");
    let tree = Store::new(NativeKv::new(store.clone())).tree(TreeName::new("default").unwrap());
    pollster::block_on(async {
        let records = tree
            .snapshot()
            .await
            .unwrap()
            .count(&KeyRange::prefix("billingAccount/r/"))
            .await
            .unwrap();
        assert_eq!(records, stored.len() as u64);
        // Records and what they are found by have changed together.
        for index in ["name:text1", "state:text1", "lastUpdate:time1"] {
            let entries = KeyRange::prefix(format!("billingAccount/i/{index}/"));
            let snapshot = tree.snapshot().await.unwrap();
            assert_eq!(snapshot.count(&entries).await.unwrap(), records, "{index}");
        }
        let all = tree.snapshot().await.unwrap().count(&KeyRange::all()).await.unwrap();
        assert_eq!(tree.audit().await.unwrap().entries, all);
        tree.vacuum().await.unwrap();
        let used = tree.audit().await.unwrap().keys;
        let keys = store.keys().unwrap().into_iter().filter(|key| key.starts_with("default:"));
        assert_eq!(keys.collect::<BTreeSet<_>>(), used);
    });
}
