//! What arithmetic cannot do.

use crate::{Currency, LIMIT_OF_SUMS, MOST_DECIMALS};

/// Why amounts cannot be added up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Amounts of two currencies have no sum.
    #[error("amounts in {first} and {other} cannot be added up")]
    Currencies {
        /// What was added up before.
        first: Currency,
        /// What was to be added.
        other: Currency,
    },
    /// The sum would not be exact in what is kept of it.
    #[error(
        "a sum of money must be less than {LIMIT_OF_SUMS}, with at most {MOST_DECIMALS} decimals"
    )]
    Limit,
    /// More items than can be counted.
    #[error("there are more items than can be counted")]
    Count,
}
