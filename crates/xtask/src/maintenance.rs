//! Calling `POST /maintenance` while the application runs, as a scheduler would.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;

/// How long it takes from the end of a call to the next one.
const PERIOD: Duration = Duration::from_secs(1);

/// How long a connection may take, and what is read or written on one: a call ends in some 5 seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How many bytes of an answer are read.
const MAX_ANSWER: u64 = 16 * 1024;

/// A token that nobody can guess.
pub fn new_token() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("there are no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Calls it until this is dropped.
pub struct Maintenance {
    _stop: Sender<()>,
}

impl Maintenance {
    /// Begins to call the application that listens, or is going to, on the address.
    pub fn start(listen: SocketAddr, token: String) -> Self {
        Self::start_each(PERIOD, listen, token)
    }

    fn start_each(period: Duration, listen: SocketAddr, token: String) -> Self {
        let (stop, stopped) = mpsc::channel();
        thread::spawn(move || {
            let address = reachable(listen);
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                // Of what fails in the application its log tells; it may also not be there yet.
                if let Ok(status @ (401 | 404)) = call(address, &token) {
                    println!(
                        "Maintenance: none, because POST /maintenance is answered with {status}: \
                         maintenance_token has another value where the host found it"
                    );
                    return;
                }
            }
        });
        Self { _stop: stop }
    }
}

/// An address at which what listens on `listen` is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// The status that a call is answered with.
fn call(address: SocketAddr, token: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let request = format!(
        "POST /maintenance HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    /// Answers the next call, and has what was sent.
    fn answer(listener: &TcpListener, status: &str) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let mut sent = Vec::new();
        while !sent.ends_with(b"\r\n\r\n") {
            let mut bytes = [0; 512];
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "the call breaks off");
            sent.extend_from_slice(&bytes[..read]);
        }
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        stream.write_all(head.as_bytes()).unwrap();
        String::from_utf8(sent).unwrap()
    }

    /// Whether there is no call for much longer than a period.
    fn is_quiet(listener: &TcpListener) -> bool {
        listener.set_nonblocking(true).unwrap();
        let end = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            if listener.accept().is_ok() {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    fn started() -> (TcpListener, Maintenance) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = SocketAddr::new([0, 0, 0, 0].into(), listener.local_addr().unwrap().port());
        let period = Duration::from_millis(20);
        (listener, Maintenance::start_each(period, address, "secret".to_owned()))
    }

    #[test]
    fn it_is_called_again_and_again_until_the_application_stops() {
        let (listener, maintenance) = started();
        for status in ["200 OK", "503 Service Unavailable", "200 OK"] {
            let sent = answer(&listener, status);
            assert!(sent.starts_with("POST /maintenance HTTP/1.1\r\nHost: 127.0.0.1:"), "{sent}");
            assert!(sent.contains("\r\nAuthorization: Bearer secret\r\n"), "{sent}");
        }
        drop(maintenance);
        // One may be under way.
        listener.set_nonblocking(true).unwrap();
        thread::sleep(Duration::from_millis(100));
        _ = listener.accept();
        assert!(is_quiet(&listener));
    }

    #[test]
    fn it_is_not_called_where_another_token_is_right() {
        for status in ["401 Unauthorized", "404 Not Found"] {
            let (listener, _maintenance) = started();
            answer(&listener, status);
            assert!(is_quiet(&listener), "{status}");
        }
    }

    #[test]
    fn tokens_are_long_and_differ() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
