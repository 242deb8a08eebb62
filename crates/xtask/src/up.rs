//! `cargo xtask up`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::checks::{Manifest, can_listen};
use crate::deployment::Deployment;
use crate::maintenance::{self, Maintenance};
use crate::process::{Background, expect_told, output, run_that_tells, start, supervise};
use crate::project::{cargo, command, root, target_dir};
use crate::runtime_config::{RuntimeConfig, store_file};
use crate::variables::Variables;
use crate::version::{self, Version};
use crate::{build, token};

/// The oldest Spin that runs WASI 0.3 components.
const OLDEST_SPIN: Version = Version(4, 1);

/// Where the application listens unless something else is said.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

#[derive(Args)]
pub struct Arguments {
    /// A file that says what is served, such as those in deploy/; arguments here beat it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The address to listen on; port 0 takes a free one [default: 127.0.0.1:3000].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The folder where the data is kept [default: .spin].
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The store: redis://…, rediss://… (on Spin) or postgres://…, which hosts can share [default: Spin's own,
    /// in the folder]. An address with a password is better given as SPIN_VARIABLE_STORE.
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,
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
    let manifest = Manifest::read(root())?;
    let Served { listen, state_dir, runtime_config, development_issuer, mut variables } =
        arguments.served(&manifest, |name| std::env::var(name).ok())?;
    let listen = can_listen(listen)?;
    println!("{reason}");

    // Beside the components: cargo keeps them in folders of their own, so neither waits for the other. What
    // makes the bundle of the console is a native program too, and waits for these.
    let mut programs = cargo();
    programs.args(["build", "--quiet"]).args(host.programs());
    if development_issuer.is_some() {
        programs.args(token::PROGRAM);
    }
    let programs = Background::start(programs)?;
    build::build()?;
    programs.finish()?;
    manifest.is_built(root())?;

    if let Some(mut issuers) = development_issuer {
        issuers.push(token::issuer()?);
        variables.set_issuers(issuers);
        println!("Tokens of the development key are accepted: for trials only");
    }
    println!("{}", access(&variables, runtime_config.as_ref()));
    if let Some(store) = variables.shared_store()? {
        println!("Store: {store}");
    }
    let token = variables.maintenance_token(maintenance::new_token)?;
    println!(
        "{}",
        match token {
            Some(_) => "Maintenance: POST /maintenance is called each second",
            None => "Maintenance: none, because the variable maintenance_token is empty",
        }
    );
    let store_file = store_file(runtime_config.as_ref(), &state_dir);
    let mut host = host.command(store_file.as_deref())?;
    host.arg("--listen").arg(listen.to_string());
    host.arg("--state-dir").arg(state_dir);
    if let Some(runtime_config) = runtime_config {
        host.arg("--runtime-config-file").arg(runtime_config.path);
    }
    variables.give_to(&mut host);
    let mut host = start(&mut host)?;
    let _maintenance = token.map(|token| Maintenance::start(listen, token));
    match supervise(&mut host)? {
        Some(status) => expect_told(status, "the host ended by itself"),
        None => Ok(()),
    }
}

/// A line that says whether callers are asked who they are.
fn access(variables: &Variables, runtime_config: Option<&RuntimeConfig>) -> String {
    let access = variables.access();
    match runtime_config.filter(|_| !variables.fix_access()) {
        Some(runtime_config) if runtime_config.has_variables_provider() => {
            let path = runtime_config.path.display();
            format!("{access}, unless the variables provider in {path} says otherwise")
        }
        _ => access,
    }
}

/// What is served, and how.
struct Served {
    listen: SocketAddr,
    state_dir: PathBuf,
    runtime_config: Option<RuntimeConfig>,
    /// If tokens of the development key are accepted: whose tokens are accepted beside.
    development_issuer: Option<Vec<Value>>,
    variables: Variables,
}

impl Arguments {
    /// What the command line says, or else the file that it names, or else `environment`, which tells
    /// the values of environment variables.
    fn served(
        &self,
        manifest: &Manifest,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Served> {
        // Relative to where the user is, not to the project.
        let deployment = match &self.config {
            Some(config) => Deployment::read(&std::path::absolute(config)?)?,
            None => Deployment::default(),
        };
        let state_dir = match &self.state_dir {
            Some(state_dir) => std::path::absolute(state_dir)?,
            None => deployment.state_dir.unwrap_or_else(|| root().join(".spin")),
        };
        // Both hosts know this variable of the environment.
        let runtime_config = deployment
            .runtime_config
            .or_else(|| environment("RUNTIME_CONFIG_FILE").map(PathBuf::from))
            .map(|path| RuntimeConfig::read(std::path::absolute(path)?))
            .transpose()?;
        let variables = self.variables.clone();
        let mut variables = Variables::new(variables, deployment.variables, manifest, environment)?;
        if let Some(store) = &self.store {
            variables.set_store(store);
        }
        let development_issuer = match deployment.development_issuer {
            true => {
                let provider = runtime_config.as_ref();
                ensure!(
                    variables.ask_for_tokens()
                        || provider.is_some_and(RuntimeConfig::has_variables_provider),
                    "development_issuer must not be true where the variable auth is not jwt"
                );
                Some(variables.issuers()?)
            }
            false => None,
        };
        let listen = self.listen.or(deployment.listen).unwrap_or(LISTEN);
        Ok(Served { listen, state_dir, runtime_config, development_issuer, variables })
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
            Self::Devhost => &["--package", "devhost", "--bin", "devhost"],
        }
    }

    /// The command that starts it, with its stores in `store_file`, if they are in one.
    fn command(self, store_file: Option<&Path>) -> anyhow::Result<Command> {
        let programs = target_dir().join("debug");
        match self {
            Self::Spin => {
                // It is not in WAL mode if Spin creates it, which also finds out only at the first
                // request whether it can be used.
                if let Some(file) = store_file {
                    run_that_tells(command(programs.join("create-store")).arg(file))?;
                }
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

    /// What is served with these arguments, with a deployment of this text in `folder`.
    fn served(folder: &Path, text: &str, arguments: &[&str]) -> anyhow::Result<Served> {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            arguments: Arguments,
        }
        let config = folder.join("acme.toml");
        std::fs::write(&config, text)?;
        let mut line = vec!["up".into(), "--config".into(), config.into_os_string()];
        line.extend(arguments.iter().map(Into::into));
        let arguments = <Line as clap::Parser>::try_parse_from(line)?.arguments;
        let manifest = "variables = { tenant = { default = \"default\" } }";
        arguments.served(&Manifest::parse(manifest)?, |_| None)
    }

    #[test]
    fn the_command_line_beats_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let nothing = served(folder, "", &[]).unwrap();
        assert_eq!(nothing.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(nothing.state_dir, root().join(".spin"));
        assert!(nothing.runtime_config.is_none() && nothing.development_issuer.is_none());

        std::fs::write(folder.join("runtime.toml"), "").unwrap();
        let text = "listen = \"127.0.0.1:3001\"\nstate_dir = \"data\"\n\
                    runtime_config = \"runtime.toml\"";
        let file = served(folder, text, &[]).unwrap();
        assert_eq!(file.listen.to_string(), "127.0.0.1:3001");
        assert_eq!(file.state_dir, folder.join("data"));
        assert_eq!(file.runtime_config.unwrap().path, folder.join("runtime.toml"));

        let arguments = ["--listen", "127.0.0.1:3002", "--state-dir", "/srv/data"];
        let both = served(folder, text, &arguments).unwrap();
        assert_eq!(both.listen.to_string(), "127.0.0.1:3002");
        assert_eq!(both.state_dir, Path::new("/srv/data"));
    }

    #[test]
    fn what_the_file_lacks_or_has_too_much_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |text| format!("{:#}", served(folder.path(), text, &[]).err().unwrap());
        let absent = error("runtime_config = \"absent.toml\"");
        assert!(absent.contains("cannot read") && absent.contains("absent.toml"), "{absent}");
        let unknown = error("variables = { tennant = \"acme\" }");
        assert!(unknown.contains("--config: there is no variable \"tennant\""), "{unknown}");
        let issuer = error("development_issuer = true");
        assert!(issuer.contains("development_issuer must not be true"), "{issuer}");
    }

    #[test]
    fn a_provider_that_may_say_who_is_let_in_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let provider = "[[variables_provider]]\ntype = \"vault\"";
        std::fs::write(folder.path().join("runtime.toml"), provider).unwrap();
        let text = "runtime_config = \"runtime.toml\"";
        let served = served(folder.path(), text, &[]).unwrap();
        let line = access(&served.variables, served.runtime_config.as_ref());
        assert!(line.contains("unless the variables provider in"), "{line}");
        assert!(!access(&served.variables, None).contains("unless"));
    }
}
