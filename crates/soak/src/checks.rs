//! What there is in the end: resources, events, bills and balances.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use audit::Auditor;
use client::Client;
use money::Rounding;

use crate::caller::Caller;
use crate::expectations::Expectations;
use crate::host::Host;
use crate::kinds::{Key, Kind};
use crate::receiver::Receiver;
use crate::samples::{Delivery, delivery};

/// How long may pass without another event while some are missing. Who dies while it sends some is taken for
/// alive for some seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long is waited between looks.
const POLL: Duration = Duration::from_secs(1);

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many resources were written, and how many changes were made.
    pub resources: usize,
    pub changes: usize,
    /// What is not as it was acknowledged.
    pub differences: Vec<String>,
    /// How many different events arrived, and how many of them again.
    pub events: usize,
    pub again: usize,
    /// Which events are missing, or should not have come.
    pub untold: Vec<String>,
    /// How subscriptions stand, if they tell.
    pub delivery: Option<Delivery>,
    /// Bills, and what of bills and balances does not follow from the items.
    pub bills: u64,
    pub audit: Vec<String>,
}

/// Waits until all events have arrived that must, and looks at everything. Nobody must write any more.
pub async fn look(
    host: &Host,
    caller: &Caller,
    expectations: &Expectations,
    receiver: &Receiver,
    tell: &dyn Fn(&str),
) -> anyhow::Result<Seen> {
    let (untold, delivery) = settled(caller, expectations, receiver).await;
    let client = Client::new(&host.base_url(), None)?;
    let found = found(&client).await.context("what there is cannot be read back")?;
    let auditor = Auditor::new(Rounding::Bill);
    let auditor = audit::read(&client, auditor, tell).await.context("the audit cannot be made")?;
    let bills = auditor.counts().bills;
    let audit = auditor.finish().into_iter().map(|difference| difference.to_string()).collect();
    let (resources, changes) = expectations.counts();
    let told = receiver.told();
    let strange = told.strange.iter().map(|event| format!("what should be an event: {event}"));
    Ok(Seen {
        resources,
        changes,
        differences: expectations.differences(&found),
        events: told.count(),
        again: told.again,
        untold: untold.into_iter().chain(strange).collect(),
        delivery,
        bills,
        audit,
    })
}

/// What is still missing when nothing more arrives, and how subscriptions stand then.
async fn settled(
    caller: &Caller,
    expectations: &Expectations,
    receiver: &Receiver,
) -> (Vec<String>, Option<Delivery>) {
    let (mut count, mut since) = (receiver.told().count(), Instant::now());
    loop {
        let untold = expectations.untold(&receiver.told().of);
        let delivery = delivery(caller).await;
        if untold.is_empty() && delivery.is_some_and(|delivery| delivery.pending == 0) {
            return (untold, delivery);
        }
        if since.elapsed() > PATIENCE {
            return (untold, delivery);
        }
        tokio::time::sleep(POLL).await;
        let now = receiver.told().count();
        if now != count {
            (count, since) = (now, Instant::now());
        }
    }
}

/// All resources that there are, with their marks.
async fn found(client: &Client) -> anyhow::Result<BTreeMap<Key, String>> {
    let mut found = BTreeMap::new();
    for kind in Kind::ALL {
        let (path, fields) = (kind.path(), kind.fields());
        let mut pages = client.pages(&path, &fields);
        while let Some(page) = pages.next().await? {
            for document in page {
                let id = document["id"].as_str().context("a resource has no id")?.to_owned();
                found.insert((kind, id), kind.mark(&document));
            }
        }
    }
    Ok(found)
}
