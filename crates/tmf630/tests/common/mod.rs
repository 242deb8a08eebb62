//! An API on a store in memory, and what to ask of it.

// Each test file uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod counting;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use pollster::block_on;
use serde_json::{Value, json};
use tmf630::Definition;
use tmf630::model::api::Api;
use tmf630::model::index::Index;
pub use tmf630::testing::accounts::{ACCOUNTS, API};
pub use tmf630::testing::{World, expect, request, request_in};

static API_WITHOUT_RELATIONS: Api = Api { relations: &[], ..API };

/// The same without a single index.
pub static UNINDEXED: Definition =
    Definition { api: &API_WITHOUT_RELATIONS, own_indexes: &[], ..ACCOUNTS };

/// The same with one index only.
pub static BY_NAME: Definition = Definition { own_indexes: &[Index::text("name")], ..UNINDEXED };

/// What tests ask of an instance, and wait for.
pub trait Asking {
    fn ask_now(
        &self,
        definition: &'static Definition,
        request: Request<Full<Bytes>>,
    ) -> Response<Bytes>;

    fn get(&self, definition: &'static Definition, rest: &str) -> Response<Bytes> {
        self.ask_now(definition, request(definition, Method::GET, rest, ""))
    }

    fn post(&self, definition: &'static Definition, document: &Value) -> Response<Bytes> {
        self.ask_now(definition, request(definition, Method::POST, "", &document.to_string()))
    }

    fn patch(&self, definition: &'static Definition, id: &str, patch: &Value) -> Response<Bytes> {
        let rest = format!("/{id}");
        self.ask_now(definition, request(definition, Method::PATCH, &rest, &patch.to_string()))
    }

    fn delete(&self, definition: &'static Definition, id: &str) -> Response<Bytes> {
        self.ask_now(definition, request(definition, Method::DELETE, &format!("/{id}"), ""))
    }
}

impl Asking for World {
    fn ask_now(
        &self,
        definition: &'static Definition,
        request: Request<Full<Bytes>>,
    ) -> Response<Bytes> {
        block_on(self.ask(definition, request))
    }
}

/// The ids of the items of a list and the total.
#[track_caller]
pub fn ids(list: &Response<Bytes>) -> (Vec<String>, String) {
    let items = expect(list, 200);
    let ids = items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
    (ids.collect(), list.headers()["x-total-count"].to_str().unwrap().to_owned())
}

/// The least account with a name.
pub fn account(name: &str) -> Value {
    json!({
        "name": name,
        "relatedParty": [{ "role": "owner", "partyOrPartyRole": { "id": "1" } }]
    })
}
