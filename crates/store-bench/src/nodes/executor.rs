//! Tasks on a clock of their own.
//!
//! Where no task has anything to do, the clock goes on to the time at which the next one has. So nothing
//! is waited for: hours pass in a moment, or a moment takes as long as it takes to compute, and what
//! computing takes is not in it. Tasks that are due at the same time go on in the order in which they came
//! to be, so the same tasks do the same each time.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use anyhow::ensure;

/// How often tasks may go on before the clock does, on average.
const MAX_TURNS: usize = 10_000;

/// The clock of an [`Executor`]. Clones are the same clock.
#[derive(Clone, Default)]
pub struct Clock(Rc<Agenda>);

#[derive(Default)]
struct Agenda {
    now: Cell<Duration>,
    /// When which task goes on; with a number that rises, for those that do at the same time.
    turns: RefCell<BinaryHeap<Reverse<(Duration, u64, usize)>>>,
    next: Cell<u64>,
    /// The task that has its turn.
    task: Cell<usize>,
}

impl Clock {
    /// How long the executor's tasks have been running.
    pub fn now(&self) -> Duration {
        self.0.now.get()
    }

    /// Lets `duration` pass for the task that awaits it. None at all lets those go on that are due.
    pub async fn sleep(&self, duration: Duration) {
        let mut end = None;
        poll_fn(|_| match end {
            Some(end) if self.now() >= end => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None => {
                let at = self.now().saturating_add(duration);
                end = Some(at);
                self.enter(at, self.0.task.get());
                Poll::Pending
            }
        })
        .await;
    }

    fn enter(&self, at: Duration, task: usize) {
        let number = self.0.next.get();
        self.0.next.set(number + 1);
        self.0.turns.borrow_mut().push(Reverse((at, number, task)));
    }
}

/// Runs tasks on a [`Clock`]. They may wait for it, and for what wakes them before it returns.
pub struct Executor<'t> {
    clock: Clock,
    tasks: Vec<Option<Task<'t>>>,
}

type Task<'t> = Pin<Box<dyn Future<Output = ()> + 't>>;

impl<'t> Executor<'t> {
    /// Runs tasks that have the clock.
    pub fn on(clock: &Clock) -> Self {
        Self { clock: clock.clone(), tasks: Vec::new() }
    }

    /// Adds a task, behind those that there are.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + 't) {
        self.clock.enter(self.clock.now(), self.tasks.len());
        self.tasks.push(Some(Box::pin(task)));
    }

    /// Runs the tasks until `end`, or until none goes on by itself, and drops them. Fails where they keep
    /// the clock from going on.
    pub fn run(mut self, end: Duration) -> anyhow::Result<()> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let (mut turns, max_turns) = (0, MAX_TURNS.saturating_mul(self.tasks.len()));
        loop {
            let turn = self.clock.0.turns.borrow_mut().pop();
            let Some(Reverse((at, _, task))) = turn.filter(|Reverse((at, ..))| *at <= end) else {
                return Ok(());
            };
            turns = if at > self.clock.now() { 0 } else { turns + 1 };
            ensure!(turns < max_turns, "the tasks do not let time go on at {at:?}");
            self.clock.0.now.set(at);
            self.clock.0.task.set(task);
            let Some(place) = self.tasks.get_mut(task) else { continue };
            let Some(future) = place else { continue };
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(()) => *place = None,
                Poll::Pending if woken.take() => self.clock.enter(at, task),
                Poll::Pending => {}
            }
        }
    }
}

/// Whether the task that has its turn is to have another one at the same time.
#[derive(Default)]
struct Woken(AtomicBool);

impl Woken {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use kv_tree::{Kv, Memory};

    use super::*;

    /// What tasks have noted: when, and who.
    type Notes = RefCell<Vec<(u64, &'static str)>>;

    async fn note(notes: &Notes, clock: &Clock, who: &'static str, pauses: &[u64]) {
        for pause in pauses {
            clock.sleep(Duration::from_millis(*pause)).await;
            notes.borrow_mut().push((clock.now().as_millis() as u64, who));
        }
    }

    #[test]
    fn tasks_go_on_in_the_order_of_time() {
        let notes = Notes::default();
        let clock = Clock::default();
        let mut executor = Executor::on(&clock);
        executor.spawn(note(&notes, &clock, "slow", &[3_600_000, 1]));
        executor.spawn(note(&notes, &clock, "quick", &[10, 0, 0, 20]));
        executor.spawn(note(&notes, &clock, "other", &[10, 0, 30]));
        executor.run(Duration::MAX).unwrap();
        let expected = [
            (10, "quick"),
            (10, "other"),
            (10, "quick"),
            (10, "other"),
            (10, "quick"),
            (30, "quick"),
            (40, "other"),
            (3_600_000, "slow"),
            (3_600_001, "slow"),
        ];
        assert_eq!(notes.into_inner(), expected);
        assert_eq!(clock.now(), Duration::from_millis(3_600_001));
    }

    #[test]
    fn nothing_happens_behind_the_end() {
        let notes = Notes::default();
        let clock = Clock::default();
        let mut executor = Executor::on(&clock);
        executor.spawn(note(&notes, &clock, "one", &[10, 10, 1]));
        executor.run(Duration::from_millis(20)).unwrap();
        assert_eq!(notes.into_inner(), [(10, "one"), (20, "one")]);
    }

    #[test]
    fn a_task_that_is_woken_goes_on_at_the_same_time() {
        let (memory, is_done) = (Memory::default(), Cell::new(false));
        let clock = Clock::default();
        let mut executor = Executor::on(&clock);
        executor.spawn(async {
            clock.sleep(Duration::from_secs(1)).await;
            memory.put_many(vec![("key".into(), vec![1])]).await.unwrap();
            assert_eq!(memory.get("key").await.unwrap().unwrap(), [1][..]);
            is_done.set(true);
        });
        executor.run(Duration::from_secs(1)).unwrap();
        assert!(is_done.get());
    }

    #[test]
    fn who_waits_for_nothing_keeps_nobody() {
        let notes = Notes::default();
        let clock = Clock::default();
        let mut executor = Executor::on(&clock);
        executor.spawn(std::future::pending());
        executor.spawn(note(&notes, &clock, "one", &[5]));
        executor.run(Duration::MAX).unwrap();
        assert_eq!(notes.into_inner(), [(5, "one")]);
    }

    #[test]
    fn tasks_that_keep_time_from_going_on_are_an_error() {
        let clock = Clock::default();
        let mut executor = Executor::on(&clock);
        executor.spawn(async {
            clock.sleep(Duration::from_millis(7)).await;
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await
        });
        let error = executor.run(Duration::MAX).unwrap_err().to_string();
        assert_eq!(error, "the tasks do not let time go on at 7ms");
    }
}
