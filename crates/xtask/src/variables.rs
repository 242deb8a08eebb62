//! The application's variables: where their values come from, and how the host gets them.
//!
//! The command line beats the file of `--config`, which beats the environment
//! (`SPIN_VARIABLE_<NAME>`), which beats the default in `spin.toml`. What the file says goes to the
//! host in the environment: other users of the machine can see a command line, and an issuer can have
//! a secret key.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, anyhow, ensure};
use serde_json::Value;
use store_address::Address;

use crate::checks::Manifest;

/// The variable that lists whose tokens are accepted.
const ISSUERS: &str = "jwt_issuers";

/// The variable with the token of `POST /maintenance`.
const MAINTENANCE_TOKEN: &str = "maintenance_token";

/// The variable with the address of the store that several hosts share, and that with its host.
const STORE: &str = "store";
const STORE_HOST: &str = "store_host";

/// The variable that says whether callers are asked who they are.
const AUTH: &str = "auth";

/// The values that variables are given.
#[derive(Debug)]
pub struct Variables {
    command_line: Vec<(String, String)>,
    file: BTreeMap<String, String>,
    /// What the environment and `spin.toml` have.
    others: BTreeMap<String, String>,
    /// The names of those that the environment has.
    in_environment: BTreeSet<String>,
}

/// The name that `variable` has in the environment, on both hosts.
fn in_environment(variable: &str) -> String {
    format!("SPIN_VARIABLE_{}", variable.to_ascii_uppercase())
}

impl Variables {
    /// The variables of the application, all of which `manifest` must have. `environment` tells the
    /// value of an environment variable.
    pub fn new(
        command_line: Vec<(String, String)>,
        file: BTreeMap<String, String>,
        manifest: &Manifest,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Self> {
        manifest.has_variables(command_line.iter().map(|(name, _)| name.as_str()))?;
        manifest.has_variables(file.keys().map(String::as_str)).context("the file of --config")?;
        let mut others = manifest.defaults();
        let mut given = BTreeSet::new();
        for (name, value) in &mut others {
            if let Some(text) = environment(&in_environment(name)) {
                *value = text;
                given.insert(name.clone());
            }
        }
        Ok(Self { command_line, file, others, in_environment: given })
    }

    /// The value in force.
    fn value(&self, name: &str) -> Option<&str> {
        let given = self.command_line.iter().rev().find(|(given, _)| given == name);
        let given = given.map(|(_, value)| value);
        given.or_else(|| self.file.get(name)).or_else(|| self.others.get(name)).map(String::as_str)
    }

    /// A line that says whether callers are asked who they are.
    pub fn access(&self) -> String {
        match self.value(AUTH) {
            None | Some("none") => {
                format!("Access: none. Everybody may do everything (variable {AUTH})")
            }
            Some("jwt") => format!("Access: access tokens ({AUTH}=jwt)"),
            Some(other) => format!("Access: {AUTH}={other}"),
        }
    }

    /// Whether callers are asked for access tokens.
    pub fn ask_for_tokens(&self) -> bool {
        self.value(AUTH) == Some("jwt")
    }

    /// Whether the command line says how callers are asked who they are: nothing beats that.
    pub fn fix_access(&self) -> bool {
        self.command_line.iter().any(|(name, _)| name == AUTH)
    }

    /// Whose tokens are accepted.
    pub fn issuers(&self) -> anyhow::Result<Vec<Value>> {
        match self.value(ISSUERS).map(str::trim) {
            None | Some("") => Ok(Vec::new()),
            // What is wrong with it is not shown: it may be a secret.
            Some(text) => serde_json::from_str(text)
                .map_err(|_| anyhow!("the variable {ISSUERS} must be a JSON list")),
        }
    }

    /// Sets whose tokens are accepted, in the place that said it before.
    pub fn set_issuers(&mut self, issuers: Vec<Value>) {
        let text = Value::Array(issuers).to_string();
        match self.command_line.iter_mut().rev().find(|(name, _)| name == ISSUERS) {
            Some((_, value)) => *value = text,
            None => _ = self.file.insert(ISSUERS.to_owned(), text),
        }
    }

    /// The token of `POST /maintenance`. Where nobody says one, `new` makes it; there is none where somebody
    /// says that, or where the application knows no such variable.
    pub fn maintenance_token(
        &mut self,
        new: impl FnOnce() -> anyhow::Result<String>,
    ) -> anyhow::Result<Option<String>> {
        let is_said = self.command_line.iter().any(|(name, _)| name == MAINTENANCE_TOKEN)
            || self.file.contains_key(MAINTENANCE_TOKEN);
        match self.value(MAINTENANCE_TOKEN) {
            None => Ok(None),
            Some("") if is_said => Ok(None),
            Some("") => {
                let token = new()?;
                self.file.insert(MAINTENANCE_TOKEN.to_owned(), token.clone());
                Ok(Some(token))
            }
            Some(token) => Ok(Some(token.to_owned())),
        }
    }

    /// Where the store is that several hosts share, if it is such a one. Its host is allowed to be connected to,
    /// unless somebody says what is.
    pub fn shared_store(&mut self) -> anyhow::Result<Option<Address>> {
        let Some(text) = self.value(STORE).filter(|text| !text.is_empty()) else { return Ok(None) };
        let address = Address::parse(text);
        let address = address.map_err(|error| anyhow!("the variable {STORE}: {error}"))?;
        let is_said = self.command_line.iter().any(|(name, _)| name == STORE_HOST)
            || self.file.contains_key(STORE_HOST)
            || self.in_environment.contains(STORE_HOST);
        if !is_said {
            ensure!(
                !address.has_several_hosts(),
                "the variable {STORE} names several hosts: {STORE_HOST} must be a pattern for all of them, such \
                 as postgres://*.db.example.com:5432"
            );
            self.file.insert(STORE_HOST.to_owned(), address.allowed_host());
        }
        Ok(Some(address))
    }

    /// Sets the address of the store as what the file says, which other users of the machine do not see.
    pub fn set_store(&mut self, address: &str) {
        self.command_line.retain(|(name, _)| name != STORE);
        self.file.insert(STORE.to_owned(), address.to_owned());
    }

    /// Gives the values to `host`.
    pub fn give_to(&self, host: &mut Command) {
        host.envs(self.file.iter().map(|(name, value)| (in_environment(name), value)));
        for (name, value) in &self.command_line {
            host.arg("--variable").arg(format!("{name}={value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use serde_json::json;

    use super::*;

    const MANIFEST: &str = r#"
        [variables]
        tenant = { default = "default" }
        auth = { default = "none" }
        jwt_issuers = { default = "" }
        maintenance_token = { default = "" }
        store = { default = "" }
        store_host = { default = "redis://store.invalid:6379" }
    "#;

    fn given(command_line: &[(&str, &str)], file: &[(&str, &str)]) -> anyhow::Result<Variables> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let environment = |name: &str| match name {
            "SPIN_VARIABLE_TENANT" => Some("environment".to_owned()),
            _ => None,
        };
        let manifest = Manifest::parse(MANIFEST).unwrap();
        let command_line = command_line.iter().map(owned).collect();
        Variables::new(command_line, file.iter().map(owned).collect(), &manifest, environment)
    }

    #[test]
    fn the_command_line_beats_the_file_beats_the_environment_beats_the_default() {
        let (command_line, file) =
            ([("tenant", "first"), ("tenant", "last")], [("tenant", "file")]);
        assert_eq!(given(&command_line, &file).unwrap().value("tenant"), Some("last"));
        assert_eq!(given(&[], &file).unwrap().value("tenant"), Some("file"));
        assert_eq!(given(&[], &[]).unwrap().value("tenant"), Some("environment"));
        assert_eq!(given(&[], &[]).unwrap().value("auth"), Some("none"));
    }

    #[test]
    fn a_variable_that_is_not_there_is_named() {
        for (command_line, file) in [(&[("tennant", "a")][..], &[][..]), (&[], &[("tennant", "a")])]
        {
            let error = format!("{:#}", given(command_line, file).unwrap_err());
            assert!(error.contains("there is no variable \"tennant\""), "{error}");
            assert_eq!(error.contains("--config"), command_line.is_empty(), "{error}");
        }
    }

    #[test]
    fn who_is_let_in_is_said() {
        let access = |command_line: &[_], file: &[_]| given(command_line, file).unwrap().access();
        let none = "Access: none. Everybody may do everything (variable auth)";
        assert_eq!(access(&[], &[]), none);
        assert_eq!(access(&[], &[("auth", "jwt")]), "Access: access tokens (auth=jwt)");
        assert_eq!(access(&[("auth", "none")], &[("auth", "jwt")]), none);
        let old = Manifest::parse("").unwrap();
        let old = Variables::new(Vec::new(), BTreeMap::new(), &old, |_| None).unwrap();
        assert_eq!(old.access(), none);
    }

    #[test]
    fn an_issuer_is_added_where_the_others_are() {
        let issuers = r#"[{"issuer": "https://idp.example"}]"#;
        let expected = json!([{ "issuer": "https://idp.example" }, "development"]).to_string();
        for (command_line, file) in [
            (&[(ISSUERS, issuers)][..], &[][..]),
            (&[], &[(ISSUERS, issuers)]),
            (&[(ISSUERS, issuers)], &[(ISSUERS, "[]")]),
        ] {
            let mut variables = given(command_line, file).unwrap();
            let mut issuers = variables.issuers().unwrap();
            issuers.push(json!("development"));
            variables.set_issuers(issuers);
            assert_eq!(variables.value(ISSUERS), Some(expected.as_str()));
            let mut host = Command::new("host");
            variables.give_to(&mut host);
            assert_eq!(host.get_args().count(), command_line.len() * 2);
        }
        assert!(given(&[], &[(ISSUERS, " ")]).unwrap().issuers().unwrap().is_empty());
        let error = given(&[], &[(ISSUERS, "\"secret\"")]).unwrap().issuers().unwrap_err();
        assert_eq!(format!("{error:#}"), "the variable jwt_issuers must be a JSON list");
    }

    #[test]
    fn the_token_of_maintenance_is_that_which_was_said_or_else_a_new_one() {
        let token = |command_line: &[_], file: &[_]| {
            let mut variables = given(command_line, file).unwrap();
            let token = variables.maintenance_token(|| Ok("new".to_owned())).unwrap();
            let mut host = Command::new("host");
            variables.give_to(&mut host);
            assert!(host.get_args().all(|argument| !argument.to_string_lossy().contains("new")));
            let name = OsStr::new("SPIN_VARIABLE_MAINTENANCE_TOKEN");
            let given = host.get_envs().find(|(variable, _)| *variable == name);
            let given = given.and_then(|(_, value)| value?.to_str()).map(str::to_owned);
            (token, given)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(token(&[], &[]), (some("new"), some("new")));
        assert_eq!(token(&[], &[(MAINTENANCE_TOKEN, "said")]), (some("said"), some("said")));
        assert_eq!(token(&[(MAINTENANCE_TOKEN, "said")], &[]), (some("said"), None));
        assert_eq!(token(&[(MAINTENANCE_TOKEN, "")], &[]), (None, None));
        assert_eq!(token(&[], &[(MAINTENANCE_TOKEN, "")]), (None, some("")));
        let old = Manifest::parse("").unwrap();
        let mut old = Variables::new(Vec::new(), BTreeMap::new(), &old, |_| None).unwrap();
        assert_eq!(old.maintenance_token(|| Ok("new".to_owned())).unwrap(), None);
    }

    #[test]
    fn the_host_of_the_store_follows_from_its_address() {
        let address = "postgres://me:secret@db.example.com/accounts";
        let host = |variables: &mut Variables| {
            variables.shared_store().unwrap().unwrap();
            variables.value(STORE_HOST).unwrap().to_owned()
        };
        let mut variables = given(&[], &[(STORE, address)]).unwrap();
        assert_eq!(host(&mut variables), "postgres://db.example.com:5432");
        let said = [(STORE, address), (STORE_HOST, "postgres://*:5432")];
        assert_eq!(host(&mut given(&[], &said).unwrap()), "postgres://*:5432");
        assert!(given(&[], &[]).unwrap().shared_store().unwrap().is_none());
        let several = given(&[], &[(STORE, "postgres://me:secret@a,b/x")]).unwrap().shared_store();
        let error = format!("{:#}", several.unwrap_err());
        assert!(
            error.contains("store_host must be a pattern") && !error.contains("secret"),
            "{error}"
        );
        let error = given(&[], &[(STORE, "mysql://me:secret@db")]).unwrap().shared_store();
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains("variable store") && !error.contains("secret"), "{error}");
        // It is not on the command line of the host.
        let mut variables = given(&[(STORE, "redis://other")], &[]).unwrap();
        variables.set_store(address);
        let mut host = Command::new("host");
        variables.give_to(&mut host);
        assert_eq!(host.get_args().count(), 0);
        assert_eq!(variables.value(STORE), Some(address));
    }

    #[test]
    fn what_the_file_says_is_not_on_the_command_line_of_the_host() {
        let mut host = Command::new("host");
        given(&[("auth", "jwt")], &[("tenant", "acme")]).unwrap().give_to(&mut host);
        assert_eq!(host.get_args().collect::<Vec<_>>(), ["--variable", "auth=jwt"]);
        let tenant = (OsStr::new("SPIN_VARIABLE_TENANT"), Some(OsStr::new("acme")));
        assert_eq!(host.get_envs().collect::<Vec<_>>(), [tenant]);
    }
}
