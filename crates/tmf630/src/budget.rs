//! What one request may cost.
//!
//! Loops over data, and over steps that a client can choose, charge the [`Budget`] of the request
//! *before* they go on; only what rules find by an index is limited by number instead. Reading and
//! expressions have allowances of their own, because what is right for one is wrong for the other:
//! a list may look at many records, and a condition must not look at one of them for long. What is
//! exhausted is answered with 400 that says which part of the request costs too much, because
//! trying again cannot help.
//!
//! Between steps, [`Budget::pause_if_due`] lets the other requests of the instance go on.

use std::cell::Cell;

use crate::model::index::Index;
use crate::{Definition, Error, Ports};

/// How many steps the expressions of a request may take, of all parameters together. A step is some
/// ten nanoseconds: what it takes to look at one small value. This is 0.7 s of processor time.
const MAX_STEPS: u64 = 70_000_000;

/// How many steps a condition on an event may take.
const MAX_STEPS_OF_EVENT: u64 = 1_000_000;

/// How many steps may be taken at once: nothing else goes on meanwhile.
const MAX_STEPS_AT_ONCE: u64 = 5_000_000;

/// How many bytes of records a request may read: some 250,000 of 1.4 kB, about 5 s.
const MAX_BYTES: u64 = 400_000_000;

/// What a record costs beside its bytes, in bytes.
const BYTES_PER_RECORD: u64 = 128;

/// What looking for something costs, in bytes: about 20 µs.
const BYTES_PER_LOOK: u64 = 2_000;

/// How many steps are taken between pauses: some 4 ms.
const STEPS_BETWEEN_PAUSES: u64 = 400_000;

/// What is left of what a request may cost.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: Cell<u64>,
    steps: Cell<u64>,
    since_pause: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: Cell::new(MAX_BYTES), steps: Cell::new(MAX_STEPS), since_pause: Cell::new(0) }
    }
}

impl Budget {
    /// For a condition on an event, which nobody waits for but others: some 10 ms of processor time.
    pub fn of_event() -> Self {
        Self { steps: Cell::new(MAX_STEPS_OF_EVENT), ..Self::default() }
    }

    /// Takes off what it costs to read a record of the resource, or an entry of one of its indexes.
    pub fn read(&self, definition: &Definition, bytes: usize) -> Result<(), Error> {
        let bytes = (bytes as u64).saturating_add(BYTES_PER_RECORD);
        let left = self.bytes.get().checked_sub(bytes);
        let too_much = || {
            let attributes = definition.indexes().filter(Index::is_of_attribute);
            let attributes: Vec<_> = attributes.map(|index| index.path).collect();
            Error::too_much_to_read(&attributes)
        };
        self.bytes.set(left.ok_or_else(too_much)?);
        // A byte that is read and parsed takes about as long as a step.
        self.since_pause.set(self.since_pause.get().saturating_add(bytes));
        Ok(())
    }

    /// Takes off what it costs to look for other resources, as rules do, and to read so many bytes.
    pub fn look_up(&self, bytes: usize) -> Result<(), Error> {
        let bytes = (bytes as u64).saturating_add(BYTES_PER_LOOK);
        let left = self.bytes.get().checked_sub(bytes);
        self.bytes.set(left.ok_or_else(|| Error::too_costly("what the change has to do with"))?);
        self.since_pause.set(self.since_pause.get().saturating_add(bytes));
        Ok(())
    }

    /// Takes `steps` off that an expression is about to take; where there are not so many left, the
    /// error says that `part` of the request, such as a parameter, costs too much.
    pub fn charge(&self, part: &str, steps: u64) -> Result<(), Error> {
        let left = self.steps.get().checked_sub(steps).filter(|_| steps <= MAX_STEPS_AT_ONCE);
        self.steps.set(left.ok_or_else(|| Error::too_costly(part))?);
        self.since_pause.set(self.since_pause.get().saturating_add(steps));
        Ok(())
    }

    /// Takes off what it costs to sort `count` resources by `keys`, which is done at once.
    pub fn sort(&self, count: usize, keys: usize) -> Result<(), Error> {
        let (count, keys) = (count as u64, keys as u64);
        let comparisons = count.saturating_mul(u64::from(count.checked_ilog2().unwrap_or(0)) + 1);
        self.charge("sort", comparisons.saturating_mul(keys.saturating_mul(2)))
    }

    /// How many steps an expression may take at once.
    pub fn steps_at_once(&self) -> u64 {
        self.steps.get().min(MAX_STEPS_AT_ONCE)
    }

    /// Lets other requests go on if this one has had the processor for some milliseconds.
    pub async fn pause_if_due<P: Ports>(&self, ports: &P) {
        if self.since_pause.get() >= STEPS_BETWEEN_PAUSES {
            self.since_pause.set(0);
            ports.yield_now().await;
        }
    }

    /// How many steps were charged.
    #[cfg(test)]
    pub fn spent(&self) -> u64 {
        MAX_STEPS - self.steps.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;
    use crate::testing::accounts::ACCOUNTS;

    fn message(error: Error) -> String {
        let response = error.into_response(Version::V5);
        assert_eq!(response.status(), 400);
        String::from_utf8_lossy(response.body()).into_owned()
    }

    #[test]
    fn what_costs_too_much_is_named() {
        let budget = Budget::default();
        for _ in 0..MAX_STEPS / MAX_STEPS_AT_ONCE {
            budget.charge("filter", MAX_STEPS_AT_ONCE).unwrap();
        }
        assert!(message(budget.charge("filter", 1).unwrap_err()).contains("filter"));
        assert_eq!(budget.spent(), MAX_STEPS);
    }

    #[test]
    fn what_cannot_be_interrupted_is_short() {
        let budget = Budget::default();
        assert!(budget.charge("filter", MAX_STEPS_AT_ONCE + 1).is_err());
        assert!(budget.charge("filter", MAX_STEPS_AT_ONCE).is_ok());
    }

    #[test]
    fn a_quarter_of_a_million_accounts_can_be_read_and_a_million_cannot() {
        let budget = Budget::default();
        (0..250_000).for_each(|_| budget.read(&ACCOUNTS, 1_400).unwrap());
        let all = (0..750_000).try_for_each(|_| budget.read(&ACCOUNTS, 1_400));
        let message = message(all.unwrap_err());
        assert!(message.contains("lastUpdate") && message.contains("state"), "{message}");
        // Expressions have an allowance of their own.
        assert!(budget.charge("filter", 1).is_ok());
    }
}
