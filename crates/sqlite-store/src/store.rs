//! The file, and the stores in it.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params, vtab};

/// One connection to the file, which all stores share.
#[derive(Clone)]
pub struct Sqlite(Arc<Mutex<Connection>>);

/// A store in the file. A call waits for calls of others, and for the disk.
#[derive(Clone)]
pub struct Store {
    sqlite: Sqlite,
    label: String,
}

/// A failure of SQLite, in words.
pub type StoreResult<T> = Result<T, String>;

/// How long a call waits for another process that has locked the file.
const BUSY_TIMEOUT: Duration = Duration::from_millis(1500);

const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = ?3";

impl Sqlite {
    /// Opens `sqlite_key_value.db` in `state_dir`, creating both where they are missing.
    ///
    /// A file that this creates is in WAL mode, in which a commit costs one flush instead of several.
    /// The mode stays with the file, also under Spin, which sets none. A file that is there already
    /// stays in the mode that it has.
    pub fn open(state_dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(state_dir)
            .with_context(|| format!("cannot create {}", state_dir.display()))?;
        let path = state_dir.join("sqlite_key_value.db");
        // Of a file that is empty, the creator did not come to setting the mode.
        let is_new = std::fs::metadata(&path).map_or(true, |file| file.len() == 0);
        let connect = || -> rusqlite::Result<Connection> {
            let connection = Connection::open(&path)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            if is_new {
                connection.pragma_update(None, "journal_mode", "wal")?;
            }
            connection.execute_batch(
                "CREATE TABLE IF NOT EXISTS spin_key_value (
                    store TEXT NOT NULL,
                    key TEXT NOT NULL,
                    value BLOB NOT NULL,
                    PRIMARY KEY (store, key)
                )",
            )?;
            vtab::array::load_module(&connection)?;
            Ok(connection)
        };
        let connection = connect().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// The store with the label. A label that nothing was written under is an empty store.
    pub fn store(&self, label: impl Into<String>) -> Store {
        Store { sqlite: self.clone(), label: label.into() }
    }

    /// Runs `work` on the connection.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> StoreResult<T> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut connection).map_err(|error| error.to_string())
    }

    /// The same within a transaction, which commits if `work` succeeds.
    fn transact<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<T> {
        self.with(|connection| {
            // One that reads before it writes would fail where another process wrote in between.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma<T: rusqlite::types::FromSql>(file: &Sqlite, name: &str) -> T {
        file.with(|connection| connection.pragma_query_value(None, name, |row| row.get(0))).unwrap()
    }

    /// `PRAGMA synchronous` of a connection whose commits are flushed.
    const FULL: i64 = 2;

    #[test]
    fn a_new_file_is_in_wal_mode_and_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let file = Sqlite::open(folder.path()).unwrap();
            file.store("default").set("key", b"value").unwrap();
            assert_eq!(pragma::<String>(&file, "journal_mode"), "wal");
            assert_eq!(pragma::<i64>(&file, "synchronous"), FULL);
        }
    }

    #[test]
    fn a_file_that_its_creator_left_empty_is_new() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sqlite_key_value.db"), "").unwrap();
        let file = Sqlite::open(folder.path()).unwrap();
        assert_eq!(pragma::<String>(&file, "journal_mode"), "wal");
    }

    #[test]
    fn a_file_in_another_mode_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("sqlite_key_value.db")).unwrap();
        connection.execute_batch("CREATE TABLE other (key TEXT)").unwrap();
        drop(connection);
        let file = Sqlite::open(folder.path()).unwrap();
        file.store("default").set("key", b"value").unwrap();
        assert_eq!(pragma::<String>(&file, "journal_mode"), "delete");
    }

    #[test]
    fn two_that_open_the_file_can_count_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let count = || {
            let store = Sqlite::open(folder.path()).unwrap().store("default");
            (0..100).for_each(|_| assert!(store.increment("number", 1).is_ok()));
        };
        std::thread::scope(|scope| {
            count();
            scope.spawn(count);
            scope.spawn(count);
        });
        let store = Sqlite::open(folder.path()).unwrap().store("default");
        assert_eq!(store.increment("number", 0), Ok(300));
    }
}
