//! Asking for the same at a number of connections.

use std::fmt::Write;

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

/// A service.
pub struct Target<'t> {
    /// Where it is. Over several hosts, connections are spread evenly.
    pub base_urls: Vec<&'t str>,
    /// The access tokens that requests have, each one of them at random; none for requests of nobody.
    pub tokens: &'t [String],
}

impl<'t> From<&'t String> for Target<'t> {
    /// A service at one place that asks nobody who they are.
    fn from(base_url: &'t String) -> Self {
        Self { base_urls: vec![base_url], tokens: &[] }
    }
}

/// How many of so many connections there are if all hosts have equally many: fewer than there are hosts
/// go to as many of them.
pub fn evenly(connections: u32, hosts: u32) -> u32 {
    connections - connections % hosts.clamp(1, connections.max(1))
}

/// Loads the service with requests of the case, on one thread for each host.
pub async fn measure<'t>(
    target: impl Into<Target<'t>>,
    case: &Case,
    connections: u32,
    seconds: u32,
) -> anyhow::Result<Load> {
    let target = target.into();
    let script = tempfile::Builder::new().suffix(".lua").tempfile()?;
    std::fs::write(script.path(), target.script(case))?;
    let hosts = u32::try_from(target.base_urls.len())?;
    let output = Command::new("wrk")
        .args(["--latency", "--threads", &hosts.min(connections).to_string()])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s"), "--script"])
        .arg(script.path())
        .args(target.base_urls.first())
        .output()
        .await
        .context("wrk cannot be run")?;
    let report = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "wrk failed: {report}{complaint}");
    Load::read(&report).with_context(|| case.name.to_owned())
}

impl Target<'_> {
    /// What wrk is told to do. Each of its threads reads all of it.
    fn script(&self, case: &Case) -> String {
        let quoted = |texts: Vec<&str>| format!("{{'{}'}}", texts.join("', '"));
        let addresses = self.base_urls.iter().map(|url| url.trim_start_matches("http://"));
        let mut script = format!(
            "\
local addresses = {}
local threads = 0
setup = function(thread)
  local host, port = addresses[threads % #addresses + 1]:match('^(.*):(%d+)$')
  thread.addr = wrk.lookup(host, port)[1]
  thread:set('number', threads)
  threads = threads + 1
end
init = function()
  math.randomseed(os.time() + number)
end
request = function()
  {}
end
",
            quoted(addresses.collect()),
            case.request
        );
        if !self.tokens.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(
                script,
                "\
local tokens = {}
local format = wrk.format
wrk.format = function(method, path, headers, body)
  headers = headers or {{}}
  headers['authorization'] = 'Bearer ' .. tokens[math.random(#tokens)]
  return format(method, path, headers, body)
end
",
                quoted(self.tokens.iter().map(String::as_str).collect())
            );
        }
        script
    }
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
    fn hosts_have_equally_many_connections() {
        for (connections, hosts, expected) in
            [(64, 1, 64), (64, 4, 64), (16, 3, 15), (1, 4, 1), (3, 4, 3), (0, 2, 0)]
        {
            assert_eq!(evenly(connections, hosts), expected, "{connections} over {hosts}");
        }
    }

    #[test]
    fn a_script_names_hosts_and_tokens() {
        let case = Case::asks("return wrk.format('GET', '/x')".to_owned());
        let (one, two) = ("http://127.0.0.1:3000".to_owned(), "http://127.0.0.1:3001");
        let script = Target::from(&one).script(&case);
        assert!(script.starts_with("local addresses = {'127.0.0.1:3000'}\n"), "{script}");
        assert!(script.contains("request = function()\n  return wrk.format('GET', '/x')\nend\n"));
        assert!(!script.contains("tokens"), "{script}");
        let tokens = ["a.b.c".to_owned(), "d.e.f".to_owned()];
        let script = Target { base_urls: vec![&one, two], tokens: &tokens }.script(&case);
        assert!(script.starts_with("local addresses = {'127.0.0.1:3000', '127.0.0.1:3001'}\n"));
        assert!(script.contains("local tokens = {'a.b.c', 'd.e.f'}\n"), "{script}");
    }

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
