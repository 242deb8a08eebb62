//! `cargo xtask copy`: copies tenants from one store to another.

#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use clap::Parser;
use store_copy::{Place, Progress, copy};

/// Copies tenants from one store to another, and checks the copy. A store is the address of a Redis or a
/// PostgreSQL (redis://…, postgres://…; without TLS), or the path of a file that Spin keeps its store in.
///
/// Whoever writes to a tenant has to stop before it is copied for good; before that, a first copy can be
/// made, so that the second has little to do. One that was interrupted goes on where it was.
#[derive(Parser)]
struct Arguments {
    /// The store that has the tenants. Its address may be in the environment instead, where other users of
    /// this machine do not see it.
    #[arg(long, value_name = "STORE", env = "COPY_FROM", hide_env_values = true)]
    from: String,
    /// The store that gets them.
    #[arg(long, value_name = "STORE", env = "COPY_TO", hide_env_values = true)]
    to: String,
    /// A tenant; may be given several times. Without it, everything is copied.
    #[arg(long = "tenant", value_name = "TENANT")]
    tenants: Vec<String>,
}

/// How often the progress is printed.
const PERIOD: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let (from, to) = (Place::parse(&arguments.from)?, Place::parse(&arguments.to)?);
    let mut last = Instant::now();
    copy(&from, &to, &arguments.tenants, |progress| match progress {
        Progress::Copying(tree, copied) if last.elapsed() >= PERIOD => {
            last = Instant::now();
            println!("{tree}: {} pages, {} MB", copied.pages, copied.bytes >> 20);
        }
        Progress::Copying(..) => {}
        Progress::Checking(tree) => println!("{tree}: checking"),
        Progress::Done(tree, copied, entries) => {
            println!("{tree}: {} pages copied, {entries} entries checked", copied.pages);
        }
    })
    .await
}
