//! The time.

use std::time::{Duration, SystemTime};

/// The time since 1970; a clock that is set before then shows 1970.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
