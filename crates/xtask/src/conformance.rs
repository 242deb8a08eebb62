//! `cargo xtask conformance`.

use std::path::PathBuf;

use anyhow::{bail, ensure};

use crate::build;
use crate::process::{start, supervise};
use crate::project::command;

#[derive(clap::Args)]
pub struct Arguments {
    /// The official API file (TMF666 or TMF678, v4.0.0 or v5.0.0, as YAML or JSON), which is not part of this project.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
}

/// Builds the application and compares it with the official file.
pub fn conformance(arguments: &Arguments) -> anyhow::Result<()> {
    let spec = std::path::absolute(&arguments.spec)?;
    build::build()?;
    let mut run = command(build::build_program("conformance")?);
    run.arg("--spec").arg(spec);
    match supervise(&mut start(&mut run)?)? {
        Some(status) => ensure!(status.success(), "the project differs from the official file"),
        None => bail!("stopped by a signal"),
    }
    Ok(())
}
