//! Entry documents: what there is at `/` and at the base path of each API, for those who do not know
//! yet. Who asks at `/` for a page rather than for data is sent to the console. Everything else that no
//! resource answers leads to nothing.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::document::answer;
use crate::answer::exchange::Exchange;
use crate::answer::links;
use crate::model::api::{Api, ApiVersion, Resource};
use crate::request::negotiation;
use crate::request::target::{self, Route};
use crate::settings::CONSOLE;
use crate::{Ports, Settings, Version};

/// Answers a `request` that no resource of the `apis` answers.
pub fn serve_entry<P: Ports, B>(
    apis: &[&'static Api],
    settings: &Settings,
    ports: &P,
    request: &Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let entry = Entry::at(path, apis, settings);
    let (route, version) = match &entry {
        Some(Entry::All) => (Route::Application, Version::V5),
        Some(Entry::Api(api, _)) => (Route::Api(api), Version::V5),
        Some(Entry::Version(api, served, _)) => {
            (Route::Version(api, served.version), served.version)
        }
        None => (Route::Nowhere, target::version_at(path, apis, settings)),
    };
    let exchange = Exchange::begin(route, version, settings, ports, request);
    if matches!(entry, Some(Entry::All)) && is_for_people(settings, request) {
        return exchange.end(Ok(to_console()));
    }
    let base_url = links::base_url(settings, request);
    exchange.end(base_url.and_then(|base_url| {
        let document =
            entry.map(|entry| Bytes::from(entry.document(apis, settings, &base_url).to_string()));
        answer(document, request)
    }))
}

/// Whether a browser asks, for somebody who wants to look.
fn is_for_people<B>(settings: &Settings, request: &Request<B>) -> bool {
    let accepted = negotiation::accepted(request.headers());
    let offered = ["application/json", "text/html"];
    settings.value(&CONSOLE) == "on"
        && matches!(*request.method(), Method::GET | Method::HEAD)
        && negotiation::preferred(&accepted, &offered) == Some("text/html")
}

/// Leads to the console, whatever path a proxy has put before it.
fn to_console() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("console/"));
    response
}

/// What an entry document tells of.
enum Entry<'p> {
    All,
    /// An API, with the base path that the client uses.
    Api(&'static Api, &'p str),
    Version(&'static Api, &'static ApiVersion, &'p str),
}

impl<'p> Entry<'p> {
    fn at(path: &'p str, apis: &[&'static Api], settings: &Settings) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Some(Self::All);
        }
        let find = |api: &&'static Api| Some((*api, api.base_of(path, settings)?));
        let (api, base) = apis.iter().find_map(find)?;
        if path == base {
            return Some(Self::Api(api, base));
        }
        let is_at = |version: &&ApiVersion| base_path(base, version) == path;
        api.versions.iter().find(is_at).map(|version| Self::Version(api, version, base))
    }

    fn document(&self, apis: &[&'static Api], settings: &Settings, base_url: &str) -> Value {
        match self {
            Self::All => {
                let apis: Vec<_> = apis.iter().map(|api| of_api(api, api.base, base_url)).collect();
                let access = match settings.asks_who_calls {
                    true => "An access token is needed (RFC 6750).",
                    false => "Callers are not asked who they are: everybody may do everything.",
                };
                json!({ "href": format!("{base_url}/"), "access": access, "api": apis })
            }
            Self::Api(api, base) => of_api(api, base, base_url),
            Self::Version(api, version, base) => {
                let mut document = of_version(api, version, base, base_url);
                let resource = |resource: &Resource| {
                    json!({
                        "name": resource.name,
                        "description": resource.description,
                        "href": format!("{base_url}{}/{}", base_path(base, version), resource.name)
                    })
                };
                document["resource"] = api.resources_of(version.version).map(resource).collect();
                document
            }
        }
    }
}

/// The path that all resources of the version lie under.
fn base_path(base: &str, version: &ApiVersion) -> String {
    format!("{base}/v{}", version.version.number())
}

fn of_api(api: &Api, base: &str, base_url: &str) -> Value {
    let versions: Vec<_> =
        api.versions.iter().map(|version| of_version(api, version, base, base_url)).collect();
    json!({
        "id": api.number,
        "title": api.title,
        "href": format!("{base_url}{base}"),
        "version": versions
    })
}

fn of_version(api: &Api, version: &ApiVersion, base: &str, base_url: &str) -> Value {
    let href = format!("{base_url}{}", base_path(base, version));
    json!({
        "title": format!("{} ({} v{})", api.title, api.number, version.release),
        "release": version.release,
        "openapi": format!("{href}/openapi.json"),
        "href": href
    })
}
