//! Which indexes of a tree can be relied on, and making those that cannot.
//!
//! The tree says at `m/indexes` what it knows of each index by its name. An index that the tree does
//! not know is built a part at a time, by the writes and lists that come along; until it is whole,
//! nothing relies on it. An index that this program does not know is taken apart in the same way. It
//! stops counting as whole at the first write by a program that does not keep it up to date.

use std::collections::BTreeMap;

use bytes::Bytes;
use kv_tree::{KeyRange, Kv, Order, Snapshot, Transaction};
use serde_json::{Map, Value, json};

use super::index;
use crate::Error;
use crate::model::definition::{Definition, Index};
use crate::storage::record::{self, Record};

const KEY: &str = "m/indexes";

/// How many resources a write indexes that belong to an index which is not whole, and how many
/// entries it removes of one that is not used.
const PART: u64 = 100;

/// What a tree knows of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Whole,
    /// It has the resources whose keys are not greater.
    UpTo(String),
    /// Its entries are being removed.
    Unused,
}

/// What a tree knows of its indexes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Catalogue(BTreeMap<String, State>);

impl Catalogue {
    /// The indexes of the tree, seen by a program that has those of `definition`.
    pub async fn read<K: Kv>(
        definition: &Definition,
        snapshot: &Snapshot<K>,
    ) -> Result<Self, Error> {
        let mut states = match snapshot.get(KEY).await? {
            Some(value) => decode(&value)?,
            None => BTreeMap::new(),
        };
        let names: Vec<_> = definition.indexes.iter().map(Index::name).collect();
        for (name, state) in &mut states {
            if !names.contains(name) {
                *state = State::Unused;
            }
        }
        let unknown: Vec<_> = names.into_iter().filter(|name| !states.contains_key(name)).collect();
        if !unknown.is_empty() {
            let is_empty = snapshot.count(&record::keys()).await? == 0;
            let state = if is_empty { State::Whole } else { State::UpTo(String::new()) };
            states.extend(unknown.into_iter().map(|name| (name, state.clone())));
        }
        Ok(Self(states))
    }

    /// Whether the index has an entry for every value.
    pub fn is_whole(&self, index: &Index) -> bool {
        self.0.get(&index.name()) == Some(&State::Whole)
    }

    /// Whether the index is whole in a tree, whatever else this program knows of that tree.
    pub async fn has_whole<K: Kv>(index: &Index, snapshot: &Snapshot<K>) -> Result<bool, Error> {
        let states = match snapshot.get(KEY).await? {
            Some(value) => decode(&value)?,
            None => return Ok(false),
        };
        Ok(states.get(&index.name()) == Some(&State::Whole))
    }

    /// Makes some progress, and writes down what the tree has to know.
    pub async fn advance<K: Kv>(
        definition: &Definition,
        transaction: &mut Transaction<K>,
    ) -> Result<(), Error> {
        let mut catalogue = Self::read(definition, transaction).await?;
        catalogue.build_part(definition, transaction).await?;
        catalogue.remove_part(definition, transaction).await?;
        let value = catalogue.encode();
        if transaction.get(KEY).await?.as_ref() != Some(&value) {
            transaction.put(KEY, value);
        }
        Ok(())
    }

    /// Enters the next resources into the indexes that are not whole.
    async fn build_part<K: Kv>(
        &mut self,
        definition: &Definition,
        transaction: &mut Transaction<K>,
    ) -> Result<(), Error> {
        let progress = self.0.values().filter_map(|state| match state {
            State::UpTo(key) => Some(key.clone()),
            State::Whole | State::Unused => None,
        });
        let Some(start) = progress.min() else { return Ok(()) };
        let rest = match start.is_empty() {
            true => record::keys(),
            false => record::keys_after(&start),
        };
        let mut records = Vec::new();
        let mut scan = transaction.scan(rest, Order::Ascending).limit(PART);
        while let Some(entry) = scan.next().await? {
            records.push(entry);
        }
        let is_end = (records.len() as u64) < PART;
        let mut reached = start;
        for (key, value) in records {
            let id = record::id_of(&key)?;
            let document = Record::read(id, value)?.document()?;
            index::update(definition, transaction, id, None, Some(&Value::Object(document)));
            reached = String::from_utf8_lossy(&key).into_owned();
        }
        for state in self.0.values_mut() {
            match state {
                State::UpTo(_) if is_end => *state = State::Whole,
                State::UpTo(key) if *key < reached => key.clone_from(&reached),
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
        let unused = self.0.iter().find(|(_, state)| **state == State::Unused);
        let Some(name) = unused.map(|(name, _)| name.clone()) else { return Ok(()) };
        let mut keys: Vec<Bytes> = Vec::new();
        let entries = KeyRange::prefix(format!("i/{name}/"));
        let mut scan = transaction.scan(entries, Order::Ascending).limit(PART);
        while let Some((key, _)) = scan.next().await? {
            keys.push(key);
        }
        if (keys.len() as u64) < PART {
            let is_ours = definition.indexes.iter().any(|index| index.name() == name);
            match is_ours {
                true => self.0.insert(name, State::UpTo(String::new())),
                false => self.0.remove(&name),
            };
        }
        keys.into_iter().for_each(|key| transaction.delete(key));
        Ok(())
    }

    fn encode(&self) -> Bytes {
        let mut states = Map::new();
        for (name, state) in &self.0 {
            let state = match state {
                State::Whole => json!("whole"),
                State::UpTo(key) => json!({ "upTo": key }),
                State::Unused => json!("unused"),
            };
            states.insert(name.clone(), state);
        }
        Value::Object(states).to_string().into()
    }
}

fn decode(value: &[u8]) -> Result<BTreeMap<String, State>, Error> {
    let damaged = || Error::internal(format!("{KEY} is damaged"));
    let entries: Map<String, Value> = serde_json::from_slice(value).map_err(|_| damaged())?;
    let mut states = BTreeMap::new();
    for (name, state) in entries {
        let state = match (state.as_str(), state["upTo"].as_str()) {
            (Some("whole"), _) => State::Whole,
            (Some("unused"), _) => State::Unused,
            (_, Some(key)) => State::UpTo(key.to_owned()),
            _ => return Err(damaged()),
        };
        states.insert(name, state);
    }
    Ok(states)
}
