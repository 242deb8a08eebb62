//! `cargo xtask conformance`: compares the project with an official API file of TMF666 or TMF678.
//!
//! # Layout
//!
//! * `official` – the types that the official file describes.
//! * `own` – the types that the schemas of this project describe.
//! * `operations` – what can be done, officially and here.
//! * `events` – the types of events, officially and here.
//! * `known` – the differences that are meant, with their reasons.
//! * `version` – the versions of the APIs, and how their official files are built.
//! * `types` – what a type is, and how two differ.
//! * `yaml` – reading the file.
//! * `examples` – the official requests, sent to the running application.

#![forbid(unsafe_code)]

mod events;
mod examples;
mod known;
mod official;
mod operations;
mod own;
mod types;
mod version;
mod yaml;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use types::Types;
use version::Version;

/// Compares the schemas with an official API file, attribute by attribute, and sends its example
/// requests to the application.
#[derive(Parser)]
struct Arguments {
    /// The official file, as YAML or JSON.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
}

async fn compare(arguments: &Arguments) -> anyhow::Result<bool> {
    let path = arguments.spec.display();
    let text =
        std::fs::read_to_string(&arguments.spec).with_context(|| format!("reading {path}"))?;
    let spec = yaml::read(&text).with_context(|| format!("reading {path}"))?;
    let version = Version::of(&spec).with_context(|| format!("{path}"))?;

    let classes = version.classes();
    let official = Types::reachable(&classes, |name| official::read(&version, &spec, name))?;
    let own = Types::reachable(&classes, |name| own::read(&version, name))?;
    println!("{} types, {} attributes", official.count(), official.attributes());
    let mut differences = types::differences(&official, &own);
    differences.extend(operations::differences(&version, &spec)?);
    differences.extend(events::differences(&version, &spec)?);
    let judged = known::judge(&version.name(), differences);
    for (difference, reason) in &judged.known {
        println!("differs on purpose: {difference}: {reason}");
    }
    for difference in &judged.unknown {
        println!("differs: {difference}");
    }
    for difference in &judged.gone {
        println!("does not differ any more: {difference}");
    }
    let is_as_known = judged.unknown.is_empty() && judged.gone.is_empty();
    if !version.has_examples {
        return Ok(is_as_known);
    }
    let examples = examples::try_all(&version, &spec).await?;
    println!(
        "{} example requests, {} accepted",
        examples.len(),
        examples.iter().filter(|e| e.accepted).count()
    );
    for refused in examples.iter().filter(|example| !example.accepted) {
        println!("refused: {}: {}", refused.name, refused.answer);
    }
    Ok(is_as_known && examples.iter().all(|example| example.accepted))
}

#[tokio::main]
async fn main() -> ExitCode {
    match compare(&Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
