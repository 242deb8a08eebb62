//! `cargo xtask openapi`.

use crate::process::run;
use crate::project::cargo;

/// Writes the documents. Those who have no network can do it: nothing else is needed.
pub fn openapi() -> anyhow::Result<()> {
    run(cargo().args(["run", "--quiet", "--package", "openapi"]))
}
