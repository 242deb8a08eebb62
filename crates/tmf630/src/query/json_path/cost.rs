//! How many steps the library takes at most to evaluate an expression on a document.
//!
//! The library cannot be interrupted, so the bound is charged before it runs. It follows from the
//! structure of the expression and the [`Shape`] of the document:
//!
//! * a path leads to a list of values, in which one and the same value can stand several times;
//! * a value has one parent, so `*` leads to each value as often as its parent stands in the list;
//! * `..` leads to a value from each of its ancestors, of which there are as many as it lies deep;
//! * a filter evaluates its paths for all children of the list: a relative path goes on from all of
//!   them, an absolute one begins anew for each.
//!
//! What regular expressions cost is counted while they are looked for (`functions`).

use serde_json::Value;

use super::structure::{Filter, Path, Selector};

/// About how many steps it takes to come to a value.
const STEPS_PER_VALUE: u64 = 6;

/// About how many steps it takes to note the place of a value.
const STEPS_PER_PLACE: u64 = 200;

/// What a document is like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// How many values it has, itself included.
    values: u64,
    /// How many levels of them.
    levels: u64,
    /// How many children a value has at most.
    widest: u64,
    /// How many bytes its texts and numbers have.
    bytes: u64,
    /// Whether a number is out of the range of floating point, so that the library would not know
    /// how it compares.
    pub has_extremes: bool,
}

impl Shape {
    pub fn of(document: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(document, 1);
        shape
    }

    fn add(&mut self, value: &Value, level: u64) {
        self.values += 1;
        self.levels = self.levels.max(level);
        match value {
            Value::Array(elements) => {
                self.widest = self.widest.max(elements.len() as u64);
                elements.iter().for_each(|element| self.add(element, level + 1));
            }
            Value::Object(members) => {
                self.widest = self.widest.max(members.len() as u64);
                members.values().for_each(|member| self.add(member, level + 1));
            }
            Value::String(text) => self.bytes += text.len() as u64,
            Value::Number(number) => {
                self.bytes += number.as_str().len() as u64;
                self.has_extremes |= is_extreme(number);
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The shape of a list with nothing but the document.
    pub fn in_list(self) -> Self {
        let (values, levels) = (self.values + 1, self.levels + 1);
        Self { values, levels, widest: self.widest.max(1), ..self }
    }
}

/// Whether floating point cannot hold the number.
pub(super) fn is_extreme(number: &serde_json::Number) -> bool {
    // Only an exponent or very many digits lead beyond.
    let text = number.as_str();
    let can_be = text.len() > 300 || text.contains(['e', 'E']);
    can_be && !text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A list of values.
#[derive(Debug, Clone, Copy)]
struct Reach {
    /// How many there are at most.
    count: u64,
    /// How often each of them stands in the list at most.
    times: u64,
}

/// The number of steps to evaluate the expression on a document, and how many values it leads to; both
/// at most. With `located`, the places of values are noted too.
pub(super) fn bound(path: &Path, shape: Shape, located: bool) -> (u64, u64) {
    let mut bound = Bound { shape, steps: 0 };
    let reach = bound.follow(path, Reach { count: 1, times: 1 });
    if located {
        bound.steps = bound.steps.saturating_mul(2 + shape.levels);
        bound.charge(reach.count, STEPS_PER_PLACE);
    }
    bound.charge(shape.values, 1);
    (bound.steps, reach.count)
}

struct Bound {
    shape: Shape,
    steps: u64,
}

impl Bound {
    fn charge(&mut self, times: u64, steps: u64) {
        self.steps = self.steps.saturating_add(times.saturating_mul(steps));
    }

    /// Where the path leads from the list.
    fn follow(&mut self, path: &Path, from: Reach) -> Reach {
        let Reach { count, .. } = from;
        let mut reach = if path.is_absolute { Reach { count, times: count } } else { from };
        self.charge(reach.count, STEPS_PER_VALUE);
        for segment in &path.segments {
            if segment.descends {
                let times = reach.times.saturating_mul(self.shape.levels).min(reach.count);
                let all = self.shape.values.saturating_mul(times);
                reach =
                    Reach { count: all.min(self.shape.values.saturating_mul(reach.count)), times };
            }
            let mut next = Reach { count: 0, times: 0 };
            for selector in &segment.selectors {
                self.charge(reach.count, STEPS_PER_VALUE);
                let Reach { count, times } = self.select(selector, reach);
                self.charge(count, STEPS_PER_VALUE);
                next.count = next.count.saturating_add(count);
                next.times = next.times.saturating_add(times);
            }
            if segment.descends {
                // Lists are put together level by level.
                self.charge(next.count, self.shape.levels / 8);
            }
            reach = next;
        }
        reach
    }

    fn select(&mut self, selector: &Selector, Reach { count, times }: Reach) -> Reach {
        let all = times.saturating_mul(self.shape.values);
        let children = Reach { count: count.saturating_mul(self.shape.widest).min(all), times };
        match selector {
            Selector::One(_) => Reach { count: count.min(all), times },
            Selector::All | Selector::Elements => children,
            Selector::Filter(filter) => {
                self.evaluate(filter, children);
                children
            }
        }
    }

    /// Evaluates the condition for every value of the list.
    fn evaluate(&mut self, filter: &Filter, of: Reach) {
        self.charge(of.count, (filter.len as u64).saturating_mul(2));
        for operand in &filter.operands {
            let Reach { count, times } = self.follow(&operand.path, of);
            let bytes = times.saturating_mul(self.shape.bytes);
            self.charge(bytes / 16, 1);
            if operand.is_deep {
                let times = times.saturating_mul(self.shape.levels).min(count);
                self.charge(times, self.shape.values.saturating_mul(STEPS_PER_VALUE));
                self.charge(times, self.shape.bytes / 16);
            }
        }
    }
}
