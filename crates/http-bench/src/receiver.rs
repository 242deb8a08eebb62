//! A receiver of events that takes them as quickly as it can.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::Context;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A receiver on a free port of this machine, as long as the benchmark runs.
pub struct Receiver {
    address: SocketAddr,
    arrivals: Arc<Mutex<Arrivals>>,
}

#[derive(Default)]
struct Arrivals {
    count: usize,
    /// When each account was first told of; nothing is noted that nobody asks for.
    times: Option<HashMap<String, Instant>>,
}

impl Receiver {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let arrivals = Arc::<Mutex<Arrivals>>::default();
        let shared = arrivals.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let arrivals = shared.clone();
                // What breaks off is sent again.
                tokio::spawn(async move { drop(take_all(stream, &arrivals).await) });
            }
        });
        Ok(Self { address, arrivals })
    }

    pub fn callback(&self) -> String {
        format!("http://{}/hub", self.address)
    }

    /// How many events have arrived.
    pub fn count(&self) -> usize {
        self.locked().count
    }

    /// Notes from now on when which account is told of.
    pub fn note_times(&self) {
        self.locked().times = Some(HashMap::new());
    }

    /// Those times.
    pub fn times(&self) -> HashMap<String, Instant> {
        self.locked().times.take().unwrap_or_default()
    }

    /// How many of those there are.
    pub fn noted(&self) -> usize {
        self.locked().times.as_ref().map_or(0, HashMap::len)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Arrivals> {
        self.arrivals.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Answers the requests of a connection.
async fn take_all(stream: TcpStream, arrivals: &Mutex<Arrivals>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(body) = read(&mut stream).await? {
        let arrived = Instant::now();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        let mut arrivals = arrivals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        arrivals.count += 1;
        if let Some(times) = &mut arrivals.times {
            let event: Value = serde_json::from_slice(&body)?;
            let id = event["event"]["billingAccount"]["id"].as_str().context("no id")?;
            times.entry(id.to_owned()).or_insert(arrived);
        }
    }
    Ok(())
}

/// The body of the next request, if there is one.
async fn read(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Option<Vec<u8>>> {
    let (mut length, mut is_chunked) = (0, false);
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.split_once(':') else { break };
        match &name.to_lowercase()[..] {
            "content-length" => length = value.trim().parse()?,
            "transfer-encoding" => is_chunked = true,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    while is_chunked {
        line.clear();
        stream.read_line(&mut line).await?;
        let size = usize::from_str_radix(line.trim(), 16)?;
        // A line break ends each chunk.
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await?;
        is_chunked = size > 0;
        body.extend_from_slice(&chunk[..size]);
    }
    Ok(Some(body))
}
