//! Those who write to a tree in this instance.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use super::backoff::Backoff;
use super::group::Group;
use super::own_head::OwnHead;
use super::queue::Queue;
use super::turns::Turns;
use crate::format::head::Head;
use crate::random::random_u64;
use crate::reading::heads::Heads;
use crate::{Error, Kv};

/// How often whatever swaps a head is attempted before it gives up; a transaction more often at times.
pub(crate) const MAX_ATTEMPTS: u32 = 100;

/// How many of the latest commits tell who else writes.
pub(crate) const RECENT_COMMITS: u64 = 16;

/// How recent a commit of another instance is if that is still about.
const ABOUT: Duration = Duration::from_secs(1);

/// How long transactions gather, at least, and at most where the store is near.
const GATHERING: RangeInclusive<Duration> = Duration::from_millis(2)..=Duration::from_millis(16);

/// How long a call takes at least to a store that is far.
const FAR: Duration = Duration::from_millis(5);

/// How long a call counts as having taken at most: after one that a store took long to answer, nobody should
/// wait for as long.
const LONGEST_CALL: Duration = Duration::from_secs(1);

/// The part of the time of a quick call before which hardly any call ends.
const QUIET_PART: f64 = 0.75;

/// How long they gather at most wherever the store is.
const MAX_GATHERING: Duration = Duration::from_millis(100);

/// Those who write to a tree in this instance.
pub(crate) struct Writers<K: Kv> {
    pub heads: Rc<Heads<K>>,
    pub node_bytes: usize,
    /// They stand in line; what is left to the next one is a group to join.
    pub queue: Queue<Group<K>>,
    pub backoff: Backoff,
    pub turns: Turns,
    /// How many groups in a row have begun with their own head.
    pub begun_in_a_row: Cell<u32>,
    /// The head that they have written last.
    pub own_head: RefCell<Option<OwnHead<K::Watch>>>,
    /// Who they are together: a random even number. A flush beside their commits is by the odd one
    /// that follows.
    id: Cell<Option<u64>>,
    attempts: Cell<u64>,
    /// The number of the commit that was seen last, and when one of another instance was.
    seen: Cell<Option<u64>>,
    rival_seen: Cell<Option<Duration>>,
    /// The announcement of a flush that was seen last – by whom, the how many-th – and since when.
    pub announcement_seen: Cell<Option<(u64, u64, Duration)>>,
    /// Whether a flush beside commits is under way in this instance.
    pub is_flushing: Cell<bool>,
    /// Until when those gather who are about to write.
    gathering_until: Cell<Duration>,
    /// How long the last group took.
    last_group_took: Cell<Option<Duration>>,
    /// When several requests shared a commit last.
    last_shared: Cell<Option<Duration>>,
    /// How long a call to the store takes, and how long one that is quick.
    call_takes: Cell<Duration>,
    quick_call_takes: Cell<Duration>,
}

impl<K: Kv> Writers<K> {
    pub fn new(heads: Rc<Heads<K>>, node_bytes: usize) -> Self {
        Self {
            heads,
            node_bytes,
            queue: Queue::default(),
            backoff: Backoff::default(),
            turns: Turns::default(),
            begun_in_a_row: Cell::default(),
            own_head: RefCell::default(),
            id: Cell::new(None),
            attempts: Cell::new(0),
            seen: Cell::new(None),
            rival_seen: Cell::new(None),
            announcement_seen: Cell::new(None),
            is_flushing: Cell::new(false),
            gathering_until: Cell::default(),
            last_group_took: Cell::default(),
            last_shared: Cell::default(),
            call_takes: Cell::default(),
            quick_call_takes: Cell::new(Duration::MAX),
        }
    }

    pub fn kv(&self) -> &K {
        &self.heads.kv
    }

    /// Who they are.
    pub fn id(&self) -> Result<u64, Error> {
        if let Some(id) = self.id.get() {
            return Ok(id);
        }
        let id = random_u64()? & !1;
        self.id.set(Some(id));
        Ok(id)
    }

    /// The number of the next attempt to commit.
    pub fn next_attempt(&self) -> u64 {
        let attempt = self.attempts.get() + 1;
        self.attempts.set(attempt);
        attempt
    }

    /// Notes whether a head that was read tells of another instance that writes. The first one that is
    /// seen may be old; whether it is, only a clock can tell.
    pub fn see(&self, head: &Head) {
        let own = self.id.get();
        let before = self.seen.replace(Some(head.commit));
        let is_new = match before {
            None => self.kv().now().abs_diff(Duration::from_millis(head.time)) < ABOUT,
            Some(commit) => commit != head.commit,
        };
        if is_new && head.writers.last().is_some_and(|last| Some(last.writer & !1) != own) {
            self.rival_seen.set(Some(self.kv().elapsed()));
        }
    }

    /// Notes how long a call took: a mean of the latest ones is kept, and the quickest, which is forgotten bit
    /// by bit.
    pub fn note_call(&self, began: Duration) {
        let took = self.kv().elapsed().saturating_sub(began).min(LONGEST_CALL);
        let quick = self.quick_call_takes.get();
        self.quick_call_takes.set(took.min(quick.saturating_add(quick / 4)));
        let before = self.call_takes.get();
        self.call_takes.set(if before.is_zero() { took } else { (before * 3 + took) / 4 });
        self.queue.note_far_call(self.is_store_far().then(|| self.call_takes()));
    }

    /// How long a call takes.
    pub fn call_takes(&self) -> Duration {
        self.call_takes.get()
    }

    /// For who has the turn and begins a call to the store: if that is far, nobody in line need look before it
    /// can have ended.
    pub fn be_quiet_for_a_call(&self) {
        if self.is_store_far() {
            let time = self.quick_call_takes.get().min(LONGEST_CALL).mul_f64(QUIET_PART);
            self.queue.be_quiet_for(self.kv(), time);
        }
    }

    /// Whether the store is so far that it takes longer to ask what others have done than to do what there
    /// is to do.
    pub fn is_store_far(&self) -> bool {
        self.call_takes.get() >= FAR
    }

    /// Waits for others who are about to write, if there are any. Who takes long to commit waits as long,
    /// but not for ever, so that an instance has time to take requests; until it has committed once, it
    /// does not know. Where the store is far, half a call is enough: while the head is read, which
    /// takes as long, more requests join; or while the commit before is made.
    pub async fn gather(&self) {
        let now = self.kv().elapsed();
        let shared = self.last_shared.get();
        let is_busy = shared.is_some_and(|at| now.saturating_sub(at) < ABOUT);
        let took = self.last_group_took.get();
        if took.is_some() && !is_busy && !self.rivals_are_about() {
            return;
        }
        if self.gathering_until.get() <= now {
            let most = match self.is_store_far() {
                true => (self.call_takes() / 2).min(MAX_GATHERING),
                false => *GATHERING.end(),
            };
            let time = took.unwrap_or_default().clamp(*GATHERING.start(), most);
            self.gathering_until.set(now.saturating_add(time));
        }
        self.kv().pause(self.gathering_until.get().saturating_sub(now)).await;
    }

    /// Notes that a group was committed that began at the time; whether it was of several requests.
    pub fn note_group(&self, began: Duration, is_shared: bool) {
        let now = self.kv().elapsed();
        self.last_group_took.set(Some(now.saturating_sub(began)));
        if is_shared {
            self.last_shared.set(Some(now));
        }
    }

    /// Whether other instances write to the tree too, as far as the heads show.
    pub fn rivals_are_about(&self) -> bool {
        let now = self.kv().elapsed();
        self.rival_seen.get().is_some_and(|seen| now.saturating_sub(seen) < ABOUT)
    }
}
