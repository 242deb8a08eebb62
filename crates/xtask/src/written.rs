//! `cargo xtask openapi` and `cargo xtask manifest`: files that follow from the definitions of the
//! resources.

use crate::process::run;
use crate::project::cargo;

/// Runs the program that writes them. Those who have no network can do it: nothing else is needed.
pub fn write(package: &str) -> anyhow::Result<()> {
    run(cargo().args(["run", "--quiet", "--package", package]))
}
