//! What every function shares with Spin, its host.
//!
//! A function is one line that names what it answers: [`serve_resource!`], [`serve_document!`],
//! [`serve_entry!`], [`serve_maintenance!`], [`serve_transfer!`], [`serve_site!`] or [`serve_console!`].
//! Everything else is here and in the crates below.
//!
//! # Layout
//!
//! * `settings` – the variables of the application.
//! * `outbound` – requests to others.
//! * `store` – the application's store, Spin's or one that hosts share, as the port of kv-tree.
//! * `instance` – how busy an instance is, and when it takes no more requests.
//! * `memcmp` – comparing bytes, which the C library does slowly.
//! * `clock` – the time.
//! * `host` – store, clock, ids, log and callers as the ports of tmf630 and access.

mod clock;
mod host;
mod instance;
#[cfg(any(test, target_family = "wasm"))]
mod memcmp;
mod outbound;
mod settings;
mod store;

use std::time::Duration;

use access::Tenant;
use bytes::Bytes;
use host::Host;
use http_body_util::Full;
use spin_sdk::http::{Request, Response};
use spin_sdk::wit_bindgen;
pub use static_site::{File, Site};
pub use tmf630::model::api::Api;
use tmf630::model::job::Job;
use tmf630::model::variable::Variable;
use tmf630::settings::{TENANT, VARIABLES, VARIABLES_OF_DOCUMENTS, VARIABLES_OF_ENTRIES};
pub use tmf630::{Definition, Exported};
use tmf630::{Settings, Version, events};

/// How long it takes at most until a response has left the instance, if that does nothing else.
const UNTIL_ANSWERED: Duration = Duration::from_millis(2);

/// Makes the crate the function that answers for the resource of a
/// [`Definition`](tmf630::Definition), or for what several APIs call the same.
#[macro_export]
macro_rules! serve_resource {
    ($($definition:expr),+) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            static DEFINITIONS: &[&$crate::Definition] = &[$(&$definition),+];
            $crate::serve_resource(DEFINITIONS, request).await
        }
    };
}

/// Makes the crate the function that answers with a JSON document of each version of some
/// [`Api`](tmf630::model::api::Api)s: the one called `$name` at the base path of the version.
#[macro_export]
macro_rules! serve_document {
    ($name:literal, $document:expr, $($api:expr),+) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            $crate::serve_document(&[$(&$api),+], $name, $document, request).await
        }
    };
}

/// Makes the crate the function that answers what no other function does: entry documents of the
/// APIs, and that there is nothing at all other paths.
#[macro_export]
macro_rules! serve_entry {
    ($($api:expr),+) => {
        #[spin_sdk::http_service]
        async fn handle(
            request: spin_sdk::http::Request,
        ) -> impl spin_sdk::http::IntoResponse {
            $crate::serve_entry(&[$(&$api),+], request).await
        }
    };
}

/// Makes the crate the function that goes on, in any tenant, with [`Job`]s that were interrupted, and
/// sends the events of some [`Api`](tmf630::model::api::Api)s.
#[macro_export]
macro_rules! serve_maintenance {
    ($jobs:expr, $($api:expr),+) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            static APIS: &[&$crate::Api] = &[$(&$api),+];
            $crate::serve_maintenance($jobs, APIS, request).await
        }
    };
}

/// Makes the crate the function that exports and imports what there is [`Exported`].
#[macro_export]
macro_rules! serve_transfer {
    ($exported:expr) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            $crate::serve_transfer(&$exported, request).await
        }
    };
}

/// Makes the crate the function that answers with the files of a [`Site`], which browsers hold to the
/// `$policy`, as long as the variable `$switch` is `on`.
#[macro_export]
macro_rules! serve_site {
    ($site:expr, $policy:expr, $switch:expr) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            $crate::serve_site($site, $policy, &$switch, request).await
        }
    };
}

/// Makes the crate the function that answers with the [`File`]s of the console.
#[macro_export]
macro_rules! serve_console {
    ($files:expr) => {
        #[spin_sdk::http_service]
        async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
            $crate::serve_console($files, request).await
        }
    };
}

/// Answers `request` for the resource that one of the `definitions` describes: of those of several APIs,
/// the one that the path leads to. What it begins goes on afterwards.
pub async fn serve_resource(
    definitions: &'static [&'static Definition],
    request: Request,
) -> Response<Full<Bytes>> {
    let host = host_of(definitions).await;
    let settings = host.as_ref().map(|host| host.settings.clone()).unwrap_or_default();
    let path = request.uri().path();
    let is_meant = |it: &&&Definition| it.api.base_of(path, &settings).is_some();
    let found = definitions.iter().find(is_meant).or(definitions.first());
    let Some(definition) = found.copied() else { return Response::default() };
    let host = match host {
        Ok(host) => host,
        Err(mistake) => {
            let host = Host::default();
            let response = tmf630::serve_mistake(Some(definition), &host, &request, &mistake);
            return response.map(Full::new);
        }
    };
    let response = tmf630::serve(definition, &host.settings, &host, request).await;
    instance::drain_if_due().await;
    if let Some(tenant) = host.work.take() {
        wit_bindgen::spawn(go_on(definition, host, tenant));
    }
    response.map(Full::new)
}

/// Goes on with what a request began in the tenant. The instance is kept for it, but if that ends,
/// nobody hears of it: that is what maintenance is for.
async fn go_on(definition: &'static Definition, host: Host, tenant: Tenant) {
    let jobs = definition.behaviour.map_or(&[][..], |behaviour| behaviour.jobs());
    // The response needs the instance for a moment on its way to the client.
    spin_sdk::time::sleep(UNTIL_ANSWERED).await;
    // Neither waits for the other.
    let others = Host { settings: host.settings.clone(), ..Host::default() };
    wit_bindgen::spawn(send(definition.api, others, tenant.clone()));
    if tmf630::jobs::finish(jobs, &host.settings, &host, &tenant).await {
        events::finish(definition.api, &host.settings, &host, &tenant).await;
    }
    instance::drain_if_due().await;
}

/// Sends the events of the API that are due in the tenant.
async fn send(api: &'static Api, host: Host, tenant: Tenant) {
    events::finish(api, &host.settings, &host, &tenant).await;
    instance::drain_if_due().await;
}

async fn host_of(definitions: &'static [&'static Definition]) -> Result<Host, String> {
    let choices = definitions.iter().flat_map(|definition| definition.choices());
    let settings = settings::settings(VARIABLES.iter().chain(choices)).await?;
    let authentication = Some(settings::authentication().await?);
    Ok(Host { settings, authentication, ..Host::default() })
}

/// Answers `request` with the JSON document called `name` of the API and version that was asked for.
pub async fn serve_document(
    apis: &[&'static Api],
    name: &str,
    document: impl Fn(&Api, Version) -> Option<&'static str>,
    request: Request,
) -> Response<Full<Bytes>> {
    with_settings(VARIABLES_OF_DOCUMENTS, apis, &request, |settings, host| {
        tmf630::serve_document(apis, name, document, settings, host, &request)
    })
    .await
}

/// Answers `request`, which no resource of the `apis` answers.
pub async fn serve_entry(apis: &[&'static Api], request: Request) -> Response<Full<Bytes>> {
    with_settings(VARIABLES_OF_ENTRIES, apis, &request, |settings, host| {
        tmf630::serve_entry(apis, settings, host, &request)
    })
    .await
}

/// Answers `request` to go on with the `jobs` of all tenants.
pub async fn serve_maintenance(
    jobs: &'static [&'static dyn Job],
    apis: &'static [&'static Api],
    request: Request,
) -> Response<Full<Bytes>> {
    let response = match settings::settings(tmf630::jobs::variables(jobs)).await {
        Ok(settings) => {
            let host = Host { settings, ..Host::default() };
            tmf630::serve_maintenance(jobs, apis, &host.settings, &host, &request).await
        }
        Err(mistake) => tmf630::serve_mistake(None, &Host::default(), &request, &mistake),
    };
    instance::drain_if_due().await;
    response.map(Full::new)
}

/// Answers `request` to export or import data of a tenant.
pub async fn serve_transfer(
    exported: &'static Exported,
    request: Request,
) -> Response<Full<Bytes>> {
    let configured = async {
        let settings = settings::settings(tmf630::transfer::variables()).await?;
        Ok::<_, String>((settings, settings::choice(&TENANT).await?))
    };
    let response = match configured.await {
        Ok((settings, tenant)) => {
            let host = Host { settings, ..Host::default() };
            tmf630::serve_transfer(exported, &tenant, &host.settings, &host, request).await
        }
        Err(mistake) => tmf630::serve_mistake(None, &Host::default(), &request, &mistake),
    };
    instance::drain_if_due().await;
    response.map(Full::new)
}

/// Answers `request` with a file of the `site`.
pub async fn serve_site(
    site: Site,
    policy: &str,
    switch: &'static Variable,
    request: Request,
) -> Response<Full<Bytes>> {
    let response = match settings::choice(switch).await {
        Ok(choice) if choice == "on" => site.answer(&request, policy),
        Ok(_) => Site { files: &[], ..site }.answer(&request, policy),
        Err(mistake) => tmf630::serve_mistake(None, &Host::default(), &request, &mistake),
    };
    response.map(Full::new)
}

/// Answers `request` with a file of the console, or with what its page is told.
pub async fn serve_console(files: &'static [File], request: Request) -> Response<Full<Bytes>> {
    let response = match settings::console().await {
        Ok(settings) => console_host::answer(files, &settings, &request),
        Err(mistake) => tmf630::serve_mistake(None, &Host::default(), &request, &mistake),
    };
    response.map(Full::new)
}

async fn with_settings(
    variables: &'static [Variable],
    apis: &[&'static Api],
    request: &Request,
    answer: impl FnOnce(&Settings, &Host) -> Response<Bytes>,
) -> Response<Full<Bytes>> {
    let aliases = apis.iter().filter_map(|api| api.alias);
    let response = match settings::settings(variables.iter().chain(aliases)).await {
        Ok(settings) => {
            let host = Host { settings, ..Host::default() };
            answer(&host.settings, &host)
        }
        Err(mistake) => tmf630::serve_mistake(None, &Host::default(), request, &mistake),
    };
    response.map(Full::new)
}
