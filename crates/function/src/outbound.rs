//! Requests to others.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full, Limited};
use spin_sdk::http::{IntoRequest, Request, Response, StatusCode, send};
use spin_sdk::wasip3::http::types::ErrorCode;

/// How long what is fetched may take, whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long what is fetched may be, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// How much is read of an answer that nobody needs, in bytes: a connection can be used again once all
/// of an answer is read.
const MAX_IDLE_BYTES: usize = 4 << 10;

/// What a GET on `url` is answered with, if it is found there. A redirection is not followed.
pub(crate) async fn fetch(url: &str) -> Result<Bytes, String> {
    let request = Request::get(url).body(Empty::<Bytes>::new());
    let answer = async {
        let response = exchange(request).await?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(format!("it is answered with {status}")),
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        body.map(|body| body.to_bytes()).map_err(|error| format!("its body: {error}"))
    };
    within(PATIENCE, answer).await.unwrap_or_else(|| Err(not_answered_in(PATIENCE)))
}

/// The status that a POST on `url` is answered with in time. A redirection is not followed. Of the
/// answer little more is read, whose length is up to whoever answers.
pub(crate) async fn post(
    url: &str,
    headers: &[(&str, String)],
    body: Bytes,
    patience: Duration,
) -> Result<u16, String> {
    // Without its length it would be sent in chunks, which not every receiver understands.
    let request = Request::post(url).header("content-length", body.len());
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let request = request.body(Full::new(body));
    let mut status = None;
    let answer = async {
        let response = exchange(request).await?;
        status = Some(response.status().as_u16());
        skim(response).await;
        Ok(())
    };
    let answer = within(patience, answer).await;
    // Who has told the status has all of the request, however long the rest of the answer takes.
    match (status, answer) {
        (Some(status), _) => Ok(status),
        (None, Some(Err(error))) => Err(error),
        (None, _) => Err(not_answered_in(patience)),
    }
}

/// Sends the request, if it is one, and waits for the head of its answer.
async fn exchange<B, E: std::fmt::Display>(
    request: Result<Request<B>, E>,
) -> Result<Response, String>
where
    Request<B>: IntoRequest,
{
    let request = request.map_err(|error| format!("it cannot be sent: {error}"))?;
    send(request).await.map_err(|error| in_words(&error).to_owned())
}

/// Reads a short answer to its end, and the beginning of a long one.
async fn skim(response: Response) {
    let mut body = pin!(response.into_body());
    let mut left = MAX_IDLE_BYTES;
    while left > 0
        && let Some(Ok(frame)) = body.frame().await
    {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
    }
}

fn not_answered_in(patience: Duration) -> String {
    format!("it is not answered in {} s", patience.as_secs_f64())
}

/// Why nothing is answered, for operators: clients may see it too, so it names no machine.
fn in_words(error: &ErrorCode) -> &'static str {
    match error {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            "its host is not known"
        }
        ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            "its host cannot be reached"
        }
        ErrorCode::DestinationIpProhibited => {
            "its host is in a network that block_networks of the runtime configuration has"
        }
        ErrorCode::HttpRequestDenied => {
            "allowed_outbound_hosts of the manifest does not list its host"
        }
        ErrorCode::ConnectionRefused => "its host refused the connection",
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => {
            "the connection ends before the answer does"
        }
        ErrorCode::ConnectionTimeout => "its host does not accept the connection in time",
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => "it is not answered in time",
        ErrorCode::ConnectionLimitReached => "this host has too many connections",
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => "TLS fails, as if the certificate were not valid",
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestUriTooLong => {
            "its URL is not one that can be sent to"
        }
        ErrorCode::HttpProtocolError => "the connection ends early, or what answers is not HTTP",
        ErrorCode::InternalError(_) | ErrorCode::ConfigurationError => "this host fails to send it",
        _ => "the answer is not one that this host can read",
    }
}

/// What comes of `work`, unless it takes longer.
async fn within<T>(patience: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut end = pin!(spin_sdk::time::sleep(patience));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
