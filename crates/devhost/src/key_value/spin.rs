//! `spin:key-value@3.0.0`, whose calls are asynchronous.

use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

use super::{KeyValue, KeyValueState, Store};
use crate::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};

impl Host for KeyValueState {}

impl HostStore for KeyValueState {
    fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

fn store<T>(accessor: &Accessor<T, KeyValue>, store: &Resource<Store>) -> wasmtime::Result<Store> {
    accessor.with(|mut access| access.get().store(store))
}

impl<T: Send> HostStoreWithStore<T> for KeyValue {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        accessor.with(|mut access| {
            let state = access.get();
            match state.open_store(label) {
                Some(store) => Ok(Ok(state.table.push(store)?)),
                None => Ok(Err(Error::AccessDenied)),
            }
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        self_: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(store(accessor, &self_)?.blocking(|store| store.get(&key)).map_err(Error::Other))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        self_: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(store(accessor, &self_)?.blocking(|store| store.set(&key, &value)).map_err(Error::Other))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        self_: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(store(accessor, &self_)?.blocking(|store| store.delete(&key)).map_err(Error::Other))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        self_: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let value =
            store(accessor, &self_)?.blocking(|store| store.get(&key)).map_err(Error::Other);
        Ok(value.map(|value| value.is_some()))
    }

    async fn get_keys(
        accessor: &Accessor<T, Self>,
        self_: Resource<Store>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (keys, result) = match store(accessor, &self_)?.blocking(|store| store.keys()) {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(Error::Other(error))),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let result = FutureReader::new(&mut access, async { wasmtime::error::Ok(result) })?;
            Ok((keys, result))
        })
    }
}
