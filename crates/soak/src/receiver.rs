//! A receiver of events, which is down for a while now and then.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::kinds::{Change, Key, Kind};

/// How long is waited where no connection can be taken.
const PAUSE: Duration = Duration::from_millis(50);

/// A receiver on a free port of this machine, until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    told: Mutex<Told>,
    is_up: watch::Sender<bool>,
}

/// What was told.
#[derive(Debug, Default)]
pub struct Told {
    /// Of each resource the events, each once, in the order in which they came first.
    pub of: HashMap<Key, Vec<Change>>,
    /// The ids of the events.
    ids: HashSet<String>,
    /// How many events came again.
    pub again: usize,
    /// What no event should be.
    pub strange: Vec<String>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    /// One that takes whatever it is sent.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { told: Mutex::default(), is_up: watch::Sender::new(true) });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, accepting })
    }

    /// Where it takes events.
    pub fn callback(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Whether it answers from now on. What it is sent while it does not is lost.
    pub fn answer(&self, is_up: bool) {
        self.shared.is_up.send_replace(is_up);
    }

    /// What was told up to now. Nothing more is taken until this is dropped.
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.shared.told()
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    /// How many different events there were.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Notes an event.
    fn note(&mut self, body: &[u8]) {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let Some((id, key, change)) = read(&event) else {
            return self.strange.push(String::from_utf8_lossy(body).into_owned());
        };
        match self.ids.insert(id) {
            true => self.of.entry(key).or_default().push(change),
            false => self.again += 1,
        }
    }
}

/// The id of an event, which resource it is about, and what has happened to that.
fn read(event: &Value) -> Option<(String, Key, Change)> {
    let change = Change::read(event["eventType"].as_str()?)?;
    let about = |kind: Kind| Some((kind, event["event"].get(kind.name())?["id"].as_str()?));
    let (kind, id) = Kind::ALL.into_iter().find_map(about)?;
    Some((event["eventId"].as_str()?.to_owned(), (kind, id.to_owned()), change))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| take(request, &shared));
            // What breaks off is sent again.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// Takes an event, unless it is down: then it answers late, and that it has not taken it.
async fn take(
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut is_up = shared.is_up.subscribe();
    let was_up = *is_up.borrow_and_update();
    if !was_up {
        // The sender is there as long as the receiver is.
        drop(is_up.wait_for(|is_up| *is_up).await);
    }
    let body = request.into_body().collect().await;
    let status = match body {
        Ok(body) if was_up => {
            shared.told().note(&body.to_bytes());
            StatusCode::NO_CONTENT
        }
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_noted_once() {
        let event = |id: &str, kind: &str| {
            format!(
                r#"{{"eventId": "{id}", "eventType": "BillingAccount{kind}Event",
                   "event": {{"billingAccount": {{"id": "a"}}}}}}"#
            )
        };
        let mut told = Told::default();
        for (id, kind) in [("1", "Create"), ("2", "Delete"), ("1", "Create")] {
            told.note(event(id, kind).as_bytes());
        }
        told.note(b"{}");
        let key = (Kind::Account, "a".to_owned());
        assert_eq!(told.of[&key], [Change::Create, Change::Delete]);
        assert_eq!((told.again, told.strange), (1, vec!["{}".to_owned()]));
    }
}
