//! The result.

use std::fmt::Write;
use std::time::Duration;

use crate::measure::Cost;

/// What operations cost on a store.
pub struct Measured {
    /// What the store is called.
    pub store: &'static str,
    pub costs: Vec<Cost>,
}

/// A table in Markdown. What is asked of a store is the same for all of them; `sqlite` tells it.
pub fn table(
    records: u64,
    memory: &Measured,
    sqlite: &Measured,
    remote: Option<&Measured>,
) -> String {
    let mut columns = vec![
        "operation".to_owned(),
        "read calls (most)".to_owned(),
        "KiB read".to_owned(),
        "write calls".to_owned(),
        "one write call".to_owned(),
        "KiB written".to_owned(),
        format!("{}, median", memory.store),
    ];
    let timed: Vec<_> = [sqlite].into_iter().chain(remote).collect();
    for Measured { store, .. } in &timed {
        columns.extend(["median", "mean"].map(|of| format!("{store}, {of}")));
    }
    let head = columns.join(" | ");
    let mut table = format!("{records} records\n\n| {head} |\n|{}\n", "---|".repeat(columns.len()));
    for (index, (in_memory, cost)) in memory.costs.iter().zip(&sqlite.costs).enumerate() {
        let one_write = match cost.write_calls() > 0.0 {
            true => format!("{:.1} %", 100.0 * cost.one_write()),
            false => "–".to_owned(),
        };
        let mut cells = vec![
            cost.operation.to_owned(),
            format!("{:.2} ({})", cost.read_calls(), cost.most_read_calls()),
            format!("{:.1}", cost.kilobytes_read()),
            format!("{:.2}", cost.write_calls()),
            one_write,
            format!("{:.1}", cost.kilobytes_written()),
            time(in_memory.times().1),
        ];
        for cost in timed.iter().filter_map(|measured| measured.costs.get(index)) {
            let (mean, median) = cost.times();
            cells.extend([time(median), time(mean)]);
        }
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

/// A time in a table.
pub fn time(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..10_000 => format!("{micros} µs"),
        micros => format!("{:.1} ms", micros as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use kv_tree::Usage;

    use super::*;

    fn measured(store: &'static str, microseconds: u64) -> Measured {
        let cost = |operation| {
            let mut cost = Cost::new(operation);
            let usage = Usage { read_calls: 2, bytes_read: 2048, ..Usage::default() };
            cost.add(usage, Duration::from_micros(microseconds));
            cost.add(usage, Duration::from_micros(3 * microseconds));
            cost
        };
        Measured { store, costs: vec![cost("get"), cost("insert")] }
    }

    #[test]
    fn each_store_has_its_columns() {
        let (memory, sqlite) = (measured("memory", 1), measured("SQLite", 100));
        let two = table(7, &memory, &sqlite, None);
        let line = "| get | 2.00 (2) | 2.0 | 0.00 | – | 0.0 | 3 µs | 300 µs | 200 µs |";
        assert!(two.contains("memory, median | SQLite, median | SQLite, mean |\n"), "{two}");
        assert!(two.starts_with("7 records\n\n| operation |") && two.contains(line), "{two}");
        let three = table(7, &memory, &sqlite, Some(&measured("Redis", 10_000)));
        assert!(three.contains("| SQLite, mean | Redis, median | Redis, mean |\n"), "{three}");
        assert!(three.contains(&format!("{line} 30.0 ms | 20.0 ms |\n")), "{three}");
        // Every line has as many cells as the head.
        for table in [two, three] {
            let cells: Vec<_> =
                table.lines().skip(2).map(|line| line.matches('|').count()).collect();
            assert!(cells.iter().all(|count| *count == cells[0]) && cells.len() == 4, "{table}");
        }
    }
}
