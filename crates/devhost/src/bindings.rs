//! The host's side of the interfaces in `wit/`.

wasmtime::component::bindgen!({
    world: "host",
    path: "../../wit",
    imports: { default: trappable },
    with: {
        "spin:key-value/key-value.store": crate::key_value::Store,
        "spin:postgres/postgres.connection": crate::postgres::Connection,
        "spin:redis/redis.connection": crate::redis::Connection,
        "wasi:keyvalue/store.bucket": crate::key_value::Store,
        "wasi:keyvalue/atomics.cas": crate::key_value::Cas,
    },
});
