//! Backups: made by the means of each store while clients write, and restored elsewhere. An application
//! goes on from there with all that was acknowledged before, and with the events that were still to be
//! sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use black_box_tests::events::{Maintenance, TO_THIS_MACHINE};
use black_box_tests::process::Application;
use black_box_tests::receiver::{Receiver, Reply, subject};
use black_box_tests::store::variables;
use black_box_tests::{BILLING_ACCOUNT, account_of, id, json};
use client::{Client, Created};
use kv_tree::{KeyRange, Kv, Store, TreeName};
use money::Rounding;
use remote_store::Address;
use remote_store::native::RemoteKv;
use rusqlite::Connection;
use serde_json::Value;
use sqlite_store::{FILE_NAME, NativeKv, Sqlite};
use store_servers::{Postgres, Redis};
use tempfile::TempDir;

const HUB: &str = "/tmf-api/accountManagement/v5/hub";
const ITEMS: &str = "/tmf-api/customerBillManagement/v5/appliedCustomerBillingRate";
const DEMANDS: &str = "/tmf-api/customerBillManagement/v5/customerBillOnDemand";
const BILLS: &str = "/tmf-api/customerBillManagement/v5/customerBill";

/// How many clients write at a time.
const WRITERS: usize = 16;

/// Receivers of events of new accounts: one takes them, and one nothing before the backup is restored.
const READY: &str = "/ready";
const AWAY: &str = "/away";

/// How long it may take until what is waited for has happened.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where an application has its data.
struct Place {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    /// Spin's file, in a folder of its own, wherever other tests have their data.
    fn in_a_file() -> Self {
        let variables = vec![("store".to_owned(), String::new())];
        Self { folder: tempfile::tempdir().unwrap(), variables }
    }

    /// The store at the address.
    fn at(address: &str) -> Self {
        Self { variables: variables(address), ..Self::in_a_file() }
    }

    /// Where the file is.
    fn file(&self) -> PathBuf {
        self.folder.path().join(FILE_NAME)
    }

    /// Starts an application on the data.
    fn start(&self) -> Application {
        let own = self.variables.iter().map(|(name, value)| (&name[..], &value[..]));
        let variables: Vec<_> = own.chain(TO_THIS_MACHINE).collect();
        Application::start(env!("CARGO_BIN_EXE_application"), self.folder.path(), &variables)
    }
}

/// The ids of what was acknowledged, by the path of its collection.
type Known = BTreeMap<&'static str, BTreeSet<String>>;

/// Clients of an application, and what they know.
#[derive(Clone)]
struct Clients {
    client: Client,
    known: Arc<Mutex<Known>>,
    is_over: Arc<AtomicBool>,
}

impl Clients {
    fn of(application: &Application) -> Self {
        let client = Client::new(&application.base_url, None).unwrap();
        Self { client, known: Arc::default(), is_over: Arc::default() }
    }

    fn acknowledge(&self, collection: &'static str, id: String) {
        self.known.lock().unwrap().entry(collection).or_default().insert(id);
    }

    /// Creates it, and tries again as long as it is told to: others write to the same store.
    async fn patiently(&self, collection: &str, document: &Value) -> Created {
        for _ in 0..20 {
            match self.client.create(collection, document).await {
                Err(error) if error.to_string().contains("503") => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                answer => return answer.unwrap(),
            }
        }
        panic!("{collection} has been busy for too long")
    }

    async fn create(&self, collection: &'static str, document: &Value) -> Value {
        let created = self.patiently(collection, document).await;
        let Created::New(created) = created else { panic!("there already: {document}") };
        self.acknowledge(collection, id(&created));
        created
    }

    async fn subscribe(&self, callback: &str, query: &str) {
        self.create(HUB, &json!({ "callback": callback, "query": query })).await;
    }

    /// Creates an account with two items, and then with a bill of these if it `is_billed`.
    async fn open(&self, name: &str, is_billed: bool) {
        self.create(BILLING_ACCOUNT, &account_of(name, &[("p", "owner")])).await;
        for number in 0..2 {
            let item = json!({
                "id": format!("{name}-{number}"), "name": "Usage", "billingAccount": { "id": name },
                "date": "2026-01-15T00:00:00Z",
                "taxExcludedAmount": { "unit": "EUR", "value": 1.25 },
            });
            self.create(ITEMS, &item).await;
        }
        if is_billed {
            let demand = json!({ "id": name, "billingAccount": { "id": name } });
            let demand = self.create(DEMANDS, &demand).await;
            self.acknowledge(BILLS, id(&demand["customerBill"]));
        }
    }

    /// Opens accounts, bills every other one, and subscribes now and then to what does not happen, until
    /// it is over.
    async fn write(self, writer: usize, receiver: String) {
        for number in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let name = format!("{writer}-{number}");
            self.open(&name, number % 2 == 0).await;
            if number % 8 == 0 {
                let callback = format!("{receiver}/{name}");
                self.subscribe(&callback, "eventType=BillingAccountDeleteEvent").await;
            }
        }
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap().clone()
    }

    /// Waits until so many more accounts are there.
    async fn expect_more(&self, more: usize) {
        let count = || self.known().get(BILLING_ACCOUNT).map_or(0, BTreeSet::len);
        let (enough, begin) = (count() + more, Instant::now());
        while count() < enough {
            assert!(begin.elapsed() < PATIENCE, "{} of {enough} accounts", count());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// What was saved.
struct Backup {
    receiver: Receiver,
    /// What was acknowledged before the backup began, and in all.
    before: Known,
    in_all: Known,
}

/// Lets clients write to an application, which `save` saves the data of meanwhile, and kills it.
async fn saved_while_clients_write(place: &Place, save: impl FnOnce()) -> Backup {
    let receiver = Receiver::start().await;
    receiver.answer(AWAY, Reply::Status(503));
    let application = place.start();
    let maintenance = Maintenance::start(&application.base_url);
    let clients = Clients::of(&application);
    for path in [READY, AWAY] {
        clients.subscribe(&receiver.at(path), "eventType=BillingAccountCreateEvent").await;
    }
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(clients.clone().write(writer, receiver.at("/never"))))
        .collect();
    clients.expect_more(200).await;
    let before = clients.known();
    tokio::task::block_in_place(save);
    clients.expect_more(50).await;
    clients.is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    drop(maintenance);
    application.kill();
    assert_eq!(receiver.events(AWAY).len(), 0, "nothing is left to be sent");
    Backup { receiver, before, in_all: clients.known() }
}

impl Backup {
    /// Expects that what was restored, as `kv` and as the data of `place`, has everything that was
    /// acknowledged before, and nothing that never was; and that an application goes on with it.
    async fn expect_at(self, place: &Place, kv: impl Kv) {
        let Self { receiver, before, in_all } = self;
        let records = expect_whole_trees(kv).await;
        receiver.answer(AWAY, Reply::Status(204));
        let application = place.start();
        let clients = Clients::of(&application);

        let mut restored = Known::new();
        for (collection, acknowledged) in &before {
            let listed = clients.client.pages(collection, "fields=id").all().await.unwrap();
            let ids: BTreeSet<_> = listed.iter().map(id).collect();
            assert_eq!(ids.len(), listed.len(), "{collection}: something is listed twice");
            let count = clients.client.count(collection).await.unwrap();
            assert_eq!(count, ids.len() as u64, "{collection}");
            let lost: Vec<_> = acknowledged.difference(&ids).collect();
            assert!(lost.is_empty(), "{collection}: {lost:?} were acknowledged");
            let strange: Vec<_> = ids.difference(&in_all[collection]).collect();
            assert!(strange.is_empty(), "{collection}: nobody knows {strange:?}");
            restored.insert(collection, ids);
        }
        let mut accounts = restored.remove(BILLING_ACCOUNT).unwrap();
        assert_eq!(records, accounts.len() as u64);
        assert!(accounts.len() < in_all[BILLING_ACCOUNT].len(), "nothing was written behind it");

        clients.open("later", true).await;
        accounts.insert("later".to_owned());
        let auditor = audit::Auditor::new(Rounding::Bill);
        let auditor = audit::read(&clients.client, auditor, &|_| {}).await.unwrap();
        let counts = auditor.counts();
        assert_eq!(counts.accounts, accounts.len() as u64, "{counts:?}");
        assert_eq!(counts.bills, restored[BILLS].len() as u64 + 1, "{counts:?}");
        let differences = auditor.finish();
        assert!(differences.is_empty(), "{differences:?}");

        let _maintenance = Maintenance::start(&application.base_url);
        for path in [READY, AWAY] {
            let gone = expect_told(&receiver, path, &accounts).await;
            // Who was ready before knows of accounts that are not there any more.
            assert!(path == READY || gone == 0, "{gone} events about nothing that is there");
        }
        application.kill();
    }
}

/// Expects that the trees of the store are whole, also after what nobody needs of them was removed.
/// Returns how many accounts there are.
async fn expect_whole_trees(kv: impl Kv) -> u64 {
    let store = Store::new(kv);
    let tree = |name| store.tree(TreeName::new(name).unwrap());
    for name in ["default", "maintenance.tenants"] {
        let entries = tree(name).audit().await.unwrap().entries;
        assert!(entries > 0, "{name} is empty");
        tree(name).vacuum().await.unwrap();
        assert_eq!(tree(name).audit().await.unwrap().entries, entries, "{name}");
    }
    let snapshot = tree("default").snapshot().await.unwrap();
    snapshot.count(&KeyRange::prefix("billingAccount/r/")).await.unwrap()
}

/// Waits until an event of each account was taken at the path, and expects that it was the same one,
/// however often. Returns how many events of other accounts were.
async fn expect_told(receiver: &Receiver, path: &str, accounts: &BTreeSet<String>) -> usize {
    let begin = Instant::now();
    loop {
        let events = receiver.events(path);
        let told = events.iter().map(|event| id(subject(event)));
        let (there, gone): (Vec<_>, Vec<_>) = told.partition(|id| accounts.contains(id));
        let count = there.len();
        let there: BTreeSet<_> = there.into_iter().collect();
        assert_eq!(count, there.len(), "{path}: an account has two events");
        if there.len() == accounts.len() {
            return gone.len();
        }
        assert!(begin.elapsed() < PATIENCE, "{path}: {count} of {}", accounts.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_saved_and_restored() {
    let (own, other) = (Place::in_a_file(), Place::in_a_file());
    let path = other.file().to_str().unwrap().to_owned();
    let save = || {
        let connection = Connection::open(own.file()).unwrap();
        connection.execute("VACUUM INTO ?1", [&path]).unwrap();
    };
    let backup = saved_while_clients_write(&own, save).await;
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "journal_mode", "wal").unwrap();
    drop(connection);
    let kv = NativeKv::new(Sqlite::open(other.folder.path()).unwrap().store("default"));
    backup.expect_at(&other, kv).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_is_saved_and_restored() {
    let (redis, folder) = (Redis::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("backup.rdb");
    let save = || _ = redis.run(&["--rdb", file.to_str().unwrap()]);
    let backup = saved_while_clients_write(&Place::at(&redis.address(0)), save).await;
    drop(redis);
    let restored = Redis::restore(&file);
    expect_at_address(backup, &restored.address(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_is_saved_and_restored() {
    let (postgres, folder) = (Postgres::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("backup.dump");
    let file = file.to_str().unwrap();
    let address = postgres.create("accounts");
    let save = || postgres.run("pg_dump", &["-Fc", "-f", file, "accounts"]);
    let backup = saved_while_clients_write(&Place::at(&address), save).await;
    drop(postgres);
    let other = Postgres::start();
    let address = other.create("restored");
    let carefully = ["--exit-on-error", "--single-transaction", "--no-owner"];
    other.run("pg_restore", &[&carefully[..], &["-d", "restored", file]].concat());
    expect_at_address(backup, &address).await;
}

async fn expect_at_address(backup: Backup, address: &str) {
    let kv = RemoteKv::new(&Address::parse(address).unwrap(), 0);
    backup.expect_at(&Place::at(address), kv).await;
}
