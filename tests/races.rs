//! Rules between resources hold while two clients change both sides of them at once: through one
//! application, whose resources are functions of their own, and through two on the same data.

use black_box_tests::{Api, StatusCode, account, json};
use serde_json::Value;

/// How often two clients race, in each of both ways.
const ROUNDS: usize = 250;

/// Runs `race` with two clients of one application, and with a client of each of two.
async fn race(variables: &[(&str, &str)], race: impl AsyncFn(&Api, &Api)) {
    let data = tempfile::tempdir().unwrap();
    let api = Api::start_on(data.path(), variables).await;
    race(&api, &api).await;
    api.stop().await;

    let shared = tempfile::tempdir().unwrap();
    let first = Api::start_on(shared.path(), variables).await;
    let second = Api::start_on(shared.path(), variables).await;
    race(&first, &second).await;
    first.stop().await;
    second.stop().await;
}

/// An account of the class with the id.
fn account_of(class: &str, id: &str) -> Value {
    let mut document = account(id);
    document["id"] = json!(id);
    document["@type"] = json!(class);
    document
}

fn related(kind: &str, class: &str, id: &str) -> Value {
    json!({ "accountRelationship": [
        { "relationshipType": kind, "account": { "id": id, "@referredType": class } }
    ] })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_circle_is_closed_by_two_at_once() {
    race(&[], async |first, second| {
        let (parties, billing) = (first.on("partyAccount"), second.on("billingAccount"));
        parties.create(&account_of("PartyAccount", "p")).await;
        billing.create(&account_of("BillingAccount", "b")).await;
        let mut decided = 0;
        for round in 0..ROUNDS {
            let (of_party, of_billing) = match round % 3 {
                0 => ("childOf", "childOf"),
                1 => ("contains", "contains"),
                _ => ("hasParent", "memberOf"),
            };
            let of_party = related(of_party, "BillingAccount", "b");
            let of_billing = related(of_billing, "PartyAccount", "p");
            let (party, bill) =
                tokio::join!(parties.patch("p", &of_party), billing.patch("b", &of_billing));
            let is_changed = |status: StatusCode| status == StatusCode::OK;
            assert!(!(is_changed(party.status) && is_changed(bill.status)), "round {round}");
            decided += usize::from(is_changed(party.status) != is_changed(bill.status));

            // What is there is what was answered, whichever application is asked.
            for (resource, id, status) in
                [("partyAccount", "p", party.status), ("billingAccount", "b", bill.status)]
            {
                for api in [first, second] {
                    let seen = api.on(resource).read(id).await;
                    let says = seen["accountRelationship"].is_array();
                    assert_eq!(says, is_changed(status), "round {round}: {seen}");
                }
            }
            let nothing = json!({ "accountRelationship": null });
            parties.patch("p", &nothing).await.expect(StatusCode::OK);
            billing.patch("b", &nothing).await.expect(StatusCode::OK);
        }
        // Now and then neither may win, if the store is busy.
        assert!(decided > ROUNDS * 9 / 10, "{decided} of {ROUNDS}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_not_referred_to() {
    race(&[("references", "strict")], async |first, second| {
        let (formats, accounts) = (first.on("billFormat"), second.on("billingAccount"));
        accounts.create(&account_of("BillingAccount", "a")).await;
        let mut decided = 0;
        for round in 0..ROUNDS {
            let format = format!("f{round}");
            formats.create(&json!({ "id": format, "name": "PDF" })).await;
            let refers =
                json!({ "billStructure": { "format": { "@type": "BillFormatRef", "id": format } } });
            let id = format!("a{round}");
            let mut new = account_of("BillingAccount", &id);
            new["billStructure"] = refers["billStructure"].clone();
            let refer = async {
                match round % 2 {
                    0 => accounts.post(&new).await.status == StatusCode::CREATED,
                    _ => accounts.patch("a", &refers).await.status == StatusCode::OK,
                }
            };
            let (deleted, is_referred_to) = tokio::join!(formats.delete(&format), refer);
            let is_deleted = deleted.status == StatusCode::NO_CONTENT;
            assert!(!(is_deleted && is_referred_to), "round {round}");
            decided += usize::from(is_deleted != is_referred_to);
            for api in [first, second] {
                let seen = api.on("billFormat").get(&format!("/{format}")).await;
                assert_eq!(seen.status == StatusCode::NOT_FOUND, is_deleted, "round {round}");
            }
        }
        assert!(decided > ROUNDS * 9 / 10, "{decided} of {ROUNDS}");
    })
    .await;
}
