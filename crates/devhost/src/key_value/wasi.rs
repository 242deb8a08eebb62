//! `wasi:keyvalue@0.2.0-draft2`, whose calls are synchronous.

use wasmtime::component::Resource;

use super::{Cas, KeyValueState, Store};
use crate::bindings::wasi::keyvalue::store::{Error, KeyResponse};
use crate::bindings::wasi::keyvalue::{atomics, batch, store};

impl store::Host for KeyValueState {
    fn open(&mut self, identifier: String) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        match self.open_store(identifier) {
            Some(store) => Ok(Ok(self.table.push(store)?)),
            None => Ok(Err(Error::AccessDenied)),
        }
    }
}

impl store::HostBucket for KeyValueState {
    fn get(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.get(&key)).map_err(Error::Other))
    }

    fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.set(&key, &value)).map_err(Error::Other))
    }

    fn delete(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.delete(&key)).map_err(Error::Other))
    }

    fn exists(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let value = self.store(&bucket)?.blocking(|store| store.get(&key)).map_err(Error::Other);
        Ok(value.map(|value| value.is_some()))
    }

    fn list_keys(
        &mut self,
        bucket: Resource<Store>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        if cursor.is_some() {
            return Ok(Err(Error::Other("cursors are not supported".into())));
        }
        let keys = self.store(&bucket)?.blocking(|store| store.keys()).map_err(Error::Other);
        Ok(keys.map(|keys| KeyResponse { keys, cursor: None }))
    }

    fn drop(&mut self, bucket: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for KeyValueState {
    fn get_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<(String, Option<Vec<u8>>)>, Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.get_many(keys)).map_err(Error::Other))
    }

    fn set_many(
        &mut self,
        bucket: Resource<Store>,
        key_values: Vec<(String, Vec<u8>)>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.set_many(&key_values)).map_err(Error::Other))
    }

    fn delete_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.store(&bucket)?.blocking(|store| store.delete_many(keys)).map_err(Error::Other))
    }
}

impl atomics::Host for KeyValueState {
    fn increment(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        Ok(self
            .store(&bucket)?
            .blocking(|store| store.increment(&key, delta))
            .map_err(Error::Other))
    }

    fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let mut cas = self.table.delete(cas)?;
        match cas.store.blocking(|store| store.swap(&cas.key, cas.current.as_deref(), &value)) {
            Ok(true) => Ok(Ok(())),
            Ok(false) => match cas.store.blocking(|store| store.get(&cas.key)) {
                // The caller gets a handle that has read the key anew.
                Ok(current) => {
                    cas.current = current;
                    Ok(Err(match self.push_cas(cas)? {
                        Ok(cas) => atomics::CasError::CasFailed(cas),
                        Err(error) => atomics::CasError::StoreError(Error::Other(error)),
                    }))
                }
                Err(error) => Ok(Err(atomics::CasError::StoreError(Error::Other(error)))),
            },
            Err(error) => Ok(Err(atomics::CasError::StoreError(Error::Other(error)))),
        }
    }
}

impl atomics::HostCas for KeyValueState {
    fn new(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let store = self.store(&bucket)?;
        Ok(self.push_cas(Cas { store, key, current: None })?.map_err(Error::Other))
    }

    fn current(&mut self, cas: Resource<Cas>) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let cas = self.table.get_mut(&cas)?;
        match cas.store.blocking(|store| store.get(&cas.key)) {
            Ok(current) => {
                cas.current.clone_from(&current);
                Ok(Ok(current))
            }
            Err(error) => Ok(Err(Error::Other(error))),
        }
    }

    fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        self.cas_count -= 1;
        Ok(())
    }
}
