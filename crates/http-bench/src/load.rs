//! Asking for the same at a number of connections.

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

use crate::cases::Case;

/// What came of it.
#[derive(Debug)]
pub struct Load {
    pub per_second: f64,
    /// Latencies as wrk prints them.
    pub p50: String,
    pub p99: String,
}

/// Loads the service at `base_url` with requests of the case, on one thread.
pub async fn measure(
    base_url: &str,
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
        .arg(base_url)
        .output()
        .await
        .context("wrk cannot be run")?;
    let report = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wrk failed: {report}{complaint}");
    Load::read(&report).with_context(|| case.name.to_owned())
}

/// The middle one of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

impl Load {
    /// Reads what wrk printed. A request that was refused costs less than one that was served, so
    /// that figures with such would say nothing.
    fn read(report: &str) -> anyhow::Result<Self> {
        if let Some(refused) = value(report, "Non-2xx or 3xx responses:") {
            let all = report.lines().find_map(|line| line.split_once(" requests in ")?.0.into());
            bail!("{refused} of {} requests were refused", all.unwrap_or("all").trim());
        }
        let text = |label| value(report, label).context("wrk printed something unknown");
        Ok(Self {
            per_second: text("Requests/sec:")?.parse()?,
            p50: text("50%")?.to_owned(),
            p99: text("99%")?.to_owned(),
        })
    }
}

/// The word after `label` in the report.
fn value<'r>(report: &'r str, label: &str) -> Option<&'r str> {
    report.lines().find_map(|line| line.trim().strip_prefix(label)?.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
Running 3s test @ http://127.0.0.1:3000
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.29ms    2.27ms  41.73ms   89.63%
    Req/Sec    12.23k     1.19k   14.35k    70.00%
  Latency Distribution
     50%    4.97ms
     75%    5.90ms
     90%    7.35ms
     99%   22.90ms
  36511 requests in 3.00s, 4.39MB read
Requests/sec:  12160.71
Transfer/sec:      1.46MB
";

    #[test]
    fn figures_are_read() {
        let load = Load::read(REPORT).unwrap();
        assert_eq!(load.per_second, 12160.71);
        assert_eq!((load.p50.as_str(), load.p99.as_str()), ("4.97ms", "22.90ms"));
    }

    #[test]
    fn figures_with_refused_requests_are_none() {
        let report = REPORT.replace("Requests/sec", "  Non-2xx or 3xx responses: 17\nRequests/sec");
        let error = Load::read(&report).unwrap_err().to_string();
        assert_eq!(error, "17 of 36511 requests were refused");
    }
}
