//! The file: opening it, and waiting for others that use it.
//!
//! A call that another process keeps from the file fails within [`PATIENCE`], however many calls wait
//! with it, and so does what is made of several calls: see `Shared::patience`.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, vtab};

use crate::Store;

/// What the file is called unless something else is said.
pub const FILE_NAME: &str = "sqlite_key_value.db";

/// How long a call waits for another process that has locked the file.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// One connection to the file, which all stores share.
#[derive(Clone)]
pub struct Sqlite(Arc<Mutex<Shared>>);

struct Shared {
    connection: Connection,
    /// When a call last waited for another process in vain.
    gave_up: Option<Instant>,
}

/// A failure of SQLite, in its own words, which are what Spin hands to components too:
///
/// | SQLite | words | |
/// |---|---|---|
/// | `SQLITE_BUSY` | `database is locked` | another process has it; nothing was changed |
/// | `SQLITE_FULL` | `database or disk is full` | nothing was changed |
/// | `SQLITE_READONLY` | `attempt to write a readonly database` | nothing was changed |
/// | `SQLITE_CANTOPEN` | `unable to open database file` | the file or its folder is gone, or may not be used |
/// | `SQLITE_IOERR` | `disk I/O error` | a commit that fails so may have happened |
pub type StoreResult<T> = Result<T, String>;

pub(crate) const GET: &str = "SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2";
pub(crate) const SET: &str = "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (store, key) DO UPDATE SET value = ?3";

impl Sqlite {
    /// Opens [`FILE_NAME`] in `state_dir`, which is where Spin keeps the stores unless its runtime
    /// configuration names a file, as [`Self::open_file`] does.
    pub fn open(state_dir: &Path) -> anyhow::Result<Self> {
        Self::open_file(&state_dir.join(FILE_NAME))
    }

    /// Opens the file at `path`, creating it and its folder where they are missing, and sees whether
    /// it can be read and written now.
    ///
    /// A file that this creates is in WAL mode, in which a commit costs one flush instead of several.
    /// The mode stays with the file, also under Spin, which sets none. A file that is there already
    /// stays in the mode that it has.
    pub fn open_file(path: &Path) -> anyhow::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        match connect(path) {
            Ok(connection) => Ok(Self::of(connection)),
            Err(error) => bail!("cannot use the store {}: {}", path.display(), advice(&error)),
        }
    }

    /// Stores that are in no file, and end with the value.
    pub fn in_memory() -> anyhow::Result<Self> {
        let connection = Connection::open_in_memory().and_then(prepare);
        Ok(Self::of(connection.context("cannot make a store in memory")?))
    }

    fn of(connection: Connection) -> Self {
        Self(Arc::new(Mutex::new(Shared { connection, gave_up: None })))
    }

    /// The store with the label. A label that nothing was written under is an empty store.
    pub fn store(&self, label: impl Into<String>) -> Store {
        Store { sqlite: self.clone(), label: label.into() }
    }

    /// Runs `work` on the connection.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> StoreResult<T> {
        let begin = Instant::now();
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = shared.patience(begin);
        let outcome = shared.connection.busy_timeout(patience);
        let outcome = outcome.and_then(|()| work(&mut shared.connection));
        if outcome.as_ref().err().and_then(rusqlite::Error::sqlite_error_code)
            == Some(ErrorCode::DatabaseBusy)
            && !patience.is_zero()
        {
            shared.gave_up = Some(Instant::now());
        }
        outcome.map_err(|error| error.to_string())
    }

    /// The same within a transaction, which commits if `work` succeeds.
    pub(crate) fn transact<T>(
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

impl Shared {
    /// How long a call that arrived at `begin` may wait for another process.
    ///
    /// The time in which others held the connection counts, or calls that arrive together would wait
    /// in turn. Once a call has waited in vain, those of the next while only try: a request makes
    /// several calls, and has to be answered when the first has waited.
    fn patience(&self, begin: Instant) -> Duration {
        match self.gave_up {
            Some(gave_up) if gave_up.elapsed() < PATIENCE => Duration::ZERO,
            _ => PATIENCE.saturating_sub(begin.elapsed()),
        }
    }
}

/// A connection to the file at `path`, which has the table and takes writes.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Of a file that is empty, the creator did not come to setting the mode.
    let is_new = std::fs::metadata(path).map_or(true, |file| file.len() == 0);
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    if is_new {
        connection.pragma_update(None, "journal_mode", "wal")?;
    }
    prepare(connection)
}

/// The connection with the table, where that can be written.
fn prepare(mut connection: Connection) -> rusqlite::Result<Connection> {
    // Begins as a write does, which a file that is locked or read-only refuses.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS spin_key_value (
            store TEXT NOT NULL,
            key TEXT NOT NULL,
            value BLOB NOT NULL,
            PRIMARY KEY (store, key)
        )",
    )?;
    // The table of another version may lack a column.
    transaction.prepare(GET)?;
    transaction.prepare(SET)?;
    transaction.commit()?;
    vtab::array::load_module(&connection)?;
    Ok(connection)
}

/// What keeps the file from being used, and what to do about it.
fn advice(error: &rusqlite::Error) -> String {
    let advice = match (error.sqlite_error_code(), error) {
        (Some(ErrorCode::DatabaseBusy), _) => "another process has locked it; end that one first",
        (Some(ErrorCode::ReadOnly), _) => "it or its folder can only be read; make both writable",
        (Some(ErrorCode::CannotOpen), _) => "it or its folder cannot be read and written",
        (Some(ErrorCode::NotADatabase), _) => {
            "it is not a database of SQLite, or of a newer version; move it away or choose another \
             place"
        }
        (_, rusqlite::Error::SqlInputError { .. }) => {
            "its table is not that of Spin's key-value stores; choose another place"
        }
        _ => return error.to_string(),
    };
    format!("{advice} ({error})")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that holds the lock for writing.
    fn lock(folder: &Path) -> Connection {
        let connection = Connection::open(folder.join("sqlite_key_value.db")).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        connection
    }

    #[track_caller]
    fn assert_refused(folder: &Path, words: &str) {
        let Err(error) = Sqlite::open(folder) else { panic!("it was opened; expected: {words}") };
        let error = format!("{error:#}");
        assert!(error.contains(words) && error.contains("sqlite_key_value.db"), "{error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }

    #[test]
    fn calls_that_another_process_keeps_from_the_file_wait_together() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path()).unwrap().store("default");
        store.set("key", b"before").unwrap();
        let other = lock(folder.path());
        let begin = Instant::now();
        let refused = || {
            assert_eq!(store.swap("key", Some(b"before"), b"x"), Err("database is locked".into()));
            assert_eq!(store.set_many(&[]), Err("database is locked".into()));
            assert_eq!(store.get("key"), Ok(Some(b"before".into())));
        };
        std::thread::scope(|scope| {
            (0..8).for_each(|_| _ = scope.spawn(refused));
        });
        assert!((PATIENCE..2 * PATIENCE).contains(&begin.elapsed()), "{:?}", begin.elapsed());
        drop(other);
        assert_eq!(store.swap("key", Some(b"before"), b"after"), Ok(true));
    }

    #[test]
    fn a_lock_that_does_not_last_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path()).unwrap().store("default");
        let other = lock(folder.path());
        std::thread::scope(|scope| {
            let set = scope.spawn(|| store.set("key", b"value"));
            std::thread::sleep(PATIENCE / 4);
            drop(other);
            assert_eq!(set.join().unwrap(), Ok(()));
        });
    }

    #[test]
    fn failures_are_told_in_the_words_of_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let file = Sqlite::open(folder.path()).unwrap();
        let store = file.store("default");
        let pragma = |name: &str, value: i64| {
            file.with(|connection| connection.pragma_update(None, name, value)).unwrap();
        };
        pragma("max_page_count", 8);
        assert_eq!(store.set("key", &[0; 100_000]), Err("database or disk is full".into()));
        pragma("query_only", 1);
        let read_only = "attempt to write a readonly database";
        assert_eq!(store.set("key", b"value"), Err(read_only.into()));
        assert_eq!(store.get("key"), Ok(None));
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_in_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sqlite_key_value.db");
        drop(Sqlite::open(folder.path()).unwrap());
        let other = lock(folder.path());
        assert_refused(folder.path(), "another process has locked it");
        drop(other);
        for (text, words) in [
            (&b"no database, but more than an empty file"[..], "not a database of SQLite"),
            (b"SQLite format 3\0\x10\0\x09\x09", "not a database of SQLite"),
        ] {
            std::fs::write(&path, [text, &[0; 4096]].concat()).unwrap();
            assert_refused(folder.path(), words);
        }
        std::fs::remove_file(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE spin_key_value (name TEXT)").unwrap();
        drop(connection);
        assert_refused(folder.path(), "not that of Spin");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_refused(folder.path(), "cannot be read and written");
    }

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
    fn a_file_of_any_name_is_created_in_wal_mode_with_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acme/accounts.db");
        let file = Sqlite::open_file(&path).unwrap();
        file.store("default").set("key", b"value").unwrap();
        assert_eq!(pragma::<String>(&file, "journal_mode"), "wal");
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        assert!(files.map(|file| file.unwrap().file_name()).any(|name| name == "accounts.db"));
    }

    #[test]
    fn stores_in_memory_are_their_own() {
        let (one, other) = (Sqlite::in_memory().unwrap(), Sqlite::in_memory().unwrap());
        one.store("default").set("key", b"value").unwrap();
        assert_eq!(one.store("default").get("key"), Ok(Some(b"value".into())));
        assert_eq!(other.store("default").get("key"), Ok(None));
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
