//! All that a tenant has, from a running application into a file, and from a file into one.
//!
//! The application numbers the lines of an export, and remembers how far one is imported. So either can be
//! interrupted at any moment and goes on when it is begun again, and no line is imported twice.
//!
//! # Layout
//!
//! * [`export`], [`import`] – the two ways.
//! * `header` – the line that a file begins with; `refused` – lines that are kept aside.

#![forbid(unsafe_code)]

mod export;
mod header;
mod import;
mod refused;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

pub use export::{Exported, export};
pub use import::{Imported, import};

/// The application, as seen by who exports or imports.
pub struct Application<'a> {
    /// A client with the token of transfers.
    pub client: &'a client::Client,
    /// Whose data it is about, where the application serves several.
    pub tenant: Option<&'a str>,
}

impl Application<'_> {
    /// The path below `/transfer/`, with what the query says beside the tenant.
    fn path(&self, below: &str, query: &str) -> String {
        let tenant = self.tenant.map(|tenant| format!("tenant={tenant}"));
        let query: Vec<_> =
            tenant.into_iter().chain([query.to_owned()]).filter(|it| !it.is_empty()).collect();
        format!("/transfer/{below}?{}", query.join("&"))
    }
}

/// Opens files that nobody else on the machine can read, where they are made: they have secrets.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
