//! Redis and PostgreSQL through Spin's interfaces.

use std::time::Duration;

use bytes::Bytes;
use remote_store::Host;
use remote_store::host::{Cell, Parameter, Reply, SqlError};
use spin_sdk::pg::{self, DbValue, ParameterValue, PgError, QueryError};
use spin_sdk::redis::{self, RedisParameter, RedisResult};

/// Sends commands and statements through Spin.
pub(crate) struct Network;

impl Host for Network {
    type Redis = redis::Connection;
    type Postgres = pg::Connection;

    async fn open_redis(&self, address: &str) -> Result<redis::Connection, String> {
        redis::Connection::open(address).await.map_err(in_words)
    }

    async fn command(
        &self,
        connection: &redis::Connection,
        command: &str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, String> {
        let arguments: Vec<_> =
            arguments.into_iter().map(|bytes| RedisParameter::Binary(bytes.into())).collect();
        let results = connection.execute(command, arguments).await.map_err(in_words)?;
        let replies = results.into_iter().map(|result| match result {
            RedisResult::Nil => Reply::Nil,
            RedisResult::Status(status) => Reply::Status(status),
            RedisResult::Int64(number) => Reply::Number(number),
            RedisResult::Binary(bytes) => Reply::Binary(bytes.into()),
        });
        Ok(replies.collect())
    }

    async fn open_postgres(&self, address: &str) -> Result<pg::Connection, String> {
        pg::Connection::open(address).await.map_err(|error| sql_error(error).message)
    }

    async fn query(
        &self,
        connection: &pg::Connection,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Vec<Cell>>, SqlError> {
        let parameters: Vec<_> = parameters.into_iter().map(parameter).collect();
        let answer = connection.query(statement, parameters).await.map_err(sql_error)?;
        // All rows that have arrived at a time: each read of the stream is a call of the host.
        let (_, rows, outcome) = answer.into_inner();
        let rows = rows.collect().await;
        outcome.await.map_err(|error| sql_error(pg::Error::PgError(error)))?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect())
    }

    async fn execute(
        &self,
        connection: &pg::Connection,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<u64, SqlError> {
        let parameters: Vec<_> = parameters.into_iter().map(parameter).collect();
        connection.execute(statement, parameters).await.map_err(sql_error)
    }

    async fn pause(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

fn in_words(error: redis::Error) -> String {
    match error {
        redis::Error::InvalidAddress => {
            "the variable store_host does not allow its host, or the address is none".to_owned()
        }
        redis::Error::TooManyConnections => "this host has too many connections".to_owned(),
        redis::Error::TypeError => "an answer is not of the type that was expected".to_owned(),
        redis::Error::Other(words) => words,
    }
}

fn parameter(parameter: Parameter) -> ParameterValue {
    match parameter {
        Parameter::Text(text) => ParameterValue::Str(text),
        Parameter::Texts(texts) => ParameterValue::ArrayStr(texts.into_iter().map(Some).collect()),
        Parameter::Numbers(numbers) => {
            ParameterValue::ArrayInt32(numbers.into_iter().map(Some).collect())
        }
        Parameter::Long(number) => ParameterValue::Int64(number),
        Parameter::Binary(bytes) => ParameterValue::Binary(bytes.into()),
    }
}

fn cell(value: DbValue) -> Cell {
    match value {
        DbValue::DbNull => Cell::Null,
        DbValue::Str(text) => Cell::Text(text),
        DbValue::Int64(number) => Cell::Long(number),
        DbValue::Binary(bytes) => Cell::Binary(bytes.into()),
        _ => Cell::Other,
    }
}

fn sql_error(error: pg::Error) -> SqlError {
    let nameless = |message: String| SqlError { code: None, message };
    match error {
        pg::Error::Decode(message) => nameless(message),
        pg::Error::PgError(error) => match error {
            PgError::QueryFailed(QueryError::DbError(error)) => {
                SqlError { code: Some(error.code), message: error.message }
            }
            PgError::QueryFailed(QueryError::Text(message))
            | PgError::ConnectionFailed(message)
            | PgError::BadParameter(message)
            | PgError::ValueConversionFailed(message)
            | PgError::Other(message) => nameless(message),
        },
    }
}
