//! A receiver of events over HTTP, which takes them well or badly.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request::Request;
use crate::tokens::seconds_from_now;

/// How long it may take until what is waited for has arrived.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing more may arrive where nothing more is expected.
const QUIET: Duration = Duration::from_millis(400);

const POLL: Duration = Duration::from_millis(5);

/// How it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With the status.
    Status(u16),
    /// With the status, after a while.
    Slowly(Duration, u16),
    /// Never: it keeps the connection.
    Hangs,
    /// It closes the connection instead.
    Closes,
    /// It closes the connection in the middle of the head of its answer.
    BreaksOff,
    /// It leads to another address.
    RedirectsTo(String),
    /// With 200 and a body of so many bytes.
    Sends(u64),
    /// With 200 and a body that does not end.
    NeverEnds,
}

/// A request that has arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub at: Instant,
    pub path: String,
    pub method: String,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// Whether it is answered with 2xx.
    pub is_taken: bool,
}

/// A receiver on a port of its own, until it is dropped.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    arrivals: Mutex<Vec<Arrival>>,
    scripts: Mutex<BTreeMap<String, Script>>,
    /// How many bytes of bodies it could send.
    sent: Mutex<u64>,
}

/// What is answered at a path: one reply after the other, and then another one for good.
struct Script {
    first: VecDeque<Reply>,
    then: Reply,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    /// One that takes whatever it is sent.
    pub async fn start() -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into()).await
    }

    /// The same at an address where there is none.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// An address where there is none.
    pub async fn nowhere() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap()
    }

    /// A callback.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers at the path with these replies, one after the other, and then with `then`.
    pub fn script(&self, path: &str, first: &[Reply], then: Reply) {
        let script = Script { first: first.iter().cloned().collect(), then };
        self.shared.scripts.lock().unwrap().insert(path.to_owned(), script);
    }

    /// Answers so at the path from now on.
    pub fn answer(&self, path: &str, reply: Reply) {
        self.script(path, &[], reply);
    }

    /// What has arrived at a path, whether it was taken or not.
    pub fn arrivals(&self, path: &str) -> Vec<Arrival> {
        let arrivals = self.shared.arrivals.lock().unwrap();
        arrivals.iter().filter(|arrival| arrival.path == path).cloned().collect()
    }

    /// How many requests have arrived at a path.
    pub fn count(&self, path: &str) -> usize {
        let arrivals = self.shared.arrivals.lock().unwrap();
        arrivals.iter().filter(|arrival| arrival.path == path).count()
    }

    /// The events that were taken at a path, each once, in the order in which they came first.
    pub fn events(&self, path: &str) -> Vec<Value> {
        let arrivals = self.shared.arrivals.lock().unwrap();
        let taken = arrivals.iter().filter(|arrival| arrival.path == path && arrival.is_taken);
        let mut known = BTreeSet::new();
        taken.filter(|arrival| known.insert(arrival.id())).map(Arrival::event).collect()
    }

    /// How many bytes of bodies it could send.
    pub fn sent(&self) -> u64 {
        *self.shared.sent.lock().unwrap()
    }

    /// Waits until so many different events were taken at a path.
    pub async fn expect(&self, path: &str, count: usize) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            // To read all of them costs more than to count the requests.
            if self.count(path) >= count {
                let events = self.events(path);
                if events.len() >= count {
                    return events;
                }
            }
            if begin.elapsed() > PATIENCE {
                let events = self.events(path);
                let kinds: Vec<_> = events.iter().map(kind).collect();
                panic!("{} of {count} events came to {path}: {kinds:?}", events.len());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The same, and expects that no other event comes.
    pub async fn expect_only(&self, path: &str, count: usize) -> Vec<Value> {
        self.expect(path, count).await;
        tokio::time::sleep(QUIET).await;
        let events = self.events(path);
        let kinds: Vec<_> = events.iter().map(kind).collect();
        assert_eq!(events.len(), count, "{path}: {kinds:?}");
        events
    }

    /// Waits until so many requests have arrived at a path, taken or not.
    pub async fn expect_arrivals(&self, path: &str, count: usize) -> Vec<Arrival> {
        let begin = Instant::now();
        loop {
            let arrived = self.count(path);
            if arrived >= count {
                return self.arrivals(path);
            }
            assert!(begin.elapsed() < PATIENCE, "{arrived} of {count} requests came to {path}");
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Arrival {
    /// The event that was sent.
    #[track_caller]
    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The id of the event.
    #[track_caller]
    pub fn id(&self) -> String {
        self.header("x-event-id").to_owned()
    }

    /// The value of a header that is there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:#?}"))
    }

    /// Expects that whoever has the secret has sent it, just now.
    #[track_caller]
    pub fn expect_signed(&self, secret: &str) {
        let header = self.header("x-signature");
        let (time, digits) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let age = seconds_from_now(0) - time.parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{header} is {age} s old");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.{}", self.body).as_bytes());
        let right: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, right, "{self:#?}");
    }
}

/// The type of an event.
#[track_caller]
pub fn kind(event: &Value) -> &str {
    event["eventType"].as_str().unwrap_or_else(|| panic!("no eventType: {event}"))
}

/// What an event of either version is about, as far as it tells.
#[track_caller]
pub fn subject(event: &Value) -> &Value {
    let payload = event.get("event").or_else(|| event.get("payload"));
    let members = payload.and_then(Value::as_object).unwrap_or_else(|| panic!("{event}"));
    assert_eq!(members.len(), 1, "{event}");
    members.values().next().unwrap()
}

/// The types of events and the ids of what they are about, [of each](of_each) in their order.
pub fn told(events: &[Value]) -> Vec<(&str, &str)> {
    of_each(events.iter().map(|event| (kind(event), subject(event)["id"].as_str().unwrap())))
}

/// Events by the id of what they are about: only those of one resource have an order, others overtake each
/// other.
pub fn of_each<'e>(
    events: impl IntoIterator<Item = (&'e str, &'e str)>,
) -> Vec<(&'e str, &'e str)> {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_by_key(|(_, id)| *id);
    events
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = shared.clone();
        // Whoever goes away in the middle has had enough.
        tokio::spawn(async move { drop(take(stream, &shared).await) });
    }
}

/// Reads a request, and answers it as the script has it.
async fn take(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (request, stream) = Request::read(stream).await?;
    let Request { method, target: path, headers, body } = request;
    let reply = match shared.scripts.lock().unwrap().get_mut(&path) {
        Some(script) => script.first.pop_front().unwrap_or_else(|| script.then.clone()),
        None => Reply::Status(204),
    };
    let is_taken = reply.is_taking();
    let arrival = Arrival { at: Instant::now(), path, method, headers, body, is_taken };
    shared.arrivals.lock().unwrap().push(arrival);
    reply.write(stream, shared).await
}

impl Reply {
    /// Whether it says that the event has arrived.
    fn is_taking(&self) -> bool {
        match self {
            Self::Status(status) | Self::Slowly(_, status) => (200..300).contains(status),
            Self::Sends(_) | Self::NeverEnds => true,
            Self::Hangs | Self::Closes | Self::BreaksOff | Self::RedirectsTo(_) => false,
        }
    }

    async fn write(self, mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
        let head = |status: u16, headers: &str| {
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}\r\n")
        };
        let empty = |status: u16| match status {
            204 => head(status, ""),
            _ => head(status, "content-length: 0\r\n"),
        };
        match self {
            Self::Status(status) => stream.write_all(empty(status).as_bytes()).await?,
            Self::Slowly(time, status) => {
                tokio::time::sleep(time).await;
                stream.write_all(empty(status).as_bytes()).await?;
            }
            Self::Hangs => std::future::pending().await,
            Self::Closes => {}
            Self::BreaksOff => stream.write_all(b"HTTP/1.1 20").await?,
            Self::RedirectsTo(to) => {
                let headers = format!("location: {to}\r\ncontent-length: 0\r\n");
                stream.write_all(head(307, &headers).as_bytes()).await?;
            }
            Self::Sends(bytes) => {
                let head = head(200, &format!("content-length: {bytes}\r\n"));
                stream.write_all(head.as_bytes()).await?;
                send(&mut stream, bytes, &[], shared).await?;
            }
            Self::NeverEnds => {
                let head = head(200, "transfer-encoding: chunked\r\n");
                stream.write_all(head.as_bytes()).await?;
                send(&mut stream, u64::MAX, b"10000\r\n", shared).await?;
            }
        }
        stream.shutdown().await
    }
}

/// Sends blanks, in chunks if these begin with something.
async fn send(
    stream: &mut TcpStream,
    bytes: u64,
    begin: &[u8],
    shared: &Shared,
) -> std::io::Result<()> {
    let end: &[u8] = if begin.is_empty() { b"" } else { b"\r\n" };
    let mut left = bytes;
    while left > 0 {
        let size = left.min(1 << 16);
        let blanks = vec![b' '; size as usize];
        stream.write_all(&[begin, &blanks, end].concat()).await?;
        *shared.sent.lock().unwrap() += size;
        left -= size;
    }
    Ok(())
}
