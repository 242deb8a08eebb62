//! The file that Spin keeps its default key-value stores in, for programs that run natively.
//!
//! It has Spin's own table and treats it as Spin does, oddities included: the swap of a key that was
//! absent is an unconditional write, and answers leave out keys that are absent.
//!
//! # Layout
//!
//! * [`file`] – the file: opening it, and waiting for others that use it.
//! * [`store`] – the stores in it, and their calls.
//! * [`kv`] – a store as the port of kv-tree, for benchmarks and for looking into the data of an
//!   application.
//! * `bin/create-store` – creates the file before Spin would.

#![forbid(unsafe_code)]

pub mod file;
pub mod kv;
pub mod store;

pub use file::{FILE_NAME, Sqlite, StoreResult};
pub use kv::NativeKv;
pub use store::Store;
