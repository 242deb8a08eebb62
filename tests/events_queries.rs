//! What the query of a subscription chooses of the events, and of each event.

use black_box_tests::events::{Told, subscribe};
use black_box_tests::receiver::{kind, of_each, subject, told};
use black_box_tests::{StatusCode, account_of, json};
use serde_json::Value;

const CREATE: &str = "BillingAccountCreateEvent";
const CHANGE: &str = "BillingAccountAttributeValueChangeEvent";
const STATE: &str = "BillingAccountStateChangeEvent";
const DELETE: &str = "BillingAccountDeleteEvent";

/// What happens in each test: two accounts are created and changed, and one is deleted.
const STORY: [(&str, &str); 6] =
    [(CREATE, "a"), (CREATE, "b"), (STATE, "a"), (CHANGE, "b"), (CHANGE, "a"), (DELETE, "a")];

async fn tell(world: &Told) {
    for (id, limit) in [("a", 10), ("b", 100)] {
        let mut account = account_of(id, &[("p", "owner")]);
        account["creditLimit"] = json!({ "unit": "EUR", "value": limit });
        world.create(&account).await;
    }
    for (id, patch) in [
        ("a", json!({ "state": "Active" })),
        ("b", json!({ "name": "Beta" })),
        ("a", json!({ "description": "50 % & more" })),
    ] {
        world.patch(id, &patch).await.expect(StatusCode::OK);
    }
    assert_eq!(world.delete("a").await.status, StatusCode::NO_CONTENT);
}

/// Expects that of the story each query chooses what its second part says, by numbers.
async fn expect_chosen(world: &Told, queries: &[(&str, &[usize])]) {
    for (number, (query, _)) in queries.iter().enumerate() {
        world.subscribe(&format!("/{number}"), query).await;
    }
    tell(world).await;
    for (number, (query, chosen)) in queries.iter().enumerate() {
        let events = world.receiver.expect(&format!("/{number}"), chosen.len()).await;
        let expected = of_each(chosen.iter().map(|event| STORY[*event]));
        assert_eq!(told(&events), expected, "{query}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    for (number, (query, chosen)) in queries.iter().enumerate() {
        assert_eq!(world.receiver.events(&format!("/{number}")).len(), chosen.len(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_chosen_as_resources_are() {
    let world = Told::start().await;
    expect_chosen(
        &world,
        &[
            ("", &[0, 1, 2, 3, 4, 5]),
            ("eventType=BillingAccountCreateEvent", &[0, 1]),
            ("?eventType=BillingAccountCreateEvent", &[0, 1]),
            (" ?eventType = BillingAccountCreateEvent ", &[0, 1]),
            ("eventType=BillingAccountCreateEvent,BillingAccountDeleteEvent", &[0, 1, 5]),
            ("eventType=BillingAccountCreateEvent, BillingAccountDeleteEvent", &[0, 1, 5]),
            ("eventType=BillingAccountCreateEvent&eventType=BillingAccountDeleteEvent", &[0, 1, 5]),
            ("eventType.ne=BillingAccountCreateEvent", &[2, 3, 4, 5]),
            ("eventType=PartyAccountCreateEvent", &[]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_can_be_about_the_resource() {
    let world = Told::start().await;
    expect_chosen(
        &world,
        &[
            ("event.billingAccount.id=a", &[0, 2, 4, 5]),
            ("payload.billingAccount.id=a", &[0, 2, 4, 5]),
            ("billingAccount.id=a", &[0, 2, 4, 5]),
            ("billingAccount.id = b", &[1, 3]),
            ("billingAccount.id=%61", &[0, 2, 4, 5]),
            ("eventType=BillingAccountStateChangeEvent&billingAccount.state=Active", &[2]),
            ("eventType=BillingAccountStateChangeEvent&billingAccount.state=Closed", &[]),
            ("eventType=BillingAccountCreateEvent&billingAccount.creditLimit.value.gt=50", &[1]),
            ("eventType=BillingAccountCreateEvent&billingAccount.relatedParty.role=owner", &[0, 1]),
            ("eventType=BillingAccountAttributeValueChangeEvent&billingAccount.name=Beta", &[3]),
            ("billingAccount.description=50%20%25%20%26%20more&eventType.ne=BillingAccountDeleteEvent", &[4]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_can_be_in_jsonpath() {
    let world = Told::start().await;
    expect_chosen(
        &world,
        &[
            ("filter=$[?(@.eventType=='BillingAccountDeleteEvent')]", &[5]),
            ("filter=$[?(@.event.billingAccount.id=='b')]", &[1, 3]),
            ("filter=$[?(@.event.billingAccount.creditLimit.value>50)]&eventType=BillingAccountCreateEvent", &[1]),
            ("filter=$[?(@.eventType=='BillingAccountCreateEvent'||@.eventType=='BillingAccountDeleteEvent')]", &[0, 1, 5]),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_choose_what_of_an_event_is_sent() {
    let world = Told::start().await;
    let of_create = "eventType=BillingAccountCreateEvent&billingAccount.id=a";
    for (number, fields) in [
        "eventType",
        "eventType,event.billingAccount.name",
        "eventTime,event.billingAccount.creditLimit.value",
    ]
    .iter()
    .enumerate()
    {
        world.subscribe(&format!("/{number}"), &format!("{of_create}&fields={fields}")).await;
    }
    tell(&world).await;
    let sent = async |path: &str| world.receiver.expect_only(path, 1).await.remove(0);
    let event = sent("/0").await;
    assert_eq!(event["eventType"], CREATE);
    assert_eq!((event.get("event"), event.get("title")), (None, None), "{event}");
    // Whoever is told has to know it again.
    assert!(event["eventId"].is_string(), "{event}");
    let event = sent("/1").await;
    assert_eq!(subject(&event)["name"], "Account a");
    assert_eq!(subject(&event).get("creditLimit"), None, "{event}");
    let event = sent("/2").await;
    assert!(event["eventTime"].is_string() && event.get("title").is_none(), "{event}");
    assert_eq!(subject(&event)["creditLimit"]["value"], 10);
    assert_eq!(subject(&event).get("name"), None, "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_calls_things_by_its_own_names() {
    let world = Told::start().await;
    for (number, query) in [
        "payload.billingAccount.relatedParty.id=p",
        "billingAccount.relatedParty.id=p&fields=eventType,payload.billingAccount.name",
        "eventType=BillingAccountStateChangeEvent",
        "filter=$[?(@.payload.billingAccount.state=='Active')]",
    ]
    .iter()
    .enumerate()
    {
        world.subscribe_in_v4(&format!("/{number}"), query).await;
    }
    tell(&world).await;
    let changes = [(STATE, "a"), (CHANGE, "a"), (CHANGE, "b")];
    assert_eq!(told(&world.receiver.expect_only("/0", 3).await), changes);
    let events = world.receiver.expect_only("/1", 3).await;
    let mut kinds: Vec<_> = events.iter().map(kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [CHANGE, CHANGE, STATE]);
    for event in events {
        assert!(subject(&event)["name"].is_string() && event.get("title").is_none(), "{event}");
    }
    assert_eq!(told(&world.receiver.expect_only("/2", 1).await), [changes[0]]);
    assert_eq!(told(&world.receiver.expect_only("/3", 2).await), changes[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_a_query_is_told_with_its_place() {
    let world = Told::start().await;
    let refused = async |version: &str, query: &str| -> String {
        let hub = world.in_version(version, "hub");
        let subscription = json!({ "callback": world.receiver.at("/hub"), "query": query });
        let error = hub.post(&subscription).await.expect(StatusCode::BAD_REQUEST);
        error["message"].as_str().unwrap().to_owned()
    };
    for (version, query, word) in [
        ("v5", "eventType=BillingAccountCreatedEvent", "BillingAccountCreatedEvent"),
        ("v5", "eventType=*", "*"),
        ("v5", "eventType=CustomerBillCreateEvent", "CustomerBillCreateEvent"),
        ("v4", "eventType=BillingAccountCreateEvent", "BillingAccountCreateEvent"),
        ("v5", "eventType=BillingAccountCreateEvent,Nothing", "Nothing"),
        ("v5", "eventType", "eventType"),
        ("v5", "eventType=", "eventType"),
        ("v5", "filter=$[?(@.eventType==]", "filter"),
        ("v5", "billingAccount.name.regex=[", "name"),
        ("v5", "eventTime.gt=yesterday", "eventTime"),
        ("v5", "limit=5", "limit"),
        ("v5", "sort=eventTime", "sort"),
        ("v5", "billingAccount.name=%ff", "UTF-8"),
    ] {
        let message = refused(version, query).await;
        assert!(message.contains("query") && message.contains(word), "{query}: {message}");
        assert!(message.chars().any(|letter| letter.is_ascii_digit()), "{query}: {message}");
    }
    assert_eq!(world.on("hub").total().await, 0);
    for query in [json!(5), json!([])] {
        let subscription = json!({ "callback": world.receiver.at("/hub"), "query": query });
        let answer = world.on("hub").post(&subscription).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_api_knows_its_own_events_only() {
    let world = Told::start().await;
    let bills = world.at("/tmf-api/customerBillManagement/v5", "hub");
    let query = "eventType=CustomerBillCreateEvent,AppliedCustomerBillingRateDeleteEvent";
    let created = subscribe(&bills, &world.receiver.at("/bills"), query).await;
    assert_eq!(created["query"], query);
    let query = "eventType=BillingAccountCreateEvent";
    let subscription = json!({ "callback": world.receiver.at("/bills"), "query": query });
    bills.post(&subscription).await.expect(StatusCode::BAD_REQUEST);
    let long = format!("billingAccount.name={}", "x".repeat(20_000));
    let subscription: Value = json!({ "callback": world.receiver.at("/bills"), "query": long });
    world.on("hub").post(&subscription).await.expect(StatusCode::BAD_REQUEST);
}
