//! The port: what sends commands to Redis, and statements to PostgreSQL.
//!
//! It is as wide as Spin's interfaces `spin:redis` and `spin:postgres` are: no arrays of binary values,
//! and what Redis nests is flat.

use std::time::Duration;

use bytes::Bytes;

/// Sends commands and statements.
#[allow(async_fn_in_trait, reason = "components are single-threaded; no future has to be Send")]
pub trait Host {
    /// A connection to Redis, which several commands can use at once.
    type Redis;
    /// A connection to PostgreSQL, which several statements can use at once.
    type Postgres;

    /// Connects to the Redis at the address.
    async fn open_redis(&self, address: &str) -> Result<Self::Redis, String>;

    /// Sends a command.
    async fn command(
        &self,
        connection: &Self::Redis,
        command: &str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, String>;

    /// Connects to the PostgreSQL at the address.
    async fn open_postgres(&self, address: &str) -> Result<Self::Postgres, String>;

    /// Sends a statement, and returns its rows.
    async fn query(
        &self,
        connection: &Self::Postgres,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<Vec<Cell>>, SqlError>;

    /// Sends a statement, and returns how many rows it concerned.
    async fn execute(
        &self,
        connection: &Self::Postgres,
        statement: &str,
        parameters: Vec<Parameter>,
    ) -> Result<u64, SqlError>;

    /// Lets `duration` pass.
    async fn pause(&self, duration: Duration);
}

/// A part of what Redis answers; lists in it are flat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing is there.
    Nil,
    /// Such as `OK`.
    Status(String),
    /// A number.
    Number(i64),
    /// A string of bytes.
    Binary(Bytes),
}

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// `text`
    Text(String),
    /// `text[]`
    Texts(Vec<String>),
    /// `int[]`
    Numbers(Vec<i32>),
    /// `bigint`
    Long(i64),
    /// `bytea`
    Binary(Bytes),
}

/// What a row has in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// `NULL`
    Null,
    /// `text`
    Text(String),
    /// `bigint`
    Long(i64),
    /// `bytea`
    Binary(Bytes),
    /// What no statement here asks for.
    Other,
}

/// A statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// The code that the server gave (SQLSTATE); where there is none, the connection is broken.
    pub code: Option<String>,
    /// What was said of it.
    pub message: String,
}
