//! Where the host's processor time goes, function by function, as Linux's `perf` samples it.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use rustc_demangle::try_demangle;

use crate::process::run;

/// How many functions are printed.
const FUNCTIONS: usize = 30;

/// How many characters of a function's name are.
const NAME_LENGTH: usize = 120;

/// Samples a second of each thread that computes; not a multiple of what timers tick at.
const FREQUENCY: &str = "997";

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Code {
    Wasm,
    Host,
    Kernel,
}

/// How often each function was the one that computed.
#[derive(Default)]
pub struct Profile {
    samples: u64,
    functions: HashMap<(Code, String), u64>,
}

/// Records what the process does for a time, in `file`.
pub async fn record(process: u32, seconds: u32, file: PathBuf) -> anyhow::Result<Profile> {
    let recorded = move || {
        let mut perf = Command::new("perf");
        perf.args(["record", "--call-graph", "fp", "--freq", FREQUENCY, "--output"]).arg(&file);
        perf.args(["--pid", &process.to_string(), "--", "sleep", &seconds.to_string()]);
        run("perf", &mut perf)
            .context("the host cannot be profiled (perf is in Debian's package linux-perf)")?;
        read(&file)
    };
    tokio::task::spawn_blocking(recorded).await?
}

/// Counts what was recorded.
fn read(file: &Path) -> anyhow::Result<Profile> {
    let mut perf = Command::new("perf");
    // Inlined functions would take minutes to look up.
    perf.args(["script", "--no-inline", "--fields", "ip,sym,dso", "--input"]).arg(file);
    Ok(Profile::count(&run("perf", &mut perf)?))
}

impl Profile {
    /// Counts samples as `perf script` prints them: a line for each function from the one that
    /// computed to the outermost, and an empty line between samples.
    fn count(script: &str) -> Self {
        let mut profile = Self::default();
        let mut is_first = true;
        for line in script.lines().map(str::trim) {
            if is_first && let Some(function) = function(line) {
                profile.samples += 1;
                *profile.functions.entry(function).or_default() += 1;
            }
            is_first = line.is_empty();
        }
        profile
    }

    /// What part of the samples `count` is, in per cent.
    fn share(&self, count: u64) -> f64 {
        100.0 * count as f64 / self.samples.max(1) as f64
    }

    fn of(&self, code: Code) -> u64 {
        self.functions.iter().filter(|((of, _), _)| *of == code).map(|(_, count)| count).sum()
    }
}

/// What an address is in: `7f6714005e9a the::function (/usr/bin/program)`.
fn function(line: &str) -> Option<(Code, String)> {
    let (address, rest) = line.split_once(' ')?;
    // What it is in is a file, or something in brackets. Names have parentheses, too.
    let end = rest.rfind(" (/").max(rest.rfind(" (["))?;
    let (name, place) = (rest[..end].trim(), &rest[end + 2..]);
    let is_compiled = place.contains("/perf-") || place.starts_with("[JIT]");
    let code = match () {
        // The upper half of the address space.
        () if address.len() == 16 && address.starts_with("ffff") => Code::Kernel,
        () if is_compiled || place.starts_with("//anon") => Code::Wasm,
        () => Code::Host,
    };
    Some((code, readable(name)))
}

/// A name without what the compiler made of it, and not too long.
fn readable(name: &str) -> String {
    let demangled = try_demangle(name).map(|name| format!("{name:#}"));
    let mut name = without_hashes(&demangled.unwrap_or_else(|_| name.to_owned()));
    if let Some((end, _)) = name.char_indices().nth(NAME_LENGTH) {
        name.truncate(end);
        name.push('…');
    }
    name
}

/// A name that was made readable by others, without the hashes that stand for versions of crates:
/// `core[0123456789abcdef]::f`, `core::f::h0123456789abcdef`.
fn without_hashes(name: &str) -> String {
    let is_hash = |text: &str| text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = match name.rsplit_once("::h") {
        Some((start, hash)) if is_hash(hash) => start,
        _ => name,
    };
    let mut parts = name.split('[');
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if is_hash(hash) => short.push_str(rest),
            _ => short.extend(["[", part]),
        }
    }
    short
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Wasm => "Wasm",
            Self::Host => "host",
            Self::Kernel => "kernel",
        })
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} samples:", self.samples)?;
        for code in [Code::Wasm, Code::Host, Code::Kernel] {
            write!(formatter, " {code} {:.1} %", self.share(self.of(code)))?;
        }
        writeln!(formatter, "\n\n| of all time | code | function |\n|---|---|---|")?;
        let mut functions: Vec<_> = self.functions.iter().collect();
        functions.sort_by(|(name, count), (other_name, other)| {
            other.cmp(count).then_with(|| name.1.cmp(&other_name.1))
        });
        for ((code, name), count) in functions.into_iter().take(FUNCTIONS) {
            writeln!(formatter, "| {:.1} % | {code} | `{name}` |", self.share(*count))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "

\t    7f6714005e9a kv_tree::page::find::h0123456789abcdef (/tmp/perf-18858.map)
\t    7f671400824b outer (/tmp/perf-18858.map)
\t         14cfd1c main (/usr/bin/devhost)

\tffffffff81a3c2d5 [unknown] ([kernel.kallsyms])
\t         14cfd1c main (/usr/bin/devhost)


\t          c494db a::(anonymous namespace)::b (/usr/bin/devhost (deleted))

\t    7f6714005e9a kv_tree::page::find::hfedcba9876543210 (/tmp/perf-18858.map)
\t    7f6714005e9a [unknown] ([unknown])
";

    #[test]
    fn innermost_functions_are_counted() {
        let text = Profile::count(SCRIPT).to_string();
        let expected = "\
4 samples: Wasm 50.0 % host 25.0 % kernel 25.0 %

| of all time | code | function |
|---|---|---|
| 50.0 % | Wasm | `kv_tree::page::find` |
| 25.0 % | kernel | `[unknown]` |
| 25.0 % | host | `a::(anonymous namespace)::b` |
";
        assert_eq!(text, expected);
    }

    #[test]
    fn names_are_as_in_the_source() {
        assert_eq!(readable("_RNvC6_123foo3bar"), "123foo::bar");
        assert_eq!(readable("_ZN3foo3barE"), "foo::bar");
        assert_eq!(
            readable("core[61f4bc0a3d5e7788]::f::<[u8], [f32; 4]>"),
            "core::f::<[u8], [f32; 4]>"
        );
        assert_eq!(readable("wasm[0]::function[12]"), "wasm[0]::function[12]");
        assert_eq!(readable(&"ä".repeat(121)), format!("{}…", "ä".repeat(120)));
    }

    #[test]
    fn nothing_recorded_is_no_failure() {
        assert!(Profile::count("").to_string().starts_with("0 samples: Wasm 0.0 %"));
    }
}
