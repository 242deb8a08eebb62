//! The console, in a real browser: what people see and do there.

use black_box_tests::browser::{Browser, Look};
use black_box_tests::events::Told;
use black_box_tests::provider::{CLIENT_ID, Provider};
use black_box_tests::receiver::Reply;
use black_box_tests::tokens::{Issuer, seconds_from_now, trusting};
use black_box_tests::{Api, Resource, StatusCode, account_of, json};
use serde_json::Value;

const BILLS: &str = "/tmf-api/customerBillManagement/v5";

/// What partners and customers may do.
const PARTNER: &str = "tmf666:read tmf666:write tmf678:read tmf678:write";
const CUSTOMER: &str = "tmf666:read tmf678:read";

/// An application that asks who calls, and a browser that nobody has used yet.
struct World {
    api: Api,
    issuer: Issuer,
    browser: Browser,
}

impl World {
    async fn start() -> Self {
        let issuer = Issuer::default();
        let issuers = trusting(&[issuer.trusted()]);
        let api = Api::start_with(&[("auth", "jwt"), ("jwt_issuers", &issuers)]).await;
        Self { api, issuer, browser: Browser::start().await }
    }

    fn token(&self, parties: &[&str], scopes: &str) -> String {
        self.issuer.token("default", parties, scopes)
    }

    /// A resource of the accounts as the operator uses it, without the console.
    fn accounts(&self, resource: &str) -> Resource {
        self.api.on(resource).with_token(&self.token(&[], "admin"))
    }

    fn bills(&self, resource: &str) -> Resource {
        self.api.at(BILLS, resource).with_token(&self.token(&[], "admin"))
    }

    fn page(&self, path: &str) -> String {
        format!("{}/console/#{path}", self.api.base_url())
    }

    /// Signs in with a token, as somebody whom the tab has forgotten.
    async fn sign_in(&self, parties: &[&str], scopes: &str) {
        self.browser.open(&self.page("/")).await;
        self.browser.run("sessionStorage.clear(); location.reload();", vec![]).await;
        self.browser.enter("Access token", &self.token(parties, scopes)).await;
        self.browser.click("Sign in").await;
        self.browser.see("Home").await;
    }
}

/// An item that costs so much without taxes of 19 %.
fn item(account: &str, name: &str, excluded: &str, tax: &str) -> Value {
    let amount = |value: &str| json!({ "unit": "EUR", "value": serde_json::from_str::<Value>(value).unwrap() });
    json!({
        "name": name,
        "appliedBillingRateType": "recurringCharge",
        "billingAccount": { "id": account },
        "taxExcludedAmount": amount(excluded),
        "appliedTax": [{ "taxCategory": "VAT", "taxRate": 19, "taxAmount": amount(tax) }]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_the_partner_and_the_customer_each_see_what_is_theirs() {
    let world = World::start().await;
    let browser = &world.browser;
    // The operator makes what everybody shares.
    world.sign_in(&[], "admin").await;
    browser.click("Bill formats").await;
    browser.see("Nothing here yet").await;
    browser.click("New").await;
    browser.enter("Name", "Detailed").await;
    browser.click("Create").await;
    browser.arrive("#/billFormat/").await;
    browser.see("Detailed").await;
    assert_eq!(world.accounts("billFormat").total().await, 1);

    // The partner bills a customer, whose account it finds by that.
    let parties = [("north", "partner"), ("c1", "customer")];
    world.accounts("billingAccount").create(&account_of("a1", &parties)).await;
    let other = account_of("a2", &[("south", "partner"), ("c2", "customer")]);
    world.accounts("billingAccount").create(&other).await;
    for item in [item("a1", "Fibre", "80", "15.2"), item("a1", "Roaming", "19.579831", "3.720168")]
    {
        world.bills("appliedCustomerBillingRate").create(&item).await;
    }
    world.sign_in(&["north"], PARTNER).await;
    browser.click("Billing accounts").await;
    browser.see("1–1 of 1").await;
    browser.enter("Search", "c1").await;
    browser.click("Search").await;
    browser.see("1–1 of 1").await;
    browser.open(&world.page("/billingAccount/a1")).await;
    browser.see("On the next bill").await;
    browser.click("The items (2)").await;
    browser.see("Fibre").await;
    browser.click("Make a bill").await;
    browser.see("Nothing is made before you say so").await;
    browser.see("118.50").await;
    assert_eq!(world.bills("customerBill").total().await, 0);
    browser.click("Make this bill").await;
    browser.see("Adds up: its 2 items come to exactly this").await;
    assert_eq!(world.bills("customerBill").total().await, 1);
    assert!(browser.printed_pages().await >= 1);
    browser.open(&world.page("/billingAccount/a2")).await;
    browser.see("There is nothing with this id").await;

    // The customer sees why 118.50 is owed, and can change nothing.
    world.sign_in(&["c1"], CUSTOMER).await;
    browser.open(&world.page("/billingAccount/a1")).await;
    browser.see("What is owed, and why").await;
    browser.see("118.50").await;
    for action in ["Edit", "Delete", "Make a bill", "Add an item", "Change state"] {
        assert!(!browser.offers(action).await, "{action}");
    }
    browser.open(&world.page("/customerBill")).await;
    browser.see("1–1 of 1").await;
    browser.open(&world.page("/billingAccount")).await;
    browser.see("Account a1").await;
    assert!(!browser.offers("New").await);
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_offers_is_no_page_by_its_address_either() {
    let world = World::start().await;
    let browser = &world.browser;
    let is_missing = async |path: &str| {
        // What is said is said of this page, and not of the one before.
        browser.open("about:blank").await;
        browser.open(&world.page(path)).await;
        browser.see("There is no such page").await;
    };
    world.accounts("billFormat").create(&json!({ "id": "f", "name": "Shared" })).await;
    // Nobody changes a subscription, a run, or a request for a bill.
    world.sign_in(&[], "admin").await;
    browser.click("Bill formats").await;
    browser.see("1–1 of 1").await;
    assert!(browser.offers("New").await);
    for key in ["accountHub", "billHub", "billCycle", "customerBillOnDemand"] {
        is_missing(&format!("/edit/{key}/x")).await;
    }
    // What all partners share is not one partner's to change.
    world.sign_in(&["north"], PARTNER).await;
    browser.click("Bill formats").await;
    browser.see("1–1 of 1").await;
    assert!(!browser.offers("New").await);
    is_missing("/new/billFormat").await;
    is_missing("/edit/billFormat/f").await;
    // Who can make no item can correct no bill.
    world.sign_in(&["c1"], CUSTOMER).await;
    is_missing("/customerBill/b/correct").await;
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_shown_at_their_fields_and_mended() {
    let world = World::start().await;
    let browser = &world.browser;
    world.sign_in(&[], "admin").await;
    browser.open(&world.page("/new/billFormat")).await;
    browser.enter("Name", " ").await;
    // The validator says so while it is typed: nothing was sent.
    browser.see("must not be blank").await;
    assert_eq!(world.accounts("billFormat").total().await, 0);
    browser.enter("Name", "Short").await;
    browser.see_no("must not be blank").await;
    browser.click("Create").await;
    browser.arrive("#/billFormat/").await;
    assert_eq!(world.accounts("billFormat").total().await, 1);
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_sees_what_the_first_has_changed() {
    let world = World::start().await;
    let browser = &world.browser;
    world.accounts("billFormat").create(&json!({ "id": "f", "name": "Before" })).await;
    world.sign_in(&[], "admin").await;
    browser.open(&world.page("/edit/billFormat/f")).await;
    browser.enter("Name", "Mine").await;
    browser.click("Review the change").await;
    browser.see("What is about to change").await;
    let theirs = json!({ "description": "Theirs" });
    world.accounts("billFormat").patch("f", &theirs).await.expect(StatusCode::OK);
    browser.click("Save the change").await;
    browser.see("Somebody else was faster").await;
    browser.see("Theirs").await;
    assert_eq!(world.accounts("billFormat").read("f").await["name"], "Before");
    browser.click("Apply mine to the newer state").await;
    browser.click("Save the change").await;
    browser.see_no("Save the change").await;
    browser.see("Theirs").await;
    let stored = world.accounts("billFormat").read("f").await;
    assert_eq!((&stored["name"], &stored["description"]), (&json!("Mine"), &json!("Theirs")));
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_a_dead_receiver_did_not_take_are_sent_again() {
    let api = Told::start_with(&[("event_give_up", "0.5")]).await;
    let receiver = &api.receiver;
    receiver.answer("/dead", Reply::Status(503));
    let browser = Browser::start().await;
    let page = |path: &str| format!("{}/console/#{path}", api.base_url());
    browser.open(&page("/subscriptions/new")).await;
    browser.enter("Send events to", &receiver.at("/dead")).await;
    browser.click("Subscribe").await;
    browser.see("Keep it now: it is not shown again").await;
    api.create(&account_of("a1", &[("p", "owner")])).await;
    let id = api.on("hub").get("").await.json()[0]["id"].as_str().unwrap().to_owned();
    browser.open(&page(&format!("/accountHub/{id}"))).await;
    browser.see("Events were parked").await;
    receiver.answer("/dead", Reply::Status(204));
    browser.click("Send 1 parked again").await;
    browser.see("Everything arrives").await;
    assert!(receiver.arrivals("/dead").iter().any(|arrival| arrival.is_taken));
    browser.expect_no_faults().await;
}

/// An application that trusts a provider, at which the console signs in.
async fn with_provider() -> (Provider, Issuer, Api) {
    let provider = Provider::start().await;
    let issuer = Issuer::new(&provider.url, Issuer::default().key);
    let issuers = trusting(&[issuer.trusted()]);
    let api = Api::start_with(&[
        ("auth", "jwt"),
        ("jwt_issuers", &issuers),
        ("console_issuer", &provider.url),
        ("console_client_id", CLIENT_ID),
    ])
    .await;
    (provider, issuer, api)
}

/// The token of a customer that is about to expire: whoever goes on does so with another one.
fn expiring(issuer: &Issuer, scope: &str) -> String {
    let own = json!({ "tenant": "default", "party_id": "c1", "scope": scope });
    let mut claims = issuer.claims_with(&own);
    claims["exp"] = json!(seconds_from_now(20));
    issuer.key.token(&claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_at_a_provider_and_stays_signed_in() {
    let (provider, issuer, api) = with_provider().await;
    provider.give(&expiring(&issuer, CUSTOMER));
    let browser = Browser::start().await;
    browser.open(&format!("{}/console/#/billingAccount", api.base_url())).await;
    browser.click("Sign in").await;
    // Back where it began.
    browser.see("Nothing here yet").await;
    assert!(browser.address().await.ends_with("/console/#/billingAccount"));
    assert_eq!(provider.grants()[0], "authorization_code");
    let own = json!({ "tenant": "default", "party_id": "c1", "scope": CUSTOMER });
    provider.give(&issuer.key.token(&issuer.claims_with(&own)));
    browser.open(&format!("{}/console/#/billFormat", api.base_url())).await;
    browser.see("Bill formats").await;
    browser.see("Nothing here yet").await;
    browser.open(&format!("{}/console/#/me", api.base_url())).await;
    browser.see("c1").await;
    browser.see("tmf666:read").await;
    assert!(provider.grants().contains(&"refresh_token".to_owned()), "{:?}", provider.grants());
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_stays_while_its_token_is_renewed() {
    let (provider, issuer, api) = with_provider().await;
    provider.give(&expiring(&issuer, PARTNER));
    let browser = Browser::start().await;
    browser.open(&format!("{}/console/#/new/billingAccount", api.base_url())).await;
    browser.click("Sign in").await;
    browser.enter("Name", "Kept").await;
    // What it is renewed with allows less, and the form is the place to say so.
    provider.give(&expiring(&issuer, CUSTOMER));
    browser.click("Create").await;
    browser.see("Your sign-in does not allow this").await;
    assert_eq!(browser.value("Name").await, "Kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_that_somebody_chooses_stays() {
    let api = Api::start().await;
    let browser = Browser::start().await;
    let page = format!("{}/console/#/billingAccount", api.base_url());
    browser.open(&page).await;
    browser.see("Nothing here yet").await;
    browser.click("Everybody").await;
    browser.choose("Language", "Deutsch").await;
    for _ in 0..2 {
        browser.see("Rechnungskonten").await;
        browser.see("Hier ist noch nichts").await;
        browser.see_no("Billing accounts").await;
        let language = browser.run("return document.documentElement.lang;", vec![]).await;
        assert_eq!(language, "de");
        browser.open("about:blank").await;
        browser.open(&page).await;
    }
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_waits_for_who_has_to_sign_in_again() {
    let world = World::start().await;
    let browser = &world.browser;
    world.sign_in(&[], "admin").await;
    browser.open(&world.page("/new/billFormat")).await;
    browser.enter("Name", "Kept").await;
    // The server does not know the token any more, once.
    let refuse = "const ask = window.fetch;
        window.fetch = async (address, init) => {
            if (init?.method !== 'POST') return ask(address, init);
            window.fetch = ask;
            return new Response('{}', { status: 401 });
        };";
    browser.run(refuse, vec![]).await;
    browser.click("Create").await;
    browser.enter("Access token", &world.token(&[], "admin")).await;
    browser.click("Sign in").await;
    browser.see_no("Access token").await;
    assert_eq!(browser.value("Name").await, "Kept");
    browser.click("Create").await;
    browser.arrive("#/billFormat/").await;
    assert_eq!(world.accounts("billFormat").total().await, 1);
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_shown_and_kept_as_it_is() {
    let world = World::start().await;
    let browser = &world.browser;
    let text = "One\nTwo  words";
    world
        .accounts("billFormat")
        .create(&json!({ "id": "f", "name": text, "description": text }))
        .await;
    world.sign_in(&[], "admin").await;
    browser.open(&world.page("/billFormat/f")).await;
    browser.see(text).await;
    browser.open(&world.page("/edit/billFormat/f")).await;
    browser.enter("Description", "Three\nFour").await;
    browser.click("Review the change").await;
    browser.click("Save the change").await;
    browser.see_no("Save the change").await;
    let stored = world.accounts("billFormat").read("f").await;
    assert_eq!((&stored["name"], &stored["description"]), (&json!(text), &json!("Three\nFour")));
    // Steps of a path are no ids, and do not show what they lead to.
    for id in [".", "..", "%2e"] {
        browser.open("about:blank").await;
        browser.open(&world.page(&format!("/billFormat/{id}"))).await;
        browser.see("There is nothing with this id").await;
    }
    browser.expect_no_faults().await;
}

/// Names that want to be more than names.
fn hostile_names() -> [String; 4] {
    [
        "<img src=x onerror=\"document.title='broken'\">".to_owned(),
        "\u{202e}reversed\u{202d} and \u{2066}isolated".to_owned(),
        "W".repeat(10_000),
        "{{name}} ${name} %s \u{0}\u{7} \u{1f468}\u{200d}\u{1f469}".replace('\u{0}', ""),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_breaks_nothing() {
    let world = World::start().await;
    let browser = &world.browser;
    for (number, name) in hostile_names().into_iter().enumerate() {
        let mut account = account_of(&format!("h{number}"), &[("p", "owner")]);
        account["name"] = json!(name);
        account["relatedParty"][0]["partyOrPartyRole"]["name"] = json!(name);
        world.accounts("billingAccount").create(&account).await;
    }
    world.sign_in(&[], "admin").await;
    for width in [360, 1440] {
        browser.look(Look { width, is_dark: false }).await;
        for path in
            ["/billingAccount", "/billingAccount/h0", "/billingAccount/h1", "/billingAccount/h2"]
        {
            browser.open(&world.page(path)).await;
            browser.see("Last change").await;
            let script = "return [document.title, document.querySelectorAll('img').length,
                document.documentElement.scrollWidth <= document.documentElement.clientWidth];";
            let found = browser.run(script, vec![]).await;
            assert_ne!(found[0], "broken", "{path}");
            assert_eq!((&found[1], &found[2]), (&json!(0), &json!(true)), "{path} at {width}");
        }
    }
    browser.expect_no_faults().await;
}
