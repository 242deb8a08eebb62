//! Web pages whose files are compiled into the program that serves them.
//!
//! A build script packs a folder of files ([`pack`]): what lies in its folder `assets` is served in
//! a folder that is named by the hash of all of it, so that browsers may keep it for a year, and see the
//! next version at once. `index.html` says `{assets}` where it means that folder. Everything is
//! compressed once, when it is compiled; who does not take it so is sent it as it is.
//!
//! Pages refer to files by relative addresses: they work under any path of a proxy in front.
//!
//! # Layout
//!
//! * [`file`] – a file, as it is compiled in.
//! * [`site`] – which file is meant, and the answer with it.
//! * [`pack`] – from a folder to files, for build scripts.

#![forbid(unsafe_code)]

pub mod file;
#[cfg(any(test, feature = "pack"))]
pub mod pack;
pub mod site;

pub use file::File;
pub use site::Site;
