//! `cargo xtask up`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use crate::build;
use crate::checks::{Manifest, can_listen};
use crate::process::{Background, expect_told, output, run_that_tells, start, supervise};
use crate::project::{cargo, command, root, target_dir};
use crate::version::{self, Version};

/// The oldest Spin that runs WASI 0.3 components.
const OLDEST_SPIN: Version = Version(4, 1);

#[derive(Args)]
pub struct Arguments {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The folder where the data is kept [default: .spin].
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// What runs the components.
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    host: Choice,
    /// Sets a variable of the application. May be given several times.
    #[arg(long = "variable", value_name = "KEY=VALUE", value_parser = key_value)]
    variables: Vec<(String, String)>,
}

fn key_value(argument: &str) -> Result<(String, String), String> {
    match argument.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err("it must be KEY=VALUE".to_owned()),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Choice {
    /// Spin if version 4.1 or newer is on the PATH, else devhost.
    Auto,
    /// Spin.
    Spin,
    /// The project's own host for development.
    Devhost,
}

/// What runs the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    Spin,
    Devhost,
}

/// Builds all components and serves them until a signal ends it.
pub fn up(arguments: &Arguments) -> anyhow::Result<()> {
    let (host, reason) = choose(arguments.host, installed_spin())?;
    can_listen(arguments.listen)?;
    let manifest = Manifest::read(root())?;
    manifest.has_variables(&arguments.variables)?;
    println!("{reason}");

    // Beside the components: cargo keeps them in folders of their own, so neither waits for the other.
    let mut programs = cargo();
    programs.args(["build", "--quiet"]).args(host.programs());
    let programs = Background::start(programs)?;
    build::build()?;
    programs.finish()?;
    manifest.is_built(root())?;

    let state_dir = match &arguments.state_dir {
        // Relative to where the user is, not to the project.
        Some(state_dir) => std::path::absolute(state_dir)?,
        None => root().join(".spin"),
    };
    let mut host = host.command(&state_dir)?;
    host.arg("--listen").arg(arguments.listen.to_string());
    host.arg("--state-dir").arg(state_dir);
    for (name, value) in &arguments.variables {
        host.arg("--variable").arg(format!("{name}={value}"));
    }
    match supervise(&mut start(&mut host)?)? {
        Some(status) => expect_told(status, "the host ended by itself"),
        None => Ok(()),
    }
}

/// The version of Spin on the PATH.
fn installed_spin() -> Option<Version> {
    version::printed(&output(command("spin").arg("--version"))?)
}

/// The host that `choice` means where this Spin is installed, and a line that says which and why.
fn choose(choice: Choice, spin: Option<Version>) -> anyhow::Result<(Host, String)> {
    let found = match spin {
        Some(version) => format!("Spin {version} is on the PATH"),
        None => "Spin is not on the PATH".to_owned(),
    };
    let lack = format!("{found}, and {OLDEST_SPIN} or newer is needed");
    let is_new = spin.is_some_and(|version| version >= OLDEST_SPIN);
    match choice {
        Choice::Devhost => Ok((Host::Devhost, "Host: devhost".to_owned())),
        Choice::Auto if !is_new => Ok((Host::Devhost, format!("Host: devhost, because {lack}"))),
        Choice::Auto | Choice::Spin => {
            ensure!(is_new, "{lack}; --host devhost does without");
            Ok((Host::Spin, format!("Host: {found}")))
        }
    }
}

impl Host {
    /// What has to be built to run it, for `cargo build`.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Spin => &["--package", "sqlite-store", "--bin", "create-store"],
            Self::Devhost => &["--package", "devhost"],
        }
    }

    /// The command that starts it.
    fn command(self, state_dir: &Path) -> anyhow::Result<Command> {
        let programs = target_dir().join("debug");
        match self {
            Self::Spin => {
                // It is not in WAL mode if Spin creates it, which also finds out only at the first
                // request whether it can be used.
                let file = state_dir.join("sqlite_key_value.db");
                run_that_tells(command(programs.join("create-store")).arg(file))?;
                let mut host = command("spin");
                host.args(["up", "--from", "spin.toml"]);
                // What is wrong is said without where in Spin's code it was found.
                host.env("RUST_LIB_BACKTRACE", "0");
                Ok(host)
            }
            Self::Devhost => {
                let mut host = command(programs.join("devhost"));
                host.args(["--from", "spin.toml"]);
                Ok(host)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_what_was_chosen_or_else_the_reason_is_said() {
        let chosen = |choice, spin| choose(choice, spin).map_err(|error| error.to_string());
        for new in [Version(4, 1), Version(4, 10), Version(5, 0)] {
            assert_eq!(chosen(Choice::Auto, Some(new)).unwrap().0, Host::Spin);
            assert_eq!(chosen(Choice::Spin, Some(new)).unwrap().0, Host::Spin);
            assert_eq!(chosen(Choice::Devhost, Some(new)).unwrap().0, Host::Devhost);
        }
        for (old, words) in [
            (Some(Version(3, 6)), "Spin 3.6 is on the PATH, and 4.1 or newer is needed"),
            (Some(Version(4, 0)), "Spin 4.0 is on the PATH, and 4.1 or newer is needed"),
            (None, "Spin is not on the PATH, and 4.1 or newer is needed"),
        ] {
            let (host, reason) = chosen(Choice::Auto, old).unwrap();
            assert_eq!((host, reason), (Host::Devhost, format!("Host: devhost, because {words}")));
            let error = chosen(Choice::Spin, old).unwrap_err();
            assert_eq!(error, format!("{words}; --host devhost does without"));
        }
    }
}
