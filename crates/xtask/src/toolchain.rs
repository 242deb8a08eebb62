//! What compiles WebAssembly, found or installed, for a [`Target`]:
//!
//! 1. The Rust toolchain in use has the target, or rustup adds it.
//! 2. Where rustup cannot download it: Debian's `rustc-web`, which can compile WebAssembly, with its
//!    copy of the standard library's sources and Debian's linker, and what else the target needs. The
//!    standard library is compiled along.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::debian;
use crate::process::{output, run, start, supervise};
use crate::project::{cargo, command, target_dir};
use crate::version::{self, Version};

/// What is compiled for, and what that needs on Debian beyond the compiler and its linker.
#[derive(Debug)]
pub struct Target {
    /// Its name for Rust.
    pub name: &'static str,
    /// Packages, each with a file of it by which it is known.
    packages: &'static [(&'static str, &'static str)],
    /// Programs of crates.io, with their versions.
    tools: &'static [(&'static str, &'static str)],
    /// What the compiler is told.
    flags: &'static str,
    /// What Debian's has to be told beside that.
    debian_flags: &'static str,
}

/// What components are compiled for.
pub static COMPONENT: Target = Target {
    name: "wasm32-wasip2",
    packages: &[("wasi-libc", "/usr/lib/wasm32-wasi/libc.a")],
    tools: &[("wasm-component-ld", "0.5.31")],
    flags: "",
    debian_flags: "-Clink-self-contained=no -L/usr/lib/wasm32-wasi",
};

/// What is compiled for browsers, and for Node.js.
pub static BROWSER: Target = Target {
    name: "wasm32-unknown-unknown",
    packages: &[],
    tools: &[],
    // Leptos compiles views once then, and not for each of their types: a seventh less to be sent.
    flags: "--cfg erase_components",
    debian_flags: "-Clink-self-contained=no -Clinker=wasm-ld",
};

/// The oldest `rustc-web` that has the targets.
const OLDEST_RUSTC_WEB: Version = Version(1, 94);

/// Where Debian's `rustc-web` puts its compiler.
const RUSTC: &str = "/usr/bin/rustc";

/// A way to compile for a target that works on this machine.
pub struct Toolchain {
    target: &'static Target,
    way: Way,
}

enum Way {
    /// The Rust toolchain in use has the target.
    Rustup,
    /// Debian's packages; `llvm` is the folder of the linker.
    Debian { llvm: PathBuf },
}

impl Toolchain {
    /// Finds a way, or installs one, and says which in a line.
    pub fn find_or_install(target: &'static Target) -> anyhow::Result<Self> {
        Ok(Self { target, way: Way::find_or_install(target)? })
    }

    /// `cargo build` with a profile for the target, to which packages have to be added.
    pub fn cargo_build(&self, profile: &str) -> anyhow::Result<Command> {
        let mut build = cargo();
        build.args(["build", "--profile", profile, "--target", self.target.name]);
        let Target { flags, debian_flags, .. } = self.target;
        if !flags.is_empty() {
            build.env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
        }
        if let Way::Debian { llvm } = &self.way {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = [tools_dir().join("bin"), llvm.clone()];
            let path = folders.into_iter().chain(std::env::split_paths(&path));
            build
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC", RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTFLAGS", format!("{debian_flags} {flags}"))
                .env_remove("CARGO_ENCODED_RUSTFLAGS")
                .env("PATH", std::env::join_paths(path)?);
        }
        Ok(build)
    }
}

impl Way {
    fn find_or_install(target: &Target) -> anyhow::Result<Self> {
        let name = target.name;
        if target.is_installed_by_rustup() {
            println!("Wasm toolchain: the target {name} of the Rust toolchain in use");
            return Ok(Self::Rustup);
        }
        if let Some(llvm) = target.is_installed_by_debian() {
            println!(
                "Wasm toolchain: Debian's rustc-web, because this Rust toolchain lacks {name}"
            );
            return Ok(Self::Debian { llvm });
        }
        println!("Wasm toolchain: none yet; asking rustup for the target {name}");
        if target.add_by_rustup()? {
            return Ok(Self::Rustup);
        }
        println!("Wasm toolchain: rustup cannot add it; installing Debian's rustc-web instead");
        target.install_by_debian()?;
        match target.is_installed_by_debian() {
            Some(llvm) => Ok(Self::Debian { llvm }),
            None => bail!("Debian's packages are installed, but do not have what was expected"),
        }
    }
}

impl Target {
    fn is_installed_by_rustup(&self) -> bool {
        output(command("rustc").args(["--print", "sysroot"])).is_some_and(|sysroot| {
            Path::new(sysroot.trim()).join("lib/rustlib").join(self.name).join("lib").is_dir()
        })
    }

    /// Asks rustup, whose progress and complaints the user sees, and says whether the target is there.
    fn add_by_rustup(&self) -> anyhow::Result<bool> {
        if !debian::has("rustup") {
            return Ok(false);
        }
        let mut rustup = command("rustup");
        rustup.args(["target", "add", self.name]).env("RUSTUP_MAX_RETRIES", "0");
        match supervise(&mut start(&mut rustup)?)? {
            Some(status) => Ok(status.success() && self.is_installed_by_rustup()),
            None => bail!("stopped by a signal"),
        }
    }

    /// The linker's folder, if all that the second way needs is there.
    fn is_installed_by_debian(&self) -> Option<PathBuf> {
        let version = output(command(RUSTC).arg("--version"))?;
        let is_new = version::printed(&version)? >= OLDEST_RUSTC_WEB;
        let sysroot = output(command(RUSTC).args(["--print", "sysroot"]))?;
        let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
        let complete = is_new
            && library.is_file()
            && self.packages.iter().all(|(_, file)| Path::new(file).is_file())
            && self.tools.iter().all(|(tool, _)| has_tool(tool));
        complete.then(newest_llvm).flatten()
    }

    fn install_by_debian(&self) -> anyhow::Result<()> {
        let mut packages = compiler().with_context(|| {
            format!(
                "there is no way to compile WebAssembly here. Either `rustup target add {}` must \
                 work, or Debian must offer rustc-web {OLDEST_RUSTC_WEB} or newer, rust-web-src \
                 and lld",
                self.name
            )
        })?;
        packages.extend(self.packages.iter().map(|(package, _)| (*package).to_owned()));
        debian::install(&packages)?;
        self.tools.iter().try_for_each(|(tool, version)| match has_tool(tool) {
            true => Ok(()),
            false => install_tool(tool, version),
        })
    }
}

/// The packages of compiler and linker, if Debian offers them in a version that will do.
fn compiler() -> Option<Vec<String>> {
    let offered = || {
        let policy = output(command("apt-cache").args(["policy", "rustc-web"]))?;
        let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
        (version::parse(candidate)? >= OLDEST_RUSTC_WEB).then_some(())
    };
    if offered().is_none() {
        debian::update().ok()?;
        offered()?;
    }
    let linkers = output(command("apt-cache").args(["search", "--names-only", "^lld-[0-9]+$"]))?;
    let newest = linkers
        .lines()
        .filter_map(|line| {
            line.split_whitespace().next()?.strip_prefix("lld-")?.parse::<u32>().ok()
        })
        .max()?;
    Some(vec!["rustc-web".to_owned(), "rust-web-src".to_owned(), format!("lld-{newest}")])
}

/// The folder of the newest `wasm-ld`.
fn newest_llvm() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib").ok()?.flatten().filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.strip_prefix("llvm-")?.parse().ok()?;
        let bin = entry.path().join("bin");
        bin.join("wasm-ld").exists().then_some((version, bin))
    });
    versions.max().map(|(_, bin)| bin)
}

/// Where tools from crates.io are installed.
fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

fn has_tool(tool: &str) -> bool {
    tools_dir().join("bin").join(tool).is_file()
}

fn install_tool(tool: &str, version: &str) -> anyhow::Result<()> {
    println!("Installing {tool} {version} from crates.io into {}", tools_dir().display());
    let mut install = cargo();
    // A folder of its own: it is built by the native toolchain with its own profile.
    install.env("CARGO_TARGET_DIR", target_dir().join("tools/build"));
    run(install
        .args(["install", "--locked", "--version", version, tool, "--root"])
        .arg(tools_dir()))
}
