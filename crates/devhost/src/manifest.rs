//! `spin.toml`, manifest version 2: the part of it that this host supports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;

/// A Spin application. A key that is not here is refused by name, be it unknown to Spin too or only
/// to this host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    spin_manifest_version: u32,
    /// What the application is.
    pub application: Application,
    /// The variables that can be set from outside, by name.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// What leads to components.
    pub trigger: Triggers,
    /// The components, by id.
    pub component: BTreeMap<String, Component>,
}

/// What the application is, for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its name.
    pub name: String,
    #[serde(default, rename = "version")]
    _version: String,
    #[serde(default, rename = "description")]
    _description: String,
    #[serde(default, rename = "authors")]
    _authors: Vec<String>,
}

/// A variable of the application: it has a default, or it must be set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The value unless another one is set.
    pub default: Option<String>,
    /// Whether a value must be set.
    #[serde(default)]
    pub required: bool,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(default, rename = "description")]
    _description: String,
}

/// What leads to components.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triggers {
    /// HTTP routes.
    #[serde(default)]
    pub http: Vec<HttpTrigger>,
}

/// An HTTP route to a component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    #[serde(default, rename = "id")]
    _id: String,
    /// The pattern of the path.
    pub route: String,
    /// The id of the component.
    pub component: String,
}

/// A component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// The file with the Wasm component.
    pub source: PathBuf,
    #[serde(default, rename = "description")]
    _description: String,
    /// The hosts that it may send requests to.
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    /// The labels of the key-value stores that it may open.
    #[serde(default)]
    pub key_value_stores: Vec<String>,
    /// The component's variables, whose values may refer to variables of the application.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default, rename = "build")]
    _build: Option<Build>,
}

/// How to build a component, which this host leaves to others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    #[serde(rename = "command")]
    _command: String,
    #[serde(default, rename = "workdir")]
    _workdir: PathBuf,
    #[serde(default, rename = "watch")]
    _watch: Vec<String>,
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("the manifest {} is not valid", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let manifest: Self = toml::from_str(text).map_err(|error| in_a_line(text, &error))?;
        ensure!(
            manifest.spin_manifest_version == 2,
            "spin_manifest_version is {}, but must be 2",
            manifest.spin_manifest_version
        );
        for (id, component) in &manifest.component {
            ensure!(is_kebab_case(id), "the component id {id:?} must be in kebab-case");
            for label in &component.key_value_stores {
                ensure!(
                    label == "default",
                    "component {id}: there is no key-value store {label:?}, only \"default\""
                );
            }
        }
        for HttpTrigger { route, component, .. } in &manifest.trigger.http {
            if !manifest.component.contains_key(component) {
                bail!(
                    "the route {route} leads to the component {component:?}, which is not defined"
                );
            }
        }
        Ok(manifest)
    }
}

/// What is wrong with the TOML `text`, and in which line, without a picture of it.
pub(crate) fn in_a_line(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => anyhow!("line {}: {}", before.split('\n').count(), error.message()),
        None => anyhow!("{}", error.message()),
    }
}

/// Lower-case words of letters and digits that begin with a letter, joined by hyphens.
fn is_kebab_case(id: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = r#"
        spin_manifest_version = 2
        [application]
        name = "example"
        [variables]
        tenant = { default = "default" }
        [[trigger.http]]
        route = "/..."
        component = "one-function"
        [component.one-function]
        source = "one.wasm"
        key_value_stores = ["default"]
        [component.one-function.build]
        command = "cargo build"
    "#;

    #[track_caller]
    fn assert_refused(manifest: &str, name: &str) {
        let error = format!("{:#}", Manifest::parse(manifest).unwrap_err());
        assert!(error.contains(name), "{error}");
    }

    #[test]
    fn a_valid_manifest_is_read() {
        let manifest = Manifest::parse(VALID).unwrap();
        assert_eq!(manifest.application.name, "example");
        assert_eq!(manifest.component["one-function"].source, Path::new("one.wasm"));
    }

    #[test]
    fn unknown_and_unsupported_keys_are_named() {
        assert_refused(&format!("{VALID}\n[component.one-function.tool]"), "tool");
        assert_refused(&VALID.replace("source =", "files = []\nsource ="), "files");
        assert_refused(
            &VALID.replace("source =", "sqlite_databases = []\nsource ="),
            "sqlite_databases",
        );
        assert_refused(&VALID.replace("name =", "trigger = 1\nname ="), "trigger");
        assert_refused(&VALID.replace("{ default", "{ secert = true, default"), "secert");
        assert_refused(&VALID.replace("[application]", "nonsense = 1\n[application]"), "nonsense");
        assert_refused(&format!("{VALID}\n[[trigger.redis]]\nchannel = \"c\""), "redis");
        assert_refused(&VALID.replace("component =", "executor = 1\ncomponent ="), "executor");
    }

    #[test]
    fn what_is_wrong_is_said_in_a_line_with_its_place() {
        assert_refused("a = 1\nb = [\n", "line 2: ");
        assert_refused(&VALID.replace("name =", "nam ="), "line 4: ");
        for manifest in ["a = [", &VALID.replace("source", "sauce")] {
            let error = format!("{:#}", Manifest::parse(manifest).unwrap_err());
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn names_and_references_are_checked() {
        assert_refused(&VALID.replace("version = 2", "version = 1"), "must be 2");
        assert_refused(&VALID.replace("[\"default\"]", "[\"other\"]"), "other");
        assert_refused(&VALID.replace("one-function", "one_function"), "kebab-case");
        assert_refused(
            &VALID.replace("component = \"one-function\"", "component = \"two\""),
            "two",
        );
    }
}
