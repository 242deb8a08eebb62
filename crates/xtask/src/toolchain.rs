//! What compiles components, found or installed.
//!
//! 1. The target `wasm32-wasip2` of the Rust toolchain in use: it is there, or rustup adds it.
//! 2. Where rustup cannot download it: Debian's `rustc-web`, which can compile WebAssembly, with its
//!    copy of the standard library's sources, Debian's linker, and `wasm-component-ld` from
//!    crates.io. The standard library is compiled along with the components.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{output, run, run_in_terminal, start, supervise};
use crate::project::{cargo, command, target_dir};
use crate::version::{self, Version};

const TARGET: &str = "wasm32-wasip2";

/// The oldest `rustc-web` that has the target.
const OLDEST_RUSTC_WEB: Version = Version(1, 94);

const WASM_COMPONENT_LD: (&str, &str) = ("wasm-component-ld", "0.5.31");

/// A way to compile components that works on this machine.
pub enum Toolchain {
    /// The Rust toolchain in use has the target.
    Rustup,
    /// Debian's packages; `llvm` is the folder of the linker.
    Debian { llvm: PathBuf },
}

impl Toolchain {
    /// Finds a way, or installs one, and says which in a line.
    pub fn find_or_install() -> anyhow::Result<Self> {
        if rustup_target_is_installed() {
            println!("Wasm toolchain: the target {TARGET} of the Rust toolchain in use");
            return Ok(Self::Rustup);
        }
        if let Some(llvm) = debian_packages_are_installed() {
            println!(
                "Wasm toolchain: Debian's rustc-web, because this Rust toolchain lacks {TARGET}"
            );
            return Ok(Self::Debian { llvm });
        }
        println!("Wasm toolchain: none yet; asking rustup for the target {TARGET}");
        if add_rustup_target()? {
            return Ok(Self::Rustup);
        }
        println!("Wasm toolchain: rustup cannot add it; installing Debian's rustc-web instead");
        let packages = debian_packages().context(
            "there is no way to compile WebAssembly here. Either `rustup target add wasm32-wasip2` \
             must work, or Debian must offer rustc-web 1.94 or newer (packages rustc-web, \
             rust-web-src, wasi-libc and lld)",
        )?;
        install(&packages)?;
        match debian_packages_are_installed() {
            Some(llvm) => Ok(Self::Debian { llvm }),
            None => bail!("Debian's packages are installed, but do not have what was expected"),
        }
    }

    /// `cargo build` for components, to which packages have to be added.
    pub fn cargo_build(&self) -> anyhow::Result<Command> {
        let mut build = cargo();
        build.args(["build", "--release", "--target", TARGET]);
        if let Self::Debian { llvm } = self {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = [tools_dir().join("bin"), llvm.clone()];
            let path = folders.into_iter().chain(std::env::split_paths(&path));
            build
                .arg("-Zbuild-std=std,panic_abort")
                .env("RUSTC", RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTFLAGS", "-Clink-self-contained=no -L/usr/lib/wasm32-wasi")
                .env_remove("CARGO_ENCODED_RUSTFLAGS")
                .env("PATH", std::env::join_paths(path)?);
        }
        Ok(build)
    }
}

/// Where Debian's `rustc-web` puts its compiler.
const RUSTC: &str = "/usr/bin/rustc";

/// Where tools from crates.io are installed.
fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

fn rustup_target_is_installed() -> bool {
    output(command("rustc").args(["--print", "sysroot"])).is_some_and(|sysroot| {
        Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir()
    })
}

/// Asks rustup, whose progress and complaints the user sees, and says whether the target is there.
fn add_rustup_target() -> anyhow::Result<bool> {
    if output(command("rustup").arg("--version")).is_none() {
        return Ok(false);
    }
    let mut rustup = command("rustup");
    rustup.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0");
    match supervise(&mut start(&mut rustup)?)? {
        Some(status) => Ok(status.success() && rustup_target_is_installed()),
        None => bail!("stopped by a signal"),
    }
}

/// The linker's folder, if all that the second way needs is there.
fn debian_packages_are_installed() -> Option<PathBuf> {
    let version = output(command(RUSTC).arg("--version"))?;
    let is_new = version::printed(&version)? >= OLDEST_RUSTC_WEB;
    let sysroot = output(command(RUSTC).args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    let linker = tools_dir().join("bin").join(WASM_COMPONENT_LD.0);
    let complete = is_new
        && library.is_file()
        && linker.is_file()
        && Path::new("/usr/lib/wasm32-wasi/libc.a").is_file();
    complete.then(newest_llvm).flatten()
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

/// The packages to install, if Debian offers them in a version that will do.
fn debian_packages() -> Option<Vec<String>> {
    let offered = || {
        let policy = output(command("apt-cache").args(["policy", "rustc-web"]))?;
        let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "))?;
        (version::parse(candidate)? >= OLDEST_RUSTC_WEB).then_some(())
    };
    if offered().is_none() {
        // The lists of a new machine are old or empty.
        run_in_terminal(as_root("apt-get").args(["update", "-q"])).ok()?;
        offered()?;
    }
    let linkers = output(command("apt-cache").args(["search", "--names-only", "^lld-[0-9]+$"]))?;
    let newest = linkers
        .lines()
        .filter_map(|line| {
            line.split_whitespace().next()?.strip_prefix("lld-")?.parse::<u32>().ok()
        })
        .max()?;
    let mut packages = ["rustc-web", "rust-web-src", "wasi-libc"].map(str::to_owned).to_vec();
    packages.push(format!("lld-{newest}"));
    Some(packages)
}

fn install(packages: &[String]) -> anyhow::Result<()> {
    println!("Installing {}", packages.join(" "));
    install_packages(packages)?;
    let (tool, version) = WASM_COMPONENT_LD;
    println!("Installing {tool} {version} from crates.io into {}", tools_dir().display());
    let mut install = cargo();
    // A folder of its own: it is built by the native toolchain with its own profile.
    install.env("CARGO_TARGET_DIR", target_dir().join("tools/build"));
    run(install
        .args(["install", "--locked", "--version", version, tool, "--root"])
        .arg(tools_dir()))
}

/// Installs packages of Debian.
pub fn install_packages(packages: &[String]) -> anyhow::Result<()> {
    let mut install = as_root("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
    run_in_terminal(install.env("DEBIAN_FRONTEND", "noninteractive"))
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
