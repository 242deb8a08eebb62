//! Which indexes of a resource can be relied on, and making those that cannot.
//!
//! The tree says what it knows of each index by its name. An index that the tree does not know is
//! built a part at a time, by the writes and lists that come along; until it is whole, nothing relies
//! on it. An index that this program does not know is taken apart in the same way. It stops counting
//! as whole at the first write by a program that does not keep it up to date.

use std::collections::BTreeMap;

use bytes::Bytes;
use kv_tree::{KeyRange, Kv, Order, Snapshot, Transaction};
use serde_json::Value;

use super::index;
use super::keys::Keys;
use super::record::Record;
use crate::Error;
use crate::model::definition::Definition;
use crate::model::index::Index;

/// How many resources a write or a list enters into the indexes that are not whole, and how many
/// entries it removes of one that is not used.
const PART: u64 = 100;

/// What stands behind the name of an index that is whole.
const WHOLE: &[u8] = b" whole";

/// What a tree knows of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Whole,
    /// It has the resources whose ids are not greater.
    UpTo(String),
    /// Its entries are being removed.
    Unused,
}

/// Which indexes of a resource can be relied on, as the tree says.
#[derive(Debug)]
pub(crate) enum Known {
    /// All of them: nothing was ever written.
    All,
    /// Those that the text says are whole.
    Written(Bytes),
}

impl Known {
    pub async fn read<K: Kv>(keys: Keys, snapshot: &Snapshot<K>) -> Result<Self, Error> {
        Ok(match snapshot.get(keys.catalogue()).await? {
            Some(value) => Self::Written(value),
            None if snapshot.count(&keys.records()).await? == 0 => Self::All,
            None => Self::Written(Bytes::new()),
        })
    }

    /// Whether the index has an entry for every value.
    pub fn is_whole(&self, index: &Index) -> bool {
        match self {
            Self::All => true,
            Self::Written(value) => is_whole(value, index),
        }
    }

    /// Whether nothing is left to be done.
    pub fn is_settled(&self, definition: &Definition) -> bool {
        match self {
            Self::All => true,
            Self::Written(value) => is_settled(value, definition),
        }
    }
}

fn is_whole(value: &[u8], index: &Index) -> bool {
    let name = index.name();
    let mut lines = value.split(|byte| *byte == b'\n');
    lines.any(|line| line.strip_prefix(name.as_bytes()) == Some(WHOLE))
}

fn is_settled(value: &[u8], definition: &Definition) -> bool {
    let mut count = 0;
    let are_whole = definition.indexes().all(|index| {
        count += 1;
        is_whole(value, &index)
    });
    are_whole && value.iter().filter(|byte| **byte == b'\n').count() == count
}

/// What a program that has the indexes of a definition knows of those that a tree has.
#[derive(Debug, PartialEq, Eq)]
struct Catalogue {
    keys: Keys,
    states: BTreeMap<String, State>,
}

/// Makes some progress with indexes that are not whole, and writes down what the tree has to know. Whether
/// it has known nothing yet.
pub(crate) async fn advance<K: Kv>(
    definition: &Definition,
    transaction: &mut Transaction<K>,
) -> Result<bool, Error> {
    let key = Keys::of(definition).catalogue();
    let value = transaction.get(&key).await?;
    if value.as_ref().is_some_and(|value| is_settled(value, definition)) {
        return Ok(false);
    }
    let is_first = value.is_none();
    let mut catalogue = Catalogue::of(definition, value, transaction).await?;
    catalogue.build_part(definition, transaction).await?;
    catalogue.remove_part(definition, transaction).await?;
    transaction.put(key, catalogue.encode());
    Ok(is_first)
}

impl Catalogue {
    /// What the `value` that the tree has says.
    async fn of<K: Kv>(
        definition: &Definition,
        value: Option<Bytes>,
        snapshot: &Snapshot<K>,
    ) -> Result<Self, Error> {
        let keys = Keys::of(definition);
        let mut states = match value {
            Some(value) => decode(&value).map_err(|line| {
                let key = String::from_utf8_lossy(&keys.catalogue()).into_owned();
                Error::internal(format!("{key} says what this program does not know: {line:?}"))
            })?,
            None => BTreeMap::new(),
        };
        let names: Vec<_> = definition.indexes().map(|index| index.name()).collect();
        for (name, state) in &mut states {
            if !names.contains(name) {
                *state = State::Unused;
            }
        }
        let unknown: Vec<_> = names.into_iter().filter(|name| !states.contains_key(name)).collect();
        if !unknown.is_empty() {
            let is_empty = snapshot.count(&keys.records()).await? == 0;
            let state = if is_empty { State::Whole } else { State::UpTo(String::new()) };
            states.extend(unknown.into_iter().map(|name| (name, state.clone())));
        }
        Ok(Self { keys, states })
    }

    /// Enters the next resources into the indexes that are not whole.
    async fn build_part<K: Kv>(
        &mut self,
        definition: &Definition,
        transaction: &mut Transaction<K>,
    ) -> Result<(), Error> {
        let progress = self.states.values().filter_map(|state| match state {
            State::UpTo(id) => Some(id.clone()),
            State::Whole | State::Unused => None,
        });
        let Some(start) = progress.min() else { return Ok(()) };
        let rest = match start.is_empty() {
            true => self.keys.records(),
            false => self.keys.records_after(&start),
        };
        let mut records = Vec::new();
        let mut scan = transaction.scan(rest, Order::Ascending).limit(PART);
        while let Some(entry) = scan.next().await? {
            records.push(entry);
        }
        let mut is_end = (records.len() as u64) < PART;
        let mut reached = start;
        for (key, value) in records {
            let id = self.keys.id_of(&key)?;
            match Record::read(id, value).and_then(|record| record.document()) {
                Ok(document) => {
                    let document = Value::Object(document);
                    index::update(definition, transaction, id, None, Some(&document));
                }
                // It has entries, and a program that can read it goes on here.
                Err(error) if error.is_newer() => {
                    is_end = false;
                    break;
                }
                // What is damaged can have no entries.
                Err(_) => {}
            }
            reached = id.to_owned();
        }
        for state in self.states.values_mut() {
            match state {
                State::UpTo(_) if is_end => *state = State::Whole,
                State::UpTo(id) if *id < reached => id.clone_from(&reached),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes entries of indexes that are not used. One that this program does use, but another
    /// program did not keep, is then built anew.
    async fn remove_part<K: Kv>(
        &mut self,
        definition: &Definition,
        transaction: &mut Transaction<K>,
    ) -> Result<(), Error> {
        let unused = self.states.iter().find(|(_, state)| **state == State::Unused);
        let Some(name) = unused.map(|(name, _)| name.clone()) else { return Ok(()) };
        let mut keys: Vec<Bytes> = Vec::new();
        let entries = KeyRange::prefix(self.keys.index(&name));
        let mut scan = transaction.scan(entries, Order::Ascending).limit(PART);
        while let Some((key, _)) = scan.next().await? {
            keys.push(key);
        }
        if (keys.len() as u64) < PART {
            let is_ours = definition.indexes().any(|index| index.name() == name);
            match is_ours {
                true => self.states.insert(name, State::UpTo(String::new())),
                false => self.states.remove(&name),
            };
        }
        keys.into_iter().for_each(|key| transaction.delete(key));
        Ok(())
    }

    /// A line for each index: its name, and what is known of it.
    fn encode(&self) -> Bytes {
        let mut text = String::new();
        for (name, state) in &self.states {
            text.push_str(name);
            match state {
                State::Whole => text.push_str(" whole"),
                State::Unused => text.push_str(" unused"),
                State::UpTo(id) => {
                    text.push_str(" upTo ");
                    text.push_str(id);
                }
            }
            text.push('\n');
        }
        text.into()
    }
}

/// What is known of each index; otherwise the line that says something else.
fn decode(value: &[u8]) -> Result<BTreeMap<String, State>, String> {
    let state = |line: &str| {
        let (name, state) = line.split_once(' ')?;
        let state = match state.split_once(' ').unwrap_or((state, "")) {
            ("whole", "") => State::Whole,
            ("unused", "") => State::Unused,
            ("upTo", id) => State::UpTo(id.to_owned()),
            _ => return None,
        };
        Some((name.to_owned(), state))
    };
    let text = String::from_utf8_lossy(value);
    text.lines().map(|line| state(line).ok_or_else(|| line.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_written_and_read() {
        let states = BTreeMap::from([
            ("a.b:text1".to_owned(), State::Whole),
            ("c:time1".to_owned(), State::UpTo(String::new())),
            ("d:time1".to_owned(), State::UpTo("x y".to_owned())),
            ("e:texts1".to_owned(), State::Unused),
        ]);
        let catalogue = Catalogue { keys: Keys("thing"), states };
        assert_eq!(decode(&catalogue.encode()).unwrap(), catalogue.states);
        for damaged in ["a", "a b", "a whole x", "\u{0}"] {
            let value = format!("c:time1 whole\n{damaged}\n");
            assert_eq!(decode(value.as_bytes()), Err(damaged.to_owned()));
        }
    }
}
