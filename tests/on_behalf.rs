//! Partners act on behalf of their customers: each sees the accounts that name it, and no others.

use black_box_tests::tokens::{Issuer, READ_WRITE, trusting};
use black_box_tests::{Answering, Api, Method, Resource, StatusCode};
use black_box_tests::{account_of, id, json, v4_account_of, values_of};
use serde_json::Value;

const VERSIONS: [&str; 2] = ["v5", "v4"];

/// A deployment where the partners `north` and `south` work, as clients of one version see it.
struct World {
    api: Api,
    issuer: Issuer,
    version: &'static str,
}

impl World {
    async fn start(version: &'static str) -> Self {
        let issuer = Issuer::default();
        let issuers = trusting(&[issuer.trusted()]);
        let api = Api::start_with(&[("auth", "jwt"), ("jwt_issuers", &issuers)]).await;
        Self { api, issuer, version }
    }

    /// The same with a format, a cycle, the settlement accounts of both partners, and the accounts
    /// of the customers `c1`, `c2` and `c3` of `north` and `c4` of `south`.
    async fn with_customers(version: &'static str) -> Self {
        let world = Self::start(version).await;
        world.operator("billFormat").create(&json!({ "id": "pdf", "name": "PDF" })).await;
        let cycle = json!({ "id": "monthly", "name": "monthly", "billingPeriod": "monthly" });
        world.operator("billingCycleSpecification").create(&cycle).await;
        for partner in ["north", "south"] {
            let account = world.account(partner, &[(partner, "partner")]);
            world.operator("settlementAccount").create(&account).await;
        }
        let customer =
            |name, partner| world.account(name, &[(name, "customer"), (partner, "partner")]);
        let north = world.acting_for(&["north"], "billingAccount");
        north.create(&customer("c1", "north")).await;
        let two = [customer("c2", "north"), customer("c3", "north")];
        north.post_many(&two).await.expect(StatusCode::OK);
        let south = world.acting_for(&["south"], "billingAccount");
        south.create(&customer("c4", "south")).await;
        world
    }

    fn operator(&self, resource: &str) -> Resource {
        let token = self.issuer.token("default", &[], "admin");
        self.api.in_version(self.version, resource).with_token(&token)
    }

    /// The resource as whoever acts for the parties uses it.
    fn acting_for(&self, parties: &[&str], resource: &str) -> Resource {
        let token = self.issuer.token("default", parties, READ_WRITE);
        self.api.in_version(self.version, resource).with_token(&token)
    }

    fn account(&self, id: &str, parties: &[(&str, &str)]) -> Value {
        let account = if self.version == "v4" { v4_account_of } else { account_of };
        let mut account = account(id, parties);
        account["billStructure"] = json!({
            "format": { "id": "pdf", "name": "PDF" },
            "cycleSpecification": { "id": "monthly", "name": "monthly" }
        });
        account
    }

    /// A change of an account after which it is of the parties.
    fn parties(&self, parties: &[(&str, &str)]) -> Value {
        json!({ "relatedParty": self.account("any", parties)["relatedParty"] })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_keeps_the_accounts_of_its_customers() {
    for version in VERSIONS {
        let world = World::with_customers(version).await;
        let north = world.acting_for(&["north"], "billingAccount");
        let list = north.get("?sort=name&limit=2").await;
        assert_eq!(values_of(&list, "id"), ["c1", "c2"], "{version}");
        assert_eq!((list.header("x-total-count"), list.header("x-result-count")), ("3", "2"));
        let next = list.header("link").split(',').find(|link| link.contains("rel=\"next\""));
        let next = next.unwrap().trim().trim_start_matches('<').split('>').next().unwrap();
        assert_eq!(values_of(&north.get(next).await, "id"), ["c3"], "{version}");
        assert!(list.header("link").contains("offset=2&limit=2>; rel=\"last\""), "{list:?}");

        let paused = north.patch("c2", &json!({ "state": "Suspended" })).await;
        assert_eq!(paused.expect(StatusCode::OK)["state"], "Suspended");
        assert_eq!(values_of(&north.get("?state=Suspended").await, "id"), ["c2"]);
        assert_eq!(north.delete("c3").await.status, StatusCode::NO_CONTENT);
        assert_eq!(north.total().await, 2);

        // What bills look like is for all to read; its own settlement is the only one that it sees.
        let format = world.acting_for(&["north"], "billFormat");
        assert_eq!(format.read("pdf").await["name"], "PDF");
        format.patch("pdf", &json!({ "name": "x" })).await.expect_refusal("52");
        let settlement = world.acting_for(&["north"], "settlementAccount");
        assert_eq!(values_of(&settlement.get("").await, "id"), ["north"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_its_own_account() {
    for version in VERSIONS {
        let world = World::with_customers(version).await;
        let customer_1 = world.acting_for(&["c1"], "billingAccount");
        assert_eq!(values_of(&customer_1.get("").await, "id"), ["c1"]);
        assert_eq!(customer_1.read("c1").await["name"], "Account c1");
        for other in ["c2", "c4", "nobody"] {
            customer_1.get(&format!("/{other}")).await.expect_no_resource(other);
        }
        assert_eq!(world.acting_for(&["c1"], "settlementAccount").total().await, 0);
        // Who acts for several sees what is any of theirs.
        let several = world.acting_for(&["c1", "c4"], "billingAccount");
        assert_eq!(values_of(&several.get("?sort=name").await, "id"), ["c1", "c4"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn to_another_partner_it_does_not_exist() {
    for version in VERSIONS {
        let world = World::with_customers(version).await;
        let north = world.acting_for(&["north"], "billingAccount");
        let south = world.acting_for(&["south"], "billingAccount");
        let before = north.get("/c1").await;
        for query in ["", "?id=c1,c4", "?relatedParty.role=customer", "?sort=-name", "?name.ne=x"] {
            let list = south.get(query).await;
            assert_eq!(values_of(&list, "id"), ["c4"], "{version} {query}");
            assert_eq!(list.header("x-total-count"), "1", "{version} {query}");
        }
        let names_it = "?relatedParty.id=north";
        assert_eq!(values_of(&south.get(names_it).await, "id"), [""; 0], "{version}");
        south.get("/c1").await.expect_no_resource("c1");
        let head = south.request(Method::HEAD, "/c1").answer().await;
        assert_eq!((head.status.as_u16(), head.headers.get("etag")), (404, None));
        let tag = before.header("etag");
        let known = south.request(Method::GET, "/c1").header("if-none-match", tag);
        known.answer().await.expect_no_resource("c1");
        let claim = world.parties(&[("south", "partner")]);
        for patch in [&json!({ "name": "x" }), &claim, &json!({}), &json!({ "name": 5 })] {
            south.patch("c1", patch).await.expect_no_resource("c1");
        }
        south.delete("c1").await.expect_no_resource("c1");
        assert_eq!(north.get("/c1").await.text, before.text, "{version}");

        // It cannot make accounts in the name of others, nor put its customers there.
        let stranger = world.account("c5", &[("c5", "customer"), ("north", "partner")]);
        south.post(&stranger).await.expect_refusal("52");
        let own = world.account("c6", &[("c6", "customer"), ("south", "partner")]);
        south.post_many(&[own, stranger]).await.expect_refusal("52");
        south.patch("c4", &world.parties(&[("north", "partner")])).await.expect_refusal("52");
        assert_eq!((north.total().await, south.total().await), (3, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_all() {
    for version in VERSIONS {
        let world = World::with_customers(version).await;
        let all = world.operator("billingAccount");
        assert_eq!(values_of(&all.get("?sort=name").await, "id"), ["c1", "c2", "c3", "c4"]);
        assert_eq!(id(&all.read("c4").await), "c4");
        assert_eq!(all.delete("c4").await.status, StatusCode::NO_CONTENT);
        assert_eq!(world.acting_for(&["south"], "billingAccount").total().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_moves_is_seen_by_the_new_partner_only() {
    for version in VERSIONS {
        let world = World::with_customers(version).await;
        let [north, south, customer] =
            ["north", "south", "c1"].map(|party| world.acting_for(&[party], "billingAccount"));
        let tag = north.get("/c1").await.header("etag").to_owned();
        let moved = world.parties(&[("c1", "customer"), ("south", "partner")]);
        north.patch("c1", &moved).await.expect_refusal("52");
        world.operator("billingAccount").patch("c1", &moved).await.expect(StatusCode::OK);

        let again = north.request(Method::GET, "/c1").header("if-none-match", tag);
        again.answer().await.expect_no_resource("c1");
        assert_eq!(values_of(&north.get("?sort=name").await, "id"), ["c2", "c3"], "{version}");
        assert_eq!(values_of(&south.get("?sort=name").await, "id"), ["c1", "c4"], "{version}");
        south.patch("c1", &json!({ "name": "Of south" })).await.expect(StatusCode::OK);
        assert_eq!(customer.read("c1").await["name"], "Of south");

        // A partner who may assign accounts moves one itself, and does not see it any more.
        let scopes = format!("{READ_WRITE} tmf666:assign");
        let assigning = world.issuer.token("default", &["north"], &scopes);
        let assigning = north.with_token(&assigning);
        let moved = world.parties(&[("c2", "customer"), ("south", "partner")]);
        assigning.patch("c2", &moved).await.expect(StatusCode::OK);
        assigning.get("/c2").await.expect_no_resource("c2");
        assert_eq!(south.total().await, 3);
    }
}
