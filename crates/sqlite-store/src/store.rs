//! The stores in the file, and their calls.

use std::rc::Rc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use crate::file::{GET, SET, Sqlite, StoreResult};

/// A store in the file. A call waits for calls of others, and for the disk.
#[derive(Clone)]
pub struct Store {
    pub(crate) sqlite: Sqlite,
    pub(crate) label: String,
}

impl Store {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> StoreResult<Option<Vec<u8>>> {
        self.sqlite.with(|connection| get(connection, &self.label, key))
    }

    /// Writes `value` at `key`.
    pub fn set(&self, key: &str, value: &[u8]) -> StoreResult<()> {
        self.sqlite.with(|connection| set(connection, &self.label, key, value))
    }

    /// Deletes `key`, if it is there.
    pub fn delete(&self, key: &str) -> StoreResult<()> {
        self.delete_many(vec![key.to_owned()])
    }

    /// All keys.
    pub fn keys(&self) -> StoreResult<Vec<String>> {
        self.sqlite.with(|connection| {
            let sql = "SELECT key FROM spin_key_value WHERE store = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let keys = statement.query_map([&self.label], |row| row.get(0))?;
            keys.collect()
        })
    }

    /// The pairs that exist, in no particular order.
    pub fn get_many(&self, keys: Vec<String>) -> StoreResult<Vec<(String, Option<Vec<u8>>)>> {
        self.sqlite.with(|connection| {
            let sql =
                "SELECT key, value FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)";
            let mut statement = connection.prepare_cached(sql)?;
            let pairs = statement.query_map(params![&self.label, array(keys)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            pairs.collect()
        })
    }

    /// Writes all `pairs`, in one transaction.
    pub fn set_many(&self, pairs: &[(String, Vec<u8>)]) -> StoreResult<()> {
        self.sqlite.transact(|transaction| {
            pairs.iter().try_for_each(|(key, value)| set(transaction, &self.label, key, value))
        })
    }

    /// Deletes those of `keys` that are there, in one transaction.
    pub fn delete_many(&self, keys: Vec<String>) -> StoreResult<()> {
        self.sqlite.with(|connection| {
            let sql = "DELETE FROM spin_key_value WHERE store = ?1 AND key IN rarray(?2)";
            connection.prepare_cached(sql)?.execute(params![&self.label, array(keys)])?;
            Ok(())
        })
    }

    /// Adds to a number of 8 bytes, little-endian; an absent key counts as 0.
    pub fn increment(&self, key: &str, delta: i64) -> StoreResult<i64> {
        let sum = self.sqlite.transact(|transaction| {
            let bytes = match get(transaction, &self.label, key)? {
                None => [0; 8],
                Some(value) => match value.try_into() {
                    Ok(bytes) => bytes,
                    Err(_) => return Ok(None),
                },
            };
            let sum = i64::from_le_bytes(bytes).wrapping_add(delta);
            set(transaction, &self.label, key, &sum.to_le_bytes())?;
            Ok(Some(sum))
        })?;
        sum.ok_or_else(|| format!("the value of {key:?} is not a number"))
    }

    /// Replaces the value of `key` if it is `expected`, and says whether it was. As on Spin, an
    /// absent key is written whatever it has become.
    pub fn swap(&self, key: &str, expected: Option<&[u8]>, value: &[u8]) -> StoreResult<bool> {
        let Some(expected) = expected else { return self.set(key, value).map(|()| true) };
        self.sqlite.with(|connection| {
            let sql = "UPDATE spin_key_value SET value = ?4
                WHERE store = ?1 AND key = ?2 AND value = ?3";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.execute(params![&self.label, key, expected, value])? == 1)
        })
    }
}

fn get(connection: &Connection, store: &str, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached(GET)?.query_row([store, key], |row| row.get(0)).optional()
}

fn set(connection: &Connection, store: &str, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection.prepare_cached(SET)?.execute(params![store, key, value])?;
    Ok(())
}

fn array(keys: Vec<String>) -> Rc<Vec<Value>> {
    Rc::new(keys.into_iter().map(Value::from).collect())
}
