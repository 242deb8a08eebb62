//! `cargo xtask token`: prints an access token that is signed with a development key, or the issuer
//! of such tokens for the variable `jwt_issuers`.
//!
//! Nobody has to be asked for such a token, so nobody but developers may accept it.
//!
//! # Layout
//!
//! * `claims` – what a token says.
//! * `key` – the development key, and the file that it is kept in.

#![forbid(unsafe_code)]

mod claims;
mod key;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Parser;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::claims::{AUDIENCE, Claims, ISSUER, name, tenant, time_to_live};
use crate::key::DevelopmentKey;

/// Prints an access token for trials, signed with the development key.
///
/// The application accepts it where jwt_issuers has the entry that --issuer prints, such as with
/// `development_issuer = true` in the file of `cargo xtask up --config`. The key is made when it is
/// first needed.
#[derive(Parser)]
#[command(name = "cargo xtask token", bin_name = "cargo xtask token")]
struct Arguments {
    /// The tenant whose data the token is for: 1 to 64 characters of A-Z a-z 0-9 _ -.
    #[arg(long, required_unless_present = "issuer", value_parser = tenant)]
    tenant: Option<String>,
    /// The id of a party that the caller acts for. May be given several times.
    #[arg(long = "party", value_name = "ID", value_parser = name)]
    parties: Vec<String>,
    /// What the caller may do; several scopes are separated by blanks. May be given several times.
    #[arg(long = "scope", value_name = "SCOPES", value_parser = name)]
    scopes: Vec<String>,
    /// Who the caller is.
    #[arg(long, default_value = "developer", value_parser = name)]
    subject: String,
    /// How long the token is valid, such as 90s, 15m or 1h: at most 24h.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time_to_live)]
    expires: SignedDuration,
    /// Print the entry of the development key for jwt_issuers instead.
    #[arg(long, conflicts_with_all = ["tenant", "parties", "scopes", "subject", "expires"])]
    issuer: bool,
    /// The file of the key.
    #[arg(long, value_name = "FILE", default_value_os_t = key_file(), hide = true)]
    key_file: PathBuf,
}

/// Where the key is kept: with what is built, which is never committed.
fn key_file() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir.ancestors().nth(2).unwrap_or(manifest_dir).join("target/development-key.json")
}

/// What `jwt_issuers` has of the tokens that `key` signs.
fn issuer(key: &DevelopmentKey) -> Value {
    json!({ "issuer": ISSUER, "audience": AUDIENCE, "keys": { "keys": [key.public()] } })
}

/// What is printed.
fn output(arguments: Arguments) -> anyhow::Result<String> {
    let key = DevelopmentKey::read_or_make(&arguments.key_file)?;
    let Some(tenant) = arguments.tenant else { return Ok(issuer(&key).to_string()) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.context("the clock of this machine is wrong")?.as_secs();
    key.sign(&Claims {
        iss: ISSUER,
        aud: AUDIENCE,
        azp: "cargo-xtask",
        sub: arguments.subject,
        iat: now,
        exp: now.saturating_add(arguments.expires.as_secs().unsigned_abs()),
        tenant,
        party_id: claims::parties(arguments.parties),
        scope: claims::scopes(&arguments.scopes),
    })
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // There is nobody to tell if it cannot be printed.
            _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match output(arguments) {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
