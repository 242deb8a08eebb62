//! The versions of the API that there are schemas of, and how their official files are built.

use anyhow::bail;
use serde_json::Value;

/// A version of the API.
pub struct Version {
    /// Where in the official file its types are (JSON Pointer).
    pub types: &'static str,
    /// What the name of a type ends in that says what a new value must have.
    pub for_creation: &'static str,
    /// The folder of the project's own schemas.
    pub folder: &'static str,
    /// Whether the file has example requests.
    pub has_examples: bool,
}

const V4: Version =
    Version { types: "/definitions", for_creation: "_Create", folder: "v4", has_examples: false };

const V5: Version = Version {
    types: "/components/schemas",
    for_creation: "_FVO",
    folder: "v5",
    has_examples: true,
};

impl Version {
    /// The version that an official file is of.
    pub fn of(spec: &Value) -> anyhow::Result<Self> {
        match spec["info"]["version"].as_str().unwrap_or_default() {
            version if version.starts_with("4.") => Ok(V4),
            version if version.starts_with("5.") => Ok(V5),
            version => bail!("version {version:?} is neither 4 nor 5"),
        }
    }
}
