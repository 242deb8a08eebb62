//! The key-value store: Spin's SQLite file, and both interfaces to it.

mod spin;
mod wasi;

use sqlite_store::{Sqlite, StoreResult};
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings;

/// Adds both interfaces to `linker`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    state: fn(&mut T) -> &mut KeyValueState,
) -> wasmtime::Result<()> {
    bindings::spin::key_value::key_value::add_to_linker::<T, KeyValue>(linker, state)?;
    bindings::wasi::keyvalue::store::add_to_linker::<T, KeyValue>(linker, state)?;
    bindings::wasi::keyvalue::batch::add_to_linker::<T, KeyValue>(linker, state)?;
    bindings::wasi::keyvalue::atomics::add_to_linker::<T, KeyValue>(linker, state)
}

/// Where the interfaces find their state.
pub(crate) struct KeyValue;

impl HasData for KeyValue {
    type Data<'a> = &'a mut KeyValueState;
}

/// How many handles for swaps an instance can have.
const MAX_CAS: usize = 256;

/// The stores that an instance has open.
pub(crate) struct KeyValueState {
    sqlite: Sqlite,
    allowed: Vec<String>,
    table: ResourceTable,
    /// How many handles for swaps were made and not dropped. As on Spin, a swap does not count as
    /// dropping its handle, so an instance can do no more than [`MAX_CAS`] swaps in its life.
    cas_count: usize,
}

impl KeyValueState {
    pub fn new(sqlite: Sqlite, allowed: Vec<String>) -> Self {
        Self { sqlite, allowed, table: ResourceTable::new(), cas_count: 0 }
    }

    /// The store with the label, unless the manifest keeps the component from it.
    fn open_store(&self, label: String) -> Option<Store> {
        let allowed = self.allowed.contains(&label);
        allowed.then(|| Store(self.sqlite.store(label)))
    }

    /// A handle for a swap, or an error if there are too many.
    fn push_cas(&mut self, cas: Cas) -> wasmtime::Result<StoreResult<Resource<Cas>>> {
        if self.cas_count == MAX_CAS {
            return Ok(Err("too many compare_and_swaps opened".to_owned()));
        }
        self.cas_count += 1;
        Ok(Ok(self.table.push(cas)?))
    }

    fn store(&self, store: &Resource<Store>) -> wasmtime::Result<Store> {
        Ok(self.table.get(store)?.clone())
    }
}

/// An open store.
#[derive(Clone)]
pub struct Store(sqlite_store::Store);

impl Store {
    /// Runs `work` on a thread that may block.
    fn blocking<T>(&self, work: impl FnOnce(&sqlite_store::Store) -> T) -> T {
        tokio::task::block_in_place(|| work(&self.0))
    }
}

/// A key that is about to be swapped.
#[derive(Clone)]
pub struct Cas {
    store: Store,
    key: String,
    /// What the key had when it was last read; `None` if it was absent or has not been read.
    current: Option<Vec<u8>>,
}
