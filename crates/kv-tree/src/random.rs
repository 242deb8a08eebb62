//! Random numbers, and pauses that keep writers from meeting again and again.

use std::time::Duration;

use crate::{Error, KvError};

/// Where the random pause between two attempts stops growing.
const MAX_PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn random_u64() -> Result<u64, Error> {
    Ok(getrandom::u64().map_err(|error| KvError::new("random", error.to_string()))?)
}

/// A random part of a bound that doubles with each attempt, up to [`MAX_PAUSE`] (full jitter).
pub(crate) fn jittered_pause(attempt: u32) -> Duration {
    let bound = Duration::from_millis(1 << attempt.min(16)).min(MAX_PAUSE);
    random_part(bound)
}

/// A random part of a duration; all of it where there are no random numbers.
pub(crate) fn random_part(bound: Duration) -> Duration {
    bound.mul_f64(random_u64().unwrap_or(u64::MAX) as f64 / u64::MAX as f64)
}
