//! What belongs to one instance of a component.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::component::ResourceTable;
use wasmtime::{StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::key_value::KeyValueState;
use crate::log::{ComponentOutput, Log};
use crate::outbound::{Client, Outbound};
use crate::postgres::{Pools, PostgresState};
use crate::redis::RedisState;
use crate::runtime_config::BlockedNetworks;
use crate::variables::ComponentVariables;
use sqlite_store::Sqlite;
use webhook::AllowedHosts;

/// What the host knows of a component, the same for all of its instances.
pub(crate) struct ComponentConfig {
    pub id: String,
    pub allowed_hosts: AllowedHosts,
    pub client: Client,
    pub blocked_networks: Arc<BlockedNetworks>,
    pub postgres_pools: Pools,
    pub key_value_stores: Vec<String>,
    pub variables: ComponentVariables,
    pub sqlite: Sqlite,
    pub max_memory: Option<usize>,
    pub log: Log,
    /// Changes, or loses its sender, when the host stops.
    pub stopped: watch::Receiver<bool>,
}

impl ComponentConfig {
    /// Whether the host stops, which ends instances in the middle of their work.
    pub fn is_stopping(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }
}

/// The state of one instance.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    table: ResourceTable,
    pub limits: StoreLimits,
    pub key_value: KeyValueState,
    pub postgres: PostgresState,
    pub redis: RedisState,
    pub variables: ComponentVariables,
}

impl State {
    pub fn new(config: &Arc<ComponentConfig>) -> Self {
        let wasi = WasiCtx::builder()
            .stdout(ComponentOutput(config.log.clone()))
            .stderr(ComponentOutput(config.log.clone()))
            .build();
        let limits = match config.max_memory {
            Some(bytes) => StoreLimitsBuilder::new().memory_size(bytes).trap_on_grow_failure(true),
            None => StoreLimitsBuilder::new(),
        };
        Self {
            wasi,
            http: WasiHttpCtx::new(),
            outbound: Outbound(config.clone()),
            table: ResourceTable::new(),
            limits: limits.build(),
            key_value: KeyValueState::new(config.sqlite.clone(), config.key_value_stores.clone()),
            postgres: PostgresState::new(config.clone()),
            redis: RedisState::new(config.clone()),
            variables: config.variables.clone(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outbound, table: &mut self.table, ctx: &mut self.http }
    }
}
