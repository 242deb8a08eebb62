//! The application dies between a change and its events, and while they are delivered: each event of
//! an acknowledged change arrives, in order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use black_box_tests::events::{Maintenance, TO_THIS_MACHINE};
use black_box_tests::process::Application;
use black_box_tests::receiver::{Arrival, Receiver, Reply, kind, subject};
use black_box_tests::{BILLING_ACCOUNT, account_of, id, json};
use reqwest::{Client, Method};
use serde_json::Value;

/// How many applications there are, and how often each is killed. Who dies while it is at it is taken for
/// alive for some seconds, so several are waited for at a time.
const APPLICATIONS: usize = 5;
const KILLS: usize = 6;

/// How long it may take until something more happens.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many clients write at a time, and to how many accounts each while an application lives: all of it is
/// delivered in the end, to receivers that take their time.
const WRITERS: usize = 4;
const ACCOUNTS: usize = 15;

/// Where receivers listen: one is quick, one takes its time, and one fails now and then.
const PATHS: [&str; 3] = ["/quick", "/slow", "/moody"];

/// What happened to an account, as events tell it: whether the application has acknowledged it is
/// beside.
type Story = Vec<(String, bool)>;
type Stories = Arc<Mutex<BTreeMap<String, Story>>>;

fn start(state_dir: &std::path::Path) -> Application {
    let program = env!("CARGO_BIN_EXE_application");
    Application::start(program, state_dir, &TO_THIS_MACHINE)
}

/// The status of the answer, if the application lived long enough to give one.
async fn answer(client: &Client, method: Method, url: &str, body: &Value) -> Option<u16> {
    let media_type = match method {
        Method::PATCH => "application/merge-patch+json",
        _ => "application/json",
    };
    let request = client.request(method, url).header("content-type", media_type);
    Some(request.body(body.to_string()).send().await.ok()?.status().as_u16())
}

/// Creates, changes and deletes accounts, as long as the application answers.
async fn write(accounts: String, writer: usize, round: usize, stories: Stories) {
    let client = Client::new();
    for number in 0..ACCOUNTS {
        let id = format!("{round}-{writer}-{number}");
        let url = format!("{accounts}/{id}");
        let begin = |event: &str| {
            let mut stories = stories.lock().unwrap();
            stories.entry(id.clone()).or_default().push((event.to_owned(), false));
        };
        let acknowledge = || {
            let mut stories = stories.lock().unwrap();
            stories.get_mut(&id).and_then(|story| story.last_mut()).unwrap().1 = true;
        };
        let changes = [
            (Method::POST, &accounts, account_of(&id, &[("p", "owner")]), "Create", 201),
            (Method::PATCH, &url, json!({ "name": "1" }), "AttributeValueChange 1", 200),
            (Method::PATCH, &url, json!({ "name": "2" }), "AttributeValueChange 2", 200),
            (Method::PATCH, &url, json!({ "state": "Active" }), "StateChange", 200),
            (Method::DELETE, &url, json!({}), "Delete", 204),
        ];
        let length = 1 + number % changes.len();
        for (method, url, body, event, expected) in changes.into_iter().take(length) {
            begin(event);
            match answer(&client, method, url, &body).await {
                Some(status) if status == expected => acknowledge(),
                Some(other) => panic!("{event} of {id}: {other}"),
                None => return,
            }
        }
    }
}

/// What an event tells, as a story has it.
fn what(event: &Value) -> String {
    let kind = kind(event).strip_prefix("BillingAccount").unwrap();
    let kind = kind.strip_suffix("Event").unwrap();
    match kind {
        "AttributeValueChange" => format!("{kind} {}", subject(event)["name"].as_str().unwrap()),
        _ => kind.to_owned(),
    }
}

/// The first arrivals of the events about each account.
fn first_arrivals(arrivals: &[Arrival]) -> BTreeMap<String, Vec<String>> {
    let mut known = BTreeMap::new();
    let mut told = BTreeMap::<_, Vec<_>>::new();
    for arrival in arrivals {
        let event = arrival.event();
        // What comes twice is the same, but for the moment at which it is signed.
        if let Some(body) = known.insert(arrival.id(), arrival.body.clone()) {
            assert_eq!(body, arrival.body);
        } else {
            told.entry(id(subject(&event))).or_default().push(what(&event));
        }
    }
    told
}

/// What of the stories has not arrived; and expects that nothing else has.
fn missing(stories: &BTreeMap<String, Story>, arrivals: &[Arrival]) -> usize {
    let told = first_arrivals(arrivals);
    for (id, told) in &told {
        let story: Vec<_> = stories[id].iter().map(|(event, _)| event).take(told.len()).collect();
        assert_eq!(told.iter().collect::<Vec<_>>(), story, "{id}");
    }
    let acknowledged = |story: &Story| story.iter().filter(|(_, is_so)| *is_so).count();
    let told = |id: &str| told.get(id).map_or(0, Vec::len);
    stories.iter().map(|(id, story)| acknowledged(story).saturating_sub(told(id))).sum()
}

/// Kills an application so often, and expects that all that it has acknowledged is told at last.
async fn kill_and_expect_all(world: usize) {
    let state_dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::start().await;
    receiver.answer("/slow", Reply::Slowly(Duration::from_millis(15), 200));
    let mood = |number: usize| match number % 7 {
        3 => Reply::Status(500),
        5 => Reply::Closes,
        _ => Reply::Status(200),
    };
    receiver.script("/moody", &(0..500).map(mood).collect::<Vec<_>>(), Reply::Status(200));
    let application = start(state_dir.path());
    let hub = BILLING_ACCOUNT.replace("billingAccount", "hub");
    for path in PATHS {
        let subscription = json!({ "callback": receiver.at(path) });
        let url = format!("{}{hub}", application.base_url);
        assert_eq!(answer(&Client::new(), Method::POST, &url, &subscription).await, Some(201));
    }
    application.kill();

    let stories = Stories::default();
    let known = || stories.lock().unwrap().len();
    let mut random = fastrand::Rng::with_seed(world as u64);
    for round in 0..KILLS {
        let application = start(state_dir.path());
        let maintenance = Maintenance::start(&application.base_url);
        let accounts = format!("{}{BILLING_ACCOUNT}", application.base_url);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write(accounts.clone(), writer, round, stories.clone())))
            .collect();
        // In every other round soon after a change, else while something is under way to a receiver that
        // takes its time. Whoever was at it when the application died is waited for until then.
        let enough = known() + random.usize(WRITERS..40);
        let arrived = receiver.count("/slow") + random.usize(1..20);
        let begin = Instant::now();
        while match round % 2 {
            0 => known() < enough,
            _ => receiver.count("/slow") < arrived,
        } {
            assert!(begin.elapsed() < PATIENCE, "nothing happens");
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        drop(maintenance);
        application.kill();
        for writer in writers {
            writer.await.unwrap();
        }
    }

    let application = start(state_dir.path());
    let _maintenance = Maintenance::start(&application.base_url);
    let stories = stories.lock().unwrap().clone();
    for path in PATHS {
        let (mut least, mut since) = (usize::MAX, Instant::now());
        loop {
            let mut arrivals = receiver.arrivals(path);
            let requests = arrivals.len();
            arrivals.retain(|arrival| arrival.is_taken);
            let missing = missing(&stories, &arrivals);
            if missing == 0 {
                let events = first_arrivals(&arrivals).values().map(Vec::len).sum::<usize>();
                eprintln!("{world}{path}: {events} events in {requests} requests");
                break;
            }
            if missing < least {
                (least, since) = (missing, Instant::now());
            }
            assert!(since.elapsed() < PATIENCE, "{missing} events do not come to {path}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    application.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_change_is_told_though_applications_are_killed_thirty_times() {
    let worlds: Vec<_> =
        (0..APPLICATIONS).map(|world| tokio::spawn(kill_and_expect_all(world))).collect();
    for world in worlds {
        world.await.unwrap();
    }
}
