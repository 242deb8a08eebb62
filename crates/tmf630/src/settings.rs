//! What a deployment chooses.

use http::Uri;

/// The settings of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Scheme and authority, and perhaps a path, that clients reach the API under, without a slash
    /// at the end. Where it is not set, each request tells how it was reached.
    pub(crate) base_url: Option<String>,
    /// The tenant whose data is served.
    pub(crate) tenant: String,
    /// Whether a part of a list is answered with 206 instead of 200.
    pub(crate) partial_content: bool,
    /// How many resources a page of a list has at most.
    pub(crate) max_page_size: usize,
    pub(crate) state_transitions: StateTransitions,
    pub(crate) references: References,
    /// What keeps the data.
    pub key_value_store: StoreType,
}

/// What is behind Spin's key-value store, as its runtime configuration calls it. That decides what a
/// call may ask of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreType {
    /// Spin's own, on SQLite.
    Spin,
    /// Azure Cosmos DB.
    AzureCosmos,
    /// Amazon DynamoDB.
    AwsDynamo,
}

/// Which changes of `state` are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateTransitions {
    /// All.
    Open,
    /// Those of the life cycle of TM Forum's billing management.
    Tmf,
}

/// Whether what a document refers to must exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum References {
    /// No: it may be kept elsewhere.
    Open,
    /// Yes, if it is of a kind that this API keeps.
    Strict,
}

impl Settings {
    /// The variables that settings are made of, with their defaults.
    pub const VARIABLES: [(&'static str, &'static str); 7] = [
        ("base_url", ""),
        ("tenant", "default"),
        ("partial_content", "200"),
        ("max_page_size", "1000"),
        ("state_transitions", "open"),
        ("references", "open"),
        ("key_value_store", "spin"),
    ];

    /// The default of the variable.
    pub fn default_of(name: &str) -> &'static str {
        let variable = Self::VARIABLES.iter().find(|(variable, _)| *variable == name);
        variable.map_or("", |(_, default)| default)
    }

    /// Checks the settings as they were configured; `value_of` tells the value of a variable. An
    /// empty `base_url` counts as not set.
    pub fn read<'v>(value_of: impl Fn(&str) -> &'v str) -> Result<Self, String> {
        let partial_content =
            choice("partial_content", &value_of, &[("200", false), ("206", true)]);
        let transitions = [("open", StateTransitions::Open), ("tmf", StateTransitions::Tmf)];
        let stores = [
            ("spin", StoreType::Spin),
            ("azure_cosmos", StoreType::AzureCosmos),
            ("aws_dynamo", StoreType::AwsDynamo),
        ];
        let references = [("open", References::Open), ("strict", References::Strict)];
        Ok(Self {
            base_url: base_url(value_of("base_url"))?,
            tenant: tenant(value_of("tenant"))?,
            partial_content: partial_content?,
            max_page_size: page_size(value_of("max_page_size"))?,
            state_transitions: choice("state_transitions", &value_of, &transitions)?,
            references: choice("references", &value_of, &references)?,
            key_value_store: choice("key_value_store", &value_of, &stores)?,
        })
    }
}

fn base_url(value: &str) -> Result<Option<String>, String> {
    let base_url = value.trim_end_matches('/');
    if base_url.is_empty() {
        return Ok(None);
    }
    let uri: Uri = base_url.parse().map_err(|error| {
        format!("base_url {base_url:?} is not a URL ({error}); https://api.example.com is")
    })?;
    let absolute = matches!(uri.scheme_str(), Some("http" | "https"));
    if !absolute || uri.query().is_some() {
        return Err(format!(
            "base_url {base_url:?} must begin with http:// or https:// and have no query"
        ));
    }
    Ok(Some(base_url.to_owned()))
}

fn tenant(value: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !(1..=64).contains(&value.len()) || !value.chars().all(allowed) {
        return Err(format!("tenant {value:?} must be 1 to 64 characters of A-Z a-z 0-9 _ -"));
    }
    Ok(value.to_owned())
}

fn page_size(value: &str) -> Result<usize, String> {
    let size = value.parse().ok().filter(|size| (1..=100_000).contains(size));
    size.ok_or_else(|| format!("max_page_size {value:?} must be a number from 1 to 100000"))
}

fn choice<'v, T: Copy>(
    name: &str,
    value_of: impl Fn(&str) -> &'v str,
    choices: &[(&str, T)],
) -> Result<T, String> {
    let value = value_of(name);
    let chosen = choices.iter().find(|(choice, _)| *choice == value);
    chosen.map(|(_, choice)| *choice).ok_or_else(|| {
        let choices: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        format!("{name} {value:?} must be {}", choices.join(" or "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &'static str) -> Result<Settings, String> {
        Settings::read(
            |variable| {
                if variable == name { value } else { Settings::default_of(variable) }
            },
        )
    }

    #[test]
    fn a_base_url_is_absolute_or_not_set() {
        let base_url = |url| with("base_url", url).map(|settings| settings.base_url);
        assert_eq!(base_url(""), Ok(None));
        assert_eq!(
            base_url("https://api.example.com/"),
            Ok(Some("https://api.example.com".into()))
        );
        for wrong in ["api.example.com", "/path", "ftp://example.com", "https://a b", "http://a?b"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tenant_cannot_name_the_tree_of_another_resource() {
        assert!(with("tenant", "acme-1_x").is_ok());
        for wrong in ["", "a.b", "a:b", "a/b", "ä", "a b"] {
            assert!(with("tenant", wrong).is_err(), "{wrong}");
        }
        assert!(tenant(&"x".repeat(65)).is_err());
    }

    #[test]
    fn a_page_has_at_least_one_resource_and_not_too_many() {
        assert_eq!(with("max_page_size", "1").unwrap().max_page_size, 1);
        assert_eq!(Settings::read(Settings::default_of).unwrap().max_page_size, 1000);
        for wrong in ["", "0", "-1", "1e3", "100001", "99999999999999999999"] {
            assert!(with("max_page_size", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn choices_are_chosen_among() {
        assert!(with("partial_content", "206").unwrap().partial_content);
        assert_eq!(with("references", "strict").unwrap().references, References::Strict);
        let store = with("key_value_store", "aws_dynamo").unwrap().key_value_store;
        assert_eq!(store, StoreType::AwsDynamo);
        // Its compare-and-swap does not work on Spin.
        let error = with("key_value_store", "redis").unwrap_err();
        assert_eq!(error, r#"key_value_store "redis" must be spin or azure_cosmos or aws_dynamo"#);
        let error = with("state_transitions", "closed").unwrap_err();
        assert_eq!(error, r#"state_transitions "closed" must be open or tmf"#);
    }
}
