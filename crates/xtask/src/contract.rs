//! `cargo xtask contract`: does the API do what its OpenAPI documents say, and are they well made?

use std::io::{self, BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, anyhow};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::build;
use crate::debian;
use crate::process::{output, run, start};
use crate::project::command;
use crate::tools;

/// The linter, from the npm registry.
const LINTER: &str = "@redocly/cli@2.77.0";

/// The tester, from PyPI.
const TESTER: &str = "schemathesis==4.32.5";

#[derive(Args)]
pub struct Arguments {
    /// How many requests are made up for each operation.
    #[arg(long, default_value_t = 25)]
    examples: u32,
    /// What they are made up from: the same number makes the same requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Lints the documents, and sends requests made up from them to the running application. No answer
/// may be an error of the server, or anything that the document does not say.
pub fn contract(arguments: &Arguments) -> anyhow::Result<()> {
    build::build()?;
    let host = &build::build_program("devhost")?;
    let linter = linter()?;
    let tester = &tester()?;
    for (number, _, version) in DOCUMENTS {
        let document = format!("docs/openapi/{number}-{version}.json");
        let mut lint = command(&linter);
        lint.args(["lint", "--extends=recommended-strict", &document]);
        run(lint.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"))?;
    }
    // The tester makes up one request after the other and spends its time on one processor. All at
    // once they take a quarter of the time on four, and half of it on two.
    let results = thread::scope(|scope| {
        let started =
            DOCUMENTS.map(|document| scope.spawn(move || test(host, tester, document, arguments)));
        started.map(|test| test.join().map_err(|_| anyhow!("the test of a document panicked")))
    });
    results.into_iter().try_for_each(|result| result?)
}

/// Sends requests made up from a document to an application of its own, and tells what came of it when
/// all is done: others are tested meanwhile.
fn test(
    host: &Path,
    tester: &Path,
    (number, name, version): (&str, &str, &str),
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let application = Application::start(host)?;
    let base = format!("{}/tmf-api/{name}/{version}", application.base_url);
    let mut report = tempfile::tempfile()?;
    let mut test = command(tester);
    // What it learns, in the folder that it runs in, makes no difference to another run.
    test.current_dir(application.state_dir.path());
    test.stdout(report.try_clone()?).stderr(report.try_clone()?);
    test.args(["run", &format!("{base}/openapi.json"), "--url", &base])
        .args(["--mode", "all", "--phases", "examples,coverage,fuzzing"])
        .args(["--checks", CHECKS])
        .args(["--max-examples", &arguments.examples.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        // That a machine is slow says nothing of the API.
        .args(["--suppress-health-check", "all"])
        .args(["--generation-database", "none", "--no-color"]);
    let result = run(&mut test);
    report.rewind()?;
    println!("{number} in {version}:\n{}", io::read_to_string(report)?);
    result
}

/// What is described: the number of the API, its name in paths, and the version.
const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("TMF666", "accountManagement", "v4"),
    ("TMF666", "accountManagement", "v5"),
    ("TMF678", "customerBillManagement", "v4"),
    ("TMF678", "customerBillManagement", "v5"),
];

/// What is checked of every answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// The linter's program, installed if need be.
fn linter() -> anyhow::Result<PathBuf> {
    Ok(tools::npm_package("linter", LINTER)?.join(".bin/redocly"))
}

/// The tester's program, installed if need be.
fn tester() -> anyhow::Result<PathBuf> {
    let folder = tools::folder("tester");
    let program = folder.join("bin/schemathesis");
    let version = TESTER.rsplit('=').next().unwrap_or_default();
    if is_version(&program, version) {
        return Ok(program);
    }
    println!("Installing {TESTER} into {}", folder.display());
    if run(command("python3").args(["-m", "venv"]).arg(&folder)).is_err() {
        debian::install(&["python3-venv".to_owned()])?;
        run(command("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    run(command(folder.join("bin/pip")).args(["install", "--quiet", TESTER]))?;
    Ok(program)
}

fn is_version(program: &Path, version: &str) -> bool {
    output(command(program).arg("--version")).is_some_and(|printed| printed.contains(version))
}

/// The application with an empty store, which ends with this value.
struct Application {
    process: Child,
    base_url: String,
    state_dir: tempfile::TempDir,
}

impl Application {
    fn start(host: &Path) -> anyhow::Result<Self> {
        let state_dir = tempfile::tempdir()?;
        let mut host: Command = command(host);
        host.args(["--from", "spin.toml", "--listen", "127.0.0.1:0", "--state-dir"]);
        host.arg(state_dir.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Nobody is called whom the tester makes up: only the host of the examples, which is none.
        host.env("SPIN_VARIABLE_EVENT_HOSTS", "https://crm.example.com:443");
        let mut process = start(&mut host)?;
        let stdout = process.stdout.take().context("the host has no output")?;
        let mut application = Self { process, base_url: String::new(), state_dir };
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let serving = lines.find_map(|line| Some(line.strip_prefix("Serving ")?.to_owned()));
        application.base_url = serving.context("the host did not start")?;
        // What else it prints has to go somewhere.
        thread::spawn(move || lines.for_each(drop));
        Ok(application)
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // What has ended already cannot be signalled, and need not be.
        _ = kill_process_group(Pid::from_child(&self.process), Signal::KILL);
        _ = self.process.wait();
    }
}
