//! Several hosts share a store: PostgreSQL, or Redis. What one has acknowledged all know, and nothing of
//! it is lost, whatever happens to hosts, to the server, or to connections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use black_box_tests::events::{Maintenance, TO_THIS_MACHINE};
use black_box_tests::process::Application;
use black_box_tests::receiver::{Receiver, Reply, kind, subject};
use black_box_tests::store::{at_port, variables};
use black_box_tests::{Api, BILLING_ACCOUNT, StatusCode, account, account_of, id, json};
use client::Client as Auditing;
use kv_tree::{KeyRange, Store, TreeName};
use money::Rounding;
use remote_store::Address;
use remote_store::native::RemoteKv;
use reqwest::Client;
use serde_json::Value;
use store_copy::{Place, Progress, copy};
use store_servers::{Postgres, Proxy, Redis};

const BILLS: &str = "/tmf-api/customerBillManagement/v5";

/// How many hosts there are, and how many clients write at a time.
const HOSTS: usize = 4;
const WRITERS: usize = 64;

async fn start(address: &str, others: &[(&str, &str)]) -> Api {
    let variables = variables(address);
    let own: Vec<_> = variables.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    Api::start_with(&[&own, others].concat()).await
}

/// What is asked of an application in daily life, on a store that another host shares.
async fn live(address: &str) {
    let (first, second) = (start(address, &[]).await, start(address, &[]).await);
    let created = first.create(&account("Main")).await;
    assert_eq!(second.read(&id(&created)).await["name"], "Main");
    second.patch(&id(&created), &json!({ "state": "Active" })).await.expect(StatusCode::OK);
    let found = first.get("?state=Active&name=Main").await;
    assert_eq!(found.header("x-total-count"), "1");
    for number in 0..300 {
        let name = format!("{number:03}");
        second.create(&account_of(&name, &[("p", "owner")])).await;
    }
    assert_eq!((first.total().await, second.total().await), (301, 301));
    let page = first.get("?sort=-id&limit=3&offset=1&relatedParty.partyOrPartyRole.id=p").await;
    let page = page.expect(StatusCode::OK);
    let ids: Vec<_> = page.as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, ["298", "297", "296"]);
    first.delete(&id(&created)).await;
    second.get(&format!("/{}", &id(&created))).await.expect_no_resource(&id(&created));
    // Hosts that start later find all of it.
    first.stop().await;
    let third = start(address, &[]).await;
    assert_eq!(third.total().await, 300);
    second.stop().await;
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_are_one_application() {
    live(&Redis::start().address(0)).await;
    live(&Postgres::start().address("postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_store_is_said() {
    let wrong = Api::start_with(&[("store", "mysql://me:secret@db")]).await;
    let error = wrong.get("").await;
    assert_eq!(error.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!error.text.contains("secret"), "{}", error.text);
    let log = wrong.log();
    assert!(log.contains("store: it must begin with redis://") && !log.contains("secret"), "{log}");
    wrong.stop().await;

    // What the manifest does not allow is not connected to.
    for (scheme, words) in [("redis", "store_host"), ("postgres", "not permitted")] {
        let address = format!("{scheme}://me:secret@127.0.0.1:1/0");
        let elsewhere = Api::start_with(&[("store", &address)]).await;
        let error = elsewhere.get("").await;
        assert_eq!(error.status, StatusCode::SERVICE_UNAVAILABLE, "{}", error.text);
        let log = elsewhere.log();
        assert!(log.contains(words) && !log.contains("secret"), "{log}");
        elsewhere.stop().await;
    }
}

/// All accounts, in the order of their ids.
async fn all_accounts(base_url: &str) -> Vec<Value> {
    let auditing = Auditing::new(base_url, None).unwrap();
    let mut all = auditing.pages(BILLING_ACCOUNT, "sort=id").all().await.unwrap();
    // It has the port.
    all.iter_mut().for_each(|account| _ = account.as_object_mut().unwrap().remove("href"));
    all
}

async fn expect_right(api: &Api) {
    let auditing = Auditing::new(&api.base_url(), None).unwrap();
    let auditor = audit::read(&auditing, audit::Auditor::new(Rounding::Bill), &|_| {}).await;
    let differences = auditor.unwrap().finish();
    assert!(differences.is_empty(), "{differences:?}");
}

/// Copies tenants between stores, and tells how many trees were copied, or what is wrong.
async fn move_to(from: &str, to: &str, tenants: &[&str]) -> Result<usize, String> {
    let tenants: Vec<_> = tenants.iter().map(|tenant| (*tenant).to_owned()).collect();
    let (from, to) = (Place::parse(from).unwrap(), Place::parse(to).unwrap());
    let mut done = 0;
    let copied = copy(&from, &to, &tenants, |progress| {
        done += usize::from(matches!(progress, Progress::Done(..)));
    });
    copied.await.map_err(|error| format!("{error:#}")).map(|()| done)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_moves_from_store_to_store_with_all_that_it_has() {
    let (receiver, state_dir) = (Receiver::start().await, tempfile::tempdir().unwrap());
    receiver.answer("/", Reply::Status(500));
    // In a process of its own, so that it writes nothing any more when it is gone.
    let program = env!("CARGO_BIN_EXE_application");
    let application = Application::start(program, state_dir.path(), &TO_THIS_MACHINE);
    let client = Auditing::new(&application.base_url, None).unwrap();
    let hub = BILLING_ACCOUNT.replace("billingAccount", "hub");
    client.create(&hub, &json!({ "callback": receiver.at("/") })).await.unwrap();
    let documents: Vec<_> =
        (0..200).map(|n| account_of(&format!("{n:03}"), &[("p", "owner")])).collect();
    assert!(client.create_many(BILLING_ACCOUNT, &documents).await.unwrap());
    let item = json!({
        "name": "Usage", "billingAccount": { "id": "007" }, "date": "2026-01-15T00:00:00Z",
        "taxExcludedAmount": { "unit": "EUR", "value": 1.25 },
    });
    client.create(&format!("{BILLS}/appliedCustomerBillingRate"), &item).await.unwrap();
    let bill = json!({ "billingAccount": { "id": "007" } });
    client.create(&format!("{BILLS}/customerBillOnDemand"), &bill).await.unwrap();
    let accounts = all_accounts(&application.base_url).await;
    application.kill();

    // One tenant, from a file to PostgreSQL.
    let file = state_dir.path().join("sqlite_key_value.db");
    let file = file.to_str().unwrap();
    let postgres = Postgres::start();
    let address = postgres.address("postgres");
    let error = move_to(file, &address, &["nobody"]).await.unwrap_err();
    assert!(error.contains("there is no tenant nobody to copy; there are: default"), "{error}");
    assert_eq!(move_to(file, &address, &["default"]).await, Ok(1));
    // It can be repeated as long as nobody uses the copy.
    assert_eq!(move_to(file, &address, &["default"]).await, Ok(1));
    let api = start(&address, &TO_THIS_MACHINE).await;
    assert_eq!(all_accounts(&api.base_url()).await, accounts);
    expect_right(&api).await;
    // What waited to be sent is sent from where it is now.
    receiver.answer("/", Reply::Status(200));
    let maintenance = Maintenance::start(&api.base_url());
    let told = receiver.expect("/", 200).await;
    assert!(told.iter().filter(|event| kind(event) == "BillingAccountCreateEvent").count() == 200);
    drop(maintenance);
    let error = move_to(file, &address, &["default"]).await.unwrap_err();
    assert!(error.contains("another tree called default already"), "{error}");
    api.stop().await;

    // Everything, from PostgreSQL to Redis.
    let redis = Redis::start();
    let trees = move_to(&address, &redis.address(0), &[]).await.unwrap();
    assert!(trees >= 2, "{trees}");
    let api = start(&redis.address(0), &TO_THIS_MACHINE).await;
    assert_eq!(all_accounts(&api.base_url()).await, accounts);
    api.create(&account("New")).await;
    assert_eq!(api.total().await, 201);
    expect_right(&api).await;
    api.stop().await;
    let error = move_to("absent.db", &address, &[]).await.unwrap_err();
    assert!(error.contains("there is no store in absent.db"), "{error}");
}

/// What writers know.
#[derive(Default)]
struct Known {
    /// Accounts that were acknowledged, and those of which nobody knows.
    accounts: BTreeSet<String>,
    doubtful: BTreeSet<String>,
    /// How many items of an account were acknowledged.
    items: BTreeMap<String, usize>,
}

/// Creates accounts with an item each through one host after the other, until it is time to stop.
async fn write(
    hosts: Arc<Mutex<Vec<String>>>,
    writer: usize,
    end: Arc<Mutex<bool>>,
    known: Arc<Mutex<Known>>,
) {
    let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    for number in 0.. {
        if *end.lock().unwrap() {
            return;
        }
        let host = hosts.lock().unwrap()[(writer + number) % HOSTS].clone();
        let name = format!("{writer}-{number}");
        let post = async |path: String, document: Value| {
            let answer = client.post(format!("{host}{path}")).json(&document).send().await.ok()?;
            let status = answer.status().as_u16();
            let text = answer.text().await.ok()?;
            assert!(matches!(status, 201 | 500 | 503), "{status} {text}");
            (status == 201).then_some(())
        };
        let created = post(BILLING_ACCOUNT.to_owned(), account_of(&name, &[("p", "owner")])).await;
        if created.is_none() {
            known.lock().unwrap().doubtful.insert(name);
            // Its host may be gone for a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        known.lock().unwrap().accounts.insert(name.clone());
        let item = json!({
            "name": "Usage", "billingAccount": { "id": name },
            "date": "2026-01-15T00:00:00Z",
            "taxExcludedAmount": { "unit": "EUR", "value": 1.25 },
        });
        if post(format!("{BILLS}/appliedCustomerBillingRate"), item).await.is_some() {
            *known.lock().unwrap().items.entry(name).or_default() += 1;
        }
    }
}

/// A host that can be killed.
fn host(program: &Path, state_dir: &Path, address: &str) -> Application {
    let own = variables(address);
    let own = own.iter().map(|(name, value)| (&name[..], &value[..]));
    let variables: Vec<_> = own.chain(TO_THIS_MACHINE).collect();
    Application::start(program.to_str().unwrap(), state_dir, &variables)
}

/// How what happens is caused, on either engine.
trait Disturbed {
    fn port(&self) -> u16;
    fn stand_still(&self);
    fn go_on(&self);
    fn die_and_return(&mut self);
}

macro_rules! disturbed {
    ($($engine:ty),*) => {$(
        impl Disturbed for $engine {
            fn port(&self) -> u16 {
                <$engine>::port(self)
            }
            fn stand_still(&self) {
                self.stop();
            }
            fn go_on(&self) {
                (**self).go_on();
            }
            fn die_and_return(&mut self) {
                self.kill();
                self.restart();
            }
        }
    )*};
}

disturbed!(Redis, Postgres);

/// Lets hosts write through a network that takes `round_trip`, disturbs all of it, and expects that what
/// was acknowledged is there, that counts are exact, bills right and events delivered.
async fn survive(mut server: impl Disturbed, address: &str, round_trip: Duration) {
    let program = Path::new(env!("CARGO_BIN_EXE_application"));
    let proxy = Proxy::start(server.port(), round_trip).await;
    let through = at_port(address, proxy.port());
    let folders: Vec<_> = (0..HOSTS).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut hosts: Vec<_> =
        folders.iter().map(|folder| host(program, folder.path(), &through)).collect();
    let urls =
        Arc::new(Mutex::new(hosts.iter().map(|host| host.base_url.clone()).collect::<Vec<_>>()));
    let url = |number: usize| urls.lock().unwrap()[number].clone();

    let receiver = Receiver::start().await;
    let hub = BILLING_ACCOUNT.replace("billingAccount", "hub");
    let subscription = json!({
        "callback": receiver.at("/created"), "query": "eventType=BillingAccountCreateEvent"
    });
    let subscribed =
        Client::new().post(format!("{}{hub}", url(0))).json(&subscription).send().await;
    assert_eq!(subscribed.unwrap().status(), StatusCode::CREATED);

    let (known, end) = (Arc::new(Mutex::new(Known::default())), Arc::new(Mutex::new(false)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(write(urls.clone(), writer, end.clone(), known.clone())))
        .collect();
    let progress = async |more: usize| {
        let count = || known.lock().unwrap().accounts.len();
        let (enough, begin) = (count() + more, Instant::now());
        while count() < enough {
            assert!(begin.elapsed() < Duration::from_secs(120), "nothing is written any more");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    progress(100).await;
    for number in [1, 2] {
        proxy.cut();
        progress(60).await;
        // A host dies, and another takes its place.
        let dead =
            std::mem::replace(&mut hosts[number], host(program, folders[number].path(), &through));
        urls.lock().unwrap()[number] = hosts[number].base_url.clone();
        dead.kill();
        progress(60).await;
    }
    server.stand_still();
    tokio::time::sleep(Duration::from_millis(700)).await;
    server.go_on();
    progress(60).await;
    server.die_and_return();
    progress(100).await;
    *end.lock().unwrap() = true;
    for writer in writers {
        writer.await.unwrap();
    }

    // Every host sees the same, and of that nothing is missing.
    let known = std::mem::take(&mut *known.lock().unwrap());
    let mut totals = BTreeSet::new();
    for number in 0..HOSTS {
        let auditing = Auditing::new(&url(number), None).unwrap();
        let all = auditing.pages(BILLING_ACCOUNT, "fields=id").all().await.unwrap();
        let ids: BTreeSet<_> = all.iter().map(id).collect();
        assert_eq!(ids.len(), all.len(), "an account is listed twice");
        let lost: Vec<_> = known.accounts.difference(&ids).collect();
        assert!(lost.is_empty(), "{lost:?} were acknowledged");
        let strange =
            ids.iter().find(|id| !known.accounts.contains(*id) && !known.doubtful.contains(*id));
        assert_eq!(strange, None);
        assert_eq!(auditing.count(BILLING_ACCOUNT).await.unwrap(), ids.len() as u64);
        totals.insert(ids);
    }
    assert_eq!(totals.len(), 1, "hosts see different accounts");
    let there = totals.pop_first().unwrap();
    eprintln!(
        "{} accounts, {} acknowledged, {} in doubt",
        there.len(),
        known.accounts.len(),
        known.doubtful.len()
    );

    // Bills of some of them are right, and so are all balances.
    let client = Client::new();
    for account in known.items.keys().take(20) {
        let bill = json!({ "billingAccount": { "id": account } });
        let url = format!("{}{BILLS}/customerBillOnDemand", url(3));
        let made = client.post(url).json(&bill).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
    }
    let auditing = Auditing::new(&url(0), None).unwrap();
    let auditor =
        audit::read(&auditing, audit::Auditor::new(Rounding::Bill), &|_| {}).await.unwrap();
    let counts = auditor.counts();
    let items = known.items.values().sum::<usize>();
    assert!(counts.bills >= 20 && counts.items as usize >= items, "{items} {counts:?}");
    let differences = auditor.finish();
    assert!(differences.is_empty(), "{differences:?}");

    // Each account that is there was told, once.
    let _maintenance = Maintenance::start(&url(0));
    let begin = Instant::now();
    loop {
        let events = receiver.events("/created");
        let told: BTreeSet<_> = events.iter().map(|event| id(subject(event))).collect();
        assert!(events.iter().all(|event| kind(event) == "BillingAccountCreateEvent"));
        if told == there {
            assert_eq!(events.len(), there.len(), "an account was created twice");
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{} of {}", told.len(), there.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // The tree is whole, and nothing is left over behind a vacuum.
    hosts.into_iter().for_each(Application::kill);
    let kv = RemoteKv::new(&Address::parse(address).unwrap(), 0);
    let tree = Store::new(kv).tree(TreeName::new("default").unwrap());
    tree.vacuum().await.unwrap();
    let audit = tree.audit().await.unwrap();
    let records = KeyRange::prefix("billingAccount/r/");
    let count = tree.snapshot().await.unwrap().count(&records).await.unwrap();
    assert_eq!(count, there.len() as u64);
    let mut stored = BTreeSet::new();
    kv_tree::Kv::keys(tree.kv(), "default:", |key| _ = stored.insert(key.to_owned()))
        .await
        .unwrap();
    assert_eq!(stored, audit.keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_redis() {
    let redis = Redis::start();
    let address = redis.address(0);
    survive(redis, &address, Duration::from_millis(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_on_postgresql() {
    let postgres = Postgres::start();
    let address = postgres.address("postgres");
    survive(postgres, &address, Duration::from_millis(10)).await;
}
