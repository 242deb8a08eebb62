//! Who goes first where the store is far.
//!
//! There, whoever has just committed would be the first again: it knows its own commit before others can
//! read it. Instances cannot see one another, but a head tells who has committed lately. So each lets
//! others go first, the longer, the fewer commits they have made since its own: about one each.
//!
//! The members of a group take turns too, at answering. Clients that are answered at the same time ask again
//! at the same time, and Spin starts an instance for each request that arrives while another one begins; the
//! more instances there are, the fewer requests share a commit.

use std::cell::Cell;
use std::time::Duration;

use super::writers::RECENT_COMMITS;
use crate::format::head::Head;
use crate::random::random_part;

/// From so many rivals on there may be more than the latest commits tell, since flushes are among those.
const MANY: u64 = RECENT_COMMITS - 2;

/// How many others an instance lets go first at most.
const MAX_OTHERS: u64 = 64;

/// How long after the member before the next one of a group answers, and after how many calls all have.
const ANSWERS_APART: Duration = Duration::from_millis(2);
const ANSWERED_AFTER: u32 = 3;

/// How long after its commit the member of a group answers that is so many places behind the first to answer,
/// where a call takes so long.
pub(crate) fn answers_after(place: usize, call_takes: Duration) -> Duration {
    let places = u32::try_from(place).unwrap_or(u32::MAX);
    ANSWERS_APART.saturating_mul(places).min(call_takes * ANSWERED_AFTER)
}

/// When it was an instance's turn.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The number of its last commit.
    last: Cell<Option<u64>>,
    /// How many commits others have made between its last two.
    others: Cell<u64>,
}

impl Turns {
    /// The instance has made the commit.
    pub fn committed(&self, commit: u64) {
        if let Some(last) = self.last.replace(Some(commit)) {
            self.others.set(commit.saturating_sub(last).min(MAX_OTHERS));
        }
    }

    /// How many others should go first, as the newest head that is known tells; `writer` is who asks.
    fn others_first(&self, newest: &Head, writer: u64) -> u64 {
        let Some(last) = self.last.get() else { return 0 };
        let rivals = newest.rivals(writer, RECENT_COMMITS) as u64;
        let others = if rivals < MANY { rivals } else { rivals.max(self.others.get()) };
        others.saturating_sub(newest.commit.saturating_sub(last))
    }

    /// How long to let others go first. For each that is a random part of the time that a call takes.
    pub fn pause(&self, newest: &Head, writer: u64, call_takes: Duration) -> Duration {
        let others = self.others_first(newest, writer);
        random_part(call_takes.mul_f64(others as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::buffer::Buffer;

    const OWN: u64 = 2;

    /// How many others go first when the writers have committed in this order, OWN among them.
    fn others_first(turns: &Turns, head: &mut Head, writers: impl IntoIterator<Item = u64>) -> u64 {
        for writer in writers {
            *head = head.next(writer, 1, Duration::ZERO, Buffer::default());
            if writer == OWN {
                turns.committed(head.commit);
            }
        }
        turns.others_first(head, OWN)
    }

    #[test]
    fn others_go_first_until_each_has_committed_once() {
        let (turns, mut head) = (Turns::default(), Head::default());
        assert_eq!(others_first(&turns, &mut head, [4, 6, 8]), 0, "it has not committed yet");
        assert_eq!(others_first(&turns, &mut head, [OWN]), 3);
        assert_eq!(others_first(&turns, &mut head, [4]), 2);
        assert_eq!(others_first(&turns, &mut head, [4, 6, 4]), 0);
    }

    #[test]
    fn where_there_are_many_they_are_as_many_as_the_last_time() {
        let (turns, mut head) = (Turns::default(), Head::default());
        let others = (0..40).map(|n| 4 + 2 * n);
        others_first(&turns, &mut head, [OWN].into_iter().chain(others.clone()));
        assert_eq!(others_first(&turns, &mut head, [OWN]), 41);
        assert_eq!(others_first(&turns, &mut head, others.take(30)), 11);
    }

    #[test]
    fn members_of_a_group_answer_one_after_the_other_for_three_calls_at_most() {
        let after = |place, call| answers_after(place, Duration::from_millis(call)).as_millis();
        assert_eq!([0, 1, 7, 15, 16].map(|place| after(place, 10)), [0, 2, 14, 30, 30]);
        assert_eq!(after(16, 5), 15);
        assert_eq!(after(63, 1_000), 126);
    }

    #[test]
    fn a_pause_is_up_to_a_call_for_each_that_goes_first() {
        let (turns, mut head) = (Turns::default(), Head::default());
        others_first(&turns, &mut head, [4, 6, OWN]);
        let call_takes = Duration::from_millis(10);
        let pauses = || (0..1000).map(|_| turns.pause(&head, OWN, call_takes).as_millis());
        assert!((15..=20).contains(&pauses().max().unwrap()));
        assert!(pauses().min().unwrap() < 5);
        assert_eq!(Turns::default().pause(&head, OWN, call_takes), Duration::ZERO);
    }
}
