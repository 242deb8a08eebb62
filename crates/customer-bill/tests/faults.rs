//! Whatever fails in between, and whatever happens at once: the books are right.

mod common;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::audit::audit;
use common::{
    BILL, BILLING_ACCOUNT, BILLING_CYCLE_SPECIFICATION, Books, CYCLE, ITEM, JOBS, ON_DEMAND, Value,
    World, item, json, money, request,
};
use fastrand::Rng;
use http::{Method, Request};
use http_body_util::Full;
use kv_tree::{Fault, Faulty, Kv, Memory};
use tmf630::Definition;

const ACCOUNTS: [&str; 3] = ["a", "b", "c"];

type Task<'t> = Pin<Box<dyn Future<Output = ()> + 't>>;

/// Polls the tasks in any order until all are done; one whose caller has crashed never is.
fn interleave(mut tasks: Vec<Task<'_>>, rng: &mut Rng) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..200_000 {
        if tasks.is_empty() {
            return;
        }
        let index = rng.usize(..tasks.len());
        if tasks[index].as_mut().poll(&mut context) == Poll::Ready(()) {
            drop(tasks.swap_remove(index));
        }
    }
}

/// Books with three accounts, of which two belong to a financial account and all have a cycle.
fn begun(memory: &Memory) -> Books {
    let books = Books(World::on(memory.clone()).numbered(1));
    books.post(
        &BILLING_CYCLE_SPECIFICATION,
        &json!({ "id": "m", "name": "M", "billingPeriod": "month" }),
    );
    for ledger in ["f", "g"] {
        books.financial_account(ledger);
    }
    for account in ACCOUNTS {
        let mut attributes = json!({ "billStructure": { "cycleSpecification": { "id": "m" } } });
        if account != "c" {
            attributes["financialAccount"] = json!({ "id": "f" });
        }
        books.account(account, attributes);
    }
    books
}

/// Something that a client does.
fn anything(rng: &mut Rng, bills: &[Value]) -> (&'static Definition, Request<Full<bytes::Bytes>>) {
    let account = ACCOUNTS[rng.usize(..ACCOUNTS.len())];
    let amount = |rng: &mut Rng| {
        let millionths = rng.i64(-20_000_000..60_000_000);
        format!(
            "{}{}.{:06}",
            if millionths < 0 { "-" } else { "" },
            millionths.abs() / 1_000_000,
            millionths.abs() % 1_000_000
        )
    };
    let some_item = |rng: &mut Rng| {
        let (excluded, tax) = (amount(rng), amount(rng));
        let mut item = item(account, &excluded, &tax, json!({}));
        item["appliedTax"][0]["taxRate"] = json!(if rng.bool() { 19 } else { 7 });
        item
    };
    let bill_id = |rng: &mut Rng| {
        let bill = bills.get(rng.usize(..bills.len().max(1)));
        bill.map_or("none", |bill| bill["id"].as_str().unwrap()).to_owned()
    };
    let ask = |definition, method, rest: &str, body: Value| {
        (definition, request(definition, method, rest, &body.to_string()))
    };
    match rng.u8(..12) {
        0..=2 => ask(&ITEM, Method::POST, "", some_item(rng)),
        3..=5 => {
            let count = if rng.u8(..4) == 0 { 600 } else { rng.usize(1..40) };
            let add = |_| json!({ "op": "add", "path": "/", "value": some_item(rng) });
            let operations: Vec<_> = (0..count).map(add).collect();
            let (definition, mut request) = ask(&ITEM, Method::PATCH, "", operations.into());
            let media_type = "application/json-patch+json".parse().unwrap();
            request.headers_mut().insert("content-type", media_type);
            (definition, request)
        }
        6 | 7 => ask(
            &ON_DEMAND,
            Method::POST,
            "",
            json!({ "billingAccount": { "id": account }, "billDate": "2026-06-01T00:00:00Z" }),
        ),
        8 => {
            let start = format!("2026-{:02}-01T00:00:00Z", rng.u8(1..6));
            ask(
                &CYCLE,
                Method::POST,
                "",
                json!({ "BillCycleSpecification": { "id": "m" }, "validFor": { "startDateTime": start } }),
            )
        }
        9 => {
            let id = bill_id(rng);
            let states = ["validated", "sent", "onHold", "settled", "new"];
            ask(
                &BILL,
                Method::PATCH,
                &format!("/{id}"),
                json!({ "state": states[rng.usize(..states.len())] }),
            )
        }
        10 => {
            let bill = bills.get(rng.usize(..bills.len().max(1)));
            let mut payments = bill
                .and_then(|bill| bill["appliedPayment"].as_array().cloned())
                .unwrap_or_default();
            payments.push(
                json!({ "appliedAmount": money("EUR", if rng.bool() { "0.01" } else { "-0.01" }) }),
            );
            let id = bill.map_or("none", |bill| bill["id"].as_str().unwrap());
            ask(&BILL, Method::PATCH, &format!("/{id}"), json!({ "appliedPayment": payments }))
        }
        _ => {
            let ledger = if rng.bool() { "f" } else { "g" };
            ask(
                &BILLING_ACCOUNT,
                Method::PATCH,
                &format!("/{account}"),
                json!({ "financialAccount": { "id": ledger } }),
            )
        }
    }
}

/// Asks, or works at jobs.
async fn act<K: Kv>(
    world: &World<K>,
    asked: Option<(&'static Definition, Request<Full<bytes::Bytes>>)>,
) {
    match asked {
        Some((definition, request)) => drop(world.ask(definition, request).await),
        None => drop(world.work(&ON_DEMAND, JOBS, Duration::MAX).await),
    }
}

#[test]
fn the_books_are_right_after_random_work_with_faults() {
    let (mut bills_made, mut seen_in_between) = (0, 0_u64);
    for seed in 0..6 {
        let mut rng = Rng::with_seed(seed);
        let memory = Memory::default();
        drop(begun(&memory));
        for round in 0..25_u32 {
            let books = Books(World::on(memory.clone()).numbered(1_000_000 + round));
            let (bills, _) = books.list(&BILL, "limit=1000");
            let workers: Vec<_> = (0..3)
                .map(|worker| {
                    let plan = (0..rng.usize(..3))
                        .map(|_| (rng.u64(..40), Fault::ALL[rng.usize(..Fault::ALL.len())]));
                    let faulty = Faulty::new(memory.clone(), plan.collect::<Vec<_>>());
                    World::on(faulty).numbered(10 + round * 3 + worker)
                })
                .collect();
            for world in &workers {
                // Long ago for the others, so that they go on with what this one leaves.
                world.advance(i64::from(round) * 60);
            }
            let tasks = workers.iter().map(|world| -> Task<'_> {
                let asked = (rng.u8(..3) > 0).then(|| anything(&mut rng, &bills));
                Box::pin(act(world, asked))
            });
            let tasks = tasks.collect();
            interleave(tasks, &mut rng);
            if round % 2 == 1 {
                // Also while bills are being made.
                let books = Books(World::on(memory.clone()).numbered(2_000_000 + round));
                audit(&books);
                seen_in_between += books.keys("bills/unpublished/");
            }
        }
        let books = Books(World::on(memory.clone()).numbered(3));
        books.0.advance(100_000);
        books.work();
        bills_made += audit(&books);
        assert_eq!(books.list(&ON_DEMAND, "state=inProgress").1, 0, "seed {seed}");
        let (cycles, _) = books.list(&CYCLE, "limit=1000");
        assert!(cycles.iter().all(|cycle| cycle["run"]["state"] == "done"), "seed {seed}");
    }
    assert!(bills_made > 10 && seen_in_between > 0, "{bills_made} {seen_in_between}");
}

#[test]
fn an_acknowledged_item_is_there() {
    for seed in 0..40 {
        let mut rng = Rng::with_seed(seed);
        let memory = Memory::default();
        drop(begun(&memory));
        let mut acknowledged = Vec::new();
        for round in 0..20 {
            let plan = [(rng.u64(..12), Fault::ALL[rng.usize(..Fault::ALL.len())])];
            let world = World::on(Faulty::new(memory.clone(), plan)).numbered(10 + round);
            let body = item("a", "1", "0.19", json!({ "id": format!("{round}") })).to_string();
            let mut status = 0;
            let task: Task<'_> = Box::pin(async {
                status = world
                    .ask(&ITEM, request(&ITEM, Method::POST, "", &body))
                    .await
                    .status()
                    .as_u16();
            });
            interleave(vec![task], &mut rng);
            if status == 201 {
                acknowledged.push(round.to_string());
            }
        }
        let books = Books(World::on(memory.clone()).numbered(3));
        acknowledged.iter().for_each(|id| drop(books.get(&ITEM, id)));
        assert_eq!(audit(&books), 0);
        assert!(acknowledged.len() > 5, "seed {seed}");
    }
}
