//! The application with a receiver of its events beside it.

use std::ops::Deref;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::receiver::Receiver;
use crate::{Api, Resource};

/// The token of `POST /maintenance`.
pub const MAINTENANCE_TOKEN: &str = "secret";

/// What a deployment says that may send to this machine, and waits for nobody for long.
pub const TO_THIS_MACHINE: [(&str, &str); 6] = [
    ("event_hosts", "http://127.0.0.1:*"),
    ("event_private_addresses", "allow"),
    ("event_timeout", "1"),
    ("event_first_retry", "0.05"),
    ("event_last_retry", "0.2"),
    ("maintenance_token", MAINTENANCE_TOKEN),
];

/// How long it takes from the end of a call of `POST /maintenance` to the next one.
const PERIOD: Duration = Duration::from_millis(50);

/// The application, somebody who calls `POST /maintenance`, and a receiver.
pub struct Told {
    api: Api,
    pub receiver: Receiver,
    maintenance: Option<Maintenance>,
}

impl Deref for Told {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Told {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The application with values for variables, beside those that it needs to reach the receiver.
    pub async fn start_with(variables: &[(&str, &str)]) -> Self {
        let told = Self::unattended_with(variables).await;
        let maintenance = Maintenance::start(&told.api.base_url());
        Self { maintenance: Some(maintenance), ..told }
    }

    /// The same where nobody calls `POST /maintenance`.
    pub async fn unattended_with(variables: &[(&str, &str)]) -> Self {
        let receiver = Receiver::start().await;
        let api = Api::start_with(&[&TO_THIS_MACHINE, variables].concat()).await;
        Self { api, receiver, maintenance: None }
    }

    /// Stops the application and starts it again on the same data. What does not arrive meanwhile must
    /// arrive afterwards.
    pub async fn restart(self) -> Self {
        drop(self.maintenance);
        let api = self.api.restart().await;
        let maintenance = Maintenance::start(&api.base_url());
        Self { api, receiver: self.receiver, maintenance: Some(maintenance) }
    }

    /// Subscribes at a path of the receiver to what the query says, of TMF666 in v5.
    pub async fn subscribe(&self, path: &str, query: &str) -> Value {
        subscribe(&self.api.on("hub"), &self.receiver.at(path), query).await
    }

    /// The same in v4.
    pub async fn subscribe_in_v4(&self, path: &str, query: &str) -> Value {
        subscribe(&self.api.on_v4("hub"), &self.receiver.at(path), query).await
    }
}

/// Subscribes at the callback to what the query says, or to everything.
pub async fn subscribe(hub: &Resource, callback: &str, query: &str) -> Value {
    let mut subscription = json!({ "callback": callback });
    if !query.is_empty() {
        subscription["query"] = json!(query);
    }
    hub.create(&subscription).await
}

/// Calls `POST /maintenance` as a scheduler does, until it is dropped.
pub struct Maintenance(JoinHandle<()>);

impl Maintenance {
    pub fn start(base_url: &str) -> Self {
        let base_url = base_url.to_owned();
        Self(tokio::spawn(async move {
            loop {
                // The application may be stopping, or have too much to do for now.
                if let Some(status) = maintain(&base_url).await {
                    assert!(matches!(status, 200 | 503), "{status}");
                }
                tokio::time::sleep(PERIOD).await;
            }
        }))
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The status of a call of `POST /maintenance`, if there is an answer.
pub async fn maintain(base_url: &str) -> Option<u16> {
    let request = Client::new().post(format!("{base_url}/maintenance"));
    let answer = request.bearer_auth(MAINTENANCE_TOKEN).send().await.ok()?;
    Some(answer.status().as_u16())
}
