//! wasmtime: compiling components and linking them to the host.

use std::path::Path;
use std::thread;
use std::time::Duration;

use wasmtime::component::{Component, Linker};
use wasmtime::error::Context;
use wasmtime::{
    Cache, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ProfilingStrategy,
};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::log::Log;
use crate::state::State;
use crate::variables;
use crate::{key_value, postgres, redis};

/// How often running components are interrupted to let others run and to notice time limits.
const TICK: Duration = Duration::from_millis(10);

/// How many instances can be alive at once. Each reserves 4 GiB of address space.
const MAX_INSTANCES: u32 = 1000;

/// Where compiled code is kept, so that a component is compiled once: in the folder that is usual
/// for wasmtime.
pub(crate) fn cache(log: &Log) -> Option<Cache> {
    let cache = Cache::from_file(None);
    cache.inspect_err(|error| log.line(format!("Compiled code cannot be kept: {error:#}"))).ok()
}

/// An engine as Spin configures it. `perf_map`: it writes which function is where into
/// `/tmp/perf-<process>.map`, for Linux's perf.
pub(crate) fn engine(cache: Option<Cache>, perf_map: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.cache(cache);
    if perf_map {
        config.profiler(ProfilingStrategy::PerfMap);
    }
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_core_instances(4 * MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_stacks(MAX_INSTANCES)
        .total_tables(2 * MAX_INSTANCES)
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .linear_memory_keep_resident(2 << 20);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    let engine = match Engine::new(&config) {
        Ok(engine) => engine,
        // A machine without that much address space allocates instances one by one.
        Err(_) => Engine::new(config.allocation_strategy(InstanceAllocationStrategy::OnDemand))?,
    };
    let ticking = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = ticking.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    });
    Ok(engine)
}

/// Everything that components may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::<State>::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    key_value::add_to_linker(&mut linker, |state| &mut state.key_value)?;
    postgres::add_to_linker(&mut linker, |state| &mut state.postgres)?;
    redis::add_to_linker(&mut linker, |state| &mut state.redis)?;
    variables::add_to_linker(&mut linker, |state| &mut state.variables)?;
    Ok(linker)
}

/// Compiles the component in the file `source`, or takes it from the cache.
pub(crate) fn load(linker: &Linker<State>, source: &Path) -> wasmtime::Result<ProxyPre<State>> {
    let bytes = std::fs::read(source)
        .with_context(|| format!("cannot read {}; has it been built?", source.display()))?;
    let component = Component::new(linker.engine(), bytes)
        .with_context(|| format!("{} is not a WebAssembly component", source.display()))?;
    let instance = linker
        .instantiate_pre(&component)
        .with_context(|| format!("{} imports what this host does not have", source.display()))?;
    let service = ServicePre::new(instance)
        .with_context(|| format!("{} does not export wasi:http/handler@0.3", source.display()))?;
    Ok(ProxyPre::P3(service))
}

#[cfg(test)]
mod tests {
    use wasmtime::CacheConfig;

    use super::*;

    #[test]
    fn a_component_is_compiled_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = CacheConfig::new();
        config.with_directory(folder.path());
        let cache = Cache::new(config).unwrap();
        let empty_component = b"\0asm\x0d\0\x01\0";
        for start in 0..2 {
            let engine = engine(Some(cache.clone()), false).unwrap();
            Component::new(&engine, empty_component).unwrap();
            assert_eq!((cache.cache_misses(), cache.cache_hits()), (1, start));
        }
    }
}
