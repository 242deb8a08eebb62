//! `cargo xtask up`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};

use crate::build;
use crate::process::{output, run, start, supervise};
use crate::project::{cargo, command, root, target_dir};
use crate::version;

/// The oldest Spin that runs WASI 0.3 components.
const OLDEST_SPIN: (u32, u32) = (4, 1);

#[derive(Args)]
pub struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The folder where the data is kept [default: .spin].
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// What runs the components.
    #[arg(long, value_enum, default_value_t = Host::Auto)]
    host: Host,
    /// Sets a variable of the application. May be given several times.
    #[arg(long = "variable", value_name = "KEY=VALUE")]
    variables: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Host {
    /// Spin if version 4.1 or newer is on the PATH, else devhost.
    Auto,
    /// Spin.
    Spin,
    /// The project's own host for development.
    Devhost,
}

/// Builds all components and serves them until a signal ends it.
pub fn up(arguments: &Arguments) -> anyhow::Result<()> {
    build::build()?;
    let state_dir = match &arguments.state_dir {
        // Relative to where the user is, not to the project.
        Some(state_dir) => std::path::absolute(state_dir)?,
        None => root().join(".spin"),
    };
    let mut host = host(arguments.host, &state_dir)?;
    host.arg("--listen").arg(arguments.listen.to_string());
    host.arg("--state-dir").arg(state_dir);
    for variable in &arguments.variables {
        host.args(["--variable", variable]);
    }
    match supervise(&mut start(&mut host)?)? {
        Some(status) => bail!("the host ended by itself ({status})"),
        None => Ok(()),
    }
}

/// The command that starts the host that was chosen, and a line that says which it is.
fn host(chosen: Host, state_dir: &Path) -> anyhow::Result<Command> {
    let spin = output(command("spin").arg("--version"));
    let version = spin.as_deref().and_then(version::printed);
    let is_new = version.is_some_and(|version| version >= OLDEST_SPIN);
    let use_spin = match chosen {
        Host::Auto => is_new,
        Host::Devhost => false,
        Host::Spin => {
            ensure!(is_new, "Spin 4.1 or newer is not on the PATH (found: {})", found(version));
            true
        }
    };
    if use_spin {
        println!("Host: Spin {}", found(version));
        create_store(state_dir)?;
        let mut host = command("spin");
        host.args(["up", "--from", "spin.toml"]);
        return Ok(host);
    }
    match chosen {
        Host::Auto => println!("Host: devhost, because Spin 4.1 or newer is not on the PATH"),
        Host::Spin | Host::Devhost => println!("Host: devhost"),
    }
    run(cargo().args(["build", "--package", "devhost"]))?;
    let mut host = command(target_dir().join("debug/devhost"));
    host.args(["--from", "spin.toml"]);
    Ok(host)
}

/// Creates the file of the key-value stores for Spin where there is none, because one that Spin
/// creates is not in WAL mode. The program that does it is not part of this one, which has to be
/// built before anything else and should not have to wait for SQLite.
fn create_store(state_dir: &Path) -> anyhow::Result<()> {
    // One that is empty was begun and is not a store yet.
    if std::fs::metadata(state_dir.join("sqlite_key_value.db")).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let mut create = cargo();
    create.args(["run", "--package", "sqlite-store", "--bin", "create-store", "--"]);
    run(create.arg(state_dir))
}

fn found(version: Option<(u32, u32)>) -> String {
    version.map_or("none".to_owned(), |(major, minor)| format!("{major}.{minor}"))
}
