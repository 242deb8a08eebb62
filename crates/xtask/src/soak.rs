//! `cargo xtask soak`.

use crate::build;
use crate::client;
use crate::process::run;
use crate::project::cargo;
use crate::test::provide_servers;

/// Builds the application and its host, and runs the soak.
pub fn soak(arguments: &client::Arguments) -> anyhow::Result<()> {
    let asks = |option: &str| arguments.arguments.iter().any(|given| given.starts_with(option));
    if asks("--store") {
        provide_servers()?;
    }
    if !asks("--help") && !asks("-h") {
        build::build()?;
        run(cargo().args(["build", "--quiet", "--package", "devhost"]))?;
    }
    client::client("soak", arguments)
}
