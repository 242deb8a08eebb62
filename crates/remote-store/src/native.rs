//! The port for native programs: connections of the libraries `redis` and `tokio-postgres`, on a runtime
//! of tokio.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use kv_tree::{Kv, KvError, Limits, Swapped, Watched};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Value};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

use crate::host::{Cell, Host, Parameter, Reply, SqlError};
use crate::{Address, Remote, Watch};

/// Sends commands and statements from a native program, without TLS. As on Spin, the server finds out of
/// which types parameters are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clients;

impl Host for Clients {
    type Redis = MultiplexedConnection;
    type Postgres = Client;

    async fn open_redis(&self, address: &str) -> Result<MultiplexedConnection, String> {
        let client = redis::Client::open(address).map_err(|error| error.to_string())?;
        client.get_multiplexed_async_connection().await.map_err(|error| error.to_string())
    }

    async fn command(
        &self,
        connection: &MultiplexedConnection,
        command: &str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, String> {
        let mut sent = redis::cmd(command);
        for argument in &arguments {
            sent.arg(&argument[..]);
        }
        let mut connection = connection.clone();
        let answer: Result<Flat, _> = sent.query_async(&mut connection).await;
        answer.map(|Flat(replies)| replies).map_err(|error| error.to_string())
    }

    async fn open_postgres(&self, address: &str) -> Result<Client, String> {
        let opened = tokio_postgres::connect(address, NoTls).await;
        let (client, connection) = opened.map_err(|error| format!("{error:?}"))?;
        // It ends with the client, who is told of what fails.
        tokio::spawn(async move { _ = connection.await });
        Ok(client)
    }

    async fn query(
        &self,
        connection: &Client,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Vec<Cell>>, SqlError> {
        let parameters: Vec<_> = parameters.into_iter().map(in_sql).collect();
        let parameters: Vec<_> = parameters.iter().map(|value| &**value as _).collect();
        let rows = connection.query(statement, &parameters).await.map_err(failed)?;
        Ok(rows.iter().map(cells).collect())
    }

    async fn execute(
        &self,
        connection: &Client,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<u64, SqlError> {
        let parameters: Vec<_> = parameters.into_iter().map(in_sql).collect();
        let parameters: Vec<_> = parameters.iter().map(|value| &**value as _).collect();
        connection.execute(statement, &parameters).await.map_err(failed)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// What Redis answers, with nothing in lists.
struct Flat(Vec<Reply>);

impl FromRedisValue for Flat {
    fn from_redis_value(value: &Value) -> redis::RedisResult<Self> {
        fn flatten(value: &Value, replies: &mut Vec<Reply>) -> redis::RedisResult<()> {
            replies.push(match value {
                Value::Nil => Reply::Nil,
                Value::Int(number) => Reply::Number(*number),
                Value::BulkString(bytes) => Reply::Binary(Bytes::copy_from_slice(bytes)),
                Value::SimpleString(status) => Reply::Status(status.clone()),
                Value::Okay => Reply::Status("OK".to_owned()),
                Value::Array(values) => {
                    return values.iter().try_for_each(|value| flatten(value, replies));
                }
                Value::ServerError(error) => {
                    let what =
                        (redis::ErrorKind::ResponseError, "Server error", format!("{error:?}"));
                    return Err(what.into());
                }
                other => {
                    let what =
                        (redis::ErrorKind::TypeError, "No answer of ours", format!("{other:?}"));
                    return Err(what.into());
                }
            });
            Ok(())
        }
        let mut replies = Vec::new();
        flatten(value, &mut replies)?;
        Ok(Self(replies))
    }
}

fn in_sql(parameter: Parameter) -> Box<dyn ToSql + Send + Sync> {
    match parameter {
        Parameter::Text(text) => Box::new(text),
        Parameter::Texts(texts) => Box::new(texts),
        Parameter::Numbers(numbers) => Box::new(numbers),
        Parameter::Long(number) => Box::new(number),
        Parameter::Binary(bytes) => Box::new(bytes.to_vec()),
    }
}

fn cells(row: &Row) -> Vec<Cell> {
    let columns = row.columns().iter().enumerate();
    let cell = |(index, column): (usize, &tokio_postgres::Column)| match *column.type_() {
        Type::TEXT => row.try_get(index).ok().flatten().map_or(Cell::Null, Cell::Text),
        Type::INT8 => row.try_get(index).ok().flatten().map_or(Cell::Null, Cell::Long),
        Type::BYTEA => {
            let bytes: Option<Vec<u8>> = row.try_get(index).ok().flatten();
            bytes.map_or(Cell::Null, |bytes| Cell::Binary(bytes.into()))
        }
        _ => Cell::Other,
    };
    columns.map(cell).collect()
}

fn failed(error: tokio_postgres::Error) -> SqlError {
    match error.as_db_error() {
        Some(of_server) => SqlError {
            code: Some(of_server.code().code().to_owned()),
            message: of_server.message().to_owned(),
        },
        None => SqlError { code: None, message: format!("{error:?}") },
    }
}

/// A store that is reached over a network, as the port of kv-tree.
pub struct RemoteKv {
    remote: Remote<Clients>,
    begin: Instant,
}

impl RemoteKv {
    /// The store at `address`. Where it is Redis, so many replicas must have what is acknowledged.
    pub fn new(address: &Address, replicas: u32) -> Self {
        Self { remote: Remote::new(Clients, address, replicas), begin: Instant::now() }
    }
}

impl Kv for RemoteKv {
    type Watch = Watch;

    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.remote.get(key).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        self.remote.get_many(keys).await
    }

    async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        self.remote.get_knowing(keys, known).await
    }

    async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        self.remote.put_many(entries).await
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        self.remote.delete_many(keys).await
    }

    async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Watch), KvError> {
        self.remote.watch(key).await
    }

    async fn watch_knowing(&self, key: &str, known: &Bytes) -> Result<Watched<Watch>, KvError> {
        self.remote.watch_knowing(key, known).await
    }

    async fn watch_again(&self, watch: &mut Watch) -> Result<Option<Bytes>, KvError> {
        self.remote.watch_again(watch).await
    }

    async fn swap(&self, watch: Watch, value: Vec<u8>) -> Result<Swapped, KvError> {
        self.remote.swap(watch, value).await
    }

    async fn swap_and_watch(
        &self,
        watch: Watch,
        value: Vec<u8>,
    ) -> Result<(Swapped, Option<Watched<Watch>>), KvError> {
        self.remote.swap_and_watch(watch, value).await
    }

    async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        self.remote.create_zero(key).await
    }

    async fn keys(&self, prefix: &str, visit: impl FnMut(&str)) -> Result<(), KvError> {
        self.remote.keys(prefix, visit).await
    }

    async fn pause(&self, duration: Duration) {
        match duration.is_zero() {
            true => tokio::task::yield_now().await,
            false => tokio::time::sleep(duration).await,
        }
    }

    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    fn limits(&self) -> Limits {
        self.remote.limits()
    }
}
