//! What the log says of how large the data is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
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

/// The part of a line that this reads.
#[derive(Deserialize)]
struct Line {
    data: Gauge,
}

/// A log that is read while it grows.
pub struct Gauges {
    path: PathBuf,
    /// How much of it was read.
    read: u64,
    newest: Option<Gauge>,
}

impl Gauges {
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: 0, newest: None }
    }

    /// The newest that the log has.
    pub fn newest(&mut self) -> std::io::Result<Option<Gauge>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // The last line may not be whole yet.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        let lines = String::from_utf8_lossy(&bytes[..whole]);
        self.newest = lines.lines().rev().find_map(gauge).or(self.newest);
        Ok(self.newest)
    }
}

fn gauge(line: &str) -> Option<Gauge> {
    // Most lines are of requests.
    let line = line.contains("\"retiredPages\"").then_some(line)?;
    serde_json::from_str::<Line>(line).ok().map(|line| line.data)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn line(bytes: u64) -> String {
        format!(
            r#"{{"tenant":"default","data":{{"entries":5,"pages":3,"bytes":{bytes},"retiredPages":7}}}}"#
        )
    }

    #[test]
    fn the_newest_line_that_is_whole_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = File::create(&path).unwrap();
        let mut gauges = Gauges::new(path);
        writeln!(log, r#"{{"status":200,"route":"/"}}"#).unwrap();
        assert_eq!(gauges.newest().unwrap(), None);
        writeln!(log, "{}", line(1)).unwrap();
        write!(log, "{}", line(2)).unwrap();
        let first = Gauge { entries: 5, pages: 3, bytes: 1, retired_pages: 7 };
        assert_eq!(gauges.newest().unwrap(), Some(first));
        writeln!(log).unwrap();
        assert_eq!(gauges.newest().unwrap(), Some(Gauge { bytes: 2, ..first }));
        writeln!(log, "no JSON").unwrap();
        assert_eq!(gauges.newest().unwrap(), Some(Gauge { bytes: 2, ..first }));
    }
}
