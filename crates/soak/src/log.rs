//! The log of the application: what it says of how large the data is, and of what requests have cost.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::AddAssign;
use std::path::PathBuf;

use serde::Deserialize;

/// How large the data of the tenant is: the member `data` of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    /// How many entries the tree has.
    pub entries: u64,
    /// How many pages are in use, and how many bytes they have.
    pub pages: u64,
    pub bytes: u64,
    /// How many pages wait to be deleted.
    pub retired_pages: u64,
}

/// What requests have asked of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many requests they were.
    pub requests: u64,
    /// How many calls to the store they made, and how many bytes these moved; those of others that the same
    /// instance answered meanwhile are among them.
    pub calls: u64,
    pub bytes: u64,
}

/// What requests of each method and route have cost.
pub type Costs = BTreeMap<String, Cost>;

impl Cost {
    /// How many calls and bytes that is for each request.
    pub fn each(self) -> Option<(f64, f64)> {
        let each = |sum: u64| sum as f64 / self.requests as f64;
        (self.requests > 0).then(|| (each(self.calls), each(self.bytes)))
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.calls += other.calls;
        self.bytes += other.bytes;
    }
}

/// A line that tells how large the data is.
#[derive(Deserialize)]
struct DataLine {
    data: Gauge,
}

/// A line of a request.
#[derive(Deserialize)]
struct RequestLine {
    method: String,
    route: String,
    store: Store,
}

#[derive(Deserialize)]
struct Store {
    calls: u64,
    bytes: u64,
}

/// A log that is read while it grows.
pub struct Log {
    path: PathBuf,
    /// How much of it was read.
    read: u64,
    gauge: Option<Gauge>,
}

impl Log {
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: 0, gauge: None }
    }

    /// How large the data was when the log last told, and what requests have cost that it has told of since it was
    /// read before.
    pub fn read(&mut self) -> std::io::Result<(Option<Gauge>, Costs)> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // The last line may not be whole yet.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        let mut costs = Costs::new();
        for line in String::from_utf8_lossy(&bytes[..whole]).lines() {
            if let Some((request, cost)) = cost(line) {
                *costs.entry(request).or_default() += cost;
            } else if line.contains("\"retiredPages\"")
                && let Ok(line) = serde_json::from_str::<DataLine>(line)
            {
                self.gauge = Some(line.data);
            }
        }
        Ok((self.gauge, costs))
    }
}

fn cost(line: &str) -> Option<(String, Cost)> {
    let line = line.contains("\"route\"").then_some(line)?;
    let RequestLine { method, route, store } = serde_json::from_str(line).ok()?;
    let route = route.strip_prefix("/tmf-api/").unwrap_or(&route);
    let cost = Cost { requests: 1, calls: store.calls, bytes: store.bytes };
    Some((format!("{method} {route}"), cost))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn data_line(bytes: u64) -> String {
        format!(
            r#"{{"tenant":"default","data":{{"entries":5,"pages":3,"bytes":{bytes},"retiredPages":7}}}}"#
        )
    }

    fn request_line(calls: u64) -> String {
        format!(
            r#"{{"method":"GET","route":"/tmf-api/x/v5/y/{{id}}","store":{{"calls":{calls},"bytes":10,"commits":0}}}}"#
        )
    }

    #[test]
    fn lines_that_are_whole_count_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = File::create(&path).unwrap();
        let mut log = Log::new(path);
        writeln!(file, "{}", request_line(3)).unwrap();
        writeln!(file, "no JSON\n{}", request_line(4)).unwrap();
        let cost = Cost { requests: 2, calls: 7, bytes: 20 };
        let (gauge, costs) = log.read().unwrap();
        assert_eq!((gauge, costs), (None, [("GET x/v5/y/{id}".to_owned(), cost)].into()));
        assert_eq!(cost.each(), Some((3.5, 10.0)));

        writeln!(file, "{}", data_line(1)).unwrap();
        write!(file, "{}", data_line(2)).unwrap();
        let first = Gauge { entries: 5, pages: 3, bytes: 1, retired_pages: 7 };
        assert_eq!(log.read().unwrap(), (Some(first), Costs::new()));
        writeln!(file).unwrap();
        assert_eq!(log.read().unwrap().0, Some(Gauge { bytes: 2, ..first }));
        assert_eq!(log.read().unwrap().0, Some(Gauge { bytes: 2, ..first }));
    }
}
