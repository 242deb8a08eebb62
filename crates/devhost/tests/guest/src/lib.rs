//! A component that the tests of devhost make do things: the path says what, the query with what.

use std::fmt::Debug;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use spin_sdk::http::{IntoResponse, Request, send};
use spin_sdk::key_value::Store;
use spin_sdk::{http_service, time, variables};

use self::bindings::wasi::keyvalue::atomics::{Cas, CasError, increment, swap};
use self::bindings::wasi::keyvalue::batch::{delete_many, get_many, set_many};
use self::bindings::wasi::keyvalue::store;

mod bindings {
    spin_sdk::wit_bindgen::generate!({
        world: "function",
        path: "../../../../wit",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

/// Requests that this instance was given, and that it works on now.
static TOTAL: AtomicUsize = AtomicUsize::new(0);
static CURRENT: AtomicUsize = AtomicUsize::new(0);

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let total = TOTAL.fetch_add(1, Ordering::Relaxed) + 1;
    let current = CURRENT.fetch_add(1, Ordering::Relaxed) + 1;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let path = request.uri().path().to_owned();
    let body = match path.as_str() {
        "/request" => describe(request).await,
        "/instance" => {
            time::sleep(Duration::from_millis(query.parse().unwrap_or(0))).await;
            format!("{total} {current}")
        }
        "/drain" => {
            for _ in 0..3 {
                spin_sdk::wit_bindgen::yield_async().await;
            }
            spin_sdk::wit_bindgen::backpressure_inc();
            time::sleep(Duration::from_millis(query.parse().unwrap_or(0))).await;
            format!("{total} {current}")
        }
        "/spawn" => {
            spin_sdk::wit_bindgen::spawn(work(query.parse().unwrap_or(0)));
            format!("{total} {current}")
        }
        "/worked" => worked().await,
        "/spin-key-value" => spin_key_value(&query).await.unwrap_or_else(|error| error),
        "/wasi-key-value" => wasi_key_value().unwrap_or_else(|error| error),
        "/swaps" => swaps(),
        "/variable" => show(variables::get(&query).await),
        "/fetch" => fetch(&query).await,
        "/print" => {
            println!("to stdout");
            eprint!("to stderr, {query}");
            String::new()
        }
        "/trap" => panic!("trapped on purpose"),
        "/loop" => loop {
            black_box(());
        },
        "/sleep" => {
            time::sleep(Duration::from_secs(3600)).await;
            String::new()
        }
        "/grow" => {
            let mut memory = Vec::new();
            loop {
                memory.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        _ => {
            CURRENT.fetch_sub(1, Ordering::Relaxed);
            return (StatusCode::IM_A_TEAPOT, String::new());
        }
    };
    CURRENT.fetch_sub(1, Ordering::Relaxed);
    (StatusCode::OK, body)
}

async fn describe(request: Request) -> String {
    let (parts, body) = request.into_parts();
    let mut lines = vec![format!("{} {}", parts.method, parts.uri)];
    for (name, value) in &parts.headers {
        if name.as_str().starts_with("spin-") {
            lines.push(format!("{name}: {}", value.to_str().unwrap_or("?")));
        }
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    lines.push(String::from_utf8_lossy(&body).into_owned());
    lines.join("\n")
}

fn show<T: Debug, E: Debug>(result: Result<T, E>) -> String {
    format!("{result:?}")
}

/// Works for so many milliseconds: waits, computes, and stores that it has.
async fn work(milliseconds: u64) {
    let half = Duration::from_millis(milliseconds / 2);
    time::sleep(half).await;
    let begin = Instant::now();
    while begin.elapsed() < half {
        let slice = Instant::now();
        while slice.elapsed() < Duration::from_millis(20) {
            black_box(());
        }
        spin_sdk::wit_bindgen::yield_async().await;
    }
    if let Ok(store) = Store::open("default").await {
        _ = store.set("worked", b"yes").await;
    }
}

/// What [`work`] has stored, by whatever instance.
async fn worked() -> String {
    match Store::open("default").await {
        Ok(store) => show(store.get("worked").await),
        Err(error) => text(error),
    }
}

fn text<E: Debug>(error: E) -> String {
    format!("failed: {error:?}")
}

/// Calls each function of `spin:key-value` on the store with the label.
async fn spin_key_value(label: &str) -> Result<String, String> {
    let store = Store::open(label).await.map_err(text)?;
    let mut lines = vec![show(store.get("a").await)];
    lines.push(show(store.set("a", b"1").await));
    lines.push(show(store.set("b", b"2").await));
    lines.push(show(store.get("a").await));
    lines.push(show(store.exists("b").await));
    let mut keys = store.get_keys().await.collect().await.map_err(text)?;
    keys.sort();
    lines.push(format!("{keys:?}"));
    lines.push(show(store.delete("b").await));
    lines.push(show(store.delete("b").await));
    lines.push(show(store.exists("b").await));
    Ok(lines.join("\n"))
}

/// Calls each function of `wasi:keyvalue` that functions may use.
fn wasi_key_value() -> Result<String, String> {
    let bucket = store::open("default").map_err(text)?;
    let mut lines = Vec::new();
    let pairs = [("x".to_owned(), b"1".to_vec()), ("y".to_owned(), b"2".to_vec())];
    lines.push(show(set_many(&bucket, &pairs)));
    let keys = ["x", "absent", "y"].map(str::to_owned);
    let mut found = get_many(&bucket, &keys).map_err(text)?;
    found.sort();
    lines.push(format!("{found:?}"));
    lines.push(show(delete_many(&bucket, &keys[..2])));
    lines.push(show(bucket.exists("x")));
    lines.push(show(bucket.list_keys(None).map(|response| response.keys)));

    // A swap of a value that is still there, and of one that is not.
    let cas = Cas::new(&bucket, "y").map_err(text)?;
    lines.push(show(cas.current()));
    lines.push(show(swap(cas, b"3").map_err(|_| "refused")));
    let cas = Cas::new(&bucket, "y").map_err(text)?;
    lines.push(show(cas.current()));
    lines.push(show(bucket.set("y", b"4")));
    match swap(cas, b"5") {
        Err(CasError::CasFailed(newer)) => lines.push(format!("refused: {:?}", newer.current())),
        outcome => lines.push(format!("not refused: {outcome:?}")),
    }
    // A swap of a key that was absent when it was read is not conditional.
    let cas = Cas::new(&bucket, "z").map_err(text)?;
    lines.push(show(cas.current()));
    lines.push(show(bucket.set("z", b"6")));
    lines.push(show(swap(cas, b"7").map_err(|_| "refused")));
    lines.push(show(bucket.get("z")));

    lines.push(show(increment(&bucket, "n", 0)));
    lines.push(show(increment(&bucket, "n", -2)));
    lines.push(show(bucket.get("n")));
    lines.push(show(increment(&bucket, "y", 1)));
    Ok(lines.join("\n"))
}

/// Swaps a key until the host refuses, and says how often it did not.
fn swaps() -> String {
    let Ok(bucket) = store::open("default") else { return "no store".to_owned() };
    for done in 0..1000 {
        match Cas::new(&bucket, "s") {
            Ok(cas) => _ = swap(cas, b"1"),
            Err(error) => return format!("{done} swaps, then {error:?}"),
        }
    }
    "1000 swaps".to_owned()
}

async fn fetch(uri: &str) -> String {
    let Ok(request) = http::Request::get(uri).body(Empty::<Bytes>::new()) else {
        return format!("{uri} is no URI");
    };
    match send(request).await {
        Ok(response) => {
            let status = response.status();
            let body = response.into_body().collect().await.map(|body| body.to_bytes());
            format!("{status} {body:?}")
        }
        Err(error) => format!("failed: {error:?}"),
    }
}
