//! The records and their index entries.

use bytes::Bytes;
use kv_tree::{Kv, Transaction};
use uuid::Builder;

/// How long a record usually is.
pub const RECORD_BYTES: usize = 1500;

/// How many accounts a party has, about.
const ACCOUNTS_PER_PARTY: u64 = 25;

/// An account as the indexes see it.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub party: String,
    name: String,
    updated: u64,
    bytes: usize,
}

impl Account {
    /// The `number`-th account, created at a time of its own, among `total`, with a record of so many
    /// bytes.
    pub fn new(number: u64, total: u64, bytes: usize, random: &mut fastrand::Rng) -> Self {
        let millis = 1_800_000_000_000 + 100 * number;
        let mut tail = [0; 10];
        random.fill(&mut tail);
        let id = Builder::from_unix_timestamp_millis(millis, &tail).into_uuid().to_string();
        let name: String = std::iter::repeat_with(|| random.alphabetic()).take(14).collect();
        let party = format!("{:08}", random.u64(..(total / ACCOUNTS_PER_PARTY).max(1)));
        Self { id, party, name, updated: number, bytes }
    }

    pub fn key(&self) -> String {
        format!("r/{}", self.id)
    }

    /// Writes the record and its index entries.
    pub fn insert<K: Kv>(&self, transaction: &mut Transaction<K>) {
        transaction.put(self.key(), self.record());
        for entry in self.index_entries() {
            transaction.put(entry, Bytes::new());
        }
    }

    /// Deletes the record and its index entries.
    pub fn delete<K: Kv>(&self, transaction: &mut Transaction<K>) {
        transaction.delete(self.key());
        for entry in self.index_entries() {
            transaction.delete(entry);
        }
    }

    /// Writes the record anew; the time of the last update, which is indexed, changes.
    pub fn update<K: Kv>(&mut self, transaction: &mut Transaction<K>, now: u64) {
        transaction.delete(self.updated_entry());
        self.updated = now;
        transaction.put(self.updated_entry(), Bytes::new());
        transaction.put(self.key(), self.record());
    }

    fn record(&self) -> Vec<u8> {
        let mut record = format!("{} {} {} {}", self.id, self.party, self.name, self.updated);
        record.extend(std::iter::repeat_n('x', self.bytes.saturating_sub(record.len())));
        record.into_bytes()
    }

    fn index_entries(&self) -> [String; 5] {
        let Self { id, party, name, .. } = self;
        let kind = if party.ends_with('7') { "Business" } else { "Individual" };
        [
            format!("i/accountType/{kind}/{id}"),
            self.updated_entry(),
            format!("i/name/{name}/{id}"),
            format!("{}{id}", party_prefix(party)),
            format!("i/state/Active/{id}"),
        ]
    }

    fn updated_entry(&self) -> String {
        format!("i/lastUpdate/{:016}/{}", self.updated, self.id)
    }
}

/// What the index entries of a party's accounts begin with.
pub fn party_prefix(party: &str) -> String {
    format!("i/relatedParty/{party}/")
}
