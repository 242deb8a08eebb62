//! Random numbers, and pauses that keep writers from meeting again and again.

use std::time::Duration;

use crate::{Error, KvError};

/// Where the random pause between two attempts stops growing.
const MAX_PAUSE: Duration = Duration::from_millis(50);

#[cfg(any(test, feature = "testing"))]
thread_local! {
    /// What the random numbers of the thread follow from, if they are not the system's.
    static SEED: std::cell::Cell<Option<u64>> = const { std::cell::Cell::new(None) };
}

/// Lets the random numbers of this thread follow from a seed, so that what is simulated on it is the same
/// each time; `None`: they are the system's again.
#[cfg(any(test, feature = "testing"))]
pub fn seed(seed: Option<u64>) {
    SEED.set(seed);
}

/// The next number that follows from the seed, if there is one (SplitMix64).
#[cfg(any(test, feature = "testing"))]
fn seeded() -> Option<u64> {
    let state = SEED.get()?.wrapping_add(0x9e37_79b9_7f4a_7c15);
    SEED.set(Some(state));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Some(mixed ^ (mixed >> 31))
}

pub(crate) fn random_u64() -> Result<u64, Error> {
    #[cfg(any(test, feature = "testing"))]
    if let Some(number) = seeded() {
        return Ok(number);
    }
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
