//! YAML (of which JSON is a part) as JSON values.

use anyhow::{Context, bail};
use serde_json::{Map, Value};
use yaml_rust2::{Yaml, YamlLoader};

/// Reads a file with one document.
pub fn read(text: &str) -> anyhow::Result<Value> {
    let documents = YamlLoader::load_from_str(text)?;
    to_json(documents.first().context("the file is empty")?)
}

fn to_json(yaml: &Yaml) -> anyhow::Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(value) => (*value).into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Real(number) => serde_json::from_str(number)?,
        Yaml::String(text) => text.as_str().into(),
        Yaml::Array(items) => items.iter().map(to_json).collect::<anyhow::Result<_>>()?,
        Yaml::Hash(members) => {
            let member = |(name, value): (&Yaml, &Yaml)| {
                let name = match name {
                    Yaml::String(name) => name.clone(),
                    Yaml::Integer(number) => number.to_string(),
                    other => bail!("{other:?} is no name"),
                };
                Ok((name, to_json(value)?))
            };
            Value::Object(members.iter().map(member).collect::<anyhow::Result<Map<_, _>>>()?)
        }
        Yaml::Alias(_) | Yaml::BadValue => bail!("{yaml:?} has no counterpart in JSON"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_read_as_json() {
        let text = "a: [1, 2.5, true, null]\n'b': {c: d}\n200: >-\n  two\n  lines\n";
        let expected = json!({ "a": [1, 2.5, true, null], "b": { "c": "d" }, "200": "two lines" });
        assert_eq!(read(text).unwrap().to_string(), expected.to_string());
        assert_eq!(read(r#"{"a": "b"}"#).unwrap(), json!({ "a": "b" }));
    }
}
