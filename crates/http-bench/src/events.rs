//! What events cost: those who write, and those who wait for them.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use client::{ACCOUNT_MANAGEMENT, Client};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::Arguments;
use crate::accounts::{self, ACCOUNTS};
use crate::cases::Case;
use crate::host::{Host, free_address};
use crate::load::{self, median};
use crate::receiver::Receiver;

/// How many changes are made one after the other, for the time until each is told.
const CHANGES_ALONE: usize = 200;

/// How long a client waits between them.
const PAUSE: Duration = Duration::from_millis(10);

/// How many changes are told together, and of how many clients.
const CHANGES: usize = 1000;
const CLIENTS: usize = 16;

/// How often each is measured; the median counts.
const ROUNDS: usize = 7;

/// How many accounts are created together.
const TOGETHER: usize = 1000;

/// How often a scheduler calls `POST /maintenance`.
const PERIOD: Duration = Duration::from_secs(1);

/// How long may be waited for events.
const PATIENCE: Duration = Duration::from_secs(600);

const TOKEN: &str = "bench";

/// Measures with as many connections as are asked for, and prints the figures.
pub async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let receiver = Receiver::start().await?;
    let start = async || Application::start(arguments).await;
    let (without, told, left) = (start().await?, start().await?, start().await?);
    println!("{}, {} accounts", without.host.describe(), arguments.records);
    for application in [&without, &told, &left] {
        accounts::create(&application.host, arguments.records).await?;
    }
    told.subscribe(&receiver.callback()).await?;
    let subscription = left.subscribe(&receiver.callback()).await?;
    let url = format!("{}{ACCOUNT_MANAGEMENT}/hub/{subscription}", left.host.base_url);
    left.host.client.delete(url).send().await?.error_for_status()?;

    println!("\n{}", delays(&told, &receiver).await?);
    println!("{}", together(&told, &receiver).await?);

    let cases = Case::all(arguments.records);
    let post = cases.iter().find(|case| case.name == "POST").context("there is no case POST")?;
    let table = Table { post, arguments };
    println!("\n{}", Table::HEAD);
    for &connections in &arguments.connections {
        let one = ("one subscriber", &told);
        let rows = [one, ("none any more", &left)];
        table.print(connections, ("never one", &without), &rows, Some(&receiver)).await?;
    }
    drop([without, told, left]);

    if arguments.pending == 0 {
        return Ok(());
    }
    let (without, waiting) = (start().await?, start().await?);
    let nowhere = format!("http://{}/", free_address()?);
    let subscription = waiting.subscribe(&nowhere).await?;
    for application in [&without, &waiting] {
        application.create_many(arguments.pending).await?;
    }
    let path = format!("{ACCOUNT_MANAGEMENT}/hub/{subscription}");
    let pending = waiting.client.get(&path).await?["delivery"]["pending"].clone();
    println!(
        "\n{pending} events wait for a receiver that is down, beside as many accounts without"
    );
    println!("{}", Table::HEAD);
    for &connections in &arguments.connections {
        let rows = [("events that wait", &waiting)];
        table.print(connections, ("never one", &without), &rows, None).await?;
    }
    Ok(())
}

/// An application that somebody looks after.
struct Application {
    host: Host,
    client: Client,
    maintenance: JoinHandle<()>,
}

impl Drop for Application {
    fn drop(&mut self) {
        self.maintenance.abort();
    }
}

impl Application {
    async fn start(arguments: &Arguments) -> anyhow::Result<Self> {
        let variables = [
            ("maintenance_token", TOKEN),
            ("event_hosts", "http://127.0.0.1:*"),
            ("event_private_addresses", "allow"),
        ];
        let host = Host::start(arguments.host, &arguments.components, false, &variables).await?;
        let request = host.client.post(format!("{}/maintenance", host.base_url)).bearer_auth(TOKEN);
        let maintenance = tokio::spawn(async move {
            loop {
                tokio::time::sleep(PERIOD).await;
                // What does not work now does the next time.
                if let Some(request) = request.try_clone() {
                    drop(request.send().await);
                }
            }
        });
        let client = Client::new(&host.base_url, None)?;
        Ok(Self { host, client, maintenance })
    }

    /// Subscribes to everything; the id of the subscription.
    async fn subscribe(&self, callback: &str) -> anyhow::Result<String> {
        let url = format!("{}{ACCOUNT_MANAGEMENT}/hub", self.host.base_url);
        let request = self.host.client.post(url).json(&json!({ "callback": callback }));
        let subscription: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(subscription["id"].as_str().context("a subscription has an id")?.to_owned())
    }

    /// Creates as many small accounts.
    async fn create_many(&self, count: usize) -> anyhow::Result<()> {
        let party = json!([{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]);
        let account = json!({ "name": "Small", "relatedParty": party });
        for first in (0..count).step_by(TOGETHER) {
            let accounts = vec![account.clone(); TOGETHER.min(count - first)];
            self.client.create_many(ACCOUNTS, &accounts).await?;
        }
        Ok(())
    }
}

/// How long it takes from an answer until its event has arrived, one after the other.
async fn delays(told: &Application, receiver: &Receiver) -> anyhow::Result<String> {
    receiver.note_times();
    let mut answered = Vec::new();
    for number in 0..CHANGES_ALONE {
        let id = format!("alone-{number}");
        create(told, &id).await?;
        answered.push((id, Instant::now()));
        tokio::time::sleep(PAUSE).await;
    }
    wait("events", CHANGES_ALONE, || receiver.noted()).await?;
    let arrived = receiver.times();
    let mut delays = Vec::new();
    for (id, answered) in answered {
        let arrived = arrived.get(&id).with_context(|| format!("nothing of {id}"))?;
        // An event may be quicker than the answer.
        delays.push(arrived.saturating_duration_since(answered));
    }
    delays.sort_unstable();
    let [half, most] = [delays.len() / 2, delays.len() * 99 / 100].map(|at| delays[at]);
    Ok(format!("from an answer until its event has arrived: {half:.1?}, p99 {most:.1?}"))
}

/// How long it takes to make many changes, and until all of them have arrived.
async fn together(told: &Application, receiver: &Receiver) -> anyhow::Result<String> {
    let mut times = Vec::new();
    for round in 0..3 {
        receiver.note_times();
        let begin = Instant::now();
        let numbers: Vec<_> = (0..CHANGES).collect();
        let mut clients = tokio::task::JoinSet::new();
        for some in numbers.chunks(CHANGES.div_ceil(CLIENTS)) {
            let url = format!("{}{ACCOUNTS}", told.host.base_url);
            let (client, some) = (told.host.client.clone(), some.to_vec());
            clients.spawn(async move {
                for number in some {
                    let account = small(&format!("together-{round}-{number}"));
                    client.post(&url).json(&account).send().await?.error_for_status()?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(client) = clients.join_next().await {
            client??;
        }
        let written = begin.elapsed();
        wait("events", CHANGES, || receiver.noted()).await?;
        times.push((begin.elapsed(), written));
    }
    times.sort_unstable();
    let (arrived, written) = times[times.len() / 2];
    Ok(format!(
        "{CHANGES} changes of {CLIENTS} clients: answered in {written:.2?}, all events have arrived in {arrived:.2?}"
    ))
}

fn small(id: &str) -> Value {
    let party = json!([{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]);
    json!({ "id": id, "name": "Small", "relatedParty": party })
}

async fn create(application: &Application, id: &str) -> anyhow::Result<()> {
    let url = format!("{}{ACCOUNTS}", application.host.base_url);
    let answer = application.host.client.post(url).json(&small(id)).send().await?;
    ensure!(answer.status().is_success(), "POST: {}", answer.status());
    answer.bytes().await?;
    Ok(())
}

/// Waits until there are as many.
async fn wait(what: &str, count: usize, found: impl Fn() -> usize) -> anyhow::Result<()> {
    let begin = Instant::now();
    while found() < count {
        ensure!(begin.elapsed() < PATIENCE, "{} of {count} {what}", found());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Applications that are written to in turn.
struct Table<'a> {
    post: &'a Case,
    arguments: &'a Arguments,
}

impl Table<'_> {
    const HEAD: &'static str = "| POST | connections | req/s | beside it | req/s | ratio | floor, req/s | of the floor |\n|---|---|---|---|---|---|---|---|";

    /// Prints a line for each of `rows`, next to what is compared with.
    async fn print(
        &self,
        connections: u32,
        (beside, other): (&str, &Application),
        rows: &[(&str, &Application)],
        receiver: Option<&Receiver>,
    ) -> anyhow::Result<()> {
        let (mut floor, mut of_other) = (Vec::new(), Vec::new());
        let mut of_rows = vec![Vec::new(); rows.len()];
        for _ in 0..ROUNDS {
            floor.push(self.load(&self.post.floor(), other, connections).await?);
            of_other.push(self.load(self.post, other, connections).await?);
            for ((_, application), figures) in rows.iter().zip(&mut of_rows) {
                figures.push(self.load(self.post, application, connections).await?);
                // What is still told takes nothing from whoever is next.
                if let Some(receiver) = receiver {
                    settle(receiver).await?;
                }
            }
        }
        let (floor, other) = (median(floor), median(of_other));
        for ((name, _), figures) in rows.iter().zip(of_rows) {
            let own = median(figures);
            let (ratio, of_floor) = (own / other, own / floor);
            println!(
                "| {name} | {connections} | {own:.0} | {beside} | {other:.0} | {ratio:.2} | {floor:.0} | {of_floor:.2} |"
            );
        }
        Ok(())
    }

    async fn load(
        &self,
        case: &Case,
        application: &Application,
        connections: u32,
    ) -> anyhow::Result<f64> {
        let seconds = self.arguments.seconds;
        let load = load::measure(&application.host.base_url, case, connections, seconds).await?;
        Ok(load.per_second)
    }
}

/// Waits until nothing has arrived for a while.
async fn settle(receiver: &Receiver) -> anyhow::Result<()> {
    let begin = Instant::now();
    let mut before = None;
    while before != Some(receiver.count()) {
        ensure!(begin.elapsed() < PATIENCE, "events do not cease to arrive");
        before = Some(receiver.count());
        tokio::time::sleep(PERIOD * 2).await;
    }
    Ok(())
}
