//! `spin:postgres@4.2.0`: connections to PostgreSQL.
//!
//! As on Spin, each component has a pool of 64 connections for each address, and a statement is prepared
//! anew each time that it is sent, which is a round trip of its own. Other than on Spin, there is no TLS.

#![allow(clippy::result_large_err, reason = "it is the error of the interface")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use http::Uri;
use tokio_postgres::config::Host as Place;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};
use wasmtime::component::{
    Accessor, FutureReader, HasData, Linker, Resource, ResourceTable, StreamReader,
};

use crate::bindings::spin::postgres::postgres::{
    self as wit, Column, DbDataType, DbError, DbValue, Error, Host, HostConnection,
    HostConnectionWithStore, ParameterValue, QueryError,
};
use crate::state::ComponentConfig;

/// How many connections to one address a component has.
const POOL_SIZE: usize = 64;

/// Adds the interface to `linker`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    state: fn(&mut T) -> &mut PostgresState,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, Postgres>(linker, state)
}

/// Where the interface finds its state.
pub(crate) struct Postgres;

impl HasData for Postgres {
    type Data<'a> = &'a mut PostgresState;
}

/// The pools of a component, by address.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<String, Pool>>);

impl Pools {
    fn pool(&self, address: &str, config: Config) -> Result<Pool, Error> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(address) {
            return Ok(pool.clone());
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(POOL_SIZE).build();
        let pool = pool.map_err(|error| Error::ConnectionFailed(error.to_string()))?;
        pools.insert(address.to_owned(), pool.clone());
        Ok(pool)
    }
}

/// The connections of an instance.
pub(crate) struct PostgresState {
    config: Arc<ComponentConfig>,
    table: ResourceTable,
}

impl PostgresState {
    pub fn new(config: Arc<ComponentConfig>) -> Self {
        Self { config, table: ResourceTable::new() }
    }
}

/// An open connection, which goes back to its pool when nobody uses it any more.
#[derive(Clone)]
pub struct Connection(Arc<Object>);

impl Host for PostgresState {}

impl HostConnection for PostgresState {
    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

fn open<T>(
    accessor: &Accessor<T, Postgres>,
    connection: &Resource<Connection>,
) -> wasmtime::Result<Connection> {
    Ok(accessor.with(|mut access| access.get().table.get(connection).cloned())?)
}

impl<T: Send> HostConnectionWithStore<T> for Postgres {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let config = accessor.with(|mut access| access.get().config.clone());
        match connect(&config, &address).await {
            Ok(connection) => {
                accessor.with(|mut access| Ok(Ok(access.get().table.push(connection)?)))
            }
            Err(error) => Ok(Err(error)),
        }
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<
        Result<(Vec<Column>, StreamReader<Vec<DbValue>>, FutureReader<Result<(), Error>>), Error>,
    > {
        let connection = open(accessor, &connection)?;
        let rows = async {
            let parameters = in_sql(parameters)?;
            let parameters: Vec<&(dyn ToSql + Sync)> =
                parameters.iter().map(|value| &**value as _).collect();
            connection.0.query(&statement, &parameters).await.map_err(failed)
        };
        let rows = match rows.await {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(error)),
        };
        let columns = rows.first().map(columns).unwrap_or_default();
        let values: Vec<_> = rows.iter().map(values).collect();
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, values)?;
            let end = FutureReader::new(&mut access, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> wasmtime::Result<Result<u64, Error>> {
        let connection = open(accessor, &connection)?;
        let parameters = match in_sql(parameters) {
            Ok(parameters) => parameters,
            Err(error) => return Ok(Err(error)),
        };
        let parameters: Vec<&(dyn ToSql + Sync)> =
            parameters.iter().map(|value| &**value as _).collect();
        Ok(connection.0.execute(&statement, &parameters).await.map_err(failed))
    }
}

/// A connection to the address, if the manifest lets the component.
async fn connect(config: &ComponentConfig, address: &str) -> Result<Connection, Error> {
    let parsed: Config =
        address.parse().map_err(|error| Error::ConnectionFailed(format!("{error}")))?;
    for (index, place) in parsed.get_hosts().iter().enumerate() {
        let Place::Tcp(host) = place else {
            let why = "Unix sockets are not supported on WebAssembly";
            return Err(Error::ConnectionFailed(why.to_owned()));
        };
        let ports = parsed.get_ports();
        let port = ports.get(index).or(ports.first().filter(|_| ports.len() == 1));
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let url = format!("postgres://{host}:{}/", port.copied().unwrap_or(5432));
        if !url.parse().is_ok_and(|uri: Uri| config.allowed_hosts.allow(&uri)) {
            let error = format!("address {url} is not permitted");
            config.log.line(format!(
                "component {}: {error}, because allowed_outbound_hosts does not list it",
                config.id
            ));
            return Err(Error::ConnectionFailed(error));
        }
    }
    let pool = config.postgres_pools.pool(address, parsed)?;
    let connection = pool.get().await;
    let connection = connection.map_err(|error| Error::ConnectionFailed(format!("{error:?}")))?;
    Ok(Connection(Arc::new(connection)))
}

/// Parameters as the client library has them: those of kinds that the application's components use.
fn in_sql(parameters: Vec<ParameterValue>) -> Result<Vec<Box<dyn ToSql + Send + Sync>>, Error> {
    let parameters = parameters.into_iter().map(|parameter| {
        Ok(match parameter {
            ParameterValue::Boolean(value) => Box::new(value) as Box<dyn ToSql + Send + Sync>,
            ParameterValue::Int32(value) => Box::new(value),
            ParameterValue::Int64(value) => Box::new(value),
            ParameterValue::Str(value) => Box::new(value),
            ParameterValue::Binary(value) => Box::new(value),
            ParameterValue::ArrayInt32(values) => Box::new(values),
            ParameterValue::ArrayInt64(values) => Box::new(values),
            ParameterValue::ArrayStr(values) => Box::new(values),
            other => {
                let what = format!("devhost does not know parameters such as {other:?}");
                return Err(Error::BadParameter(what));
            }
        })
    });
    parameters.collect()
}

fn columns(row: &Row) -> Vec<Column> {
    let columns = row.columns().iter();
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: match *column.type_() {
            Type::BOOL => DbDataType::Boolean,
            Type::INT4 => DbDataType::Int32,
            Type::INT8 => DbDataType::Int64,
            Type::TEXT | Type::VARCHAR => DbDataType::Str,
            Type::BYTEA => DbDataType::Binary,
            ref other => DbDataType::Other(other.name().to_owned()),
        },
    };
    columns.map(column).collect()
}

fn values(row: &Row) -> Vec<DbValue> {
    fn value<'r, T: tokio_postgres::types::FromSql<'r>>(
        row: &'r Row,
        index: usize,
        of: impl Fn(T) -> DbValue,
    ) -> DbValue {
        row.try_get(index).ok().flatten().map_or(DbValue::DbNull, of)
    }
    let columns = row.columns().iter().enumerate();
    let read = |(index, column): (usize, &tokio_postgres::Column)| match *column.type_() {
        Type::BOOL => value(row, index, DbValue::Boolean),
        Type::INT4 => value(row, index, DbValue::Int32),
        Type::INT8 => value(row, index, DbValue::Int64),
        Type::TEXT | Type::VARCHAR => value(row, index, DbValue::Str),
        Type::BYTEA => value(row, index, DbValue::Binary),
        _ => DbValue::Unsupported(Vec::new()),
    };
    columns.map(read).collect()
}

fn failed(error: tokio_postgres::Error) -> Error {
    let text = format!("{error:?}");
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(text),
        Some(of_server) => QueryError::DbError(DbError {
            as_text: text,
            severity: of_server.severity().to_owned(),
            code: of_server.code().code().to_owned(),
            message: of_server.message().to_owned(),
            detail: of_server.detail().map(str::to_owned),
            extras: Vec::new(),
        }),
    })
}
