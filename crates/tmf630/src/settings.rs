//! What a deployment chooses.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::address::{is_host, is_prefix};

use crate::events::settings::{self as event_settings, EventSettings};
use crate::model::variable::Variable;

/// The settings of a deployment. The default is for an answer that depends on none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Scheme and authority, and perhaps a path, that clients reach the API under, without a slash
    /// at the end. Where it is not set, each request tells how it was reached.
    pub(crate) base_url: Option<String>,
    /// Whether what headers say of a proxy in front is believed where `base_url` is not set.
    pub(crate) trust_forwarded: bool,
    /// Whether callers are asked who they are.
    pub(crate) asks_who_calls: bool,
    /// The roles in which a party must be named to see what names it; any, where there are none.
    pub(crate) party_roles: BTreeSet<String>,
    /// Whether a part of a list is answered with 206 instead of 200.
    pub(crate) partial_content: bool,
    /// How many resources a page of a list has at most.
    pub(crate) max_page_size: usize,
    pub(crate) references: References,
    /// The address of the store that hosts share, which can have a password. Empty: Spin's own.
    pub store: String,
    /// How many replicas have to vouch for a write, where the store is Redis.
    pub store_replicas: u32,
    /// What is behind Spin's own.
    pub key_value_store: StoreType,
    /// What the rules of the API let the deployment choose, by name.
    own: BTreeMap<&'static str, String>,
}

/// What is behind Spin's key-value store, as its runtime configuration calls it. That decides what a
/// call may ask of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoreType {
    /// Spin's own, on SQLite.
    #[default]
    Spin,
    /// Azure Cosmos DB.
    AzureCosmos,
    /// Amazon DynamoDB.
    AwsDynamo,
}

/// Whether what a document refers to must exist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum References {
    /// No: it may be kept elsewhere.
    #[default]
    Open,
    /// Yes, if it is of a kind that this API keeps.
    Strict,
}

/// The variables of every resource.
pub const VARIABLES: &[Variable] = &[
    BASE_URL,
    TRUST_FORWARDED,
    TENANT,
    AUTH,
    JWT_ISSUERS,
    Variable {
        name: "party_roles",
        default: "",
        choices: &[],
        description: "The roles, separated by commas, in which a party must be named to see what names it. Empty: any.",
        is_secret: false,
    },
    Variable {
        name: "partial_content",
        default: "200",
        choices: &["200", "206"],
        description: "How a part of a list is answered: 200, or 206 with Content-Range.",
        is_secret: false,
    },
    Variable {
        name: "max_page_size",
        default: "1000",
        choices: &[],
        description: "How many resources a page of a list has at most: 1 to 100000.",
        is_secret: false,
    },
    Variable {
        name: "references",
        default: "open",
        choices: &["open", "strict"],
        description: "Whether what a document refers to must exist: open (no), or strict (yes, if this API keeps it).",
        is_secret: false,
    },
    STORE,
    Variable {
        name: "store_replicas",
        default: "0",
        choices: &[],
        description: "How many replicas have to have a write before it is acknowledged, where store is Redis: 0 to 10.",
        is_secret: false,
    },
    Variable {
        name: "key_value_store",
        default: "spin",
        choices: &["spin", "azure_cosmos", "aws_dynamo"],
        description: "What keeps the data where store is empty, as Spin's runtime configuration calls it: spin (its own store), azure_cosmos, or aws_dynamo.",
        is_secret: false,
    },
];

/// The variables of what is the same for everybody, such as the description of an API.
pub const VARIABLES_OF_DOCUMENTS: &[Variable] = &[];

/// The variables of entry documents.
pub const VARIABLES_OF_ENTRIES: &[Variable] = &[BASE_URL, TRUST_FORWARDED, AUTH, CONSOLE];

/// Whether there is a console.
pub const CONSOLE: Variable = Variable {
    name: "console",
    default: "on",
    choices: &["on", "off"],
    description: "Whether there is a console under /console/, to which / sends browsers: on, or off.",
    is_secret: false,
};

/// Whether the APIs can be read and tried in a browser.
pub const API_PAGE: Variable = Variable {
    name: "api_page",
    default: "on",
    choices: &["on", "off"],
    description: "Whether there is a page under /docs/ on which the APIs are read and tried: on, or off.",
    is_secret: false,
};

/// The secret of who may let jobs go on.
pub const MAINTENANCE_TOKEN: Variable = Variable {
    name: "maintenance_token",
    default: "",
    choices: &[],
    description: "The bearer token of POST /maintenance, which goes on with what was interrupted. Empty: it is not there.",
    is_secret: true,
};

/// The secret of who may export and import all data of a tenant.
pub const TRANSFER_TOKEN: Variable = Variable {
    name: "transfer_token",
    default: "",
    choices: &[],
    description: "The bearer token of /transfer/, where all data of a tenant is exported and imported. Empty: it is not there.",
    is_secret: true,
};

/// Where the store is that hosts share.
pub const STORE: Variable = Variable {
    name: "store",
    default: "",
    choices: &[],
    description: "The store: redis://, rediss:// or postgres:// with user, password, host and database. Empty: Spin's own.",
    is_secret: true,
};

const BASE_URL: Variable = Variable {
    name: "base_url",
    default: "",
    choices: &[],
    description: "The address that clients reach the API under, for absolute links. Empty: as each request says.",
    is_secret: false,
};

pub(crate) const TRUST_FORWARDED: Variable = Variable {
    name: "trust_forwarded",
    default: "no",
    choices: &["no", "yes"],
    description: "Whether Forwarded and X-Forwarded-* tell how a request came: no, or yes (behind a proxy that sets them).",
    is_secret: false,
};

/// Whose data is served.
pub const TENANT: Variable = Variable {
    name: "tenant",
    default: "default",
    choices: &[],
    description: "The tenant whose data is served, or * for that which each token names.",
    is_secret: false,
};

/// Whether callers are asked who they are.
pub const AUTH: Variable = Variable {
    name: "auth",
    default: "none",
    choices: &["none", "jwt"],
    description: "Whether callers are asked who they are: none (everybody may do everything), or jwt (access tokens).",
    is_secret: false,
};

/// Whose tokens are accepted.
pub const JWT_ISSUERS: Variable = Variable {
    name: "jwt_issuers",
    default: "",
    choices: &[],
    description: "Whose access tokens are accepted, with which keys: a JSON list, where auth is jwt.",
    is_secret: true,
};

impl Settings {
    /// Checks the settings as they were configured: `value_of` tells the value of a variable, if it
    /// is one that the component has. `own` are those that are not every resource's. An empty `base_url`
    /// counts as not set.
    pub fn read<'v>(
        own: impl IntoIterator<Item = &'static Variable>,
        value_of: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for variable in VARIABLES.iter().chain(own) {
            let value = value_of(variable.name).unwrap_or(variable.default);
            variable.check(value)?;
            values.insert(variable.name, value.to_owned());
        }
        let mut take = |name: &str| values.remove(name).unwrap_or_default();
        // Who calls, and for whom, is not this crate's to find out.
        [TENANT, JWT_ISSUERS].iter().for_each(|variable| drop(take(variable.name)));
        let settings = Self {
            base_url: base_url(&take("base_url"))?,
            asks_who_calls: take("auth") == "jwt",
            party_roles: roles(&take("party_roles"))?,
            trust_forwarded: take("trust_forwarded") == "yes",
            partial_content: take("partial_content") == "206",
            max_page_size: page_size(&take("max_page_size"))?,
            references: match &take("references")[..] {
                "strict" => References::Strict,
                _ => References::Open,
            },
            store: take("store"),
            store_replicas: replicas(&take("store_replicas"))?,
            key_value_store: match &take("key_value_store")[..] {
                "azure_cosmos" => StoreType::AzureCosmos,
                "aws_dynamo" => StoreType::AwsDynamo,
                _ => StoreType::Spin,
            },
            own: values,
        };
        if settings.own.contains_key(event_settings::HOSTS.name) {
            EventSettings::of(&settings)?;
        }
        Ok(settings)
    }

    /// The value of a variable of the API's own.
    pub fn value(&self, variable: &Variable) -> &str {
        self.own.get(variable.name).map_or(variable.default, String::as_str)
    }
}

fn base_url(value: &str) -> Result<Option<String>, String> {
    let base_url = value.trim_end_matches('/');
    if base_url.is_empty() {
        return Ok(None);
    }
    let rest = base_url.strip_prefix("https://").or(base_url.strip_prefix("http://"));
    let is_clean = rest.is_some_and(|rest| {
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        is_host(host) && (path.is_empty() || is_prefix(path))
    });
    if !is_clean {
        return Err(format!(
            "base_url {base_url:?} must be http:// or https:// and a host, perhaps with a port and a \
             path, such as https://api.example.com/eu"
        ));
    }
    Ok(Some(base_url.to_owned()))
}

fn roles(value: &str) -> Result<BTreeSet<String>, String> {
    let roles: BTreeSet<_> = value.split(',').map(|role| role.trim().to_owned()).collect();
    let is_any = value.trim().is_empty();
    if !is_any && roles.contains("") {
        return Err(format!("party_roles {value:?} must be roles, separated by commas"));
    }
    Ok(if is_any { BTreeSet::new() } else { roles })
}

fn replicas(value: &str) -> Result<u32, String> {
    let count = value.parse().ok().filter(|count| *count <= 10);
    count.ok_or_else(|| format!("store_replicas {value:?} must be a number from 0 to 10"))
}

fn page_size(value: &str) -> Result<usize, String> {
    let size = value.parse().ok().filter(|size| (1..=100_000).contains(size));
    size.ok_or_else(|| format!("max_page_size {value:?} must be a number from 1 to 100000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &[Variable] = &[Variable {
        name: "own",
        default: "a",
        choices: &["a", "b"],
        description: "",
        is_secret: false,
    }];

    fn with(name: &str, value: &'static str) -> Result<Settings, String> {
        Settings::read(OWN, |variable| (variable == name).then_some(value))
    }

    #[test]
    fn a_base_url_is_absolute_or_not_set() {
        let base_url = |url| with("base_url", url).map(|settings| settings.base_url);
        assert_eq!(base_url(""), Ok(None));
        assert_eq!(
            base_url("https://api.example.com/"),
            Ok(Some("https://api.example.com".into()))
        );
        assert!(base_url("http://127.0.0.1:3000/eu").is_ok());
        for wrong in [
            "api.example.com",
            "/path",
            "ftp://example.com",
            "https://a b",
            "http://a?b",
            "https://user:pw@a",
            "https://a/\"b",
            "https://a/../b",
            "https://",
        ] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roles_are_separated_by_commas() {
        let roles = |value| with("party_roles", value).map(|settings| settings.party_roles);
        assert_eq!(roles(""), Ok(BTreeSet::new()));
        let some = BTreeSet::from(["owner".to_owned(), "sales partner".to_owned()]);
        assert_eq!(roles("owner, sales partner"), Ok(some));
        for wrong in [",", "owner,", "a,,b"] {
            assert!(roles(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_has_at_least_one_resource_and_not_too_many() {
        assert_eq!(with("max_page_size", "1").unwrap().max_page_size, 1);
        assert_eq!(Settings::read(&[], |_| None).unwrap().max_page_size, 1000);
        for wrong in ["", "0", "-1", "1e3", "100001", "99999999999999999999"] {
            assert!(with("max_page_size", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn replicas_that_vouch_are_counted() {
        assert_eq!(with("store_replicas", "2").unwrap().store_replicas, 2);
        assert_eq!(Settings::read(&[], |_| None).unwrap().store_replicas, 0);
        for wrong in ["", "-1", "11", "one"] {
            assert!(with("store_replicas", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn choices_are_chosen_among() {
        assert!(with("partial_content", "206").unwrap().partial_content);
        assert!(with("trust_forwarded", "yes").unwrap().trust_forwarded);
        assert!(with("trust_forwarded", "true").is_err());
        assert_eq!(with("references", "strict").unwrap().references, References::Strict);
        let store = with("key_value_store", "aws_dynamo").unwrap().key_value_store;
        assert_eq!(store, StoreType::AwsDynamo);
        // Its compare-and-swap does not work on Spin.
        let error = with("key_value_store", "redis").unwrap_err();
        assert_eq!(error, r#"key_value_store "redis" must be spin or azure_cosmos or aws_dynamo"#);
        let error = with("own", "c").unwrap_err();
        assert_eq!(error, r#"own "c" must be a or b"#);
        assert_eq!(with("own", "b").unwrap().value(&OWN[0]), "b");
        assert_eq!(with("references", "open").unwrap().value(&OWN[0]), "a");
    }
}
