//! The versions of the APIs that there are schemas of, and how their official files are built.

use account_management::ACCOUNT_MANAGEMENT;
use anyhow::{Context, bail};
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use serde_json::Value;
use tmf630::model::api::Api;

/// A version of an API.
pub struct Version {
    pub api: &'static Api,
    pub number: tmf630::Version,
    /// Where in the official file its types are (JSON Pointer).
    pub types: &'static str,
    /// What the name of a type ends in that says what a new value must have.
    pub for_creation: &'static str,
    /// The folder of the project's own schemas.
    pub folder: &'static str,
    /// Whether the file has example requests.
    pub has_examples: bool,
}

const V4: Version = Version {
    api: &ACCOUNT_MANAGEMENT,
    number: tmf630::Version::V4,
    types: "/definitions",
    for_creation: "_Create",
    folder: "v4",
    has_examples: false,
};

const V5: Version = Version {
    number: tmf630::Version::V5,
    types: "/components/schemas",
    for_creation: "_FVO",
    folder: "v5",
    has_examples: true,
    ..V4
};

impl Version {
    /// The version that an official file is of.
    pub fn of(spec: &Value) -> anyhow::Result<Self> {
        let version = match spec["info"]["version"].as_str().unwrap_or_default() {
            version if version.starts_with("4.") => V4,
            version if version.starts_with("5.") => V5,
            version => bail!("version {version:?} is neither 4 nor 5"),
        };
        // Titles differ from version to version; the paths of resources do not.
        let is_in_file = |api: &&&Api| {
            let mut names = api.resources_of(version.number).map(|resource| resource.name);
            names.all(|name| spec["paths"].get(format!("/{name}")).is_some())
        };
        let api = [&ACCOUNT_MANAGEMENT, &CUSTOMER_BILL_MANAGEMENT]
            .iter()
            .copied()
            .find(|api| is_in_file(&api));
        Ok(Self { api: api.context("the file is of no API that is here")?, ..version })
    }

    /// The name of the version, such as `TMF666-v5`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.api.number, self.folder)
    }

    /// The classes of its resources, by their names in the version.
    pub fn classes(&self) -> Vec<&'static str> {
        let all = account_management::ALL.into_iter().chain(customer_bill_management::ALL);
        let own = all.filter(|definition| {
            definition.api.number == self.api.number
                && definition.resource.versions.contains(&self.number)
        });
        own.map(|definition| self.number.schema(definition.class).type_name()).collect()
    }
}
