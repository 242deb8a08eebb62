//! What it costs to know who calls, and to see a part only.

use std::time::{Duration, Instant};

use access::testing::{ed25519, p256, rsa};
use anyhow::{Context, ensure};
use jsonwebtoken::Algorithm;
use serde_json::json;

use crate::Arguments;
use crate::accounts::{self, ACCOUNTS};
use crate::callers::{self, client, token};
use crate::cases::Case;
use crate::host::Host;
use crate::load::{self, median};

/// The tenant of an application that is told nothing of tenants.
const TENANT: &str = "default";

/// Who bills on behalf, and how many accounts are theirs.
const PARTNER: &str = "reseller";
const OF_PARTNER: usize = 100;

/// How often each is measured; the median counts.
const ROUNDS: usize = 5;

/// How many tokens of each algorithm are checked.
const CHECKS: usize = 200;

/// Measures with as many connections as are asked for, and prints the figures.
pub async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let keys = [rsa("r", Algorithm::RS256), p256("e"), ed25519("d")];
    let issuers = callers::issuers(&[&keys[0], &keys[1], &keys[2]]);
    let start = |variables| Host::start(arguments.host, &arguments.components, false, variables);
    let open = start(&[]).await?;
    let asking = start(&[("auth", "jwt"), ("jwt_issuers", &issuers)]).await?;
    let operator = token(&keys[1], TENANT, &json!({ "scope": "admin" }))?;
    let partner = token(&keys[1], TENANT, &json!({ "scope": "tmf666:read", "party_id": PARTNER }))?;
    let records = arguments.records;
    println!("{}, {records} accounts", open.describe());
    let every = (records / OF_PARTNER).max(1);
    for (host, token) in [(&open, None), (&asking, Some(&operator))] {
        let client = client(token)?;
        accounts::create_as(&client, &host.base_url, records, Some((PARTNER, every))).await?;
    }

    let by_id = format!("string.format('{ACCOUNTS}/a%07d', math.random(0, {}))", records - 1);
    let list = format!("'{ACCOUNTS}?limit=20'");
    let sorted = format!("'{ACCOUNTS}?limit=20&sort=name'");
    println!(
        "\n| case | connections | req/s | beside it | req/s | ratio |\n|---|---|---|---|---|---|"
    );
    for &connections in &arguments.connections {
        for (name, of, path, beside, of_beside, path_beside) in [
            (
                "GET by id, a token",
                (&asking, Some(&operator)),
                &by_id,
                "nobody is asked",
                (&open, None),
                &by_id,
            ),
            (
                "list of 20, a token",
                (&asking, Some(&operator)),
                &list,
                "nobody is asked",
                (&open, None),
                &list,
            ),
            (
                "the partner's 20",
                (&asking, Some(&partner)),
                &list,
                "the operator's",
                (&asking, Some(&operator)),
                &list,
            ),
            (
                "the partner's 20 by name",
                (&asking, Some(&partner)),
                &sorted,
                "the operator's",
                (&asking, Some(&operator)),
                &sorted,
            ),
        ] {
            let (mut own, mut other) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                own.push(per_second(of, path, connections, arguments.seconds).await?);
                other.push(
                    per_second(of_beside, path_beside, connections, arguments.seconds).await?,
                );
            }
            let (own, other) = (median(own), median(other));
            let ratio = own / other;
            println!("| {name} | {connections} | {own:.0} | {beside} | {other:.0} | {ratio:.2} |");
        }
    }

    println!();
    for key in &keys {
        let name = format!("{:?}", key.algorithm);
        let known = vec![token(key, TENANT, &json!({ "scope": "admin" }))?; CHECKS];
        let fresh = (0..CHECKS)
            .map(|number| token(key, TENANT, &json!({ "scope": "admin", "jti": number })));
        let fresh = fresh.collect::<anyhow::Result<Vec<_>>>()?;
        let (known, fresh) = (latency(&asking, &known).await?, latency(&asking, &fresh).await?);
        let check = fresh.saturating_sub(known);
        println!(
            "{name}: {known:.0?} with a token that is known, {fresh:.0?} with a new one: {check:.0?} for the check"
        );
    }
    open.stop().await?;
    asking.stop().await
}

async fn per_second(
    (host, token): (&Host, Option<&String>),
    path: &str,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<f64> {
    let header =
        token.map_or(String::new(), |token| format!(", {{['authorization'] = 'Bearer {token}'}}"));
    let case = Case::asks(format!("return wrk.format('GET', {path}{header})"));
    Ok(load::measure(&host.base_url, &case, connections, seconds).await?.per_second)
}

/// How long a GET by id takes, one after the other, each with its token: the median.
async fn latency(host: &Host, tokens: &[String]) -> anyhow::Result<Duration> {
    let client = client(None)?;
    let mut times = Vec::new();
    for token in tokens {
        let begin = Instant::now();
        let request = client.get(format!("{}{ACCOUNTS}/a0000000", host.base_url));
        let response = request.bearer_auth(token).send().await?;
        ensure!(response.status().is_success(), "GET by id: {}", response.status());
        response.bytes().await?;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().context("nothing was measured")
}
