//! The components of the application, with their routes and variables.

use account_management::{ACCOUNT_MANAGEMENT, ALL};
use tmf630::Definition;
use tmf630::model::api::Api;
use tmf630::model::job::Job;
use tmf630::model::variable::Variable;
use tmf630::settings::{
    VARIABLES, VARIABLES_OF_DOCUMENTS, VARIABLES_OF_ENTRIES, variables_of_maintenance,
};

/// A component of the application.
pub struct Component {
    /// Its name, which is that of its package and its folder.
    pub name: String,
    pub routes: Vec<String>,
    pub variables: Vec<&'static Variable>,
    /// Whether it has the store.
    pub has_store: bool,
    /// Whether it asks issuers for their keys.
    pub asks_issuers: bool,
    /// What it is compiled from, beside its own folder.
    pub sources: &'static [&'static str],
}

/// The host that keys are fetched from, for the application alone: components find it among the hosts
/// that they may send requests to. Nothing is at the host that stands for none (RFC 6761).
pub const JWKS_HOST: Variable = Variable {
    name: "jwks_host",
    default: "https://jwks.invalid",
    choices: &[],
    description: "The host that the keys of issuers are fetched from (jwks_url), as allowed_outbound_hosts has it.",
    is_secret: false,
};

/// What the component `maintenance` goes on with.
const JOBS: &[&dyn Job] = &[];

/// All of them.
pub fn all() -> Vec<Component> {
    let mut components: Vec<_> = ALL.into_iter().map(of_resource).collect();
    components.push(Component {
        name: "openapi-document".to_owned(),
        routes: routes(&ACCOUNT_MANAGEMENT, "openapi.json"),
        variables: VARIABLES_OF_DOCUMENTS.iter().collect(),
        has_store: false,
        asks_issuers: false,
        sources: &["crates/**/*.rs", "docs/openapi/*.json"],
    });
    components.push(Component {
        name: "maintenance".to_owned(),
        routes: vec!["/maintenance".to_owned()],
        variables: variables_of_maintenance(JOBS),
        has_store: true,
        asks_issuers: false,
        sources: &["crates/**/*.rs", "schemas/**/*"],
    });
    components.push(Component {
        name: "entry".to_owned(),
        routes: vec!["/...".to_owned()],
        variables: VARIABLES_OF_ENTRIES.iter().collect(),
        has_store: false,
        asks_issuers: false,
        sources: &["crates/**/*.rs"],
    });
    components
}

/// All variables, each once: those that components have, in their order, behind those that they do not
/// have.
pub fn variables() -> Vec<&'static Variable> {
    let mut variables: Vec<&Variable> = vec![&JWKS_HOST];
    for variable in all().into_iter().flat_map(|component| component.variables) {
        if !variables.contains(&variable) {
            variables.push(variable);
        }
    }
    variables
}

fn of_resource(definition: &'static Definition) -> Component {
    Component {
        name: kebab_case(definition.name()),
        routes: routes(definition.api, &format!("{}/...", definition.name())),
        variables: VARIABLES.iter().chain(definition.variables).collect(),
        has_store: true,
        asks_issuers: true,
        sources: &["crates/**/*.rs", "schemas/**/*"],
    }
}

fn routes(api: &Api, rest: &str) -> Vec<String> {
    let versions = api.versions.iter();
    versions.map(|version| format!("{}/{rest}", api.base_path(version.version))).collect()
}

/// `billingAccount` as `billing-account`.
fn kebab_case(name: &str) -> String {
    let mut kebab = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}
