//! How much the instances that write to a tree compete, where the store is near; see `turns` for those that are far.
//!
//! Instances cannot see one another; each finds out by its own commits. One that fails makes the
//! random pause before an attempt longer, one that succeeds makes it shorter, and twice as much: so
//! that about one attempt in three succeeds, however many compete. More attempts would take
//! processor time from those that succeed, fewer would leave the store idle.

use std::cell::Cell;
use std::time::Duration;

use crate::random::random_part;

/// The pause's bound doubles with this many failures.
const FAILURES_TO_DOUBLE: u32 = 2;

/// How much of that a success takes back.
const RELIEF: u32 = 2;

/// The bound where nobody competes.
const LEAST: Duration = Duration::from_millis(2);

/// Where the bound stops growing: 256 ms.
const MAX: u32 = 14;

/// What an instance believes.
#[derive(Debug, Default)]
pub(crate) struct Backoff(Cell<u32>);

impl Backoff {
    /// A commit failed because another instance was first.
    pub fn rise(&self) {
        self.0.set((self.0.get() + 1).min(MAX));
    }

    /// A commit succeeded.
    pub fn ease(&self) {
        self.0.set(self.0.get().saturating_sub(RELIEF));
    }

    /// How long to wait before an attempt.
    pub fn pause(&self) -> Duration {
        let doubled = f64::from(self.0.get()) / f64::from(FAILURES_TO_DOUBLE);
        random_part(LEAST.mul_f64(doubled.exp2()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest of many pauses, in milliseconds.
    fn longest(backoff: &Backoff) -> u128 {
        (0..1000).map(|_| backoff.pause().as_millis()).max().unwrap_or_default()
    }

    #[test]
    fn pauses_become_longer_with_failures_and_shorter_with_successes() {
        let backoff = Backoff::default();
        assert!(longest(&backoff) <= 2);
        (0..6).for_each(|_| backoff.rise());
        assert!((8..=16).contains(&longest(&backoff)), "two failures double them");
        (0..100).for_each(|_| backoff.rise());
        assert!((128..=256).contains(&longest(&backoff)), "not without end");
        (0..7).for_each(|_| backoff.ease());
        assert!(longest(&backoff) <= 2, "a success makes up for two failures");
        backoff.ease();
        backoff.rise();
        backoff.rise();
        assert!((2..=4).contains(&longest(&backoff)), "there is nothing to be saved up");
    }
}
