//! Subscriptions to events: how they are registered, and what they are sent.

use black_box_tests::events::{Told, subscribe};
use black_box_tests::receiver::{kind, of_each, subject, told};
use black_box_tests::{Answering, Api, Method, StatusCode, account, account_of, id, json};
use serde_json::Value;

const VERSIONS: [&str; 2] = ["v5", "v4"];

/// TMF678 in a version.
fn bills(version: &str) -> String {
    format!("/tmf-api/customerBillManagement/{version}")
}

/// The members of an object, in alphabetical order.
fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_registered_read_and_deleted() {
    let world = Told::start().await;
    for version in VERSIONS {
        for hub in [world.in_version(version, "hub"), world.at(&bills(version), "hub")] {
            let callback = world.receiver.at("/hub?a=b");
            let answer = hub.post(&json!({ "callback": callback })).await;
            let created = answer.expect(StatusCode::CREATED);
            let id = id(&created);
            assert!(answer.header("location").ends_with(&format!("/hub/{id}")), "{answer:#?}");
            assert_eq!(created["callback"], callback);
            assert_eq!(created["version"], version);
            assert_eq!(created.get("query"), None);
            assert!(created["secret"].as_str().unwrap().len() >= 32, "{created}");

            let read = hub.read(&id).await;
            assert_eq!(read.get("secret"), None, "{read}");
            assert_eq!((&read["callback"], &read["id"]), (&json!(callback), &json!(id)));
            assert_eq!(read["delivery"]["status"], "active", "{read}");
            let list = hub.get("").await.expect(StatusCode::OK);
            assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
            assert_eq!((&list[0]["id"], list[0].get("secret")), (&json!(id), None));
            let patch = hub.patch(&id, &json!({ "callback": world.receiver.at("/else") })).await;
            assert_eq!(patch.status, StatusCode::METHOD_NOT_ALLOWED);

            assert_eq!(hub.delete(&id).await.status, StatusCode::NO_CONTENT);
            hub.get(&format!("/{id}")).await.expect_no_resource(&id);
            hub.delete(&id).await.expect_no_resource(&id);
            assert_eq!(hub.total().await, 0);
        }
    }
    world.create(&account("Untold")).await;
    world.receiver.expect_only("/hub?a=b", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_show_the_subscriptions_of_their_api() {
    let world = Told::start().await;
    let v5 = id(&world.subscribe("/v5", "").await);
    let v4 = id(&world.subscribe_in_v4("/v4", "").await);
    let other = world.at(&bills("v5"), "hub");
    let of_bills = id(&subscribe(&other, &world.receiver.at("/bills"), "").await);
    for version in VERSIONS {
        let hub = world.in_version(version, "hub");
        assert_eq!(hub.total().await, 2);
        assert_eq!(hub.read(&v5).await["version"], "v5");
        assert_eq!(hub.read(&v4).await["version"], "v4");
        hub.get(&format!("/{of_bills}")).await.expect_no_resource(&of_bills);
        assert_eq!(world.at(&bills(version), "hub").total().await, 1);
    }
    world.create(&account("Told")).await;
    world.patch(&id(&world.create(&account("x")).await), &json!({ "state": "Active" })).await;
    assert_eq!(world.receiver.expect_only("/v5", 3).await.len(), 3);
    assert_eq!(
        kind(&world.receiver.expect_only("/v4", 1).await[0]),
        "BillingAccountStateChangeEvent"
    );
    world.receiver.expect_only("/bills", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_registers_at_every_start_is_told_once() {
    let world = Told::start().await;
    let hub = world.on("hub");
    let query = "eventType=BillingAccountCreateEvent";
    let first = id(&world.subscribe("/hub", query).await);
    world.create(&account("One")).await;
    world.receiver.expect("/hub", 1).await;
    for _ in 0..3 {
        let same = json!({ "callback": world.receiver.at("/hub"), "query": query });
        let answer = hub.post(&same).await;
        assert_eq!(id(&answer.expect(StatusCode::CREATED)), first);
        assert!(answer.header("location").ends_with(&format!("/hub/{first}")));
    }
    assert_eq!(hub.total().await, 1);
    assert_eq!(hub.read(&first).await["delivery"]["delivered"], 1);
    world.create(&account("Two")).await;
    world.receiver.expect_only("/hub", 2).await;
    assert_eq!(world.receiver.count("/hub"), 2);

    // Another query, another callback, or another version is another subscription.
    world.subscribe("/hub", "").await;
    world.subscribe("/else", query).await;
    world.subscribe_in_v4("/hub", "").await;
    assert_eq!(hub.total().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_register_the_same_at_once_are_one() {
    let world = Told::start().await;
    let hub = world.on("hub");
    let callback = world.receiver.at("/hub");
    let at_once: Vec<_> = (0..8)
        .map(|_| {
            let (hub, callback) = (hub.clone(), callback.clone());
            tokio::spawn(async move { id(&subscribe(&hub, &callback, "").await) })
        })
        .collect();
    let mut ids = Vec::new();
    for one in at_once {
        ids.push(one.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(hub.total().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_subscription_is_refused_and_says_why() {
    let world = Told::start().await;
    for version in VERSIONS {
        let hub = world.in_version(version, "hub");
        for callback in [
            json!(null),
            json!(5),
            json!(""),
            json!("/relative"),
            json!("ftp://example.com/"),
            json!("http://"),
            json!("http://null/hub"),
            json!("https://undefined:443/hub"),
            json!("http://user:secret@127.0.0.1/hub"),
            json!("http://127.0.0.1:99999/hub"),
            json!("http://127.0.0.1/hub#part"),
            json!("http://127.0.0.1:1/with blanks"),
        ] {
            let error = hub.post(&json!({ "callback": callback })).await;
            let error = error.expect(StatusCode::BAD_REQUEST);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("callback"), "{callback}: {message}");
        }
        assert_eq!(hub.post(&json!({})).await.status, StatusCode::BAD_REQUEST);
        // That host is not among those that the deployment allows.
        let error = hub.post(&json!({ "callback": "http://127.0.0.2:1/hub" })).await;
        let error = error.expect(StatusCode::BAD_REQUEST);
        assert!(error["message"].as_str().unwrap().contains("event_hosts"), "{error}");
        assert_eq!(hub.total().await, 0);
    }
}

/// Callbacks within the machine or its network, as one can write them.
const PRIVATE: [&str; 19] = [
    "http://127.0.0.1:1/",
    "http://127.1:1/",
    "http://2130706433:1/",
    "http://0x7f000001:1/",
    "http://0177.0.0.1:1/",
    "http://127.0.0.1.:1/",
    "http://localhost:1/",
    "http://LOCALHOST.:1/",
    "http://a.localhost/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://metadata.google.internal/",
    "http://0.0.0.0:1/",
    "http://[::1]:1/",
    "http://[::ffff:127.0.0.1]:1/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_callback_leads_into_the_network_of_the_deployment() {
    let api = Api::start_with(&[("event_hosts", "*://*:*")]).await;
    for version in VERSIONS {
        for hub in [api.in_version(version, "hub"), api.at(&bills(version), "hub")] {
            for callback in PRIVATE {
                let answer = hub.post(&json!({ "callback": callback })).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{callback}: {answer:#?}");
            }
            assert_eq!(hub.total().await, 0);
        }
    }
    // A public one is taken, if the deployment allows its host; it need not be there.
    subscribe(&api.on("hub"), "https://events.invalid/hub", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_hosts_that_the_deployment_names_are_called() {
    let api = Api::start_with(&[("event_hosts", "https://*.example:443")]).await;
    let hub = api.on("hub");
    subscribe(&hub, "https://a.example/hub", "").await;
    for callback in ["https://example.org/", "http://a.example/", "https://a.example:8443/"] {
        let error = hub.post(&json!({ "callback": callback })).await;
        error.expect(StatusCode::BAD_REQUEST);
    }
}

/// What an event of v5 has beside its payload.
const ENVELOPE_V5: [&str; 14] = [
    "@baseType",
    "@type",
    "correlationId",
    "description",
    "domain",
    "event",
    "eventId",
    "eventTime",
    "eventType",
    "priority",
    "source",
    "timeOccurred",
    "timeOcurred",
    "title",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_event_tells_what_happened_when_and_by_which_request() {
    let world = Told::start().await;
    world.subscribe("/hub", "").await;
    world.subscribe_in_v4("/hub4", "").await;
    let accounts = world.on("financialAccount");
    let document = account_of("a", &[("p", "owner")]);
    let request = accounts.request(Method::POST, "").header("x-request-id", "trace-1");
    let created = request.json(&document).answer().await.expect(StatusCode::CREATED);

    let event = world.receiver.expect_only("/hub", 1).await.remove(0);
    let mut expected = ENVELOPE_V5;
    expected.sort_unstable();
    assert_eq!(members(&event), expected);
    assert_eq!(event["eventType"], "FinancialAccountCreateEvent");
    assert_eq!((&event["@type"], &event["@baseType"]), (&event["eventType"], &json!("Event")));
    assert_eq!(event["correlationId"], "trace-1");
    assert_eq!(event["timeOccurred"], event["timeOcurred"]);
    assert_eq!(event["event"], json!({ "financialAccount": created }));
    for text in ["eventId", "description", "domain", "priority", "title"] {
        assert!(event[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {event}");
    }
    // It is committed after it was stamped, and not much later.
    let (time, stamp) = (event["eventTime"].as_str().unwrap(), created["lastUpdate"].as_str());
    assert!(time >= stamp.unwrap() && time.ends_with('Z'), "{time} {stamp:?}");

    let event = world.receiver.expect_only("/hub4", 1).await.remove(0);
    for name in ["@type", "@baseType", "event", "timeOccurred"] {
        assert_eq!(event.get(name), None, "{event}");
    }
    assert_eq!((&event["id"], event["href"].is_string()), (&json!("a"), true), "{event}");
    assert_eq!(event["eventType"], "FinancialAccountCreateEvent");
    assert_eq!(event["correlationId"], "trace-1");
    let read = world.on_v4("financialAccount").read("a").await;
    assert_eq!(event["payload"], json!({ "financialAccount": read }));

    let arrival = world.receiver.arrivals("/hub").remove(0);
    assert_eq!(arrival.method, "POST");
    assert_eq!(arrival.header("content-type"), "application/json");
    assert_eq!(arrival.header("x-event-type"), "FinancialAccountCreateEvent");
    assert_eq!(arrival.header("x-event-id"), arrival.event()["eventId"]);
    assert_eq!(arrival.header("x-correlation-id"), "trace-1");
}

/// The resources of TMF666, whether they have parties, and what v4 has events for.
const ALL: [&str; 4] = ["Create", "AttributeValueChange", "StateChange", "Delete"];
const RESOURCES: [(&str, bool, &[&str]); 7] = [
    ("partyAccount", true, &["AttributeValueChange", "StateChange"]),
    ("billingAccount", true, &["AttributeValueChange", "StateChange"]),
    ("settlementAccount", true, &["AttributeValueChange", "StateChange"]),
    ("financialAccount", true, &ALL),
    ("billFormat", false, &[]),
    ("billPresentationMedia", false, &[]),
    ("billingCycleSpecification", false, &[]),
];

/// The class of a resource.
fn class(resource: &str) -> String {
    format!("{}{}", resource[..1].to_uppercase(), &resource[1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn v5_tells_all_four_kinds_of_the_seven_resources() {
    let world = Told::start().await;
    world.subscribe("/hub", "").await;
    for (number, (name, has_parties, _)) in RESOURCES.into_iter().enumerate() {
        let resource = world.on(name);
        let mut document = json!({ "id": "r", "name": "n", "description": "d" });
        if has_parties {
            document["relatedParty"] = account("")["relatedParty"].clone();
        }
        let created = resource.create(&document).await;
        let patch = json!({ "name": "m", "description": null });
        resource.patch("r", &patch).await.expect(StatusCode::OK);
        let patch = json!({ "state": "Active" });
        resource.patch("r", &patch).await.expect(StatusCode::OK);
        assert_eq!(resource.delete("r").await.status, StatusCode::NO_CONTENT);

        let events = world.receiver.expect_only("/hub", 4 * (number + 1)).await;
        let events = &events[4 * number..];
        let class = class(name);
        for (event, kind_of) in events.iter().zip(ALL) {
            assert_eq!(kind(event), format!("{class}{kind_of}Event"));
            assert_eq!(members(&event["event"]), [name]);
            let subject = subject(event);
            assert_eq!((&subject["id"], &subject["@type"]), (&json!("r"), &json!(class)));
            assert_eq!(subject["href"], created["href"]);
        }
        let [create, change, state, delete] = [0, 1, 2, 3].map(|number| subject(&events[number]));
        assert_eq!(create, &created);
        assert_eq!((&change["name"], &change["description"]), (&json!("m"), &Value::Null));
        assert!(change.as_object().unwrap().contains_key("description"), "{change}");
        assert_eq!(change.get("relatedParty"), None, "{change}");
        assert_eq!(members(state), ["@type", "href", "id", "state"]);
        assert_eq!(state["state"], "Active");
        assert_eq!(members(delete), ["@type", "href", "id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_tells_its_kinds_with_the_whole_resource() {
    let world = Told::start().await;
    world.subscribe_in_v4("/hub", "").await;
    let mut before = 0;
    for (name, has_parties, kinds) in RESOURCES {
        let resource = world.on(name);
        let mut document = json!({ "id": "r", "name": "n" });
        if has_parties {
            document["relatedParty"] = account("")["relatedParty"].clone();
        }
        resource.create(&document).await;
        let shown = world.on_v4(name).read("r").await;
        resource.patch("r", &json!({ "name": "m" })).await.expect(StatusCode::OK);
        let changed = world.on_v4(name).read("r").await;
        resource.patch("r", &json!({ "state": "Active" })).await.expect(StatusCode::OK);
        let active = world.on_v4(name).read("r").await;
        assert_eq!(resource.delete("r").await.status, StatusCode::NO_CONTENT);

        let events = world.receiver.expect_only("/hub", before + kinds.len()).await;
        let events = &events[before..];
        before += kinds.len();
        for (event, kind_of) in events.iter().zip(kinds) {
            assert_eq!(kind(event), format!("{}{kind_of}Event", class(name)));
            let expected = match *kind_of {
                "Create" => &shown,
                "AttributeValueChange" => &changed,
                _ => &active,
            };
            assert_eq!(event["payload"], json!({ name: expected }), "{kind_of}");
            let has_path = event["fieldPath"].as_str();
            assert_eq!(has_path.is_some(), *kind_of == "AttributeValueChange", "{event}");
            assert_eq!(event.get("id").is_none(), has_path.is_some(), "{event}");
        }
    }
}

/// An item of a tenth of a euro.
fn item(id: &str) -> Value {
    let tax = json!([{ "taxCategory": "VAT", "taxRate": 19,
        "taxAmount": { "unit": "EUR", "value": 0.019 } }]);
    json!({ "id": id, "name": "Usage", "billingAccount": { "id": "a" },
        "date": "2026-01-15T00:00:00Z", "appliedTax": tax,
        "taxExcludedAmount": { "unit": "EUR", "value": 0.1 } })
}

#[tokio::test(flavor = "multi_thread")]
async fn items_and_bills_have_events_in_both_versions() {
    let world = Told::start().await;
    for version in VERSIONS {
        let callback = world.receiver.at(&format!("/{version}"));
        subscribe(&world.at(&bills(version), "hub"), &callback, "").await;
    }
    world.create(&account_of("a", &[("p", "customer")])).await;
    let items = world.at(&bills("v5"), "appliedCustomerBillingRate");
    items.create(&item("i1")).await;
    items.create(&item("i2")).await;
    items.patch("i1", &json!({ "description": "Calls" })).await.expect(StatusCode::OK);
    assert_eq!(items.delete("i2").await.status, StatusCode::NO_CONTENT);
    let requests = world.at(&bills("v5"), "customerBillOnDemand");
    let request = requests.create(&json!({ "id": "r", "billingAccount": { "id": "a" } })).await;
    assert_eq!(request["state"], "done");
    let bill = id(&request["customerBill"]);
    let patch = json!({ "state": "validated" });
    let of_bills = world.at(&bills("v5"), "customerBill");
    of_bills.patch(&bill, &patch).await.expect(StatusCode::OK);
    for version in VERSIONS {
        let path = format!("/{version}");
        let events = world.receiver.expect_only(&path, 7).await;
        assert_eq!(
            told(&events),
            of_each([
                ("AppliedCustomerBillingRateCreateEvent", "i1"),
                ("AppliedCustomerBillingRateCreateEvent", "i2"),
                ("AppliedCustomerBillingRateAttributeValueChangeEvent", "i1"),
                ("AppliedCustomerBillingRateDeleteEvent", "i2"),
                ("CustomerBillCreateEvent", &bill[..]),
                ("CustomerBillOnDemandCreateEvent", "r"),
                ("CustomerBillStateChangeEvent", &bill[..]),
            ]),
            "{version}"
        );
        let is_bill = |event: &&Value| kind(event) == "CustomerBillCreateEvent";
        let created = subject(events.iter().find(is_bill).unwrap());
        assert_eq!(created["amountDue"]["unit"], "EUR", "{created}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_takes_long_is_told_when_it_is_there() {
    let world = Told::start().await;
    world.create(&account_of("a", &[("p", "customer")])).await;
    let items = world.at(&bills("v5"), "appliedCustomerBillingRate");
    let many: Vec<_> = (0..600).map(|number| item(&format!("i{number}"))).collect();
    items.post_many(&many).await.expect(StatusCode::OK);
    subscribe(&world.at(&bills("v5"), "hub"), &world.receiver.at("/hub"), "").await;
    let requests = world.at(&bills("v5"), "customerBillOnDemand");
    let request = requests.create(&json!({ "id": "r", "billingAccount": { "id": "a" } })).await;
    assert_eq!(request["state"], "inProgress");
    let events = world.receiver.expect_only("/hub", 3).await;
    let bill = id(&requests.read("r").await["customerBill"]);
    assert_eq!(
        told(&events),
        of_each([
            ("CustomerBillOnDemandCreateEvent", "r"),
            ("CustomerBillCreateEvent", &bill[..]),
            ("CustomerBillOnDemandStateChangeEvent", "r"),
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_is_not_told_and_what_changes_both_is_told_twice() {
    let world = Told::start().await;
    world.subscribe("/hub", "").await;
    let created = world.create(&account_of("a", &[("p", "owner")])).await;
    for patch in [json!({}), json!({ "name": created["name"] }), created.clone()] {
        world.patch("a", &patch).await.expect(StatusCode::OK);
    }
    // Nor is what was refused.
    world.patch("a", &json!({ "name": 5 })).await.expect_error(400, "24");
    world.post(&account_of("a", &[("p", "owner")])).await.expect(StatusCode::CONFLICT);
    let both = json!({ "name": "New", "state": "Active" });
    world.patch("a", &both).await.expect(StatusCode::OK);
    let events = world.receiver.expect_only("/hub", 3).await;
    let mut kinds: Vec<_> = events[1..].iter().map(kind).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["BillingAccountAttributeValueChangeEvent", "BillingAccountStateChangeEvent"]
    );
    let change = events.iter().find(|event| kind(event) == kinds[0]).unwrap();
    assert_eq!((&subject(change)["name"], subject(change).get("state")), (&json!("New"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_at_once_is_told() {
    let world = Told::start().await;
    world.subscribe("/hub", "").await;
    let ids: Vec<_> = (0..50).map(|number| format!("a{number:02}")).collect();
    let many: Vec<_> = ids.iter().map(|id| account_of(id, &[("p", "owner")])).collect();
    let request = world.request(Method::PATCH, "").header("x-request-id", "many");
    let add = |document: &Value| json!({ "op": "add", "path": "/", "value": document });
    let operations: Vec<_> = many.iter().map(add).collect();
    let request = request.header("content-type", "application/json-patch+json");
    request.body(json!(operations).to_string()).answer().await.expect(StatusCode::OK);
    let events = world.receiver.expect_only("/hub", 50).await;
    let mut told: Vec<_> = told(&events).into_iter().map(|(_, id)| id).collect();
    told.sort_unstable();
    assert_eq!(told, ids);
    assert!(events.iter().all(|event| event["correlationId"] == "many"), "{events:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_can_append_the_event_to_the_callback() {
    let world = Told::start_with(&[("event_callback", "listener")]).await;
    world.subscribe("/base/?key=1", "").await;
    world.create(&account("Listened")).await;
    let path = "/base/listener/billingAccountCreateEvent?key=1";
    world.receiver.expect_only(path, 1).await;
    assert_eq!(world.receiver.count("/base/?key=1"), 0);
}
