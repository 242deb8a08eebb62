//! The figures as a table in Markdown.

use std::fmt;

use crate::load::Load;
use crate::log::Activity;

/// The first lines of the table.
pub const HEAD: &str = "\
| case | connections | floor, req/s | req/s | ratio | p50 | p99 | floor p50 | floor p99 \
| instances | store calls a request | requests a commit | attempts a commit |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

/// A line of it.
pub struct Row<'c> {
    pub case: &'c str,
    pub connections: u32,
    pub floor: Load,
    pub own: Load,
    pub activity: Activity,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, connections, floor, own, activity } = self;
        let ratio = own.per_second / floor.per_second;
        write!(formatter, "| {case} | {connections} | {:.0} ", floor.per_second)?;
        write!(formatter, "| {:.0} | {ratio:.2} | {} | {} ", own.per_second, own.p50, own.p99)?;
        write!(formatter, "| {} | {} ", floor.p50, floor.p99)?;
        write!(
            formatter,
            "| {} ",
            Figure(activity.instances().map(|instances| instances as f64), 0)
        )?;
        for figure in
            [activity.calls_a_request(), activity.requests_a_commit(), activity.attempts_a_commit()]
        {
            write!(formatter, "| {} ", Figure(figure, 2))?;
        }
        formatter.write_str("|")
    }
}

/// A number with so many decimals, if there is one.
struct Figure(Option<f64>, usize);

impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => write!(formatter, "{number:.*}", self.1),
            None => formatter.write_str("–"),
        }
    }
}
