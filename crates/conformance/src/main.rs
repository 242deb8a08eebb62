//! `cargo xtask conformance`: compares the project with an official API file of TMF666.
//!
//! # Layout
//!
//! * `official` – the types that the official file describes.
//! * `own` – the types that the schemas of this project describe.
//! * `version` – the versions of the API, and how their official files are built.
//! * `types` – what a type is, and how two differ.
//! * `yaml` – reading the file.
//! * `examples` – the official requests, sent to the running application.

#![forbid(unsafe_code)]

mod examples;
mod official;
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

/// The resources of the API: their classes, and their names in paths.
const RESOURCES: [(&str, &str); 7] = [
    ("PartyAccount", "partyAccount"),
    ("BillingAccount", "billingAccount"),
    ("SettlementAccount", "settlementAccount"),
    ("FinancialAccount", "financialAccount"),
    ("BillFormat", "billFormat"),
    ("BillPresentationMedia", "billPresentationMedia"),
    ("BillingCycleSpecification", "billingCycleSpecification"),
];

async fn compare(arguments: &Arguments) -> anyhow::Result<bool> {
    let path = arguments.spec.display();
    let text =
        std::fs::read_to_string(&arguments.spec).with_context(|| format!("reading {path}"))?;
    let spec = yaml::read(&text).with_context(|| format!("reading {path}"))?;
    let version = Version::of(&spec).with_context(|| format!("{path}"))?;

    let classes = RESOURCES.map(|(class, _)| class);
    let official = Types::reachable(&classes, |name| official::read(&version, &spec, name))?;
    let own = Types::reachable(&classes, |name| own::read(&version, name))?;
    let differences = types::differences(&official, &own);
    println!("{} types, {} attributes", official.count(), official.attributes());
    for difference in &differences {
        println!("differs: {difference}");
    }
    if !version.has_examples {
        return Ok(differences.is_empty());
    }
    let examples = examples::try_all(&spec).await?;
    println!(
        "{} example requests, {} accepted",
        examples.len(),
        examples.iter().filter(|e| e.accepted).count()
    );
    for refused in examples.iter().filter(|example| !example.accepted) {
        println!("refused: {}: {}", refused.name, refused.answer);
    }
    Ok(differences.is_empty() && examples.iter().all(|example| example.accepted))
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
