//! The result.

use std::fmt::Write;
use std::time::Duration;

use crate::measure::Cost;

/// What it runs on.
pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1))
        .unwrap_or("unknown processor");
    format!("On {cpus} cores, {model}.")
}

/// A table in Markdown.
pub fn table(records: u64, memory: &[Cost], sqlite: &[Cost]) -> String {
    let mut table = format!(
        "{records} records\n\n\
        | operation | read calls (most) | KiB read | write calls | one write call | KiB written | memory, median | SQLite, median | SQLite, mean |\n\
        |---|---|---|---|---|---|---|---|---|\n"
    );
    for (memory, sqlite) in memory.iter().zip(sqlite) {
        let (_, memory_median) = memory.times();
        let (sqlite_mean, sqlite_median) = sqlite.times();
        let writes = sqlite.write_calls() > 0.0;
        let one_write = match writes {
            true => format!("{:.1} %", 100.0 * sqlite.one_write()),
            false => "–".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "| {} | {:.2} ({}) | {:.1} | {:.2} | {one_write} | {:.1} | {} | {} | {} |",
            sqlite.operation,
            sqlite.read_calls(),
            sqlite.most_read_calls(),
            sqlite.kilobytes_read(),
            sqlite.write_calls(),
            sqlite.kilobytes_written(),
            time(memory_median),
            time(sqlite_median),
            time(sqlite_mean),
        );
    }
    table
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..10_000 => format!("{micros} µs"),
        micros => format!("{:.1} ms", micros as f64 / 1000.0),
    }
}
