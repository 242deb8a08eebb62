//! How often a transaction is attempted before it gives up.
//!
//! Where attempts are quick, as many as [`MAX_ATTEMPTS`] are soon made, and many instances that begin at once on a
//! store that is far need more; where they are slow, nobody should wait for more.

use std::time::Duration;

use super::writers::MAX_ATTEMPTS;

/// Within this time, it goes on beyond [`MAX_ATTEMPTS`], up to so many.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST: u32 = 250;

/// The attempts at a transaction.
pub(crate) struct Attempts {
    pub made: u32,
    began: Duration,
}

impl Attempts {
    /// Those that begin at the time, by the clock that never goes back.
    pub fn begin(now: Duration) -> Self {
        Self { made: 0, began: now }
    }

    /// One more was made.
    pub fn note(&mut self) {
        self.made = self.made.saturating_add(1);
    }

    /// Whether that is all.
    pub fn are_over(&self, now: Duration) -> bool {
        let is_late = now.saturating_sub(self.began) >= PATIENCE;
        self.made >= if is_late { MAX_ATTEMPTS } else { MOST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_where_they_are_quick_but_not_without_end() {
        let after = |made: u32, seconds: u64| {
            let mut attempts = Attempts::begin(Duration::from_secs(7));
            (0..made).for_each(|_| attempts.note());
            attempts.are_over(Duration::from_secs(7 + seconds))
        };
        assert_eq!(
            [(99, 4), (100, 4), (249, 4), (250, 4)].map(|(made, s)| after(made, s)),
            [false, false, false, true]
        );
        assert_eq!(
            [(99, 5), (100, 5), (99, 500)].map(|(made, s)| after(made, s)),
            [false, true, false]
        );
    }
}
