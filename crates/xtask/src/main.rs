//! `cargo xtask`: builds, runs and tests the project.
//!
//! # Layout
//!
//! * `project` – where things are, and commands in the project's folder.
//! * `process` – running other programs so that a signal to this one ends them too.
//! * `debian` – packages of Debian.
//! * `toolchain` – what compiles WebAssembly, found or installed.
//! * `web` – compiling for the browser; `console` – what the component of the console is made of.
//! * `tools` – programs that checks are made with.
//! * `version` – versions of other programs.
//! * `toml_file` – reading TOML.
//! * `deployment`, `runtime_config`, `variables` – what `up` is told to serve, and by what.
//! * `maintenance` – what `up` calls while the application runs.
//! * `checks` – what would keep the application from starting.
//! * `build`, `npm`, `up`, `test`, `bench`, `soak`, `fuzz`, `conformance`, `written`, `contract`, `token`,
//!   `client` – the commands.

#![forbid(unsafe_code)]

mod bench;
mod build;
mod checks;
mod client;
mod conformance;
mod console;
mod contract;
mod debian;
mod deployment;
mod fuzz;
mod maintenance;
mod npm;
mod process;
mod project;
mod runtime_config;
mod soak;
mod test;
mod token;
mod toml_file;
mod toolchain;
mod tools;
mod up;
mod variables;
mod version;
mod web;
mod written;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::Told;

/// Builds, runs and tests the Account Management API.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build all components.
    ///
    /// What compiles WebAssembly is found, or else installed: the target wasm32-wasip2 by rustup, or
    /// Debian's packages where rustup cannot download it.
    Build,
    /// Build all components and serve them until Ctrl-C.
    Up(up::Arguments),
    /// Run all tests: native ones, the host's own, and the black-box tests over HTTP.
    Test(test::Arguments),
    /// Measure.
    #[command(subcommand, disable_help_subcommand = true)]
    Bench(bench::Bench),
    /// Put the application under load for a long time, with faults, and report whether anything is lost or
    /// grows; --help shows how.
    #[command(disable_help_flag = true)]
    Soak(client::Arguments),
    /// Look for input that makes the program panic or hang.
    Fuzz(fuzz::Arguments),
    /// Compare the schemas with an official API file, attribute by attribute, and send its example
    /// requests to the application.
    Conformance(conformance::Arguments),
    /// Write the OpenAPI documents in docs/openapi from the schemas and the resource definitions.
    Openapi,
    /// Write spin.toml from the resource definitions and the variables that they have.
    Manifest,
    /// Lint the OpenAPI documents, and send requests made up from them to the application.
    Contract(contract::Arguments),
    /// Build the npm package of the validator, in target/npm.
    ///
    /// What compiles WebAssembly for browsers is found or installed, as for components.
    Npm,
    /// Print an access token for trials, signed with a development key; --help shows what it can say.
    #[command(disable_help_flag = true)]
    Token(token::Arguments),
    /// Fill a running application with an operator as there could be one; --help shows how.
    #[command(disable_help_flag = true)]
    Demo(client::Arguments),
    /// Recompute all bills and balances of a running application from the bill items, and report
    /// any difference; --help shows how.
    #[command(disable_help_flag = true)]
    Audit(client::Arguments),
    /// Copy tenants from one store to another; --help shows how.
    #[command(disable_help_flag = true)]
    Copy(client::Arguments),
    /// Export all that a tenant has from a running application, as lines of JSON; --help shows how.
    #[command(disable_help_flag = true)]
    Export(client::Arguments),
    /// Import such lines into a running application; --help shows how.
    #[command(disable_help_flag = true)]
    Import(client::Arguments),
}

fn execute(command: &Command) -> anyhow::Result<()> {
    process::handle_signals()?;
    match command {
        Command::Build => build::build(),
        Command::Up(arguments) => up::up(arguments),
        Command::Test(arguments) => test::test(arguments),
        Command::Bench(bench) => bench::bench(bench),
        Command::Soak(arguments) => soak::soak(arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(arguments),
        Command::Conformance(arguments) => conformance::conformance(arguments),
        Command::Openapi => written::write("openapi"),
        Command::Manifest => written::write("manifest"),
        Command::Contract(arguments) => contract::contract(arguments),
        Command::Npm => npm::npm().map(|folder| println!("The package is in {}", folder.display())),
        Command::Token(arguments) => token::token(arguments),
        Command::Demo(arguments) => client::client("demo", arguments),
        Command::Audit(arguments) => client::client("audit", arguments),
        Command::Copy(arguments) => client::client("store-copy", arguments),
        Command::Export(arguments) => client::transfer("export", arguments),
        Command::Import(arguments) => client::transfer("import", arguments),
    }
}

fn main() -> ExitCode {
    match execute(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<Told>() {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
