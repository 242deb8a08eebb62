//! Requests to others.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use spin_sdk::http::StatusCode;

/// How long an answer may take, whole.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may be, in bytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What a GET on `url` is answered with, if it is found there. A redirection is not followed.
pub(crate) async fn fetch(url: &str) -> Result<Bytes, String> {
    let answer = async {
        let response = spin_sdk::http::get(url).await.map_err(|error| format!("{error:?}"))?;
        match response.status() {
            StatusCode::OK => {}
            status => return Err(format!("it is answered with {status}")),
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        body.map(|body| body.to_bytes()).map_err(|error| format!("its body: {error}"))
    };
    match within(PATIENCE, answer).await {
        Some(answer) => answer,
        None => Err(format!("it is not answered in {} s", PATIENCE.as_secs())),
    }
}

/// The status with which a POST on `url` is answered, whole within `patience`. A redirection is not
/// followed.
pub(crate) async fn post(
    url: &str,
    headers: &[(&str, String)],
    body: Bytes,
    patience: Duration,
) -> Result<u16, String> {
    let answer = async {
        let mut request = spin_sdk::http::Request::post(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(http_body_util::Full::new(body));
        let request = request.map_err(|error| format!("{error}"))?;
        let response = spin_sdk::http::send(request).await;
        let response = response.map_err(|error| format!("{error:?}"))?;
        Ok(response.status().as_u16())
    };
    match within(patience, answer).await {
        Some(answer) => answer,
        None => Err(format!("it is not answered in {patience:?}")),
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
