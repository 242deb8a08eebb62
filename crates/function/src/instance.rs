//! What an instance knows of itself: how busy it is with commits, and whether it should go on.
//!
//! Where many connections open at once, Spin starts about as many instances, and each then commits for
//! one request at a time, against all the others. Few instances with many requests each share commits
//! instead. So an instance that sees too many others commit takes no more requests: it raises the
//! component model's backpressure, which Spin respects (it gives an instance no request then, and ends
//! it when it has answered those that it has).

use std::cell::{Cell, RefCell};
use std::time::Duration;

use kv_tree::Event;
use spin_sdk::wit_bindgen;
use tmf630::Activity;

/// How many other instances may commit beside this one. With fewer, the host starts new ones all the
/// time, because those that there are compute; with more, they share less (measured on two cores).
const ENOUGH_RIVALS: usize = 5;

/// How often a request yields before its instance drains.
const YIELDS: u32 = 3;

thread_local! {
    /// What was done since it was logged last.
    static ACTIVITY: RefCell<Activity> = RefCell::new(Activity {
        instance: getrandom::u32().unwrap_or_default(),
        ..Activity::default()
    });
    /// Whether it can swap only for what is under way.
    static USED_UP: Cell<bool> = const { Cell::new(false) };
    static DRAINING: Cell<Draining> = const { Cell::new(Draining::Active) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Draining {
    /// Takes requests.
    Active,
    /// Is going to take no more.
    Soon,
    /// Takes no more.
    Drained,
}

/// Counts a call to the store, how long it took, and how many bytes of values it read or wrote.
pub(crate) fn count_call(time: Duration, bytes: usize) {
    ACTIVITY.with_borrow_mut(|activity| {
        activity.calls += 1;
        activity.microseconds += time.as_micros().try_into().unwrap_or(u64::MAX);
        activity.bytes += bytes as u64;
    });
}

/// What was done since this was asked last.
pub(crate) fn take_activity() -> Activity {
    ACTIVITY.with_borrow_mut(|activity| {
        let fresh = Activity { instance: activity.instance, ..Activity::default() };
        std::mem::replace(activity, fresh)
    })
}

/// Hears what happens to the trees.
pub(crate) fn observe(event: &Event<'_>) {
    match event {
        Event::Committed { requests, attempts, rivals } => {
            ACTIVITY.with_borrow_mut(|activity| {
                activity.commits += 1;
                activity.attempts += u64::from(*attempts);
                activity.committed += *requests as u64;
            });
            if is_surplus(*requests, *rivals, getrandom::u32().unwrap_or_default()) {
                drain_soon();
            }
        }
        Event::HousekeepingFailed { tree, task, error } => {
            let error = error.to_string();
            eprintln!("{}", serde_json::json!({ "tree": tree, "task": task, "error": error }));
        }
    }
}

/// Whether an instance that has committed for so many requests beside so many others should drain: the
/// likelier, the more others there are, and the fewer requests it has. All decide for themselves, so
/// chance decides who.
fn is_surplus(requests: usize, rivals: usize, random: u32) -> bool {
    let surplus = rivals.saturating_sub(ENOUGH_RIVALS) as u64;
    let limit = (u64::from(u32::MAX) * surplus) / ((rivals + 1) * requests.max(1)) as u64;
    u64::from(random) < limit
}

/// Keeps what the instance can still do for what is under way.
pub(crate) fn use_up() {
    USED_UP.set(true);
    drain_soon();
}

/// Whether the instance should begin nothing more.
pub(crate) fn is_used_up() -> bool {
    USED_UP.get()
}

/// Sees that the instance takes no more requests.
fn drain_soon() {
    if DRAINING.get() == Draining::Active {
        DRAINING.set(Draining::Soon);
    }
}

/// Takes no more requests, if that was decided; called at the end of a request.
pub(crate) async fn drain_if_due() {
    if DRAINING.get() != Draining::Soon {
        return;
    }
    DRAINING.set(Draining::Drained);
    // The host may have given the instance a request that has not begun; behind backpressure it would
    // never begin. It begins before the host goes on with a request that yields. Not every yield gets
    // as far as the host: where something has arrived for this request, it goes on at once.
    for _ in 0..YIELDS {
        wit_bindgen::yield_async().await;
    }
    wit_bindgen::backpressure_inc();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_one_of_many_with_few_requests_is_surplus() {
        let share = |requests, rivals| {
            let hits = (0..1000).filter(|n| is_surplus(requests, rivals, n * (u32::MAX / 1000)));
            hits.count()
        };
        assert_eq!((share(1, 0), share(1, ENOUGH_RIVALS)), (0, 0));
        // Ten of sixteen are too many.
        assert!((600..650).contains(&share(1, 15)), "{}", share(1, 15));
        assert!((120..130).contains(&share(4, 11)), "{}", share(4, 11));
        assert!(share(16, 15) < 50);
    }
}
