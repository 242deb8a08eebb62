//! The components of the application, with their routes and variables.

use account_management::ACCOUNT_MANAGEMENT;
use customer_bill_management::CUSTOMER_BILL_MANAGEMENT;
use tmf630::Definition;
use tmf630::model::api::{Api, ApiVersion};
use tmf630::model::variable::Variable;
use tmf630::settings::{API_PAGE, VARIABLES, VARIABLES_OF_DOCUMENTS, VARIABLES_OF_ENTRIES};

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

/// The host of the store, for the application alone, as above.
pub const STORE_HOST: Variable = Variable {
    name: "store_host",
    default: "redis://store.invalid:6379",
    choices: &[],
    description: "The host that the variable store names, as allowed_outbound_hosts has it, such as postgres://db.example.com:5432.",
    is_secret: false,
};

/// The APIs of the application.
const APIS: [&Api; 2] = [&ACCOUNT_MANAGEMENT, &CUSTOMER_BILL_MANAGEMENT];

/// All of them.
pub fn all() -> Vec<Component> {
    let mut components: Vec<Component> = Vec::new();
    for definition in account_management::ALL.into_iter().chain(customer_bill_management::ALL) {
        let component = of_resource(definition);
        // What several APIs call the same is one component.
        match components.iter_mut().find(|other| other.name == component.name) {
            Some(other) => {
                other.routes.extend(component.routes);
                for variable in component.variables {
                    if !other.variables.contains(&variable) {
                        other.variables.push(variable);
                    }
                }
            }
            None => components.push(component),
        }
    }
    let aliases = || APIS.into_iter().filter_map(|api| api.alias);
    components.push(Component {
        name: "openapi-document".to_owned(),
        routes: APIS
            .into_iter()
            .flat_map(|api| routes(api, api.versions.iter(), "openapi.json"))
            .collect(),
        variables: VARIABLES_OF_DOCUMENTS.iter().chain(aliases()).collect(),
        has_store: false,
        asks_issuers: false,
        sources: &["crates/**/*.rs", "docs/openapi/*.json"],
    });
    components.push(Component {
        name: "maintenance".to_owned(),
        routes: vec!["/maintenance".to_owned()],
        variables: tmf630::jobs::variables(customer_bill_management::JOBS),
        has_store: true,
        asks_issuers: false,
        sources: &["crates/**/*.rs", "schemas/**/*"],
    });
    components.push(Component {
        name: "transfer".to_owned(),
        routes: vec!["/transfer/...".to_owned()],
        variables: tmf630::transfer::variables(),
        has_store: true,
        asks_issuers: false,
        sources: &["crates/**/*.rs", "schemas/**/*"],
    });
    components.push(Component {
        name: "entry".to_owned(),
        routes: vec!["/...".to_owned()],
        variables: VARIABLES_OF_ENTRIES.iter().chain(aliases()).collect(),
        has_store: false,
        asks_issuers: false,
        sources: &["crates/**/*.rs"],
    });
    components.push(site("console", "/console/...", console_host::variables::VARIABLES.iter()));
    components.push(site("api-page", "/docs/...", [&API_PAGE].into_iter()));
    components
}

/// All variables, each once: those that components have, in their order, behind those that they do not
/// have.
pub fn variables() -> Vec<&'static Variable> {
    let mut variables: Vec<&Variable> = vec![&JWKS_HOST, &STORE_HOST];
    for variable in all().into_iter().flat_map(|component| component.variables) {
        if !variables.contains(&variable) {
            variables.push(variable);
        }
    }
    variables
}

/// Pages.
fn site(name: &str, route: &str, variables: impl Iterator<Item = &'static Variable>) -> Component {
    Component {
        name: name.to_owned(),
        routes: vec![route.to_owned()],
        variables: variables.collect(),
        has_store: false,
        asks_issuers: false,
        sources: &["crates/**/*.rs"],
    }
}

fn of_resource(definition: &'static Definition) -> Component {
    Component {
        name: kebab_case(definition.name()),
        routes: routes(
            definition.api,
            definition.api.versions_of(definition.resource),
            &format!("{}/...", definition.name()),
        ),
        variables: VARIABLES.iter().chain(definition.choices()).collect(),
        has_store: true,
        asks_issuers: true,
        sources: &["crates/**/*.rs", "schemas/**/*"],
    }
}

/// The routes to what versions of an API have at `rest`. Where the API can have an alias, which Spin does
/// not know of when it reads routes, they are also under any other name: the component sees which.
fn routes<'v>(
    api: &Api,
    versions: impl Iterator<Item = &'v ApiVersion>,
    rest: &str,
) -> Vec<String> {
    let alias = api.alias.and_then(|_| api.base.rsplit_once('/')).map(|(parent, _)| parent);
    let bases = |version: &ApiVersion| {
        let number = version.version.number();
        let alias = alias.map(|parent| format!("{parent}/:base/v{number}/{rest}"));
        [format!("{}/{rest}", api.base_path(version.version))].into_iter().chain(alias)
    };
    versions.flat_map(bases).collect()
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
