//! What the log says of a request: one line of JSON, never anything of a document.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use jiff::Timestamp;
use serde_json::json;

use crate::{Ports, Settings};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long the request id of a client can be.
const MAX_REQUEST_ID: usize = 128;

/// A request that is being answered.
pub(crate) struct Journal<'j, P: Ports> {
    ports: &'j P,
    tenant: &'j str,
    begin: Timestamp,
    method: String,
    route: String,
    request_id: String,
}

impl<'j, P: Ports> Journal<'j, P> {
    /// Begins to note a request to `route`: its path with placeholders for what differs.
    pub fn begin<B>(
        route: String,
        settings: &'j Settings,
        ports: &'j P,
        request: &Request<B>,
    ) -> Self {
        let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let is_usable = |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len());
        let request_id = match given.filter(is_usable) {
            Some(id) => id.to_owned(),
            None => ports.new_id().to_string(),
        };
        let method = request.method().to_string();
        Self { ports, tenant: &settings.tenant, begin: ports.now(), method, route, request_id }
    }

    /// Names the request in the response, and writes its line.
    pub fn end(self, response: &mut Response<Bytes>, cause: Option<&str>) {
        if let Ok(id) = HeaderValue::try_from(&self.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let duration = self.ports.now().duration_since(self.begin);
        let mut line = json!({
            "time": format!("{:.3}", self.begin),
            "method": self.method,
            "route": self.route,
            "status": response.status().as_u16(),
            "microseconds": duration.as_micros() as i64,
            "tenant": self.tenant,
            "requestId": self.request_id,
        });
        if let Some(activity) = self.ports.activity() {
            line["instance"] = format!("{:08x}", activity.instance).into();
            line["store"] = json!({
                "calls": activity.calls,
                "commits": activity.commits,
                "attempts": activity.attempts,
                "committed": activity.committed,
            });
        }
        if let Some(cause) = cause {
            line["error"] = cause.into();
        }
        self.ports.log(&line.to_string());
    }
}
