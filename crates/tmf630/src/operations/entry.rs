//! Entry documents: what there is at `/` and at the base path of each API, for those who do not know
//! yet. Everything else that no resource answers leads to nothing.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use super::document::answer;
use crate::answer::exchange::Exchange;
use crate::answer::links;
use crate::model::api::{Api, ApiVersion, Resource};
use crate::request::target::Route;
use crate::{Ports, Settings, Version};

/// Answers a `request` that no resource of the `apis` answers.
pub fn serve_entry<P: Ports, B>(
    apis: &[&'static Api],
    settings: &Settings,
    ports: &P,
    request: &Request<B>,
) -> Response<Bytes> {
    let path = request.uri().path();
    let entry = Entry::at(path, apis);
    let (route, version) = match &entry {
        Some(Entry::All) => (Route::Application, Version::V5),
        Some(Entry::Api(api)) => (Route::Api(api), Version::V5),
        Some(Entry::Version(api, served)) => (Route::Version(api, served.version), served.version),
        None => {
            let api = apis.iter().find(|api| is_below(path, api));
            (Route::Nowhere, api.map_or(Version::V5, |api| api.version_at(path)))
        }
    };
    let exchange = Exchange::begin(route, version, settings, ports, request);
    let base_url = links::base_url(settings, request);
    exchange.end(base_url.and_then(|base_url| {
        let document =
            entry.map(|entry| Bytes::from(entry.document(apis, settings, &base_url).to_string()));
        answer(document, request)
    }))
}

/// What an entry document tells of.
enum Entry {
    All,
    Api(&'static Api),
    Version(&'static Api, &'static ApiVersion),
}

impl Entry {
    fn at(path: &str, apis: &[&'static Api]) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() {
            return Some(Self::All);
        }
        let api = apis.iter().find(|api| is_below(path, api))?;
        if path == api.base {
            return Some(Self::Api(api));
        }
        let is_at = |version: &&ApiVersion| api.base_path(version.version) == path;
        api.versions.iter().find(is_at).map(|version| Self::Version(api, version))
    }

    fn document(&self, apis: &[&'static Api], settings: &Settings, base_url: &str) -> Value {
        match self {
            Self::All => {
                let apis: Vec<_> = apis.iter().map(|api| of_api(api, base_url)).collect();
                let access = match settings.asks_who_calls {
                    true => "An access token is needed (RFC 6750).",
                    false => "Callers are not asked who they are: everybody may do everything.",
                };
                json!({ "href": format!("{base_url}/"), "access": access, "api": apis })
            }
            Self::Api(api) => of_api(api, base_url),
            Self::Version(api, version) => {
                let mut document = of_version(api, version, base_url);
                let resource = |resource: &Resource| {
                    json!({
                        "name": resource.name,
                        "description": resource.description,
                        "href": format!("{base_url}{}/{}", api.base_path(version.version), resource.name)
                    })
                };
                document["resource"] = api.resources.iter().map(resource).collect();
                document
            }
        }
    }
}

/// Whether the path is the base path of the API, or lies below it.
fn is_below(path: &str, api: &Api) -> bool {
    path.strip_prefix(api.base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn of_api(api: &Api, base_url: &str) -> Value {
    let versions: Vec<_> =
        api.versions.iter().map(|version| of_version(api, version, base_url)).collect();
    json!({
        "id": api.number,
        "title": api.title,
        "href": format!("{base_url}{}", api.base),
        "version": versions
    })
}

fn of_version(api: &Api, version: &ApiVersion, base_url: &str) -> Value {
    let href = format!("{base_url}{}", api.base_path(version.version));
    json!({
        "title": format!("{} ({} v{})", api.title, api.number, version.release),
        "release": version.release,
        "openapi": format!("{href}/openapi.json"),
        "href": href
    })
}
