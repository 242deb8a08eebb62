//! A server that publishes the keys of an issuer, well or badly.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::request::Request;
use crate::tokens::{Key, set};

/// Where the keys are.
const PATH: &str = "/keys";

/// How it answers.
#[derive(Clone)]
pub enum Behaviour {
    /// With 200 and the text.
    Publishes(String),
    /// The same, after a while.
    Slowly(Duration, String),
    /// With another status and no keys.
    Fails(u16),
    /// By leading to another path, where the keys are.
    Redirects(String),
    /// With a body that does not end.
    NeverEnds,
    /// It closes the connection.
    Closes,
}

/// A server on a port of its own, until it is dropped.
pub struct KeyServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    /// How often each path was asked for.
    requests: Mutex<BTreeMap<String, usize>>,
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl KeyServer {
    /// One that publishes the keys.
    pub async fn publishing(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let behaviour = Mutex::new(Behaviour::publishes(keys));
        let shared = Arc::new(Shared { behaviour, requests: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// The server, as `jwks_host` names it.
    pub fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the keys are.
    pub fn url(&self) -> String {
        format!("{}{PATH}", self.host())
    }

    /// Answers otherwise from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    /// How often it was asked for the keys.
    pub fn fetches(&self) -> usize {
        self.shared.requests.lock().unwrap().get(PATH).copied().unwrap_or_default()
    }

    /// How often it was asked for anything.
    pub fn requests(&self) -> usize {
        self.shared.requests.lock().unwrap().values().sum()
    }
}

impl Behaviour {
    /// Publishes the keys.
    pub fn publishes(keys: &[&Key]) -> Self {
        Self::Publishes(set(keys).to_string())
    }

    /// Publishes the set after a while.
    pub fn slowly(seconds: u64, set: &Value) -> Self {
        Self::Slowly(Duration::from_secs(seconds), set.to_string())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = shared.clone();
        // Whoever goes away in the middle has had enough.
        tokio::spawn(async move { drop(answer(stream, &shared).await) });
    }
}

/// Answers one request, and closes the connection.
async fn answer(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let (request, mut stream) = Request::read(stream).await?;
    *shared.requests.lock().unwrap().entry(request.target).or_default() += 1;
    let behaviour = shared.behaviour.lock().unwrap().clone();
    let (status, headers, body) = match behaviour {
        Behaviour::Publishes(text) => (200, String::new(), text),
        Behaviour::Slowly(time, text) => {
            tokio::time::sleep(time).await;
            (200, String::new(), text)
        }
        Behaviour::Fails(status) => (status, String::new(), String::new()),
        Behaviour::Redirects(to) => (302, format!("location: {to}\r\n"), String::new()),
        Behaviour::NeverEnds => return never_end(stream).await,
        Behaviour::Closes => return Ok(()),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n{headers}\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn never_end(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
    loop {
        stream.write_all(chunk.as_bytes()).await?;
    }
}
