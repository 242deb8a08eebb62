//! Who is told: owners of subscriptions and tenants, where callers are asked who they are.

use black_box_tests::events::{Told, subscribe};
use black_box_tests::receiver::{of_each, told};
use black_box_tests::tokens::{Issuer, READ_WRITE, p256, trusting};
use black_box_tests::{Resource, StatusCode, account_of, id, json, values_of};
use serde_json::Value;

const CREATE: &str = "BillingAccountCreateEvent";
const CHANGE: &str = "BillingAccountAttributeValueChangeEvent";
const DELETE: &str = "BillingAccountDeleteEvent";

/// A deployment that trusts two issuers.
struct World {
    told: Told,
    issuer: Issuer,
    other: Issuer,
}

impl World {
    async fn start(tenant: &str) -> Self {
        let (issuer, other) = (Issuer::default(), Issuer::new("https://other.example", p256("2")));
        let issuers = trusting(&[issuer.trusted(), other.trusted()]);
        let variables = [("auth", "jwt"), ("jwt_issuers", &issuers[..]), ("tenant", tenant)];
        Self { told: Told::start_with(&variables).await, issuer, other }
    }

    fn acting_for(&self, issuer: &Issuer, parties: &[&str], resource: &str) -> Resource {
        let token = issuer.token("default", parties, READ_WRITE);
        self.told.on(resource).with_token(&token)
    }

    fn operator(&self, resource: &str) -> Resource {
        self.told.on(resource).with_token(&self.issuer.token("default", &[], "admin"))
    }

    /// Subscribes as whoever acts for the parties, or for the tenant.
    async fn subscribe(&self, issuer: &Issuer, parties: &[&str], path: &str) -> Value {
        let hub = self.acting_for(issuer, parties, "hub");
        subscribe(&hub, &self.told.receiver.at(path), "").await
    }

    /// What was told at a path, once so many events came.
    async fn told(&self, path: &str, count: usize) -> Vec<(String, String)> {
        let events = self.told.receiver.expect_only(path, count).await;
        of(&told(&events))
    }
}

fn of(events: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(kind, id): (&str, &str)| (kind.to_owned(), id.to_owned());
    of_each(events.iter().copied()).into_iter().map(owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partner_is_told_of_its_customers_and_the_operator_of_all() {
    let world = World::start("default").await;
    for party in ["north", "south"] {
        world.subscribe(&world.issuer, &[party], &format!("/{party}")).await;
    }
    subscribe(&world.operator("hub"), &world.told.receiver.at("/all"), "").await;
    let accounts = world.operator("billingAccount");
    accounts.create(&account_of("c1", &[("c1", "customer"), ("north", "partner")])).await;
    accounts.create(&account_of("c2", &[("c2", "customer"), ("south", "partner")])).await;
    let north = world.acting_for(&world.issuer, &["north"], "billingAccount");
    north.patch("c1", &json!({ "description": "of north" })).await.expect(StatusCode::OK);
    // What nobody has is everybody's.
    world.operator("billFormat").create(&json!({ "id": "pdf", "name": "PDF" })).await;
    assert_eq!(accounts.delete("c2").await.status, StatusCode::NO_CONTENT);

    let format = ("BillFormatCreateEvent", "pdf");
    let own = of(&[(CREATE, "c1"), (CHANGE, "c1"), format]);
    assert_eq!(world.told("/north", 3).await, own);
    let own = of(&[(CREATE, "c2"), format, (DELETE, "c2")]);
    assert_eq!(world.told("/south", 3).await, own);
    let all = [(CREATE, "c1"), (CREATE, "c2"), (CHANGE, "c1"), format, (DELETE, "c2")];
    assert_eq!(world.told("/all", 5).await, of(&all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_told_of_what_was_its_own_at_the_moment_of_the_change() {
    let world = World::start("default").await;
    for party in ["north", "south"] {
        world.subscribe(&world.issuer, &[party], &format!("/{party}")).await;
    }
    let accounts = world.operator("billingAccount");
    accounts.create(&account_of("c", &[("c", "customer"), ("north", "partner")])).await;
    let parties = account_of("c", &[("c", "customer"), ("south", "partner")]);
    let moved = json!({ "relatedParty": parties["relatedParty"] });
    accounts.patch("c", &moved).await.expect(StatusCode::OK);
    accounts.patch("c", &json!({ "name": "Of south" })).await.expect(StatusCode::OK);
    // To whom it has moved it is new, or a change; to whom it was it tells nothing of the new one.
    let north = world.told.receiver.expect("/north", 1).await;
    assert_eq!(told(&north)[0], (CREATE, "c"));
    let south = world.told.receiver.expect("/south", 2).await;
    assert_eq!(told(&south)[1], (CHANGE, "c"));
    for event in world.told.receiver.events("/north") {
        assert!(!event.to_string().contains("south"), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_of_another_owner_is_a_subscription_of_its_own() {
    let world = World::start("default").await;
    let (one, other) = (&world.issuer, &world.other);
    let owners: [(&Issuer, &[&str]); 5] = [
        (one, &["north"]),
        (one, &["south"]),
        (one, &["north", "south"]),
        (other, &["north"]),
        (one, &[]),
    ];
    let mut ids = Vec::new();
    for (issuer, parties) in owners {
        let first = id(&world.subscribe(issuer, parties, "/hub").await);
        assert_eq!(id(&world.subscribe(issuer, parties, "/hub").await), first);
        ids.push(first);
    }
    assert_eq!(world.operator("hub").total().await, 5);
    // Nobody sees or deletes what is another's, but for who acts for all.
    for (number, (issuer, parties)) in owners.into_iter().enumerate().take(4) {
        let hub = world.acting_for(issuer, parties, "hub");
        assert_eq!(values_of(&hub.get("").await, "id"), [&ids[number][..]]);
        for (other, id) in ids.iter().enumerate().filter(|(other, _)| *other != number) {
            hub.get(&format!("/{id}")).await.expect_no_resource(id);
            hub.delete(id).await.expect_no_resource(id);
            let parked = hub.delete(&format!("{id}/parked")).await;
            assert_eq!(parked.status, StatusCode::NOT_FOUND, "{number} {other}");
        }
    }
    let accounts = world.operator("billingAccount");
    accounts.create(&account_of("c", &[("c", "customer"), ("north", "partner")])).await;
    // All but south's own; the parties of another issuer are those of this tenant too.
    world.told.receiver.expect("/hub", 1).await;
    let arrivals = world.told.receiver.expect_arrivals("/hub", 4).await;
    assert_eq!(arrivals.len(), 4);
    assert_eq!(world.operator("hub").delete(&ids[0]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.acting_for(one, &["north"], "hub").total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_leaves_its_tenant() {
    let world = World::start("*").await;
    let of_tenant = |tenant: &str, resource: &str| {
        world.told.on(resource).with_token(&world.issuer.token(tenant, &[], READ_WRITE))
    };
    for tenant in ["acme", "other"] {
        let callback = world.told.receiver.at(&format!("/{tenant}"));
        subscribe(&of_tenant(tenant, "hub"), &callback, "").await;
    }
    let accounts = of_tenant("acme", "billingAccount");
    accounts.create(&account_of("a", &[("p", "owner")])).await;
    of_tenant("third", "billingAccount").create(&account_of("x", &[("p", "owner")])).await;
    of_tenant("other", "billingAccount").create(&account_of("b", &[("p", "owner")])).await;
    assert_eq!(world.told("/acme", 1).await, of(&[(CREATE, "a")]));
    assert_eq!(world.told("/other", 1).await, of(&[(CREATE, "b")]));
    assert_eq!(of_tenant("third", "hub").total().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_subscribes_to_nothing() {
    let world = World::start("default").await;
    let hub = |scopes: &str| {
        let token = world.issuer.token("default", &["north"], scopes);
        world.told.on("hub").with_token(&token)
    };
    let subscription = json!({ "callback": world.told.receiver.at("/hub") });
    world.told.on("hub").post(&subscription).await.expect(StatusCode::UNAUTHORIZED);
    hub("tmf666:read").post(&subscription).await.expect_refusal("50");
    hub("tmf678:write").post(&subscription).await.expect_refusal("50");
    hub("tmf666:hub:write").post(&subscription).await.expect_refusal("50");
    let created = hub("tmf666:hub:write tmf666:read").create(&subscription).await;
    hub("tmf666:read").delete(&id(&created)).await.expect_refusal("50");
    assert_eq!(hub("tmf666:hub:read").total().await, 1);
}
