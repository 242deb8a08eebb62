//! How many calls of the store bills cost.

mod common;

use account_management::BILLING_ACCOUNT;
use common::{ITEM, ON_DEMAND, World, item, json, request};
use http::Method;
use kv_tree::{Memory, Metered};
use pollster::block_on;
use tmf630::{Definition, Ports};

type Books = World<Metered<Memory>>;

fn write_calls(books: &Books) -> u64 {
    let usage = async {
        let store = Ports::store(books).await.unwrap();
        let tree = store.tree(kv_tree::TreeName::new("default").unwrap());
        tree.kv().usage().write_calls
    };
    block_on(usage)
}

fn post(books: &Books, definition: &'static Definition, body: &common::Value) {
    let answer =
        block_on(books.ask(definition, request(definition, Method::POST, "", &body.to_string())));
    assert_eq!(answer.status(), 201, "{answer:?}");
}

#[test]
fn a_bill_of_a_hundred_items_takes_four_write_calls_at_most() {
    let books = World::on(Metered::new(Memory::default()));
    let party = json!([{ "role": "customer", "partyOrPartyRole": { "id": "c" } }]);
    for account in ["a", "b", "c"] {
        post(
            &books,
            &BILLING_ACCOUNT,
            &json!({ "id": account, "name": "A", "relatedParty": party }),
        );
        for _ in 0..100 {
            post(&books, &ITEM, &item(account, "0.1", "0.019", json!({})));
        }
    }
    for account in ["a", "b", "c"] {
        let before = write_calls(&books);
        post(&books, &ON_DEMAND, &json!({ "billingAccount": { "id": account } }));
        let calls = write_calls(&books) - before;
        assert!((1..=4).contains(&calls), "{calls}");
    }
}
