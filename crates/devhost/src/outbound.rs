//! Requests that components send to others: to the hosts that the manifest allows, and to addresses
//! that the runtime configuration does not block. Connections are kept for later requests, as Spin
//! does; requests over TLS are made in HTTP/1.1 only.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};
use tower_service::Service;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

use crate::runtime_config::BlockedNetworks;
use crate::state::ComponentConfig;

/// How long anything may take for which a component sets no limit.
const PATIENCE: Duration = Duration::from_secs(600);

/// The requests of an instance.
pub(crate) struct Outbound(pub Arc<ComponentConfig>);

/// The progress of a request's or a response's body.
type BodyProgress = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: BodyProgress,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, BodyProgress)>> + Send> {
        let config = self.0.clone();
        Box::new(async move {
            let uri = request.uri().clone();
            let refuse = |why: &str| {
                let id = &config.id;
                config.log.line(format!("component {id}: a request to {uri} was refused; {why}"));
            };
            if !config.allowed_hosts.allow(&uri) {
                refuse("allowed_outbound_hosts does not list it");
                return Err(Error::HttpRequestDenied);
            }
            let response = config.client.send(request, options.unwrap_or_default()).await;
            if let Err(Error::DestinationIpProhibited) = response {
                refuse("block_networks has the addresses that it leads to");
            }
            // The client itself drives what is sent and received.
            Ok((response?, Box::new(async { Ok(()) }) as BodyProgress))
        })
    }
}

/// Sends requests. Clones share connections.
#[derive(Clone)]
pub(crate) struct Client(legacy::Client<HttpsConnector<Connector>, WasiBody>);

impl Client {
    /// A client that does not connect to addresses in the networks.
    pub fn new(blocked: Arc<BlockedNetworks>) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector { blocked });
        Self(legacy::Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends `request`. Neither its body nor that of the response is ever held as a whole.
    pub async fn send(
        &self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>> {
        let is_https = request.uri().scheme() == Some(&Scheme::HTTPS);
        let connect_timeout = options.connect_timeout.unwrap_or(PATIENCE);
        let response = CONNECT_TIMEOUT.scope(connect_timeout, self.0.request(request));
        let response = timeout(options.first_byte_timeout.unwrap_or(PATIENCE), response).await;
        let response = response
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| in_words_of_wasi(&error, is_https))?;
        let patience = options.between_bytes_timeout.unwrap_or(PATIENCE);
        Ok(response.map(|body| TimedBody { body: Some(body), patience, end: None }.boxed_unsync()))
    }
}

tokio::task_local! {
    /// How long connecting may take for the request that is being sent.
    static CONNECT_TIMEOUT: Duration;
}

/// Opens connections.
#[derive(Clone)]
struct Connector {
    blocked: Arc<BlockedNetworks>,
}

/// Why there is no connection.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum NoConnection {
    #[error("the host has no address")]
    NoAddress,
    #[error("the host has only addresses that are blocked")]
    Blocked,
    #[error("the host refuses connections")]
    Refused,
    #[error("the host does not answer")]
    TimedOut,
}

impl Connector {
    /// Connects to one of the host's addresses. What is looked at is what is connected to: a name that
    /// leads elsewhere a moment later gets nobody around it.
    async fn connect(&self, uri: &Uri) -> Result<TcpStream, NoConnection> {
        let host = uri.host().ok_or(NoConnection::NoAddress)?;
        // The brackets of an IPv6 address belong to the URI.
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let found = tokio::net::lookup_host((host, port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| NoConnection::NoAddress)?.collect();
        let (blocked, open): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|address| self.blocked.contain(address.ip()));
        if open.is_empty() && !blocked.is_empty() {
            return Err(NoConnection::Blocked);
        }
        let stream = TcpStream::connect(&open[..]).await.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => NoConnection::TimedOut,
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput => {
                NoConnection::NoAddress
            }
            _ => NoConnection::Refused,
        })?;
        // Else the body of a request may wait for the acknowledgement of its head.
        _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = NoConnection;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NoConnection>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoConnection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let patience = CONNECT_TIMEOUT.try_get().unwrap_or(PATIENCE);
            match timeout(patience, connector.connect(&uri)).await {
                Ok(stream) => stream.map(TokioIo::new),
                Err(_) => Err(NoConnection::TimedOut),
            }
        })
    }
}

/// The error that Spin has for it.
fn in_words_of_wasi(error: &legacy::Error, is_https: bool) -> Error {
    let cause = error.source();
    match cause.and_then(|cause| cause.downcast_ref()) {
        Some(NoConnection::NoAddress) => {
            Error::DnsError { rcode: Some("address not available".to_owned()), info_code: Some(0) }
        }
        Some(NoConnection::Blocked) => Error::DestinationIpProhibited,
        Some(NoConnection::Refused) => Error::ConnectionRefused,
        Some(NoConnection::TimedOut) => Error::ConnectionTimeout,
        None if error.is_connect() && is_https => Error::TlsProtocolError,
        None => Error::HttpProtocolError,
    }
}

/// The body of a response, which fails if nothing more of it arrives for too long.
struct TimedBody {
    /// Nothing once it has failed, so that the connection is closed.
    body: Option<Incoming>,
    patience: Duration,
    end: Option<Pin<Box<Sleep>>>,
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        let Self { body: held, patience, end } = &mut *self;
        let Some(body) = held else { return Poll::Ready(None) };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(context) {
            *end = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        ready!(end.get_or_insert_with(|| Box::pin(sleep(*patience))).as_mut().poll(context));
        *held = None;
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use http::StatusCode;
    use http_body_util::{Empty, Full};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// How long a test waits for what must happen.
    const SOON: Duration = Duration::from_secs(10);

    fn client(blocked: &[&str]) -> Client {
        Client::new(BlockedNetworks::of(blocked).into())
    }

    fn body(bytes: &'static [u8]) -> WasiBody {
        Full::new(Bytes::from_static(bytes)).map_err(Error::from).boxed_unsync()
    }

    fn post(uri: &str, body: WasiBody) -> Request<WasiBody> {
        Request::post(uri).body(body).unwrap()
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// One that takes no more connections.
    async fn full_listener() -> (TcpListener, Vec<TcpStream>, u16) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut connections = Vec::new();
        let brief = Duration::from_millis(100);
        while let Ok(connection) = timeout(brief, TcpStream::connect(address)).await {
            connections.push(connection.unwrap());
        }
        (listener, connections, address.port())
    }

    /// Reads from the connection until what was read ends so.
    async fn read_until(stream: &mut TcpStream, end: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end.as_bytes()) {
            bytes.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_sent_and_its_connection_is_kept_for_the_next() {
        let (listener, port) = listener().await;
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heads = Vec::new();
            for _ in 0..2 {
                heads.push(read_until(&mut stream, "hello").await);
                stream.write_all(b"HTTP/1.1 202 A\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            }
            heads
        });
        let client = client(&["10.0.0.0/8"]);
        for _ in 0..2 {
            let request = post(&format!("http://127.0.0.1:{port}/a?b"), body(b"hello"));
            let response = client.send(request, RequestOptions::default()).await.unwrap();
            assert_eq!(response.status(), StatusCode::ACCEPTED);
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
            // A connection is free again a moment after the end of the response.
            sleep(Duration::from_millis(50)).await;
        }
        for head in other.await.unwrap() {
            assert!(head.starts_with("POST /a?b HTTP/1.1\r\n"), "{head}");
            assert!(head.contains(&format!("host: 127.0.0.1:{port}\r\n")), "{head}");
        }
    }

    #[tokio::test]
    async fn nobody_connects_to_what_is_blocked_whatever_leads_there() {
        let (listener, port) = listener().await;
        let refuses = async |blocked: &str, uri: String| {
            let answer = client(&[blocked]).send(post(&uri, body(b"")), <_>::default()).await;
            assert!(matches!(answer, Err(Error::DestinationIpProhibited)), "{uri}: {answer:?}");
        };
        for blocked in ["private", "127.0.0.0/8"] {
            for host in [
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f000001",
                "0177.0.0.1",
                "[::ffff:127.0.0.1]",
                "[::127.0.0.1]",
            ] {
                refuses(blocked, format!("http://{host}:{port}/")).await;
            }
            refuses(blocked, format!("https://127.0.0.1:{port}/")).await;
        }
        // A name is looked at where it leads to.
        refuses("private", format!("http://localhost:{port}/")).await;
        refuses("private", format!("https://localhost:{port}/")).await;
        assert!(timeout(Duration::from_millis(100), listener.accept()).await.is_err());
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_as_on_spin() {
        let (silent, port) = listener().await;
        let send = async |uri: String, options| {
            timeout(SOON, client(&[]).send(post(&uri, body(b"")), options))
                .await
                .unwrap()
                .unwrap_err()
        };
        let none = RequestOptions::default();
        let (free, closed) = listener().await;
        drop(free);
        let error = send(format!("http://127.0.0.1:{closed}/"), none).await;
        assert!(matches!(error, Error::ConnectionRefused), "{error:?}");
        let error = send("http://no..name/".to_owned(), none).await;
        assert!(matches!(error, Error::DnsError { .. }), "{error:?}");
        let brief = Some(Duration::from_millis(50));
        let options = RequestOptions { first_byte_timeout: brief, ..none };
        let error = send(format!("http://127.0.0.1:{port}/"), options).await;
        assert!(matches!(error, Error::ConnectionReadTimeout), "{error:?}");
        let (_full, _connections, port) = full_listener().await;
        let options = RequestOptions { connect_timeout: brief, ..none };
        let error = send(format!("http://127.0.0.1:{port}/"), options).await;
        assert!(matches!(error, Error::ConnectionTimeout), "{error:?}");
        drop(silent);

        for (scheme, words, expected) in [
            ("http", "", Error::HttpProtocolError),
            ("http", "SMTP ready\r\n", Error::HttpProtocolError),
            ("https", "HTTP/1.1 200 OK\r\n\r\n", Error::TlsProtocolError),
        ] {
            let (other, port) = listener().await;
            tokio::spawn(async move {
                let (mut stream, _) = other.accept().await.unwrap();
                stream.read_u8().await.unwrap();
                stream.write_all(words.as_bytes()).await.unwrap();
            });
            let error = send(format!("{scheme}://127.0.0.1:{port}/"), none).await;
            assert_eq!(format!("{error:?}"), format!("{expected:?}"), "{words}");
        }
    }

    /// A body of which there is always more.
    struct Endless(Arc<AtomicUsize>);

    impl Body for Endless {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>>>> {
            const FRAME: &[u8] = &[b'a'; 1 << 16];
            self.0.fetch_add(FRAME.len(), Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(FRAME)))))
        }
    }

    #[tokio::test]
    async fn of_a_request_without_end_only_what_the_other_takes_is_asked_for() {
        let (listener, port) = listener().await;
        let asked = Arc::new(AtomicUsize::new(0));
        let request =
            post(&format!("http://127.0.0.1:{port}/"), Endless(asked.clone()).boxed_unsync());
        let options = RequestOptions {
            first_byte_timeout: Some(Duration::from_millis(300)),
            ..<_>::default()
        };
        let answer = client(&[]).send(request, options).await;
        assert!(matches!(answer, Err(Error::ConnectionReadTimeout)), "{answer:?}");
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked_for = asked.load(Ordering::Relaxed);
        assert!(
            asked_for < 16 << 20,
            "{asked_for} bytes, which is more than buffers of sockets have"
        );
        // The connection has ended with the request.
        let mut rest = Vec::new();
        // How it ends is not said.
        _ = timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), asked_for);
    }

    #[tokio::test]
    async fn a_response_without_end_ends_when_nobody_reads_on() {
        let (listener, port) = listener().await;
        let written = Arc::new(AtomicUsize::new(0));
        let count = written.clone();
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_until(&mut stream, "\r\n\r\n").await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'a'; 1 << 16]).await.is_ok() {
                count.fetch_add(1 << 16, Ordering::Relaxed);
            }
        });
        let request = Request::get(format!("http://127.0.0.1:{port}/"));
        let request = request.body(Empty::new().map_err(Error::from).boxed_unsync()).unwrap();
        let response = client(&[]).send(request, RequestOptions::default()).await.unwrap();
        let mut body = response.into_body();
        assert!(body.frame().await.unwrap().unwrap().is_data());
        sleep(Duration::from_millis(200)).await;
        drop(body);
        timeout(SOON, other).await.unwrap().unwrap();
        let written = written.load(Ordering::Relaxed);
        assert!(written < 16 << 20, "{written} bytes, which is more than buffers of sockets have");
    }

    #[tokio::test]
    async fn a_response_that_stops_in_the_middle_fails() {
        let (listener, port) = listener().await;
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_until(&mut stream, "\r\n\r\n").await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nbeginning").await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap()
        });
        let patience = Some(Duration::from_millis(100));
        let options = RequestOptions { between_bytes_timeout: patience, ..<_>::default() };
        let request = post(&format!("http://127.0.0.1:{port}/"), body(b""));
        let mut body = client(&[]).send(request, options).await.unwrap().into_body();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "beginning");
        let end = timeout(SOON, body.frame()).await.unwrap();
        assert!(matches!(end, Some(Err(Error::ConnectionReadTimeout))), "{end:?}");
        timeout(SOON, other).await.unwrap().unwrap();
    }
}
