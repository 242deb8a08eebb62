//! What the API makes of its resources, whatever their rules are.

mod bare;

use bare::{BILLS, CYCLES, ITEMS, ON_DEMAND, ask, collection, get, post};
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use http::{Method, Request};
use kv_tree::Memory;
use serde_json::{Value, json};
use tmf630::testing::{World, expect};
use tmf630::{Settings, Version, serve_document, serve_entry};

fn world() -> World {
    World::on(Memory::default())
}

#[test]
fn what_v4_creates_v5_shows_and_the_other_way_round() {
    let world = world();
    let item = json!({
        "id": "i", "type": "usageCharge", "isBilled": false, "date": "2026-01-31",
        "billingAccount": { "id": "a" }, "characteristic": [{ "name": "zone", "value": 7 }],
        "relatedParty": [{ "id": "1", "role": "seller" }]
    });
    expect(&post(&world, Version::V4, &ITEMS, &item), 201);
    let of_v5 = get(&world, Version::V5, &ITEMS, "/i");
    assert_eq!(of_v5["appliedBillingRateType"], "usageCharge");
    assert_eq!(of_v5["date"], "2026-01-31T00:00:00Z");
    assert_eq!(of_v5["characteristic"][0]["@type"], "IntegerCharacteristic");
    assert_eq!(of_v5["relatedParty"], item["relatedParty"]);
    let of_v4 = get(&world, Version::V4, &ITEMS, "/i");
    assert_eq!(
        (&of_v4["type"], of_v4.get("appliedBillingRateType")),
        (&json!("usageCharge"), None)
    );

    let bill = json!({
        "id": "b", "state": "new", "billNo": "1", "own": { "x": [null] },
        "billDocument": [{ "id": "d", "mimeType": "text/html" }],
        "relatedParty": [{ "role": "payer", "partyOrPartyRole": { "id": "7", "partyId": "8" } }]
    });
    let created = expect(&post(&world, Version::V5, &BILLS, &bill), 201);
    let of_v4 = get(&world, Version::V4, &BILLS, "/b");
    assert_eq!((&of_v4["own"], &of_v4["relatedParty"][0]["id"]), (&bill["own"], &json!("7")));
    let path = collection(Version::V4, &BILLS) + "/b";
    let patched = ask(&world, &BILLS, Method::PATCH, &path, r#"{"state":"sent"}"#);
    assert_eq!(expect(&patched, 200)["state"], "sent");
    let mut expected = created;
    expected["state"] = json!("sent");
    let mut now = get(&world, Version::V5, &BILLS, "/b");
    now["lastUpdate"] = expected["lastUpdate"].clone();
    assert_eq!(now, expected);
}

#[test]
fn a_request_for_a_bill_names_one_party_also_in_an_array() {
    let world = world();
    let party = json!({ "id": "7", "role": "customer" });
    let document =
        json!({ "id": "r", "billingAccount": { "id": "a" }, "relatedParty": [party.clone()] });
    expect(&post(&world, Version::V4, &ON_DEMAND, &document), 201);
    let created = get(&world, Version::V5, &ON_DEMAND, "/r");
    assert_eq!(created["relatedParty"]["partyOrPartyRole"]["id"], "7");
    assert!(created["lastUpdate"].is_string());
    let two = json!({ "billingAccount": { "id": "a" }, "relatedParty": [party.clone(), party] });
    let refused = expect(&post(&world, Version::V4, &ON_DEMAND, &two), 400);
    assert_eq!(refused["message"], "/relatedParty must be an object");
}

#[test]
fn a_class_of_the_clients_own_says_by_its_name_what_it_extends() {
    let world = world();
    let create = |class: &str| {
        let document = json!({ "@type": class, "billingAccount": { "id": "a" } });
        post(&world, Version::V5, &ON_DEMAND, &document)
    };
    for class in ["CustomerBillOnDemand_CreateExample", "ExampleCustomerBillOnDemand"] {
        let created = expect(&create(class), 201);
        let (own, base) = (&created["@type"], &created["@baseType"]);
        assert_eq!((own, base), (&json!(class), &json!("CustomerBillOnDemand")));
    }
    for class in ["MyCustomerBillOnDemandClass", "Bill", "CustomerBill", ""] {
        expect(&create(class), 400);
    }
    // A standard class is nobody's own, though its name begins with that of another.
    let document = json!({ "@type": "CustomerBillOnDemand" });
    expect(&post(&world, Version::V5, &BILLS, &document), 400);
    // What it says itself counts.
    let said = json!({ "@type": "CustomerBill_Own", "@baseType": "BillCycle" });
    expect(&post(&world, Version::V5, &BILLS, &said), 400);
}

#[test]
fn items_are_found_by_whether_they_are_billed() {
    let world = world();
    for (id, is_billed) in
        [("1", json!(true)), ("2", json!(false)), ("3", json!(true)), ("4", Value::Null)]
    {
        let document = json!({ "id": id, "isBilled": is_billed });
        expect(&post(&world, Version::V5, &ITEMS, &document), 201);
    }
    let found = |query: &str| {
        let list = get(&world, Version::V5, &ITEMS, query);
        let ids = list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap());
        ids.collect::<Vec<_>>().join(" ")
    };
    for (query, ids) in [
        ("?isBilled=true", "1 3"),
        ("?isBilled=false", "2"),
        ("?isBilled=true,false", "1 2 3"),
        ("?isBilled.ne=true", "2 4"),
        ("?sort=isBilled", "2 1 3 4"),
        ("?sort=-isBilled", "3 1 2 4"),
        ("?isBilled=true&sort=-id", "3 1"),
    ] {
        assert_eq!(found(query), ids, "{query}");
    }
    let path = collection(Version::V5, &ITEMS) + "?isBilled=yes";
    expect(&ask(&world, &ITEMS, Method::GET, &path, ""), 400);
    let path = collection(Version::V5, &ITEMS) + "/1";
    expect(&ask(&world, &ITEMS, Method::PATCH, &path, r#"{"isBilled":false}"#), 200);
    assert_eq!(found("?isBilled=true"), "3");
}

#[test]
fn a_cycle_is_in_v5_only() {
    let world = world();
    let cycle = json!({ "id": "c", "BillCycleSpecification": { "id": "s" } });
    expect(&post(&world, Version::V5, &CYCLES, &cycle), 201);
    let found = get(&world, Version::V5, &CYCLES, "?BillCycleSpecification.id=s");
    assert_eq!(found[0]["BillCycleSpecification"]["@type"], "BillCycleSpecificationRef");
    for rest in ["", "/c"] {
        let path = collection(Version::V4, &CYCLES) + rest;
        let missing = expect(&ask(&world, &CYCLES, Method::GET, &path, ""), 404);
        assert_eq!(missing.get("@type"), None);
    }
    let names = |version: Version| {
        let resources = CUSTOMER_BILL_MANAGEMENT.resources_of(version);
        resources.map(|resource| resource.name).collect::<Vec<_>>()
    };
    assert!(names(Version::V5).contains(&"billCycle"));
    assert!(!names(Version::V4).contains(&"billCycle") && names(Version::V4).len() == 4);
}

#[test]
fn only_what_has_an_alias_is_reached_by_it() {
    let path = "/tmf-api/customerBill/v5/customerBill";
    let bill = r#"{"id":"b"}"#;
    expect(&ask(&world(), &BILLS, Method::POST, path, bill), 404);

    let world = world().with("bill_base_alias", "customerBill");
    let created = ask(&world, &BILLS, Method::POST, path, bill);
    let href = format!("http://api.example{path}/b");
    assert_eq!(expect(&created, 201)["href"], href);
    assert_eq!(created.headers()["location"], href);
    let list = ask(&world, &BILLS, Method::GET, &format!("{path}?limit=1"), "");
    let link = list.headers()["link"].to_str().unwrap();
    assert!(link.contains("/tmf-api/customerBill/v5/customerBill?"), "{link}");
    // It is the same bill under the other name, whose addresses keep it.
    let usual = get(&world, Version::V5, &BILLS, "/b");
    assert_eq!(
        usual["href"],
        "http://api.example/tmf-api/customerBillManagement/v5/customerBill/b"
    );
    for nowhere in [
        "/tmf-api/customerBil/v5/customerBill",
        "/tmf-api/customerBills/v5/customerBill",
        "/tmf-api//v5/customerBill",
        "/tmf-api/accountManagement/v5/customerBill",
        "/customerBill/v5/customerBill",
        "/tmf-api/customerBill/v3/customerBill",
    ] {
        let missing = expect(&ask(&world, &BILLS, Method::GET, nowhere, ""), 404);
        assert_eq!(missing["status"], "404", "{nowhere}");
    }
    let of_v4 = "/tmf-api/customerBill/v4/customerBill/b";
    expect(&ask(&world, &BILLS, Method::GET, of_v4, ""), 200);
    let missing = expect(&ask(&world, &BILLS, Method::GET, "/tmf-api/customerBill/v4/x", ""), 404);
    assert_eq!(missing.get("@type"), None);
}

#[test]
fn documents_are_under_the_alias_too() {
    let world = world();
    let alias = CUSTOMER_BILL_MANAGEMENT.alias;
    let settings = |value: &'static str| {
        Settings::read(alias, |name| (name == "bill_base_alias").then_some(value)).unwrap()
    };
    let request = |path: &str| Request::get(format!("http://api.example{path}")).body(()).unwrap();
    let entry = |value, path: &str| {
        serve_entry(&[&CUSTOMER_BILL_MANAGEMENT], &settings(value), &world, &request(path))
    };
    let base = "http://api.example/tmf-api/customerBill";
    assert_eq!(expect(&entry("customerBill", "/tmf-api/customerBill"), 200)["href"], base);
    let of_v4 = expect(&entry("customerBill", "/tmf-api/customerBill/v4"), 200);
    assert_eq!(of_v4["openapi"], format!("{base}/v4/openapi.json"));
    assert_eq!(of_v4["resource"].as_array().unwrap().len(), 4);
    assert_eq!(of_v4["resource"][0]["href"], format!("{base}/v4/appliedCustomerBillingRate"));
    for path in ["/tmf-api/customerBill", "/tmf-api/", "/tmf-api"] {
        expect(&entry("", path), 404);
    }

    let document = |value, path: &str| {
        let text = |_: &_, version| (version == Version::V5).then_some("{}");
        let apis = [&CUSTOMER_BILL_MANAGEMENT];
        serve_document(&apis, "openapi.json", text, &settings(value), &world, &request(path))
    };
    expect(&document("", "/tmf-api/customerBillManagement/v5/openapi.json"), 200);
    expect(&document("", "/tmf-api/customerBill/v5/openapi.json"), 404);
    expect(&document("customerBill", "/tmf-api/customerBill/v5/openapi.json"), 200);
    expect(&document("customerBill", "/tmf-api/other/v5/openapi.json"), 404);
    // There is none of this version.
    let missing = document("customerBill", "/tmf-api/customerBill/v4/openapi.json");
    assert_eq!(expect(&missing, 404).get("@type"), None);
}
