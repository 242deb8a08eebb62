//! The figures as a table in Markdown.

use crate::load::Load;
use crate::log::Activity;

/// The columns that there always are.
const COLUMNS: [&str; 14] = [
    "case",
    "connections",
    "floor, req/s",
    "req/s",
    "ratio",
    "p50",
    "p99",
    "floor p50",
    "floor p99",
    "instances",
    "store calls a request",
    "store µs a call",
    "requests a commit",
    "attempts a commit",
];

const YARDSTICK_COLUMNS: [&str; 2] = ["yardstick, req/s", "to yardstick"];

/// Which columns there are.
pub struct Table {
    pub has_yardstick: bool,
}

/// A line of it.
pub struct Row<'c> {
    pub case: &'c str,
    pub connections: u32,
    pub floor: Load,
    pub own: Load,
    pub activity: Activity,
    /// `None` if there is no yardstick, or none for this case.
    pub yardstick: Option<Load>,
}

impl Table {
    /// The first two lines.
    pub fn head(&self) -> String {
        let mut columns = COLUMNS.to_vec();
        if self.has_yardstick {
            columns.extend(YARDSTICK_COLUMNS);
        }
        format!("| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()))
    }

    pub fn row(&self, row: &Row<'_>) -> String {
        let Row { case, connections, floor, own, activity, yardstick } = row;
        let mut cells = vec![
            (*case).to_owned(),
            connections.to_string(),
            format!("{:.0}", floor.per_second),
            format!("{:.0}", own.per_second),
            format!("{:.2}", own.per_second / floor.per_second),
            own.p50.clone(),
            own.p99.clone(),
            floor.p50.clone(),
            floor.p99.clone(),
            activity.instances().map_or(NONE.to_owned(), |instances| instances.to_string()),
            figure(activity.calls_a_request(), 2),
            figure(activity.microseconds_a_call(), 0),
            figure(activity.requests_a_commit(), 2),
            figure(activity.attempts_a_commit(), 2),
        ];
        if self.has_yardstick {
            let per_second = yardstick.as_ref().map(|yardstick| yardstick.per_second);
            cells.push(figure(per_second, 0));
            cells.push(figure(per_second.map(|per_second| own.per_second / per_second), 2));
        }
        format!("| {} |", cells.join(" | "))
    }
}

/// What stands for a figure that there is not.
const NONE: &str = "–";

/// A number with so many decimals, if there is one.
fn figure(number: Option<f64>, decimals: usize) -> String {
    number.map_or(NONE.to_owned(), |number| format!("{number:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_the_columns_of_the_head() {
        let load = |per_second| Load { per_second, p50: "1ms".into(), p99: "2ms".into() };
        let row = |yardstick| Row {
            case: "POST",
            connections: 64,
            floor: load(1000.0),
            own: load(500.0),
            activity: Activity::default(),
            yardstick,
        };
        let own = "| POST | 64 | 1000 | 500 | 0.50 | 1ms | 2ms | 1ms | 2ms | – | – | – | – | – |";
        let table = Table { has_yardstick: false };
        assert_eq!(table.row(&row(None)), own);
        assert!(table.head().ends_with(&format!("\n|{}", "---|".repeat(14))));
        let table = Table { has_yardstick: true };
        assert_eq!(table.row(&row(Some(load(250.0)))), format!("{own} 250 | 2.00 |"));
        assert_eq!(table.row(&row(None)), format!("{own} – | – |"));
        assert!(table.head().ends_with(&format!("\n|{}", "---|".repeat(16))));
    }
}
