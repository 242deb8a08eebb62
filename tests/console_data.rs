//! The console between a reader and a server: lists that are long, and answers that are lost.

use black_box_tests::browser::Browser;
use black_box_tests::{Api, StatusCode, account_of};
use serde_json::Value;

/// An application that asks nobody, and a browser.
struct World {
    api: Api,
    browser: Browser,
}

impl World {
    async fn start() -> Self {
        Self { api: Api::start().await, browser: Browser::start().await }
    }

    /// Creates so many accounts, and returns their ids in order.
    async fn fill(&self, count: usize) -> Vec<String> {
        let ids: Vec<_> = (0..count).map(|number| format!("a{number:04}")).collect();
        let accounts: Vec<_> = ids.iter().map(|id| account_of(id, &[("p", "owner")])).collect();
        for accounts in accounts.chunks(1_000) {
            self.api.post_many(accounts).await.expect(StatusCode::OK);
        }
        ids
    }

    async fn open(&self, path: &str) {
        self.browser.open(&format!("{}/console/#{path}", self.api.base_url())).await;
    }

    /// The text of the file that comes of a click.
    async fn download(&self, name: &str) -> String {
        let keep = "delete window.kept;
            const make = URL.createObjectURL.bind(URL);
            URL.createObjectURL = (blob) => make(window.kept = blob);";
        self.browser.run(keep, vec![]).await;
        self.browser.click(name).await;
        let read = "while (!window.kept) await new Promise((next) => setTimeout(next, 50));
            return window.kept.text();";
        self.browser.run_async(read).await.as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_page_by_page() {
    let world = World::start().await;
    let browser = &world.browser;
    world.fill(60).await;
    world.open("/billingAccount?sort=name&limit=25").await;
    browser.see("1–25 of 60").await;
    browser.see("Account a0024").await;
    assert!(!browser.offers("Previous").await);
    browser.click("Next").await;
    browser.see("26–50 of 60").await;
    browser.see("Account a0025").await;
    browser.click("Next").await;
    browser.see("51–60 of 60").await;
    browser.see("Account a0059").await;
    assert!(!browser.offers("Next").await);
    browser.click("Previous").await;
    browser.see("26–50 of 60").await;
    browser.see("Account a0049").await;
    browser.see_no("Account a0050").await;
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_each_row_of_a_long_list_once() {
    let world = World::start().await;
    let browser = &world.browser;
    let ids = world.fill(1_200).await;
    world.open("/billingAccount?columns=id,name").await;
    browser.see("1–25 of 1,200").await;
    browser.click("Export").await;
    let csv = world.download("CSV: the columns shown").await;
    let rows: Vec<_> = csv.trim_start_matches('\u{feff}').lines().collect();
    let expected: Vec<_> = ids.iter().map(|id| format!("{id},Account {id}")).collect();
    assert_eq!(rows[0], "id,name");
    assert_eq!(rows[1..], expected);
    let ndjson = world.download("NDJSON: whole documents").await;
    let documents = ndjson.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<_> = documents.map(|it| black_box_tests::id(&it)).collect();
    assert_eq!(found, ids);
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_because_its_answer_was_lost_is_made_once() {
    let world = World::start().await;
    let browser = &world.browser;
    world.open("/new/billFormat").await;
    browser.enter("Name", "Once").await;
    let lose = "const fetch = window.fetch;
        window.fetch = async (address, asked) => {
            const answer = await fetch(address, asked);
            if (asked?.method !== 'POST') return answer;
            window.fetch = fetch;
            throw new TypeError('lost');
        };";
    browser.run(lose, vec![]).await;
    browser.click("Create").await;
    browser.see("The server cannot be reached").await;
    assert_eq!(world.api.on("billFormat").total().await, 1);
    browser.click("Create").await;
    browser.arrive("#/billFormat/").await;
    browser.see("Once").await;
    assert_eq!(world.api.on("billFormat").total().await, 1);
    browser.expect_no_faults().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_could_not_be_loaded_is_fetched_again() {
    let world = World::start().await;
    let browser = &world.browser;
    world.fill(1).await;
    world.open("/").await;
    browser.see("Accounts by state").await;
    let refuse = "window.served = window.fetch;
        window.fetch = (address, asked) => /(split_reading|chunk_[0-9]+)\\.wasm/.test(address)
            ? Promise.resolve(new Response('', { status: 404 }))
            : window.served(address, asked);";
    browser.run(refuse, vec![]).await;
    browser.click("Billing accounts").await;
    browser.see("This part of the console could not be loaded").await;
    browser.run("window.fetch = window.served;", vec![]).await;
    browser.click("Try again").await;
    browser.see("1–1 of 1").await;
    browser.see("Account a0000").await;
    // The page stands that it was tried on.
    assert_eq!(browser.run("return 'served' in window;", vec![]).await, true);
}
