//! The first request of an instance.

use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::Client;

use crate::accounts::ACCOUNTS;

/// How often it is measured.
const TIMES: usize = 15;

/// Longer than a host keeps an instance that has nothing to do.
const IDLE: Duration = Duration::from_millis(1500);

/// Compares the first request of an instance with the one after it, as medians.
pub async fn measure(client: &Client, base_url: &str) -> anyhow::Result<String> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        tokio::time::sleep(IDLE).await;
        for times in [&mut first, &mut second] {
            let begin = Instant::now();
            let response = client.get(format!("{base_url}{ACCOUNTS}/a0000000")).send().await?;
            ensure!(response.status().is_success(), "GET by id: {}", response.status());
            response.bytes().await?;
            times.push(begin.elapsed());
        }
    }
    let (first, second) = (median(first), median(second));
    Ok(format!(
        "GET by id, one request at a time: {first:.0?} as the first of an instance, {second:.0?} as the second: {:.1} times",
        first.as_secs_f64() / second.as_secs_f64()
    ))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
