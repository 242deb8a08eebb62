//! The calls of kv-tree in PostgreSQL: one table, in which each row has a version that grows with every
//! change of it.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use kv_tree::{KvError, Swapped, Watched};

use crate::host::{Cell, Host, Parameter, SqlError};
use crate::line::{Failure, Line};
use crate::splice::Splice;
use crate::{Seen, identity};

/// The statements that make the table. They are run at the first call that lacks it, if the role may; else
/// somebody runs them who may. Values are kept uncompressed and, if they are long, beside the rows, so
/// that a new version of a row costs what has changed and nothing is compressed twice.
pub const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS account_store \
     (key text COLLATE \"C\" PRIMARY KEY, version bigint NOT NULL, value bytea NOT NULL)",
    "ALTER TABLE account_store ALTER COLUMN value SET STORAGE EXTERNAL",
];

const GET: &str = "SELECT value FROM account_store WHERE key = $1";
const GET_MANY: &str = "SELECT key, value FROM account_store WHERE key = ANY($1)";
/// The same, with NULL in place of the value of `$2` while that begins with `$3`; of a long value, no more is read.
const GET_KNOWING: &str = "SELECT key, CASE WHEN key = $2 AND \
    substring(value FROM 1 FOR length($3::bytea)) = $3::bytea THEN NULL ELSE value END \
    FROM account_store WHERE key = ANY($1)";
const WATCH: &str = "SELECT value, version FROM account_store WHERE key = $1";
const WATCH_KNOWING: &str = "SELECT \
    CASE WHEN substring(value FROM 1 FOR length($2::bytea)) = $2::bytea THEN NULL ELSE value END, \
    version FROM account_store WHERE key = $1";
const DELETE_MANY: &str = "DELETE FROM account_store WHERE key = ANY($1)";
/// How the value begins tells it from one that another server has given the same version, if that took over
/// with less than this one had.
const SWAP: &str = "UPDATE account_store SET version = version + 1, value = $3 \
    WHERE key = $1 AND version = $2 AND substring(value FROM 1 FOR length($4::bytea)) = $4::bytea";
/// The same, where the new value is `$3`, then `$6` bytes of the old one from its byte `$5` on, then `$7`. The first
/// byte is 1.
const SPLICE: &str = "UPDATE account_store SET version = version + 1, \
    value = $3::bytea || substring(value FROM $5::bigint::int FOR $6::bigint::int) || $7::bytea \
    WHERE key = $1 AND version = $2 AND substring(value FROM 1 FOR length($4::bytea)) = $4::bytea";
const CREATE: &str = "INSERT INTO account_store (key, version, value) VALUES ($1, 0, $2) \
    ON CONFLICT (key) DO NOTHING";
/// The values are in one, because there are no arrays of them.
const PUT_MANY: &str = "INSERT INTO account_store (key, version, value) \
    SELECT key, 0, substring($4::bytea FROM start FOR length) \
    FROM unnest($1::text[], $2::int[], $3::int[]) AS entry (key, start, length) \
    ON CONFLICT (key) DO UPDATE SET version = account_store.version + 1, value = excluded.value";
const KEYS: &str =
    "SELECT key FROM account_store WHERE key >= $1 AND key < $2 ORDER BY key LIMIT 10000";

/// How many keys [`KEYS`] finds at most.
const KEYS_A_STEP: usize = 10_000;

/// There is no table.
const UNDEFINED_TABLE: &str = "42P01";

/// Somebody else makes the table too.
const MADE_BY_OTHERS: [&str; 3] = ["42P07", "23505", "40001"];

/// Classes of codes of statements that were not carried out, and will not be: something is wrong with the
/// statement or with who sends it, or the server lacks something. Conflicts (40) and what is said of
/// connections (08) are not among them, since either can be said of what was committed.
const REFUSED_CLASSES: [&str; 8] = ["0A", "22", "25", "28", "3D", "42", "53", "55"];

/// A store in PostgreSQL.
pub(crate) struct Postgres<H: Host> {
    line: Line<H, H::Postgres>,
}

impl<H: Host> Postgres<H> {
    pub fn new(line: Line<H, H::Postgres>) -> Self {
        Self { line }
    }

    /// Sends a statement that returns rows.
    async fn query(
        &self,
        name: &'static str,
        statement: &'static str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Vec<Cell>>, KvError> {
        let work = async |host: &H, connection: &H::Postgres| match host
            .query(connection, statement, parameters.clone())
            .await
        {
            Err(error) if is_table_missing(&error) => {
                make_table(host, connection).await?;
                host.query(connection, statement, parameters).await.map_err(failure)
            }
            answer => answer.map_err(failure),
        };
        self.line.call(name, open, work).await
    }

    /// Sends a statement that changes rows, and returns how many.
    async fn execute(
        &self,
        name: &'static str,
        statement: &'static str,
        parameters: Vec<Parameter>,
    ) -> Result<u64, KvError> {
        let work = async |host: &H, connection: &H::Postgres| match host
            .execute(connection, statement, parameters.clone())
            .await
        {
            Err(error) if is_table_missing(&error) => {
                make_table(host, connection).await?;
                host.execute(connection, statement, parameters).await.map_err(failure)
            }
            answer => answer.map_err(failure),
        };
        self.line.call(name, open, work).await
    }

    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        let rows = self.query("get", GET, vec![Parameter::Text(key.to_owned())]).await?;
        match rows.into_iter().next().map(take) {
            None => Ok(None),
            Some([Cell::Binary(value), ..]) => Ok(Some(value)),
            Some(other) => Err(unexpected("get", &other)),
        }
    }

    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let rows = self.query("get-many", GET_MANY, vec![Parameter::Texts(keys.to_vec())]).await?;
        in_order(keys, rows, None)
    }

    /// Reads the values of `keys`, but for the first while that has the value that is known.
    pub async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let parameters = vec![
            Parameter::Texts(keys.to_vec()),
            Parameter::Text(first.clone()),
            Parameter::Binary(identity(known)),
        ];
        let rows = self.query("get-many", GET_KNOWING, parameters).await?;
        in_order(keys, rows, Some(known))
    }

    pub async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        let (mut keys, mut starts, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        let mut values =
            BytesMut::with_capacity(entries.iter().map(|(_, value)| value.len()).sum());
        for (key, value) in entries {
            // Substrings are counted from 1.
            let (Ok(start), Ok(length)) = (i32::try_from(values.len() + 1), value.len().try_into())
            else {
                let message = "the values are longer than a statement can have";
                return Err(KvError::without_effect("set-many", message));
            };
            keys.push(key);
            starts.push(start);
            lengths.push(length);
            values.extend_from_slice(&value);
        }
        let parameters = vec![
            Parameter::Texts(keys),
            Parameter::Numbers(starts),
            Parameter::Numbers(lengths),
            Parameter::Binary(values.freeze()),
        ];
        self.execute("set-many", PUT_MANY, parameters).await.map(drop)
    }

    pub async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.execute("delete-many", DELETE_MANY, vec![Parameter::Texts(keys)]).await.map(drop)
    }

    pub async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Seen), KvError> {
        let rows = self.query("watch", WATCH, vec![Parameter::Text(key.to_owned())]).await?;
        match rows.into_iter().next().map(take) {
            None => Ok((None, Seen::Nothing)),
            Some([Cell::Binary(value), Cell::Long(version)]) => Ok(watched(value, version)),
            Some(other) => Err(unexpected("watch", &other)),
        }
    }

    /// Reads a key in order to swap it, but for its value while that is the one that is known.
    pub async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<(Option<Bytes>, Seen), KvError> {
        let parameters = vec![Parameter::Text(key.to_owned()), Parameter::Binary(identity(known))];
        let rows = self.query("watch", WATCH_KNOWING, parameters).await?;
        match rows.into_iter().next().map(take) {
            None => Ok((None, Seen::Nothing)),
            Some([Cell::Null, Cell::Long(version)]) => Ok(watched(known.clone(), version)),
            Some([Cell::Binary(value), Cell::Long(version)]) => Ok(watched(value, version)),
            Some(other) => Err(unexpected("watch", &other)),
        }
    }

    pub async fn swap(&self, key: String, seen: Seen, value: Bytes) -> Result<Swapped, KvError> {
        let key = Parameter::Text(key);
        let changed = match seen {
            Seen::Row(version, old) => {
                let Splice { before, start, len, after } = Splice::of(&old, value);
                let mut parameters = vec![
                    key,
                    Parameter::Long(version),
                    Parameter::Binary(before),
                    Parameter::Binary(identity(&old)),
                ];
                match len {
                    0 => self.execute("swap", SWAP, parameters).await?,
                    _ => {
                        // Bytes are counted from 1.
                        let range = [start + 1, len].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
                        parameters.extend(range.map(Parameter::Long));
                        parameters.push(Parameter::Binary(after));
                        self.execute("swap", SPLICE, parameters).await?
                    }
                }
            }
            Seen::Nothing | Seen::Value(_) => {
                self.execute("swap", CREATE, vec![key, Parameter::Binary(value)]).await?
            }
        };
        match changed {
            0 => Ok(Swapped::Lost),
            _ => Ok(Swapped::Done),
        }
    }

    /// Swaps, and returns what was written. An `UPDATE` does not tell what it found instead.
    pub async fn swap_and_watch(
        &self,
        key: String,
        seen: Seen,
        value: Bytes,
    ) -> Result<(Swapped, Option<Watched<Seen>>), KvError> {
        // As `SWAP` and `CREATE` count.
        let version = match &seen {
            Seen::Row(version, _) => version.saturating_add(1),
            Seen::Nothing | Seen::Value(_) => 0,
        };
        let swapped = self.swap(key, seen, value.clone()).await?;
        Ok((swapped, (swapped == Swapped::Done).then(|| watched(value, version))))
    }

    pub async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        let zero = Parameter::Binary(Bytes::from_static(&[0; 8]));
        self.execute("create", CREATE, vec![Parameter::Text(key.to_owned()), zero]).await.map(drop)
    }

    pub async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        // Keys are ASCII, so what begins with the prefix is less than this.
        let end = format!("{prefix}\u{7f}");
        let mut next = prefix.to_owned();
        loop {
            let range = vec![Parameter::Text(next.clone()), Parameter::Text(end.clone())];
            let rows = self.query("keys", KEYS, range).await?;
            let is_last = rows.len() < KEYS_A_STEP;
            for row in rows {
                match take(row) {
                    [Cell::Text(key), _] => {
                        visit(&key);
                        // The least text behind it.
                        next = format!("{key}\u{1}");
                    }
                    other => return Err(unexpected("keys", &other)),
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// A value as it would be watched.
fn watched(value: Bytes, version: i64) -> Watched<Seen> {
    (Some(value.clone()), Seen::Row(version, value))
}

/// The values of rows, in the order of `keys`; NULL stands for the one of the first that is known.
fn in_order(
    keys: &[String],
    rows: Vec<Vec<Cell>>,
    known: Option<&Bytes>,
) -> Result<Vec<Option<Bytes>>, KvError> {
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        match (take(row), known) {
            ([Cell::Text(key), Cell::Binary(value)], _) => _ = found.insert(key, value),
            ([Cell::Text(key), Cell::Null], Some(known)) if keys.first() == Some(&key) => {
                found.insert(key, known.clone());
            }
            (other, _) => return Err(unexpected("get-many", &other)),
        }
    }
    Ok(keys.iter().map(|key| found.remove(key)).collect())
}

async fn open<H: Host>(host: &H, address: &str) -> Result<H::Postgres, String> {
    host.open_postgres(address).await
}

fn is_table_missing(error: &SqlError) -> bool {
    error.code.as_deref() == Some(UNDEFINED_TABLE)
}

/// Makes the table, at the first call that lacks it. Several may do so at once.
async fn make_table<H: Host>(host: &H, connection: &H::Postgres) -> Result<(), Failure> {
    let [create, keep] = SCHEMA;
    match host.execute(connection, create, Vec::new()).await {
        Err(error) if !error.code.as_deref().is_some_and(|code| MADE_BY_OTHERS.contains(&code)) => {
            let message = format!(
                "there is no table, and this role cannot make it ({}); somebody who may has to run: {}",
                error.message,
                SCHEMA.join("; ")
            );
            return Err(Failure { message, ..failure(error) });
        }
        _ => {}
    }
    // What speaks the protocol but keeps values otherwise may not know it, and need not.
    match host.execute(connection, keep, Vec::new()).await {
        Err(error @ SqlError { code: None, .. }) => Err(failure(error)),
        _ => Ok(()),
    }
}

fn failure(error: SqlError) -> Failure {
    let class = error.code.as_deref().and_then(|code| code.get(..2));
    let is_refused = class.is_some_and(|class| REFUSED_CLASSES.contains(&class));
    let message = match &error.code {
        Some(code) => format!("{} (SQLSTATE {code})", error.message),
        None => error.message,
    };
    // What the server answers leaves a connection as it was, unless it goes down, or is not the one to write to
    // any more.
    let is_alive = class.is_some_and(|class| !["08", "25", "57"].contains(&class));
    Failure { message, is_refused, is_alive }
}

/// The first two cells of a row.
fn take(row: Vec<Cell>) -> [Cell; 2] {
    let mut cells = row.into_iter();
    std::array::from_fn(|_| cells.next().unwrap_or(Cell::Null))
}

fn unexpected(name: &'static str, cells: &[Cell]) -> KvError {
    KvError::new(name, format!("a row that the table does not have: {cells:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Option<&str>) -> (bool, bool) {
        let error = SqlError { code: code.map(str::to_owned), message: "words".to_owned() };
        let Failure { message, is_refused, is_alive } = failure(error);
        assert!(message.contains("words") && message.contains(code.unwrap_or("")), "{message}");
        (is_refused, is_alive)
    }

    #[test]
    fn what_came_of_a_statement_is_certain_only_where_the_server_has_refused_it() {
        // A connection that ends.
        assert_eq!(of(None), (false, false));
        // A conflict between transactions, a statement that took too long, a server that goes down.
        assert_eq!(of(Some("40001")), (false, true));
        assert_eq!(of(Some("57014")), (false, false));
        assert_eq!(of(Some("57P01")), (false, false));
        // A read-only standby, a full disk, no right to.
        assert_eq!(of(Some("25006")), (true, false));
        assert_eq!(of(Some("53100")), (true, true));
        assert_eq!(of(Some("42501")), (true, true));
    }
}
