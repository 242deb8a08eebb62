//! What the application's log says about the time that a case was loaded.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

/// The log of a host, or of several, which the components write a line of JSON to for each request.
pub struct Log {
    /// Of each host, the file, or a folder of files.
    paths: Vec<PathBuf>,
}

/// How long each file was, by its path.
pub struct Position(Vec<(PathBuf, u64)>);

/// What the lines of a time add up to.
#[derive(Debug, Default)]
pub struct Activity {
    instances: HashSet<String>,
    /// Lines that say what was done with the store.
    requests: u64,
    store: StoreUse,
    /// A line of a request that was refused: the first that was read.
    refused: Option<String>,
}

/// The part of a line that this reads.
#[derive(Deserialize)]
struct Line {
    status: Option<u16>,
    instance: Option<String>,
    store: Option<StoreUse>,
}

/// What an instance did since its line before.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct StoreUse {
    /// Calls to the store.
    calls: u64,
    /// How long these took.
    microseconds: u64,
    commits: u64,
    attempts: u64,
    /// Requests whose changes were in those commits.
    committed: u64,
}

impl Log {
    pub fn new(path: PathBuf) -> Self {
        Self { paths: vec![path] }
    }

    /// Several logs as one.
    pub fn of<'l>(logs: impl IntoIterator<Item = &'l Self>) -> Self {
        Self { paths: logs.into_iter().flat_map(|log| log.paths.clone()).collect() }
    }

    /// Where the log ends now.
    pub fn end(&self) -> anyhow::Result<Position> {
        let mut lengths = Vec::new();
        for path in &self.paths {
            for file in files(path).with_context(|| format!("{}", path.display()))? {
                let length = std::fs::metadata(&file)?.len();
                lengths.push((file, length));
            }
        }
        Ok(Position(lengths))
    }

    /// What was logged since.
    pub fn since(&self, position: &Position) -> anyhow::Result<Activity> {
        let mut activity = Activity::default();
        for (path, end) in self.end()?.0 {
            let start = position.of(&path);
            let mut bytes = Vec::new();
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(start))?;
            // Not what is written meanwhile.
            file.take(end.saturating_sub(start)).read_to_end(&mut bytes)?;
            String::from_utf8_lossy(&bytes).lines().for_each(|line| activity.add(line));
        }
        Ok(activity)
    }
}

/// The file, or those in the folder; none as long as it is not there.
fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
}

impl Position {
    /// A file that was not there began at its beginning.
    fn of(&self, path: &PathBuf) -> u64 {
        self.0.iter().find(|(known, _)| known == path).map_or(0, |(_, length)| *length)
    }
}

impl Activity {
    /// Adds a line, unless it is of another kind, or cut off.
    fn add(&mut self, line: &str) {
        // A host may write something before what the component has written.
        let Some(start) = line.find('{') else { return };
        let text = &line[start..];
        let Ok(line) = serde_json::from_str::<Line>(text) else { return };
        if line.status.is_some_and(|status| status >= 400) {
            self.refused.get_or_insert_with(|| text.to_owned());
        }
        self.instances.extend(line.instance);
        let Some(store) = line.store else { return };
        self.requests += 1;
        self.store.calls += store.calls;
        self.store.microseconds += store.microseconds;
        self.store.commits += store.commits;
        self.store.attempts += store.attempts;
        self.store.committed += store.committed;
    }

    /// What the log says of a request that was refused.
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// How many instances answered.
    pub fn instances(&self) -> Option<usize> {
        Some(self.instances.len()).filter(|instances| *instances > 0)
    }

    pub fn calls_a_request(&self) -> Option<f64> {
        ratio(self.store.calls, self.requests)
    }

    pub fn microseconds_a_call(&self) -> Option<f64> {
        ratio(self.store.microseconds, self.store.calls)
    }

    pub fn requests_a_commit(&self) -> Option<f64> {
        ratio(self.store.committed, self.store.commits)
    }

    pub fn attempts_a_commit(&self) -> Option<f64> {
        ratio(self.store.attempts, self.store.commits)
    }
}

fn ratio(dividend: u64, divisor: u64) -> Option<f64> {
    (divisor > 0).then(|| dividend as f64 / divisor as f64)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn activity(lines: &[&str]) -> Activity {
        let mut activity = Activity::default();
        lines.iter().for_each(|line| activity.add(line));
        activity
    }

    #[test]
    fn lines_are_added_up() {
        let activity = activity(&[
            r#"{"status":201,"instance":"a","store":{"calls":9,"microseconds":500,"commits":1,"attempts":2,"committed":3}}"#,
            r#"{"status":201,"instance":"a","store":{"calls":0,"commits":0,"attempts":1,"committed":0}}"#,
            r#"[component] {"instance":"b","store":{"calls":3,"microseconds":100,"commits":1,"attempts":1,"committed":1}}"#,
        ]);
        assert_eq!(activity.instances(), Some(2));
        assert_eq!(activity.calls_a_request(), Some(4.0));
        assert_eq!(activity.microseconds_a_call(), Some(50.0));
        assert_eq!(activity.requests_a_commit(), Some(2.0));
        assert_eq!(activity.attempts_a_commit(), Some(2.0));
    }

    #[test]
    fn what_was_refused_is_told() {
        let [done, moved, wrong, busy] =
            [201, 303, 400, 503].map(|status| format!(r#"{{"status":{status}}}"#));
        assert_eq!(activity(&[&done, &moved]).refused(), None);
        assert_eq!(activity(&[&done, &wrong, &busy]).refused(), Some(&*wrong));
        assert_eq!(activity(&[&busy, &wrong]).refused(), Some(&*busy));
    }

    #[test]
    fn what_is_not_there_is_not_told() {
        let activity = activity(&[
            r#"{"status":200,"microseconds":5}"#,
            r#"{"store":{"calls":1}}"#,
            r#""committed":1}}"#,
            r#"{"instance":"cut o"#,
            "Serving http://127.0.0.1:3000",
        ]);
        assert_eq!(activity.instances(), None);
        assert_eq!(activity.calls_a_request(), Some(1.0));
        assert_eq!((activity.requests_a_commit(), activity.attempts_a_commit()), (None, None));
        assert_eq!(Activity::default().calls_a_request(), None);
        assert_eq!(Activity::default().microseconds_a_call(), None);
    }

    fn write(folder: &Path, name: &str, instance: &str) {
        let file = File::options().create(true).append(true).open(folder.join(name));
        writeln!(file.unwrap(), r#"{{"instance":"{instance}"}}"#).unwrap();
    }

    #[test]
    fn only_what_was_written_since_counts() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "log", "before");
        let log = Log::new(folder.path().join("log"));
        let position = log.end().unwrap();
        assert_eq!(log.since(&position).unwrap().instances(), None);
        write(folder.path(), "log", "a");
        write(folder.path(), "log", "a");
        assert_eq!(log.since(&position).unwrap().instances(), Some(1));
    }

    #[test]
    fn logs_of_several_hosts_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let logs = ["one", "two"].map(|name| Log::new(folder.path().join(name)));
        write(folder.path(), "one", "before");
        let log = Log::of(&logs);
        let position = log.end().unwrap();
        write(folder.path(), "one", "a");
        write(folder.path(), "two", "b");
        assert_eq!(log.since(&position).unwrap().instances(), Some(2));
    }

    #[test]
    fn a_log_may_be_several_files_or_none_yet() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let log = Log::new(logs.clone());
        let position = log.end().unwrap();
        std::fs::create_dir(&logs).unwrap();
        write(&logs, "one", "a");
        assert_eq!(log.since(&position).unwrap().instances(), Some(1));
        let position = log.end().unwrap();
        write(&logs, "one", "b");
        write(&logs, "two", "c");
        assert_eq!(log.since(&position).unwrap().instances(), Some(2));
    }
}
