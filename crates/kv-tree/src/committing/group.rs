//! Transactions of one instance that share a commit.

use std::rc::Rc;
use std::time::Duration;

use super::append::Appended;
use super::queue::{Awaited, Promise, promise};
use crate::format::head::Head;
use crate::format::held::Hold;
use crate::reading::pages::Pages;
use crate::reading::reads::Reads;
use crate::{Error, Kv, Snapshot};

/// What the members of a group learn, unless their bodies have to run again.
pub(crate) type Verdict = Result<(), Error>;

/// Transactions that will be committed together: they ran one after the other, each on what those
/// before it left.
pub(crate) struct Group<K: Kv> {
    /// A head with the members' writes on top, and what they have read of it.
    pub snapshot: Snapshot<K>,
    /// Which of the keys that they write are appended.
    pub appended: Appended,
    /// What it takes to swap that head, unless it was used.
    pub watch: Option<K::Watch>,
    /// Whether it began with a head that was not read, but remembered.
    pub may_be_stale: bool,
    /// That its flush holds what was committed before. A group that writes holds nothing: what others commit
    /// meanwhile may come before it, and is not in the pages.
    pub hold: Option<Hold>,
    /// A newer head and what it takes to swap it, where a swap that was lost has told them.
    pub told: Option<(Rc<Head>, K::Watch)>,
    /// When it began, by the clock that never goes back.
    pub began: Duration,
    members: Vec<Promise<Verdict>>,
}

impl<K: Kv> Group<K> {
    pub fn new(pages: Pages<K>, head: Rc<Head>, watch: Option<K::Watch>) -> Self {
        let began = pages.kv.elapsed();
        let snapshot = Snapshot { reads: Some(Reads::default()), ..Snapshot::new(pages, head) };
        let (appended, members) = Default::default();
        Self {
            snapshot,
            appended,
            watch,
            may_be_stale: false,
            told: None,
            hold: None,
            began,
            members,
        }
    }

    /// How many members wait for the outcome.
    pub fn waiting(&self) -> usize {
        self.members.len()
    }

    /// Another member, who waits for the outcome.
    pub fn join(&mut self) -> Awaited<Verdict> {
        let (promise, awaited) = promise();
        self.members.push(promise);
        awaited
    }

    /// The members, while somebody commits for them.
    pub fn committing(&mut self) -> Committing {
        let tree = self.snapshot.pages.tree.as_str().into();
        Committing { members: std::mem::take(&mut self.members), tree }
    }
}

/// The members of a group that is being committed. If the request that commits ends before it knows
/// the outcome, nobody does, and they learn that.
pub(crate) struct Committing {
    members: Vec<Promise<Verdict>>,
    tree: String,
}

impl Committing {
    /// Tells the members how it ended.
    pub fn tell(mut self, verdict: &Verdict) {
        for member in self.members.drain(..) {
            member.keep(verdict.clone());
        }
    }

    /// Nothing of the group is committed: the bodies of all members run again.
    pub fn release(mut self) {
        self.members.clear();
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        let cause = "the request that committed for this one has ended".to_owned();
        let error = Error::OutcomeUnknown { tree: std::mem::take(&mut self.tree), cause };
        for member in self.members.drain(..) {
            member.keep(Err(error.clone()));
        }
    }
}
