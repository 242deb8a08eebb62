//! An operator's books: accounts, items and bills, and what is answered about them.

// Each test file uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod audit;

use std::time::Duration;

pub use account_management::{BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, FINANCIAL_ACCOUNT};
use bytes::Bytes;
pub use customer_bill_management::{
    APPLIED_CUSTOMER_BILLING_RATE as ITEM, BILL_CYCLE as CYCLE, CUSTOMER_BILL as BILL,
    CUSTOMER_BILL_ON_DEMAND as ON_DEMAND, JOBS,
};
use http::{Method, Response};
use kv_tree::{KeyRange, Memory, TreeName};
use pollster::block_on;
pub use serde_json::{Value, json};
use tmf630::Definition;
pub use tmf630::testing::{World, caller, expect, request, request_in};

/// The books, at one instance.
pub struct Books(pub World);

impl Books {
    pub fn new() -> Self {
        Self(World::on(Memory::default()))
    }

    /// What is answered to a request with a JSON body.
    pub fn ask(
        &self,
        definition: &'static Definition,
        method: Method,
        rest: &str,
        body: &Value,
    ) -> Response<Bytes> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        block_on(self.0.ask(definition, request(definition, method, rest, &body)))
    }

    #[track_caller]
    pub fn post(&self, definition: &'static Definition, body: &Value) -> Value {
        expect(&self.ask(definition, Method::POST, "", body), 201)
    }

    /// The error that a POST is refused with.
    #[track_caller]
    pub fn refused(&self, definition: &'static Definition, status: u16, body: &Value) -> String {
        let error = expect(&self.ask(definition, Method::POST, "", body), status);
        error["message"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub fn get(&self, definition: &'static Definition, id: &str) -> Value {
        expect(&self.ask(definition, Method::GET, &format!("/{id}"), &Value::Null), 200)
    }

    pub fn status(&self, definition: &'static Definition, method: Method, id: &str) -> u16 {
        self.ask(definition, method, &format!("/{id}"), &Value::Null).status().as_u16()
    }

    /// What is listed for a query, and how many there are on all pages.
    #[track_caller]
    pub fn list(&self, definition: &'static Definition, query: &str) -> (Vec<Value>, u64) {
        let response = self.ask(definition, Method::GET, &format!("?{query}"), &Value::Null);
        let total = response.headers()["x-total-count"].to_str().unwrap().parse().unwrap();
        let found = expect(&response, 200);
        (found.as_array().unwrap().clone(), total)
    }

    #[track_caller]
    pub fn patch(&self, definition: &'static Definition, id: &str, body: &Value) -> Value {
        expect(&self.ask(definition, Method::PATCH, &format!("/{id}"), body), 200)
    }

    /// The error that a PATCH is refused with.
    #[track_caller]
    pub fn patch_refused(
        &self,
        definition: &'static Definition,
        status: u16,
        id: &str,
        body: &Value,
    ) -> String {
        let answer = self.ask(definition, Method::PATCH, &format!("/{id}"), body);
        expect(&answer, status)["message"].as_str().unwrap_or_default().to_owned()
    }

    /// An active account with the id and further attributes.
    pub fn account(&self, id: &str, attributes: Value) {
        let mut account = json!({
            "id": id, "name": format!("Account {id}"), "state": "Active",
            "relatedParty": [
                { "role": "customer", "partyOrPartyRole": { "id": format!("customer of {id}"), "name": "A" } },
                { "role": "seller", "partyOrPartyRole": { "id": "partner", "name": "P" } },
            ],
        });
        merge(&mut account, attributes);
        self.post(&BILLING_ACCOUNT, &account);
    }

    /// An item of the account, with a tax of 19 %.
    pub fn item(&self, account: &str, excluded: &str, tax: &str, attributes: Value) -> Value {
        self.post(&ITEM, &item(account, excluded, tax, attributes))
    }

    /// The id of the bill that is being made.
    pub fn unpublished(&self) -> String {
        let found = async {
            let store = tmf630::Ports::store(&self.0).await.unwrap();
            let snapshot = store.tree(TreeName::new("default").unwrap()).snapshot().await.unwrap();
            let prefix = KeyRange::prefix("bills/unpublished/");
            let mut scan = snapshot.scan(prefix, kv_tree::Order::Ascending);
            let (key, _) = scan.next().await.unwrap().unwrap();
            String::from_utf8(key.to_vec()).unwrap()
        };
        block_on(found).rsplit('/').next().unwrap().to_owned()
    }

    /// How many keys of the tenant's tree begin so.
    pub fn keys(&self, prefix: &str) -> u64 {
        let tree = TreeName::new("default").unwrap();
        let count = async {
            let store = tmf630::Ports::store(&self.0).await.unwrap();
            let snapshot = store.tree(tree).snapshot().await.unwrap();
            snapshot.count(&KeyRange::prefix(prefix)).await.unwrap()
        };
        block_on(count)
    }

    /// Makes the resource unreadable.
    pub fn damage(&self, definition: &Definition, id: &str) {
        let key = format!("{}/r/{id}", definition.name());
        let damage = async {
            let store = tmf630::Ports::store(&self.0).await.unwrap();
            let tree = store.tree(TreeName::new("default").unwrap());
            let damage = tree.transact(async |transaction| {
                transaction.put(key.clone(), "?");
                Ok::<_, kv_tree::Error>(())
            });
            damage.await.unwrap();
        };
        block_on(damage);
    }

    /// What is answered when the items are created together.
    pub fn bulk(&self, items: &[Value]) -> Response<Bytes> {
        let add = |item: &Value| json!({ "op": "add", "path": "/", "value": item });
        let operations: Value = items.iter().map(add).collect();
        let mut request = request(&ITEM, Method::PATCH, "", &operations.to_string());
        let media_type = "application/json-patch+json".parse().unwrap();
        request.headers_mut().insert("content-type", media_type);
        block_on(self.0.ask(&ITEM, request))
    }

    pub fn financial_account(&self, id: &str) {
        let party = json!([{ "role": "owner", "partyOrPartyRole": { "id": "operator" } }]);
        self.post(&FINANCIAL_ACCOUNT, &json!({ "id": id, "name": id, "relatedParty": party }));
    }

    /// Goes on with what goes on after requests, until it is done.
    pub fn work(&self) {
        let progress = block_on(self.0.work(&ON_DEMAND, JOBS, Duration::from_secs(1)));
        assert_eq!(progress.map_err(|_| "failed").unwrap().left, 0, "{:?}", self.0.log.borrow());
    }

    /// The balances of an account: kind, currency and amount of each.
    #[track_caller]
    pub fn balances(&self, definition: &'static Definition, id: &str) -> Vec<String> {
        balances_of(&self.get(definition, id))
    }
}

/// Does one step of what goes on after requests.
pub fn step(books: &Books) {
    let end = Duration::ZERO;
    let progress = block_on(books.0.work(&ON_DEMAND, JOBS, end));
    assert!(progress.is_ok(), "{:?}", books.0.log.borrow());
}

pub fn balances_of(account: &Value) -> Vec<String> {
    let balances = account["accountBalance"].as_array().cloned().unwrap_or_default();
    let text = |balance: &Value| {
        let amount = &balance["amount"];
        format!(
            "{} {} {}",
            balance["balanceType"].as_str().unwrap(),
            amount["unit"].as_str().unwrap(),
            amount["value"]
        )
    };
    balances.iter().map(text).collect()
}

pub fn item(account: &str, excluded: &str, tax: &str, attributes: Value) -> Value {
    let mut item = json!({
        "name": "Usage",
        "billingAccount": { "id": account },
        "date": "2026-01-15T00:00:00Z",
        "taxExcludedAmount": money("EUR", excluded),
        "appliedTax": [{ "taxCategory": "VAT", "taxRate": 19, "taxAmount": money("EUR", tax) }],
    });
    merge(&mut item, attributes);
    item
}

pub fn money(unit: &str, value: &str) -> Value {
    json!({ "unit": unit, "value": serde_json::from_str::<Value>(value).unwrap() })
}

fn merge(document: &mut Value, attributes: Value) {
    for (name, value) in attributes.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(document.as_object_mut().unwrap().remove(name)),
            value => document[name] = value.clone(),
        }
    }
}
