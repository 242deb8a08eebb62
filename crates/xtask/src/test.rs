//! `cargo xtask test`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, anyhow, bail, ensure};
use clap::{Args, ValueEnum};

use crate::build;
use crate::debian;
use crate::process::{run, start, supervise};
use crate::project::{DEVHOST_GUEST, cargo, command, native, target_dir};
use crate::tools;

/// What came of the tests.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
    succeeded: bool,
}

#[derive(Args)]
pub struct Arguments {
    /// Runs black-box tests with the data in a server of this kind instead of Spin's store, and nothing else.
    #[arg(long, value_enum)]
    store: Option<Engine>,
    /// Which of these, by the names of their files in tests/ [default: all that do not look into the store].
    #[arg(requires = "store", value_name = "TEST")]
    tests: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Engine {
    Redis,
    Postgres,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Postgres => "postgres",
        }
    }
}

/// The black-box tests that do not look into the file of Spin's store.
const ON_ANY_STORE: [&str; 25] = [
    "life",
    "listing",
    "resources",
    "filtering",
    "patching",
    "conditional",
    "rules",
    "bulk",
    "v4",
    "v4_conformance",
    "versions",
    "errors",
    "concurrency",
    "races",
    "on_behalf",
    "tokens",
    "key_server",
    "access_matrix",
    "owasp",
    "bills",
    "events",
    "events_queries",
    "events_owners",
    "events_delivery",
    "examples",
];

/// Where Debian keeps the programs of each version of PostgreSQL.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Runs tests and says what came of them. One that fails does not keep the others from running.
pub fn test(arguments: &Arguments) -> anyhow::Result<()> {
    provide_servers()?;
    match arguments.store {
        Some(engine) => test_on(engine, &arguments.tests),
        None => test_all(),
    }
}

/// Installs the servers that hosts share.
pub fn provide_servers() -> anyhow::Result<()> {
    debian::provide("redis-server", &["redis-server"])?;
    let versions = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    if !versions.map(|version| version.path()).any(|path| path.join("bin/postgres").is_file()) {
        debian::provide_packages(&["postgresql"])?;
    }
    Ok(())
}

/// Runs black-box tests on a server of the kind.
fn test_on(engine: Engine, tests: &[String]) -> anyhow::Result<()> {
    build::build()?;
    run(cargo().args(["build", "--quiet", "--bin", "store-server"]).args(native()?))?;
    let mut server = command(target_dir().join("debug/store-server"));
    // It ends when its input does.
    server.arg(engine.name()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = start(&mut server)?;
    let mut address = String::new();
    let stdout = server.stdout.take().context("the server has no output")?;
    BufReader::new(stdout).read_line(&mut address)?;
    ensure!(!address.is_empty(), "the server of {} does not start", engine.name());
    // Chosen among all packages, or much would be built once more with other features. Native tests that are
    // called the same are run too.
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]).args(native()?);
    let given = tests.iter().map(String::as_str);
    for test in if tests.is_empty() { ON_ANY_STORE.to_vec() } else { given.collect() } {
        command.args(["--test", test]);
    }
    let outcome = report(command.env("TEST_STORE", address.trim()));
    drop(server.stdin.take());
    server.wait()?;
    outcome
}

fn test_all() -> anyhow::Result<()> {
    build::build_with(&[DEVHOST_GUEST])?;
    // What the console and the npm package of the validator are tried in, and what runs Dynalite.
    for (program, package) in
        [("node", "nodejs"), ("chromium", "chromium"), ("chromedriver", "chromium-driver")]
    {
        debian::provide(program, &[package])?;
    }
    tools::accessibility_checker()?;
    tools::dynalite()?;
    let mut tests = cargo();
    tests.args(["test", "--no-fail-fast"]).args(native()?);
    report(&mut tests)
}

/// Runs `cargo test`, and says what came of it.
fn report(tests: &mut Command) -> anyhow::Result<()> {
    let begin = Instant::now();
    let Tally { passed, failed, ignored, succeeded } = run_tests(tests)?;
    let seconds = begin.elapsed().as_secs();
    println!("\n{passed} passed, {failed} failed, {ignored} skipped in {seconds} s");
    ensure!(succeeded, "not all tests passed");
    Ok(())
}

/// Runs `cargo test`, shows what it prints, and adds up its results.
fn run_tests(command: &mut Command) -> anyhow::Result<Tally> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let stdout = child.stdout.take().context("cargo test has no output")?;
    let reader = std::thread::spawn(move || {
        let mut tally = Tally::default();
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(&line);
        }
        tally
    });
    let Some(status) = supervise(&mut child)? else { bail!("stopped by a signal") };
    let tally = reader.join().map_err(|_| anyhow!("what cargo test printed could not be read"))?;
    Ok(Tally { succeeded: status.success(), ..tally })
}

impl Tally {
    /// Adds the numbers of a line such as
    /// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`.
    fn add(&mut self, line: &str) {
        let Some(numbers) = line.strip_prefix("test result: ") else { return };
        let number_of = |what: &str| -> u32 {
            let words: Vec<_> = numbers.split([' ', ';', '.']).filter(|w| !w.is_empty()).collect();
            let position = words.iter().position(|word| *word == what).unwrap_or(0);
            position.checked_sub(1).and_then(|index| words[index].parse().ok()).unwrap_or(0)
        };
        self.passed += number_of("passed");
        self.failed += number_of("failed");
        self.ignored += number_of("ignored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        tally.add("test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.add("test something ... ok");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 3, 1));
    }
}
