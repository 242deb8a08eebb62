//! Application variables, and the templates that refer to them as `{{ name }}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use wasmtime::component::{Accessor, HasData, Linker};

use crate::bindings::spin::variables::variables::{self, Error};
use crate::manifest::Variable;

/// The values of the application's variables, by name. A required variable may be without one.
pub type Values = BTreeMap<String, Option<String>>;

/// The values in force: what was given, else what the environment has as `SPIN_VARIABLE_<NAME>`,
/// else the default.
pub fn resolve(
    declared: &BTreeMap<String, Variable>,
    given: &[(String, String)],
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Values> {
    for (name, _) in given {
        ensure!(
            declared.contains_key(name),
            "there is no variable {name:?}; the manifest declares {}",
            declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        );
    }
    let value_of = |name: &str, variable: &Variable| {
        let given = given.iter().rev().find(|(given, _)| given == name);
        given
            .map(|(_, value)| value.clone())
            .or_else(|| environment(&format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())))
            .or_else(|| variable.default.clone())
    };
    declared
        .iter()
        .map(|(name, variable)| {
            ensure!(
                variable.default.is_some() != variable.required,
                "the variable {name:?} must either have a default or be required"
            );
            Ok((name.clone(), value_of(name, variable)))
        })
        .collect()
}

/// The text that `template` stands for.
pub fn expand(template: &str, values: &Values) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((literal, behind)) = rest.split_once("{{") {
        let (name, behind) = behind
            .split_once("}}")
            .with_context(|| format!("{template:?} lacks a closing }}}}"))?;
        text.push_str(literal);
        match values.get(name.trim()) {
            Some(Some(value)) => text.push_str(value),
            Some(None) => bail!("the variable {:?} is required but was not set", name.trim()),
            None => bail!("{template:?} refers to {:?}, which is not a variable", name.trim()),
        }
        rest = behind;
    }
    text.push_str(rest);
    Ok(text)
}

/// The variables of a component: `spin:variables@3.0.0`.
#[derive(Debug, Clone)]
pub(crate) struct ComponentVariables(Arc<BTreeMap<String, String>>);

impl ComponentVariables {
    /// Expands the templates that the manifest has for a component's variables.
    pub fn expand(templates: &BTreeMap<String, String>, values: &Values) -> anyhow::Result<Self> {
        let expanded = templates.iter().map(|(name, template)| {
            let value = expand(template, values).with_context(|| format!("variable {name}"))?;
            Ok((name.clone(), value))
        });
        Ok(Self(Arc::new(expanded.collect::<anyhow::Result<_>>()?)))
    }
}

/// Adds the interface to `linker`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    state: fn(&mut T) -> &mut ComponentVariables,
) -> wasmtime::Result<()> {
    variables::add_to_linker::<T, ComponentVariables>(linker, state)
}

impl HasData for ComponentVariables {
    type Data<'a> = &'a mut Self;
}

impl variables::Host for ComponentVariables {}

impl<T: Send> variables::HostWithStore<T> for ComponentVariables {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> wasmtime::Result<Result<String, Error>> {
        let value = accessor.with(|mut access| access.get().0.get(&name).cloned());
        Ok(value.ok_or_else(|| Error::Undefined(format!("no variable for {name:?}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(default: Option<&str>, required: bool) -> BTreeMap<String, Variable> {
        let toml = match default {
            Some(default) => format!("default = {default:?}\nrequired = {required}"),
            None => format!("required = {required}"),
        };
        BTreeMap::from([("tenant".to_owned(), toml::from_str(&toml).unwrap())])
    }

    fn given(value: &str) -> Vec<(String, String)> {
        vec![("tenant".to_owned(), value.to_owned())]
    }

    #[test]
    fn what_is_given_beats_the_environment_beats_the_default() {
        let declared = declared(Some("default"), false);
        let environment = |name: &str| (name == "SPIN_VARIABLE_TENANT").then(|| "env".to_owned());
        let value = |given: &[_], environment: &dyn Fn(&str) -> Option<String>| {
            expand("<{{ tenant }}>", &resolve(&declared, given, environment).unwrap()).unwrap()
        };
        assert_eq!(value(&[], &|_| None), "<default>");
        assert_eq!(value(&[], &environment), "<env>");
        assert_eq!(value(&given("given"), &environment), "<given>");
    }

    #[test]
    fn what_cannot_be_resolved_is_named() {
        let error = |result: anyhow::Result<String>| result.unwrap_err().to_string();
        let required = resolve(&declared(None, true), &[], |_| None).unwrap();
        assert!(error(expand("{{tenant}}", &required)).contains("tenant"));
        assert!(error(expand("{{other}}", &required)).contains("other"));
        assert!(error(expand("{{tenant", &required)).contains("}}"));
        assert!(resolve(&declared(None, false), &[], |_| None).is_err());
        let unknown = [("tennant".to_owned(), "x".to_owned())];
        let error = resolve(&declared(None, true), &unknown, |_| None).unwrap_err().to_string();
        assert!(error.contains("tennant") && error.contains("declares tenant"), "{error}");
    }
}
