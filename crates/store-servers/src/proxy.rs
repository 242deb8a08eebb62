//! A network that is slow and breaks.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// A port of loopback through which a server is reached, on the runtime of tokio that made it.
pub struct Proxy {
    port: u16,
    cuts: watch::Sender<u64>,
}

/// How much is on the way at most, in pieces.
const PIECES: usize = 1024;

impl Proxy {
    /// Leads to the `server` port of loopback, and takes so long for a round trip.
    pub async fn start(server: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, cut) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let cut = cut.clone();
                tokio::spawn(connect(client, server, round_trip / 2, cut));
            }
        });
        Self { port, cuts }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts all connections: what is on the way is lost.
    pub fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

async fn connect(client: TcpStream, server: u16, way: Duration, mut cut: watch::Receiver<u64>) {
    cut.mark_unchanged();
    let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], server))).await else {
        return;
    };
    _ = client.set_nodelay(true);
    _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = cut.changed() => {}
        () = carry(from_client, to_server, way) => {}
        () = carry(from_server, to_client, way) => {}
    }
}

/// Carries what comes until either end is closed. What is sent together arrives together, so long later.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Duration) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES);
    let read = async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(len @ 1..) = from.read(&mut buffer).await {
            let piece = buffer.get(..len).unwrap_or_default().to_vec();
            if sender.send((Instant::now() + way, piece)).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = receiver.recv().await {
            // The timer of tokio counts whole milliseconds; a thread that sleeps is nearly exact.
            let rest = due.saturating_duration_since(Instant::now());
            if !rest.is_zero() && spawn_blocking(move || sleep(rest)).await.is_err() {
                return;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read, write);
}
