//! What can be done, officially and here.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::own;
use crate::version::Version;

/// The operations of which one has what the other has not.
pub fn differences(version: &Version, spec: &Value) -> anyhow::Result<Vec<String>> {
    let (official, own) = (of(spec), of(&own::document(version)?));
    let only = |here: &BTreeSet<String>, there: &BTreeSet<String>, word: &str| -> Vec<String> {
        here.difference(there).map(|operation| format!("{operation} is {word}")).collect()
    };
    Ok([only(&official, &own, "not here"), only(&own, &official, "not official")].concat())
}

/// Every method of every path. OPTIONS is HTTP's, and listeners are those that events are sent to.
fn of(document: &Value) -> BTreeSet<String> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let paths = document["paths"].as_object().into_iter().flatten();
    let paths = paths.filter(|(path, _)| !path.starts_with("/listener/"));
    paths
        .flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(method).is_some());
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect()
}
