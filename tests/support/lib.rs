//! What black-box tests have in common: the application on a free port, and a client for it.
//!
//! Helpers expect what they are named for and panic otherwise, so that a test reads as the scenario
//! that it checks.

#![forbid(unsafe_code)]

pub mod browser;
pub mod documents;
pub mod events;
pub mod javascript;
pub mod key_server;
pub mod process;
pub mod provider;
pub mod receiver;
pub mod request;
pub mod store;
pub mod tokens;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use devhost::{Log, Options, Running};
use reqwest::{Client, header::HeaderMap};
pub use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
pub use serde_json::json;
use tempfile::TempDir;

/// The path of the billing accounts.
pub const BILLING_ACCOUNT: &str = "/tmf-api/accountManagement/v5/billingAccount";

/// All resources.
pub const RESOURCES: [&str; 7] = [
    "partyAccount",
    "billingAccount",
    "settlementAccount",
    "financialAccount",
    "billFormat",
    "billPresentationMedia",
    "billingCycleSpecification",
];

/// The running application. Requests go to the billing accounts unless [`Api::on`] says otherwise.
pub struct Api {
    accounts: Resource,
    running: Running,
    state_dir: PathBuf,
    variables: Vec<(String, String)>,
    /// What the log has.
    lines: Arc<Mutex<Vec<String>>>,
    /// Removed with its contents at the end of the test that made it.
    _own_state_dir: Option<TempDir>,
}

/// A resource of the application, as somebody uses it.
#[derive(Clone)]
pub struct Resource {
    client: Client,
    url: String,
    /// What every request shows, if anything.
    token: Option<String>,
}

impl Deref for Api {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        &self.accounts
    }
}

/// A response, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Api {
    /// The application with an empty store.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The application with an empty store and values for its variables.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let api = Self::start_on(state_dir.path(), variables).await;
        Self { _own_state_dir: Some(state_dir), ..api }
    }

    /// The application with the data in `state_dir`.
    pub async fn start_on(state_dir: &Path, variables: &[(&str, &str)]) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let running = options(state_dir, variables, log_into(lines.clone()))
            .start()
            .await
            .unwrap_or_else(|error| panic!("{error:#}"));
        let state_dir = state_dir.to_owned();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = variables.iter().map(owned).collect();
        let url = format!("{}{BILLING_ACCOUNT}", running.base_url());
        let accounts = Resource { client: Client::new(), url, token: None };
        Self { accounts, running, state_dir, variables, lines, _own_state_dir: None }
    }

    /// Stops the application and starts it again on the same data, with the same variables.
    pub async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// The same, and does something with the directory of the data meanwhile.
    pub async fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.running.stop().await;
        meanwhile(&self.state_dir);
        let variables: Vec<_> =
            self.variables.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let api = Self::start_on(&self.state_dir, &variables).await;
        Self { _own_state_dir: self._own_state_dir, ..api }
    }

    /// Stops the application.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// Where the data lies.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// Where the application is reached.
    pub fn base_url(&self) -> String {
        self.running.base_url()
    }

    /// What the log has since the application was started.
    pub fn log(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Another resource, by its name.
    pub fn on(&self, resource: &str) -> Resource {
        self.in_version("v5", resource)
    }

    /// A resource as v4 has it.
    pub fn on_v4(&self, resource: &str) -> Resource {
        self.in_version("v4", resource)
    }

    /// A resource as a version has it: `v4` or `v5`.
    pub fn in_version(&self, version: &str, resource: &str) -> Resource {
        self.at(&format!("/tmf-api/accountManagement/{version}"), resource)
    }

    /// A resource of any API, by the base path of a version of that.
    pub fn at(&self, base: &str, resource: &str) -> Resource {
        let url = format!("{}{base}/{resource}", self.base_url());
        Resource { url, ..self.accounts.clone() }
    }
}

impl Resource {
    /// The resource as whoever has the token uses it.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request to `path` below the resource, or to an absolute address.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.starts_with("http://") {
            true => path.to_owned(),
            false => format!("{}{path}", self.url),
        };
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// What a GET answers.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).answer().await
    }

    /// What a POST of the document answers.
    pub async fn post(&self, document: &Value) -> Answer {
        self.request(Method::POST, "").json(document).answer().await
    }

    /// What a merge patch of what has the id answers.
    pub async fn patch(&self, id: &str, patch: &Value) -> Answer {
        self.patch_as("application/merge-patch+json", id, patch).await
    }

    /// What a PATCH of the media type answers.
    pub async fn patch_as(&self, media_type: &str, id: &str, patch: &Value) -> Answer {
        let path = if id.is_empty() { String::new() } else { format!("/{id}") };
        let request = self.request(Method::PATCH, &path);
        request.header("content-type", media_type).body(patch.to_string()).answer().await
    }

    /// What is answered to creating all of the documents at once.
    pub async fn post_many(&self, documents: &[Value]) -> Answer {
        let add = |document: &Value| json!({ "op": "add", "path": "/", "value": document });
        let operations = documents.iter().map(add).collect();
        self.patch_as("application/json-patch+json", "", &operations).await
    }

    /// What a DELETE of what has the id answers.
    pub async fn delete(&self, id: &str) -> Answer {
        self.request(Method::DELETE, &format!("/{id}")).answer().await
    }

    /// Creates what the document describes and returns it.
    pub async fn create(&self, document: &Value) -> Value {
        self.post(document).await.expect(StatusCode::CREATED)
    }

    /// Reads what exists.
    pub async fn read(&self, id: &str) -> Value {
        self.get(&format!("/{id}")).await.expect(StatusCode::OK)
    }

    /// How many there are.
    pub async fn total(&self) -> u64 {
        let list = self.get("?limit=0").await;
        list.expect(StatusCode::OK);
        list.header("x-total-count").parse().unwrap()
    }
}

/// A log that shows what failed in the server, and not every request.
pub fn log_of_failures() -> Log {
    Log::to(show_failure)
}

/// The same, which keeps all of its lines too.
fn log_into(lines: Arc<Mutex<Vec<String>>>) -> Log {
    Log::to(move |line| {
        show_failure(line);
        lines.lock().unwrap().push(line.to_owned());
    })
}

fn show_failure(line: &str) {
    if !line.starts_with('{') || line.contains("\"error\"") {
        eprintln!("{line}");
    }
}

/// How the application is started: on a free port, with the data in `state_dir`, or else where the tests are
/// told to have it.
pub fn options(state_dir: &Path, variables: &[(&str, &str)], log: Log) -> Options {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spin.toml");
    let is_said = variables.iter().any(|(name, _)| *name == "store");
    let shared = if is_said { Vec::new() } else { store::shared(state_dir) };
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let variables = shared.into_iter().chain(variables);
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        state_dir: Some(state_dir.to_owned()),
        variables: variables.collect(),
        log,
        ..Options::new(manifest)
    }
}

/// Sending a request and reading its response whole.
pub trait Answering {
    fn answer(self) -> impl Future<Output = Answer> + Send;
}

impl Answering for RequestBuilder {
    async fn answer(self) -> Answer {
        let response = self.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}

impl Answer {
    /// The JSON of a response that has the status. The media type may have v4's charset.
    #[track_caller]
    pub fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{self:#?}");
        let media_type = self.header("content-type");
        assert!(matches!(media_type, "application/json" | "application/json;charset=utf-8"));
        self.json()
    }

    /// An error with the status and with the code of TMF630, in the form that every error has.
    #[track_caller]
    pub fn expect_error(&self, status: u16, code: &str) -> Value {
        let error = self.expect(StatusCode::from_u16(status).unwrap());
        assert_eq!(error["@type"], "Error", "{error}");
        assert_eq!(error["status"], status.to_string(), "{error}");
        assert_eq!(error["code"], code, "{error}");
        assert!(error["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{error}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        error
    }

    /// The error of either version: what it has is its own, and that of no other version.
    #[track_caller]
    pub fn expect_error_of(&self, version: &str, status: u16, code: &str) -> Value {
        let error = self.expect(StatusCode::from_u16(status).unwrap());
        let class = error.get("@type").and_then(Value::as_str);
        assert_eq!(class, (version == "v5").then_some("Error"), "{error}");
        assert_eq!(error["status"], status.to_string(), "{error}");
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// The error, in either version, that somebody may not do this, with the code of TMF630.
    #[track_caller]
    pub fn expect_refusal(&self, code: &str) -> Value {
        let error = self.expect(StatusCode::FORBIDDEN);
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// The error, in either version, that there is no resource with the id.
    #[track_caller]
    pub fn expect_no_resource(&self, id: &str) {
        let error = self.expect(StatusCode::NOT_FOUND);
        assert_eq!(error["code"], "60", "{error}");
        assert_eq!(error["message"], format!("No resource has the id {id}."), "{error}");
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The value of a header that is there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:#?}"));
        value.to_str().unwrap()
    }
}

/// The least that makes an account.
pub fn account(name: &str) -> Value {
    json!({
        "@type": "BillingAccount",
        "name": name,
        "relatedParty": [{
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": "owner",
            "partyOrPartyRole": { "@type": "PartyRef", "id": "4711", "@referredType": "Organization" }
        }]
    })
}

/// The least that makes an account in v4.
pub fn v4_account(name: &str) -> Value {
    json!({
        "name": name,
        "relatedParty": [{ "id": "4711", "name": "Acme", "@referredType": "Organization" }]
    })
}

/// The least that makes an account with the id, of the parties, each with its role.
pub fn account_of(id: &str, parties: &[(&str, &str)]) -> Value {
    let party = |(id, role): &(&str, &str)| {
        json!({
            "role": role,
            "partyOrPartyRole": { "@type": "PartyRef", "id": id, "@referredType": "Organization" }
        })
    };
    let parties: Vec<_> = parties.iter().map(party).collect();
    json!({ "id": id, "name": format!("Account {id}"), "relatedParty": parties })
}

/// The same in v4.
pub fn v4_account_of(id: &str, parties: &[(&str, &str)]) -> Value {
    let party = |(id, role): &(&str, &str)| {
        json!({
            "role": role, "id": id, "name": id, "@referredType": "Organization"
        })
    };
    let parties: Vec<_> = parties.iter().map(party).collect();
    json!({ "id": id, "name": format!("Account {id}"), "relatedParty": parties })
}

/// The values of an attribute of the items of a list, in its order.
#[track_caller]
pub fn values_of(list: &Answer, attribute: &str) -> Vec<String> {
    let items = list.expect(StatusCode::OK);
    let text = |item: &Value| item[attribute].as_str().unwrap_or("-").to_owned();
    items.as_array().unwrap().iter().map(text).collect()
}

/// The id of a document.
pub fn id(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}
