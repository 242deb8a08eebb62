//! Standing in line.
//!
//! Nobody is woken here: whoever waits looks again and again, and lets others go on in between.
//! Within a component, one request cannot wake another (the part of wit-bindgen that would do so,
//! its feature `inter-task-wakeup`, makes current versions of wasmtime trap). Each look costs the host a
//! timer, so who has the turn and pauses, or calls a store that is far, says so, and the others sleep
//! as long.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use crate::Kv;

/// How often one looks without pausing where the store is near: who has the turn may be ready to go on.
const EAGER_LOOKS: u32 = 64;

/// The pause between two looks after that.
const PAUSE: Duration = Duration::from_millis(1);

/// The part of the time of a call that passes between two looks where the store is far: who has the turn waits
/// for it, and looking keeps the instance from waiting, so that the host starts another one.
const PART_OF_A_CALL: u32 = 8;

/// A line in which each waits for those before. Who has the turn may leave something for the next.
pub(crate) struct Queue<T> {
    tickets: RefCell<VecDeque<u64>>,
    next_ticket: Cell<u64>,
    left: Cell<Option<T>>,
    /// Until when nothing is going to happen, by the clock that never goes back.
    quiet_until: Cell<Duration>,
    /// How long a call takes, where the store is far.
    far_call_takes: Cell<Option<Duration>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            tickets: RefCell::default(),
            next_ticket: Cell::new(0),
            left: Cell::new(None),
            quiet_until: Cell::default(),
            far_call_takes: Cell::default(),
        }
    }
}

/// A place in line; the first place is the turn. Dropping it lets the next one move up.
pub(crate) struct Place<'q, T> {
    queue: &'q Queue<T>,
    ticket: u64,
}

impl<T> Queue<T> {
    /// Waits for the turn.
    pub async fn turn<K: Kv>(&self, kv: &K) -> Place<'_, T> {
        let ticket = self.next_ticket.get();
        self.next_ticket.set(ticket.wrapping_add(1));
        self.tickets.borrow_mut().push_back(ticket);
        let place = Place { queue: self, ticket };
        self.wait_for(kv, || (self.tickets.borrow().front() == Some(&ticket)).then_some(())).await;
        place
    }

    /// Pauses, while nobody else in line need look.
    pub async fn pause<K: Kv>(&self, kv: &K, duration: Duration) {
        self.be_quiet_for(kv, duration);
        kv.pause(duration).await;
    }

    /// Says that nobody in line need look for a time, since nothing is going to happen.
    pub fn be_quiet_for<K: Kv>(&self, kv: &K, duration: Duration) {
        if !duration.is_zero() {
            self.quiet_until.set(kv.elapsed().saturating_add(duration));
        }
    }

    /// Notes how long a call to the store takes if that is far.
    pub fn note_far_call(&self, takes: Option<Duration>) {
        self.far_call_takes.set(takes);
    }

    /// How long to pause after so many looks.
    fn pause_after(&self, looks: u32) -> Duration {
        match self.far_call_takes.get() {
            Some(takes) => (takes / PART_OF_A_CALL).max(PAUSE),
            None if looks < EAGER_LOOKS => Duration::ZERO,
            None => PAUSE,
        }
    }

    /// Waits until `look` sees what it waits for.
    async fn wait_for<K: Kv, V>(&self, kv: &K, mut look: impl FnMut() -> Option<V>) -> V {
        let mut looks = 0;
        loop {
            if let Some(seen) = look() {
                return seen;
            }
            let quiet = self.quiet_until.get().saturating_sub(kv.elapsed());
            if quiet.is_zero() {
                kv.pause(self.pause_after(looks)).await;
                looks += 1;
            } else {
                kv.pause(quiet).await;
            }
        }
    }
}

impl<T> Place<'_, T> {
    /// Whether others stand behind.
    pub fn others_wait(&self) -> bool {
        self.queue.tickets.borrow().len() > 1
    }

    /// What the one before has left.
    pub fn take(&self) -> Option<T> {
        self.queue.left.take()
    }

    /// Ends the turn and leaves something for the next one. If there is none any more, it is dropped.
    pub fn leave(self, left: T) {
        self.queue.left.set(Some(left));
    }
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut tickets = self.queue.tickets.borrow_mut();
        tickets.retain(|ticket| *ticket != self.ticket);
        let alone = tickets.is_empty();
        drop(tickets);
        if alone {
            self.queue.left.take();
        }
    }
}

/// One end of a promise: dropping it without keeping it breaks it.
pub(crate) struct Promise<T>(Rc<Cell<Promised<T>>>);

/// The other end.
pub(crate) struct Awaited<T>(Rc<Cell<Promised<T>>>);

enum Promised<T> {
    Open,
    Kept(T),
    Broken,
}

/// A promise and who waits for it.
pub(crate) fn promise<T>() -> (Promise<T>, Awaited<T>) {
    let promised = Rc::new(Cell::new(Promised::Open));
    (Promise(promised.clone()), Awaited(promised))
}

impl<T> Promise<T> {
    pub fn keep(self, value: T) {
        self.0.set(Promised::Kept(value));
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        if let Promised::Kept(value) = self.0.replace(Promised::Broken) {
            self.0.set(Promised::Kept(value));
        }
    }
}

impl<T> Awaited<T> {
    /// Waits for the value that somebody in `queue` has promised; `None` if the promise is broken.
    pub async fn value<K: Kv, Q>(self, queue: &Queue<Q>, kv: &K) -> Option<T> {
        let look = || match self.0.replace(Promised::Open) {
            Promised::Open => None,
            Promised::Kept(value) => Some(Some(value)),
            Promised::Broken => Some(None),
        };
        queue.wait_for(kv, look).await
    }
}

#[cfg(test)]
mod tests {
    use pollster::block_on;

    use super::*;
    use crate::Memory;

    #[test]
    fn what_is_left_for_nobody_is_dropped() {
        let (kv, queue) = (Memory::default(), Queue::default());
        block_on(async {
            queue.turn(&kv).await.leave("for nobody");
            assert_eq!(queue.turn(&kv).await.take(), None);
        });
    }

    #[test]
    fn who_waits_for_a_far_store_looks_less_often() {
        let queue = Queue::<()>::default();
        let pauses = || [0, 63, 64].map(|looks| queue.pause_after(looks).as_micros());
        assert_eq!(pauses(), [0, 0, 1000]);
        queue.note_far_call(Some(Duration::from_millis(20)));
        assert_eq!(pauses(), [2500; 3]);
        queue.note_far_call(Some(Duration::from_millis(5)));
        assert_eq!(pauses(), [1000; 3]);
        queue.note_far_call(None);
        assert_eq!(pauses(), [0, 0, 1000]);
    }

    #[test]
    fn a_promise_that_is_dropped_is_broken() {
        let (kv, queue) = (Memory::default(), Queue::<()>::default());
        let (kept, first) = promise();
        let (dropped, second) = promise::<u8>();
        kept.keep(1);
        drop(dropped);
        assert_eq!(block_on(first.value(&queue, &kv)), Some(1));
        assert_eq!(block_on(second.value(&queue, &kv)), None);
    }
}
