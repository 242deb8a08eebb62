//! What the log says of a request: one line of JSON, never anything of a document.

use std::fmt::{self, Write};
use std::rc::Rc;

use access::Caller;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use jiff::Timestamp;

use super::audit::Audit;
use super::text::write_string;
use crate::request::target::Route;
use crate::request::trace::Trace;
use crate::{Activity, Ports};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long the request id of a client can be.
const MAX_REQUEST_ID: usize = 128;

/// How long a line usually is at most.
const LINE_BYTES: usize = 384;

/// A request that is being answered.
pub(crate) struct Journal<'j, P: Ports> {
    ports: &'j P,
    /// Who makes it, once that is known.
    pub caller: Option<Rc<Caller>>,
    /// Whether it has no line.
    pub is_silent: bool,
    begin: Timestamp,
    method: Method,
    route: Route<'j>,
    pub request_id: String,
    /// The trace that it belongs to, if its client says so.
    pub trace: Option<Trace>,
}

impl<'j, P: Ports> Journal<'j, P> {
    /// Begins to note a request to `route`.
    pub fn begin<B>(route: Route<'j>, ports: &'j P, request: &Request<B>) -> Self {
        let begin = ports.now();
        let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let is_usable = |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len());
        let request_id = match given.filter(is_usable) {
            Some(id) => id.to_owned(),
            None => ports.new_request_id(begin).to_string(),
        };
        let method = request.method().clone();
        let trace = Trace::of(request.headers());
        Self { ports, caller: None, is_silent: false, begin, method, route, request_id, trace }
    }

    /// Names the request in the response, and writes its line, behind those of its changes.
    pub fn end(self, response: &mut Response<Bytes>, cause: Option<&str>, audit: Audit) {
        let mut lines = String::with_capacity(LINE_BYTES);
        let (begin, status) = (self.begin, response.status());
        // Writing to a string does not fail.
        if let Some(caller) = &self.caller {
            let _ = audit.write(&mut lines, begin, status, caller, &self.request_id);
        }
        if !self.is_silent {
            let _ = self.write(&mut lines, status.as_u16(), cause);
            self.ports.log(&lines);
        }
        if let Ok(id) = HeaderValue::try_from(self.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }

    /// Only what clients and stores say needs escapes.
    fn write(&self, line: &mut String, status: u16, cause: Option<&str>) -> fmt::Result {
        let Self { ports, caller, begin, method, route, request_id, trace, .. } = self;
        let microseconds = ports.now().duration_since(*begin).as_micros();
        write!(line, r#"{{"time":"{begin:.3}","method":"{method}","route":"{route}","#)?;
        write!(line, r#""status":{status},"microseconds":{microseconds},"#)?;
        if let Some(caller) = caller {
            write!(line, r#""tenant":"{}","#, caller.tenant)?;
        }
        line.push_str(r#""requestId":"#);
        write_string(line, request_id)?;
        if let Some(trace) = trace {
            write!(line, r#","traceId":"{}""#, trace.id())?;
        }
        if let Some(activity) = ports.activity() {
            let Activity { instance, calls, microseconds, bytes, commits, attempts, committed } =
                activity;
            write!(line, r#","instance":"{instance:08x}","store":{{"calls":{calls},"#)?;
            write!(line, r#""microseconds":{microseconds},"bytes":{bytes},"#)?;
            write!(line, r#""commits":{commits},"attempts":{attempts},"committed":{committed}}}"#)?;
        }
        if let Some(cause) = cause {
            line.push_str(r#","error":"#);
            write_string(line, cause)?;
        }
        line.push('}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use kv_tree::{KvError, Memory, Store};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;
    use access::{Caller, Refusal};

    use crate::Version;
    use crate::testing::accounts::ACCOUNTS;
    use crate::testing::anybody;

    #[derive(Default)]
    struct World {
        activity: Option<Activity>,
        log: RefCell<Vec<String>>,
    }

    impl Ports for World {
        type Kv = Memory;

        async fn store(&self) -> Result<Store<Memory>, KvError> {
            Ok(Store::new(Memory::default()))
        }

        async fn caller(&self, _authorization: &[&[u8]]) -> Result<Rc<Caller>, Refusal> {
            Err(Refusal::Missing)
        }

        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn new_id(&self) -> Uuid {
            Uuid::nil()
        }

        fn log(&self, line: &str) {
            self.log.borrow_mut().push(line.to_owned());
        }

        fn activity(&self) -> Option<Activity> {
            self.activity
        }
    }

    fn line(world: &World, request_id: &str, cause: Option<&str>) -> String {
        line_of(world, Request::get("/x").body(()).unwrap(), request_id, cause)
    }

    fn line_of(
        world: &World,
        mut request: Request<()>,
        request_id: &str,
        cause: Option<&str>,
    ) -> String {
        request.headers_mut().insert(REQUEST_ID, request_id.parse().unwrap());
        let route = Route::Item(ACCOUNTS.api, Version::V5, "billingAccount");
        let mut journal = Journal::begin(route, world, &request);
        journal.caller = Some(anybody());
        let mut response = Response::new(Bytes::new());
        journal.end(&mut response, cause, Audit::default());
        assert_eq!(response.headers()[REQUEST_ID], request_id);
        world.log.borrow_mut().pop().unwrap()
    }

    #[test]
    fn a_line_has_what_operators_look_for_in_this_order() {
        let activity = Activity {
            instance: 10,
            calls: 4,
            microseconds: 900,
            bytes: 5000,
            commits: 3,
            attempts: 2,
            committed: 1,
        };
        let world = World { activity: Some(activity), ..World::default() };
        assert_eq!(
            line(&world, "1", Some("broken")),
            r#"{"time":"1970-01-01T00:00:00.000Z","method":"GET","route":"/tmf-api/accountManagement/v5/billingAccount/{id}","status":200,"microseconds":0,"tenant":"default","requestId":"1","instance":"0000000a","store":{"calls":4,"microseconds":900,"bytes":5000,"commits":3,"attempts":2,"committed":1},"error":"broken"}"#
        );
        let short = line(&World::default(), "1", None);
        assert!(short.ends_with(r#""tenant":"default","requestId":"1"}"#), "{short}");
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let traced = Request::get("/x").header("traceparent", parent).body(()).unwrap();
        let traced = line_of(&world, traced, "1", None);
        let ids = r#""requestId":"1","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","instance":""#;
        assert!(traced.contains(ids), "{traced}");
    }

    proptest! {
        #[test]
        fn whatever_is_said_a_line_is_json(id in "[ -~]{1,128}", cause in any::<String>()) {
            let id = id.trim();
            prop_assume!(!id.is_empty());
            let line = line(&World::default(), id, Some(&cause));
            let line: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!((&line["requestId"], &line["error"]), (&json!(id), &json!(cause)));
        }
    }
}
