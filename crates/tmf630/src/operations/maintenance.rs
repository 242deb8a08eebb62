//! Going on with jobs that were interrupted, of whatever tenant, for who calls this each so often.

use std::time::Duration;

use access::Tenant;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::answer::exchange::{self, Exchange};
use crate::events::{self, Delivered};
use crate::jobs::{self, Progress};
use crate::model::api::Api;
use crate::model::job::Job;
use crate::request::target::Route;
use crate::request::{authorization, negotiation};
use crate::settings::MAINTENANCE_TOKEN;
use crate::tenants::Due;
use crate::{Error, Ports, Settings, Version, housekeeping, tenants};

const METHODS: &str = "POST, OPTIONS";

/// How long a call goes on beginning something.
const TIME: SignedDuration = SignedDuration::from_secs(5);

/// How many tenants a call looks at.
const MAX_TENANTS: u64 = 1_000;

/// Answers a `request` to go on with the `jobs` of all tenants. Where the deployment has no token for it,
/// there is nothing at the path.
pub async fn serve_maintenance<P: Ports, B>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    settings: &Settings,
    ports: &P,
    request: &Request<B>,
) -> Response<Bytes> {
    let token = settings.value(&MAINTENANCE_TOKEN);
    let route = match token {
        "" => Route::Nowhere,
        _ => Route::Maintenance,
    };
    let mut exchange = Exchange::begin(route, Version::V5, settings, ports, request);
    let answer = match expect_permitted(token, request) {
        Err(error) => Err(error),
        Ok(()) if *request.method() == Method::OPTIONS => Ok(options()),
        Ok(()) => match maintain(jobs, apis, settings, ports).await {
            Ok(report) => {
                if report.is_idle() && !report.is_told {
                    exchange.leave_out_of_log();
                }
                Ok(report.into_response())
            }
            Err(error) => Err(error),
        },
    };
    exchange.end(answer)
}

/// Refuses a request that may not be answered.
fn expect_permitted<B>(token: &str, request: &Request<B>) -> Result<(), Error> {
    exchange::expect_short(request)?;
    if token.is_empty() {
        return Err(Error::no_such_path(request.uri().path()));
    }
    negotiation::expect_json(request.headers())?;
    match *request.method() {
        Method::OPTIONS => Ok(()),
        Method::POST => authorization::expect_token(
            token,
            request.headers(),
            "The token is not that of maintenance.",
        ),
        ref method => Err(Error::method_not_allowed(method, METHODS)),
    }
}

fn options() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// What came of a call.
#[derive(Default)]
struct Report {
    /// How many tenants were looked at.
    tenants: usize,
    /// What was done in them.
    done: Progress,
    /// What was sent.
    sent: Delivered,
    /// Whether the log has a line of it though nothing has happened.
    is_told: bool,
}

impl Report {
    fn add(&mut self, Progress { steps, left, failed }: Progress) {
        self.done.steps += steps;
        self.done.left += left;
        self.done.failed += failed;
    }

    /// Whether nothing has happened.
    fn is_idle(&self) -> bool {
        !self.done.is_any() && !self.sent.is_any()
    }

    fn into_response(self) -> Response<Bytes> {
        let Self { tenants, done: Progress { steps, left, failed }, sent, .. } = self;
        let report = json!({
            "tenants": tenants,
            "steps": steps,
            "left": left,
            "failed": failed,
            "events": { "delivered": sent.delivered, "failed": sent.failed, "broken": sent.broken },
        });
        let mut response = Response::new(Bytes::from(report.to_string()));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// Works at the jobs of one tenant after the other, each for its share of the time.
async fn maintain<P: Ports>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    settings: &Settings,
    ports: &P,
) -> Result<Report, Error> {
    let end = ports.now().checked_add(TIME).unwrap_or(Timestamp::MAX);
    let Due { tenants: mut known, is_told } = tenants::due(ports, MAX_TENANTS).await?;
    // Each call begins with another tenant, so that none is always the last.
    let chance = ports.new_id().as_u128() % known.len().max(1) as u128;
    known.rotate_left(chance as usize);
    let mut report = Report::default();
    for (number, tenant) in known.iter().enumerate() {
        let time = Duration::try_from(end.duration_since(ports.now())).unwrap_or_default();
        if time.is_zero() || !ports.can_go_on() {
            break;
        }
        let tenants_left = u32::try_from(known.len() - number).unwrap_or(u32::MAX);
        let share = SignedDuration::try_from(time / tenants_left).unwrap_or(TIME);
        let end = ports.now().checked_add(share).unwrap_or(Timestamp::MAX);
        report.tenants += 1;
        visit(jobs, apis, settings, ports, tenant, end, &mut report).await;
        ports.yield_now().await;
    }
    if report.is_idle() && is_told {
        tenants::note_idle(ports).await?;
        report.is_told = true;
    }
    Ok(report)
}

/// Does what is to be done in a tenant. What fails keeps nothing else from being done.
async fn visit<P: Ports>(
    jobs: &[&'static dyn Job],
    apis: &[&'static Api],
    settings: &Settings,
    ports: &P,
    tenant: &Tenant,
    end: Timestamp,
    report: &mut Report,
) {
    let failed_before = report.done.failed;
    let mut has_happened = false;
    let note = |report: &mut Report, error: &Error| {
        jobs::note_failure(ports, tenant, None, error);
        // A tenant whose data cannot be read fails everywhere, and once.
        report.done.failed = report.done.failed.max(failed_before + 1);
    };
    let left = || Duration::try_from(end.duration_since(ports.now())).unwrap_or_default();
    let mut next = Timestamp::MAX;
    for (number, api) in apis.iter().enumerate() {
        let parts = u32::try_from(apis.len() + 1 - number).unwrap_or(u32::MAX);
        let share = left() / parts;
        let sent = async {
            let sent = events::deliver(api, settings, ports, tenant, share).await?;
            if sent.is_any() {
                events::gauge::note(api, ports, tenant, sent).await?;
            }
            Ok(sent)
        };
        match sent.await {
            Ok(sent) => {
                next = next.min(sent.next.unwrap_or(next));
                has_happened |= sent.is_any();
                report.sent.add(sent);
            }
            Err(error) => note(report, &error),
        }
    }
    match jobs::run(jobs, settings, ports, tenant, left()).await {
        Ok(progress) => {
            if progress.left > 0 {
                next = ports.now();
            }
            has_happened |= progress.is_any();
            report.add(progress);
        }
        Err(error) => note(report, &error),
    }
    match housekeeping::keep(jobs, apis, ports, tenant, has_happened).await {
        Ok(again) => next = next.min(again),
        Err(error) => note(report, &error),
    }
    if report.done.failed == failed_before
        && next > ports.now()
        && let Err(error) = tenants::postpone(ports, tenant, next).await
    {
        note(report, &error);
    }
}
