//! Packages of Debian, which tools come from that Cargo does not have.

use std::process::Command;

use crate::process::{output, run_in_terminal};
use crate::project::command;

/// Brings the lists of packages up to date: those of a new machine are old or empty.
pub fn update() -> anyhow::Result<()> {
    run_in_terminal(as_root("apt-get").args(["update", "-q"]))
}

/// Installs packages.
pub fn install(packages: &[String]) -> anyhow::Result<()> {
    println!("Installing {}", packages.join(" "));
    let mut install = as_root("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
    run_in_terminal(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Whether there is a `program` that can be asked for its version.
pub fn has(program: &str) -> bool {
    output(command(program).arg("--version")).is_some()
}

/// Installs `packages` unless there is the `program` that they have.
pub fn provide(program: &str, packages: &[&str]) -> anyhow::Result<()> {
    if has(program) { Ok(()) } else { provide_packages(packages) }
}

/// Installs `packages`.
pub fn provide_packages(packages: &[&str]) -> anyhow::Result<()> {
    let packages: Vec<_> = packages.iter().map(|package| (*package).to_owned()).collect();
    install(&packages).or_else(|_| {
        update()?;
        install(&packages)
    })
}

/// A command that needs to be root, through `sudo` for everybody else.
fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return command(program);
    }
    let mut sudo = command("sudo");
    sudo.arg(program);
    sudo
}
