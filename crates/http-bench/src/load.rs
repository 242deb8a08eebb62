//! Asking for the same at a number of connections.

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::cases::Case;
use crate::host::Host;

/// What came of it.
pub struct Load {
    pub per_second: f64,
    /// Latencies as wrk prints them.
    pub p50: String,
    pub p99: String,
}

/// Loads the host with requests of the case, on one thread.
pub async fn measure(
    host: &Host,
    case: &Case,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Load> {
    let script = tempfile::Builder::new().suffix(".lua").tempfile()?;
    let lua =
        format!("math.randomseed(os.time())\nrequest = function()\n  {}\nend\n", case.request);
    std::fs::write(script.path(), lua)?;
    let output = Command::new("wrk")
        .args(["--latency", "--threads", "1", "--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--script"])
        .arg(script.path())
        .arg(&host.base_url)
        .output()
        .await
        .context("wrk cannot be run")?;
    let report = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "wrk failed: {report}");
    let refused = value(&report, "Non-2xx or 3xx responses:");
    ensure!(
        refused.is_none(),
        "{}: {} requests were refused",
        case.name,
        refused.unwrap_or_default()
    );
    let text =
        |label| value(&report, label).context("wrk printed something unknown").map(str::to_owned);
    Ok(Load { per_second: text("Requests/sec:")?.parse()?, p50: text("50%")?, p99: text("99%")? })
}

/// The word after `label` in the report.
fn value<'r>(report: &'r str, label: &str) -> Option<&'r str> {
    report.lines().find_map(|line| line.trim().strip_prefix(label)?.split_whitespace().next())
}
