//! `cargo xtask soak`: the application under a mixed load for a long time, while a receiver of its events is
//! down, its host is killed and its store is locked; and what became of all that it has acknowledged.
//!
//! Clients create, change, read, list and delete accounts, charge accounts of theirs, ask for bills and pay
//! them. What they create they delete, but for items that are billed, and bills: of those there are so many a
//! minute and client. Each change is noted before it is sent, so it is known in the end what must be there,
//! and which events must have arrived.
//!
//! # Layout
//!
//! * [`Settings`] – what is asked for; [`soak`] – all of it.
//! * `host` – the application as a process; `store` – where its data is; `receiver` – who is told of events.
//! * `kinds` – what is written; `expectations` – what was acknowledged, and what follows from it.
//! * `caller` – requests, and what came of them; `tally` – how long they took, and which failed.
//! * `load` – what a client does; `documents` – what it sends; `changes` – noting it, and making sure of it.
//! * `faults` – what goes wrong, and when.
//! * `samples` – how things stand while time passes; `log` – what the log says of the data and of requests.
//! * `checks` – what there is in the end.
//! * `verdicts` – what must hold; `growth` – what must not grow; `report` – all of it as Markdown.

#![forbid(unsafe_code)]

mod caller;
mod changes;
mod checks;
mod documents;
mod expectations;
mod faults;
mod growth;
mod host;
mod kinds;
mod load;
mod log;
mod receiver;
mod report;
mod samples;
mod store;
mod tally;
mod verdicts;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;

use crate::caller::Caller;
use crate::changes::Changes;
use crate::expectations::Expectations;
use crate::faults::Scene;
use crate::host::{Host, MAINTENANCE_TOKEN};
use crate::load::Client;
use crate::receiver::Receiver;
use crate::samples::Sampler;
use crate::store::Store;
use crate::tally::Tally;
use crate::verdicts::Course;

pub use crate::host::Program;
pub use crate::report::Report;
pub use crate::verdicts::Verdict;
pub use store_bench::served::Engine;

/// How often `POST /maintenance` is called, as `cargo xtask up` does.
const MAINTENANCE_PERIOD: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long clients and faults are at it: 20 seconds at least, so that each kind of fault has its time.
    pub length: Duration,
    /// How many clients there are.
    pub clients: usize,
    /// What decides about everything that is random: which faults there are when, and what clients do.
    pub seed: u64,
    /// Where the data is, if not in a file of Spin's store.
    pub store: Option<Engine>,
    /// The host of the application.
    pub program: Program,
    /// The folder for the data and the log, which is empty at first.
    pub folder: PathBuf,
}

/// Does it, tells what happens meanwhile, and says what came of it. It is an error where that cannot be said:
/// the application does not start, or does not come back after a fault.
pub async fn soak(settings: &Settings, tell: &dyn Fn(&str)) -> anyhow::Result<Report> {
    let store = Store::start(settings.store, &settings.folder).await?;
    let mut host = Host::start(settings, &store.variables()).await?;
    let receiver = Receiver::start().await?;
    let expectations = Expectations::default();
    let tally = Arc::new(Tally::new(Instant::now()));
    let caller = Caller::new(host.watch(), tally.clone())?;
    load::subscribe(&caller, &receiver).await?;

    let mut clients = JoinSet::new();
    for number in 0..settings.clients {
        let changes = Changes { caller: caller.clone(), expectations: expectations.clone() };
        let client = Client::new(number, settings, changes);
        clients.spawn(client.live(settings.length));
    }
    let maintenance = tokio::spawn(maintain(caller.clone()));
    let planned = faults::plan(settings.seed, settings.length);
    let sampler = Sampler::new(settings.length, caller.clone(), &host, &store);
    let mut scene = Scene { host: &mut host, store: &store, receiver: &receiver, tally: &tally };
    let all = async {
        while let Some(client) = clients.join_next().await {
            client?.context("a client cannot go on")?;
        }
        anyhow::Ok(())
    };
    // None of them goes on where another has failed.
    let (samples, happened, ()) =
        tokio::try_join!(sampler.sample(), scene.act(planned, tell), all)?;

    tell("The load has ended; reading back what there is");
    let seen = checks::look(&host, &caller, &expectations, &receiver, tell).await;
    maintenance.abort();
    host.stop().await?;
    let left =
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(store.look()));
    let course = Course {
        length: settings.length,
        samples,
        happened,
        failures: tally.failures(),
        wrong: tally.wrong(),
    };
    let verdicts = verdicts::all(&course, &seen?, &left.context("the store cannot be read")?);
    Ok(Report::new(settings, store.describe(), course, verdicts))
}

/// Calls `POST /maintenance` again and again. What does not work now does the next time.
async fn maintain(caller: Caller) {
    loop {
        tokio::time::sleep(MAINTENANCE_PERIOD).await;
        drop(caller.maintain(MAINTENANCE_TOKEN).await);
    }
}
