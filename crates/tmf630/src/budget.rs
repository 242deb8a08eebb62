//! What one request may cost.

use std::cell::Cell;

use crate::Error;

/// How many steps a request may take. A step is about what it takes to look at one small value:
/// some ten nanoseconds.
const MAX_STEPS: u64 = 50_000_000;

/// What is left of the steps that a request may take. Every loop over data, or over steps that a
/// client can choose, charges it.
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: Cell::new(MAX_STEPS) }
    }
}

impl Budget {
    /// Takes `steps` off; where there are not so many left, the error says that `part` of the
    /// request costs too much.
    pub fn charge(&self, part: &str, steps: u64) -> Result<(), Error> {
        match self.left.get().checked_sub(steps) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Error::too_costly(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    #[test]
    fn what_costs_too_much_is_named() {
        let budget = Budget::default();
        assert!(budget.charge("filter", MAX_STEPS).is_ok());
        let error = budget.charge("filter", 1).unwrap_err().into_response(Version::V5);
        assert_eq!(error.status(), 400);
        assert!(String::from_utf8_lossy(error.body()).contains("filter"));
    }
}
