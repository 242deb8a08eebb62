//! `cargo xtask test`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, anyhow, bail, ensure};

use crate::build;
use crate::debian;
use crate::process::{start, supervise};
use crate::project::{DEVHOST_GUEST, cargo, native};
use crate::tools;

/// What came of the tests.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
    succeeded: bool,
}

/// Runs all tests and says what came of them. One that fails does not keep the others from running.
pub fn test() -> anyhow::Result<()> {
    build::build_with(&[DEVHOST_GUEST])?;
    // What the console and the npm package of the validator are tried in.
    for (program, package) in
        [("node", "nodejs"), ("chromium", "chromium"), ("chromedriver", "chromium-driver")]
    {
        debian::provide(program, &[package])?;
    }
    tools::accessibility_checker()?;
    let mut tests = cargo();
    tests.args(["test", "--no-fail-fast"]).args(native()?);
    let begin = Instant::now();
    let Tally { passed, failed, ignored, succeeded } = run_tests(&mut tests)?;
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
