//! What was acknowledged, and what follows from it: what must be there in the end, and what must have been
//! told.
//!
//! Each resource has a *story*: the changes that were sent, in their order, each of which was done or may have
//! been. One that has certainly not been done is not in it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::kinds::{Change, Key};

/// What was sent about a resource.
#[derive(Debug, Default)]
pub struct Story(Vec<Step>);

#[derive(Debug)]
struct Step {
    change: Change,
    /// The mark that it leaves, if the resource is there afterwards.
    mark: Option<String>,
    is_done: bool,
}

impl Story {
    /// Whether the resource may have the mark, or not be there.
    pub fn allows(&self, mark: Option<&str>) -> bool {
        for step in self.0.iter().rev() {
            if step.mark.as_deref() == mark {
                return true;
            }
            if step.is_done {
                return false;
            }
        }
        mark.is_none()
    }

    /// Whether these are the events of it, in their order: of what was done each, of what may have been done
    /// none or one.
    pub fn is_told_by(&self, told: &[Change]) -> bool {
        // How many of the events the steps so far can account for.
        let mut counts = vec![0];
        for step in &self.0 {
            let fits = |count: &&usize| told.get(**count) == Some(&step.change);
            let mut next: Vec<_> = counts.iter().filter(fits).map(|count| count + 1).collect();
            if !step.is_done {
                next.append(&mut counts);
                next.sort_unstable();
                next.dedup();
            }
            counts = next;
        }
        counts.contains(&told.len())
    }
}

/// Its changes with the marks that they leave; a question mark where one may not have been made.
impl fmt::Display for Story {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Step { change, mark, is_done }) in self.0.iter().enumerate() {
            let (comma, doubt) =
                (if number > 0 { ", " } else { "" }, if *is_done { "" } else { "?" });
            let mark = mark.as_ref().map_or(String::new(), |mark| format!(" {mark}"));
            write!(formatter, "{comma}{change:?}{mark}{doubt}")?;
        }
        Ok(())
    }
}

/// The stories of all resources. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Expectations(Arc<Mutex<HashMap<Key, Story>>>);

impl Expectations {
    /// Something is about to be sent that may change the resource so that it has the mark.
    pub fn begin(&self, key: &Key, change: Change, mark: Option<String>) {
        let step = Step { change, mark, is_done: false };
        self.locked().entry(key.clone()).or_default().0.push(step);
    }

    /// What was begun last about the resource is done.
    pub fn done(&self, key: &Key) {
        if let Some(step) = self.locked().get_mut(key).and_then(|story| story.0.last_mut()) {
            step.is_done = true;
        }
    }

    /// What was begun last about the resource was refused.
    pub fn refused(&self, key: &Key) {
        if let Some(story) = self.locked().get_mut(key) {
            story.0.pop();
        }
    }

    /// How many resources there are stories of, and how many changes in them that were done.
    pub fn counts(&self) -> (usize, usize) {
        let stories = self.locked();
        let done = stories.values().flat_map(|story| &story.0).filter(|step| step.is_done).count();
        (stories.len(), done)
    }

    /// What is not as it must be, if these are all resources that there are, with their marks.
    pub fn differences(&self, found: &BTreeMap<Key, String>) -> Vec<String> {
        let stories = self.locked();
        let mut differences = Vec::new();
        for (key, story) in stories.iter() {
            let mark = found.get(key).map(String::as_str);
            if !story.allows(mark) {
                let shown = mark.unwrap_or("not there");
                differences.push(format!("{} is {shown}, after {story}", named(key)));
            }
        }
        let unknown = found.keys().filter(|key| !stories.contains_key(*key));
        differences.extend(unknown.map(|key| format!("{} was never sent", named(key))));
        differences
    }

    /// Of which resources something was not told that must have been, or something else was, if these are the
    /// events.
    pub fn untold(&self, told: &HashMap<Key, Vec<Change>>) -> Vec<String> {
        let stories = self.locked();
        let mut untold = Vec::new();
        for (key, story) in stories.iter() {
            let events = told.get(key).map_or(&[][..], Vec::as_slice);
            if !story.is_told_by(events) {
                untold.push(format!("{}: {events:?} of {story}", named(key)));
            }
        }
        let unknown = told.keys().filter(|key| !stories.contains_key(*key));
        untold.extend(unknown.map(|key| format!("{}: nothing was sent", named(key))));
        untold
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Key, Story>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named((kind, id): &Key) -> String {
    format!("{} {id}", kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Kind;

    /// Steps as `mark` or, where it was deleted, nothing; with a `?` if it may have been done.
    fn story(steps: &[(Change, &str)]) -> Story {
        let step = |(change, mark): &(Change, &str)| {
            let name = mark.trim_end_matches('?');
            Step {
                change: *change,
                mark: (!name.is_empty()).then(|| name.to_owned()),
                is_done: !mark.ends_with('?'),
            }
        };
        Story(steps.iter().map(step).collect())
    }

    use Change::{Attributes, Create, Delete, State};

    #[test]
    fn what_was_done_last_holds() {
        let gone = story(&[(Create, "a"), (Attributes, "b"), (Delete, "")]);
        assert!(gone.allows(None) && !gone.allows(Some("b")));
        let there = story(&[(Create, "a"), (Attributes, "b")]);
        assert!(there.allows(Some("b")) && !there.allows(Some("a")) && !there.allows(None));
    }

    #[test]
    fn what_may_have_been_done_holds_or_what_was_before() {
        let story = story(&[(Create, "a"), (Attributes, "b?"), (Delete, "?")]);
        for mark in [Some("a"), Some("b"), None] {
            assert!(story.allows(mark), "{mark:?}");
        }
        assert!(!story.allows(Some("c")));
        let perhaps = self::story(&[(Create, "a?")]);
        assert!(perhaps.allows(None) && perhaps.allows(Some("a")));
        assert_eq!(story.to_string(), "Create a, Attributes b?, Delete?");
    }

    #[test]
    fn all_that_was_done_is_told_in_order() {
        let story = story(&[(Create, "a"), (Attributes, "b?"), (Attributes, "c"), (Delete, "?")]);
        for told in [
            &[Create, Attributes][..],
            &[Create, Attributes, Attributes],
            &[Create, Attributes, Delete],
            &[Create, Attributes, Attributes, Delete],
        ] {
            assert!(story.is_told_by(told), "{told:?}");
        }
        for told in [
            &[][..],
            &[Create],
            &[Attributes, Create],
            &[Create, Delete, Attributes],
            &[Create, Attributes, State],
            &[Create, Create, Attributes],
        ] {
            assert!(!story.is_told_by(told), "{told:?}");
        }
    }

    #[test]
    fn differences_name_what_is_missing_and_what_should_not_be_there() {
        let expectations = Expectations::default();
        let key = |id: &str| (Kind::Account, id.to_owned());
        for id in ["kept", "gone", "lost", "refused"] {
            expectations.begin(&key(id), Create, Some("n/Active".to_owned()));
            match id {
                "refused" => expectations.refused(&key(id)),
                _ => expectations.done(&key(id)),
            }
        }
        expectations.begin(&key("gone"), Delete, None);
        expectations.done(&key("gone"));
        assert_eq!(expectations.counts(), (4, 4));
        let found = |ids: &[&str]| ids.iter().map(|id| (key(id), "n/Active".to_owned())).collect();
        assert_eq!(expectations.differences(&found(&["kept", "lost"])), Vec::<String>::new());
        let differences = expectations.differences(&found(&["kept", "gone", "other"])).join("\n");
        for words in ["gone is n/Active", "lost is not there", "other was never sent"] {
            assert!(differences.contains(words), "{differences}");
        }
        let mut told = HashMap::from([
            (key("kept"), vec![Create]),
            (key("lost"), vec![Create]),
            (key("gone"), vec![Create, Delete]),
        ]);
        assert_eq!(expectations.untold(&told), Vec::<String>::new());
        told.remove(&key("kept"));
        told.insert(key("other"), vec![Create]);
        let untold = expectations.untold(&told);
        assert_eq!(untold.len(), 2, "{untold:?}");
    }
}
