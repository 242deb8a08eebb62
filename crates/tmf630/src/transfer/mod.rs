//! Exporting the data of a tenant as lines of JSON, and importing such lines: for who moves it, keeps it in a
//! form that any program can read, or looks at it as a whole.
//!
//! | request | answer |
//! |---|---|
//! | `POST /transfer/export` | 201 and the line that an export begins with: the newest commit is held for it |
//! | `GET /transfer/export/{export}?from={line}` | 200 and the lines from there on, up to 1,000 or 3 MiB and one line, as `application/x-ndjson` |
//! | `DELETE /transfer/export/{export}` | 204: it is not held any longer |
//! | `POST /transfer/import?export={export}&from={line}` | 200 and what became of the lines in the body |
//!
//! Each takes `tenant`, and the bearer token of the variable `transfer_token`.
//!
//! # Layout
//!
//! * `target` – what the path and the query say.
//! * `line` – the lines.
//! * `export` – reading what there is, at one commit.
//! * `import` – storing what lines say: each line once, whatever is sent again.

mod export;
mod import;
mod line;
mod target;

use access::Tenant;
use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use kv_tree::{Tree, TreeName};
use target::{Target, Wanted};

use crate::answer::exchange::{self, Exchange};
use crate::model::job::Job;
use crate::model::variable::Variable;
use crate::request::authorization;
use crate::settings::{AUTH, JWT_ISSUERS, TRANSFER_TOKEN, TRUST_FORWARDED, VARIABLES};
use crate::{Definition, Error, Ports, Settings, Version};

/// What there is in the tree of a tenant that can be exported.
#[derive(Debug, Clone, Copy)]
pub struct Exported {
    /// The resources, by API.
    pub definitions: &'static [&'static [&'static Definition]],
    /// What the APIs keep at keys of their own.
    pub spaces: &'static [Space],
    /// The kinds of jobs that can be under way.
    pub jobs: &'static [&'static dyn Job],
}

/// Keys of an API's own.
#[derive(Debug, Clone, Copy)]
pub struct Space {
    /// What they begin with.
    pub prefix: &'static str,
    /// Whether a value can be at a key.
    pub is_valid: fn(&str, &Bytes) -> bool,
    /// What all keys begin with that belong together with one, if some do: to import a part of them beside others
    /// would mean something else.
    pub unit: Option<fn(&str) -> Option<&str>>,
}

impl Exported {
    fn definitions(&self) -> impl Iterator<Item = &'static Definition> {
        self.definitions.iter().copied().flatten().copied()
    }
}

/// The variables of what exports and imports.
pub fn variables() -> Vec<&'static Variable> {
    let others = [&TRUST_FORWARDED, &AUTH, &JWT_ISSUERS];
    let mut variables: Vec<_> = VARIABLES.iter().filter(|it| !others.contains(it)).collect();
    variables.push(&TRANSFER_TOKEN);
    variables
}

/// Answers a `request` to export or import data of a tenant: of that which is `served`, or of any if that is
/// `*`. Where the deployment has no token for it, there is nothing at the path.
pub async fn serve_transfer<P: Ports, B: http_body::Body>(
    exported: &Exported,
    served: &str,
    settings: &Settings,
    ports: &P,
    request: Request<B>,
) -> Response<Bytes> {
    let token = settings.value(&TRANSFER_TOKEN);
    let target = Target::of(request.uri().path()).filter(|_| !token.is_empty());
    let route = target.as_ref().map(Target::route).unwrap_or_default();
    let exchange = Exchange::begin(route, Version::V5, settings, ports, &request);
    let answer = answer(exported, served, token, target, &exchange, request).await;
    exchange.end(answer)
}

async fn answer<P: Ports, B: http_body::Body>(
    exported: &Exported,
    served: &str,
    token: &str,
    target: Option<Target>,
    exchange: &Exchange<'_, P>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    exchange::expect_short(&request)?;
    let target = target.ok_or_else(|| Error::no_such_path(request.uri().path()))?;
    let allow = target.allow();
    if *request.method() == Method::OPTIONS {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        return Ok(response);
    }
    if !allow.split(", ").any(|method| method == request.method().as_str()) {
        return Err(Error::method_not_allowed(request.method(), allow));
    }
    authorization::expect_token(token, request.headers(), "The token is not that of transfers.")?;
    let wanted = Wanted::of(&target, served, request.uri().query().unwrap_or_default())?;
    let tree = tree(exchange.ports, &wanted.tenant).await?;
    match (target, request.method()) {
        (Target::Exports, _) => export::begin(exported, exchange, &wanted.tenant, &tree).await,
        (Target::Export(id), &Method::DELETE) => {
            export::end(exchange, &wanted.tenant, &tree, id).await
        }
        (Target::Export(id), _) => export::lines(exported, exchange, &tree, id, wanted.from).await,
        (Target::Import, _) => import::import(exported, exchange, &wanted, &tree, request).await,
    }
}

async fn tree<P: Ports>(ports: &P, tenant: &Tenant) -> Result<Tree<P::Kv>, Error> {
    let store = ports.store().await.map_err(kv_tree::Error::from)?;
    Ok(store.tree(TreeName::new(tenant.as_str())?))
}
