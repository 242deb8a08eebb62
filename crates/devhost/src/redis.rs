//! `spin:redis@3.0.0`: connections to Redis. One is open for as long as a component keeps it; where it
//! breaks, it is not opened again.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;
use redis::aio::MultiplexedConnection;
use redis::io::AsyncDNSResolver;
use redis::{AsyncConnectionConfig, FromRedisValue, RedisFuture, Value};
use wasmtime::component::{Accessor, HasData, Linker, Resource, ResourceTable};

use crate::bindings::spin::redis::redis::{
    self as wit, Error, Host, HostConnection, HostConnectionWithStore, RedisParameter, RedisResult,
};
use crate::runtime_config::BlockedNetworks;
use crate::state::ComponentConfig;

/// Adds the interface to `linker`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    state: fn(&mut T) -> &mut RedisState,
) -> wasmtime::Result<()> {
    wit::add_to_linker::<T, Redis>(linker, state)
}

/// Where the interface finds its state.
pub(crate) struct Redis;

impl HasData for Redis {
    type Data<'a> = &'a mut RedisState;
}

/// The connections of an instance.
pub(crate) struct RedisState {
    config: Arc<ComponentConfig>,
    table: ResourceTable,
}

impl RedisState {
    pub fn new(config: Arc<ComponentConfig>) -> Self {
        Self { config, table: ResourceTable::new() }
    }
}

/// An open connection.
pub struct Connection(MultiplexedConnection);

impl Host for RedisState {}

impl HostConnection for RedisState {
    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for Redis {
    async fn open(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let config = accessor.with(|mut access| access.get().config.clone());
        match connect(&config, &address).await {
            Ok(connection) => accessor
                .with(|mut access| Ok(Ok(access.get().table.push(Connection(connection))?))),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<Connection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> wasmtime::Result<Result<Vec<RedisResult>, Error>> {
        let mut connection = accessor
            .with(|mut access| access.get().table.get(&connection).map(|open| open.0.clone()))?;
        let mut sent = redis::cmd(&command);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => sent.arg(number),
                RedisParameter::Binary(bytes) => sent.arg(bytes),
            };
        }
        let answer: Result<Flat, _> = sent.query_async(&mut connection).await;
        Ok(answer.map(|Flat(results)| results).map_err(other))
    }
}

/// Connects to the address, if the manifest and the runtime configuration let the component.
async fn connect(config: &ComponentConfig, address: &str) -> Result<MultiplexedConnection, Error> {
    let uri: Uri = address.parse().map_err(|_| Error::InvalidAddress)?;
    if !config.allowed_hosts.allow(&uri) {
        let host = uri.host().unwrap_or_default();
        config.log.line(format!(
            "component {}: a connection to Redis at {host} was refused; allowed_outbound_hosts does not \
             list it",
            config.id
        ));
        return Err(Error::InvalidAddress);
    }
    let resolver = Resolver(config.blocked_networks.clone());
    let options = AsyncConnectionConfig::new().set_dns_resolver(resolver);
    let client = redis::Client::open(address).map_err(|_| Error::InvalidAddress)?;
    client.get_multiplexed_async_connection_with_config(&options).await.map_err(other)
}

/// Finds the addresses of a host that are not blocked.
struct Resolver(Arc<BlockedNetworks>);

impl AsyncDNSResolver for Resolver {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, port)).await?;
            let open: Vec<_> = found.filter(|address| !self.0.contain(address.ip())).collect();
            if open.is_empty() {
                let why = "all addresses of the host are blocked";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why).into());
            }
            Ok(Box::new(open.into_iter()) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}

/// An answer, with what is nested in it one after the other.
struct Flat(Vec<RedisResult>);

impl FromRedisValue for Flat {
    fn from_redis_value(value: &Value) -> redis::RedisResult<Self> {
        fn flatten(value: &Value, results: &mut Vec<RedisResult>) -> redis::RedisResult<()> {
            results.push(match value {
                Value::Nil => RedisResult::Nil,
                Value::Int(number) => RedisResult::Int64(*number),
                Value::Boolean(value) => RedisResult::Int64((*value).into()),
                Value::BulkString(bytes) => RedisResult::Binary(bytes.clone()),
                Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
                Value::BigNumber(number) => RedisResult::Binary(number.to_string().into_bytes()),
                Value::SimpleString(status) => RedisResult::Status(status.clone()),
                Value::Okay => RedisResult::Status("OK".to_owned()),
                Value::Array(values) | Value::Set(values) => {
                    return values.iter().try_for_each(|value| flatten(value, results));
                }
                Value::ServerError(error) => {
                    let kind = redis::ErrorKind::ResponseError;
                    return Err((kind, "Server error", format!("{error:?}")).into());
                }
                Value::Map(_)
                | Value::Attribute { .. }
                | Value::VerbatimString { .. }
                | Value::Push { .. } => {
                    let what = "Could not convert Redis response";
                    return Err((redis::ErrorKind::TypeError, what).into());
                }
            });
            Ok(())
        }
        let mut results = Vec::new();
        flatten(value, &mut results)?;
        Ok(Self(results))
    }
}

fn other(error: redis::RedisError) -> Error {
    Error::Other(error.to_string())
}
