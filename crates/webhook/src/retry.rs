//! When something is sent again that did not arrive.

use std::time::Duration;

/// The least and the most time that can be configured.
const BOUNDS: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(366 * 24 * 60 * 60)];

/// How long what did not arrive waits before it is sent again: `first` after the first try, and twice
/// as long after each other one, up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How long it waits at most after the first try.
    pub first: Duration,
    /// How long it waits at most after any.
    pub last: Duration,
    /// How long after the first try it is sent no more.
    pub give_up: Duration,
}

impl Retry {
    /// Reads what `event_first_retry`, `event_last_retry` and `event_give_up` are set to, in seconds.
    pub fn parse(first: &str, last: &str, give_up: &str) -> Result<Self, String> {
        let retry = Self {
            first: seconds("event_first_retry", first)?,
            last: seconds("event_last_retry", last)?,
            give_up: seconds("event_give_up", give_up)?,
        };
        match retry.first <= retry.last {
            true => Ok(retry),
            false => Err(format!(
                "event_last_retry {last:?} must not be less than event_first_retry {first:?}"
            )),
        }
    }

    /// How long something waits that was tried so many times. Half of it depends on `random`, so that
    /// what failed at the same time is not sent again at the same time.
    pub fn delay(&self, tries: u32, random: u64) -> Duration {
        let doublings = tries.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let half = self.first.saturating_mul(factor).min(self.last) / 2;
        half + half.mul_f64(random as f64 / u64::MAX as f64)
    }
}

/// Reads what the variable `name` is set to as a number of seconds.
pub fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = value.parse().ok().filter(|_| is_number);
    let time = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
    let [least, most] = BOUNDS;
    time.filter(|time| (least..=most).contains(time)).ok_or_else(|| {
        format!(
            "{name} {value:?} must be a number of seconds from {} to {}, such as 5 or 0.5",
            least.as_secs_f64(),
            most.as_secs()
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_are_a_number() {
        assert_eq!(seconds("event_timeout", "5"), Ok(Duration::from_secs(5)));
        assert_eq!(seconds("event_timeout", "0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("event_timeout", "0.001"), Ok(Duration::from_millis(1)));
        for value in [
            "",
            "0",
            "0.0",
            "0.0001",
            "-1",
            "+1",
            "1e3",
            "5s",
            " 5",
            "inf",
            "NaN",
            "1.2.3",
            ".",
            "1,5",
            "31622401",
            "99999999999999999999999",
        ] {
            let error = seconds("event_timeout", value).unwrap_err();
            assert!(error.contains(&format!("event_timeout {value:?} must be")), "{error}");
        }
    }

    #[test]
    fn what_is_configured_must_fit() {
        let retry = Retry::parse("1", "3600", "86400").unwrap();
        assert_eq!(retry.first, Duration::from_secs(1));
        assert_eq!(retry.last, Duration::from_secs(3600));
        assert_eq!(retry.give_up, Duration::from_secs(86400));
        for (first, last, give_up, variable) in [
            ("a", "1", "1", "event_first_retry \"a\""),
            ("1", "", "1", "event_last_retry \"\""),
            ("1", "1", "0", "event_give_up \"0\""),
            ("2", "1", "1", "event_last_retry \"1\" must not be less than event_first_retry \"2\""),
        ] {
            let error = Retry::parse(first, last, give_up).unwrap_err();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn it_doubles_from_the_first_to_the_last() {
        let retry = Retry::parse("1", "10", "60").unwrap();
        let most = |tries| retry.delay(tries, u64::MAX).as_millis();
        let least = |tries| retry.delay(tries, 0).as_millis();
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(most), [1000, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(least), [500, 500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(retry.delay(3, u64::MAX / 2).as_millis(), 3000);
    }

    proptest! {
        #[test]
        fn it_is_between_a_half_and_the_whole(
            tries in any::<u32>(),
            random in any::<u64>(),
            first in 1..100_000_u64,
            more in 0..100_000_u64,
        ) {
            let (first, more) = (Duration::from_millis(first), Duration::from_millis(more));
            let retry = Retry { first, last: first + more, give_up: Duration::MAX };
            let delay = retry.delay(tries, random);
            prop_assert!(first / 2 <= delay && delay <= retry.last, "{:?}", delay);
            prop_assert!(retry.delay(u32::MAX, 0) == retry.last / 2);
            prop_assert!(delay <= retry.delay(tries.saturating_add(1), u64::MAX));
        }
    }
}
