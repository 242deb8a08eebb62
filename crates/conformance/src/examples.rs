//! The example requests of the official file, sent to the running application.

use anyhow::Context;
use black_box_tests::{Api, StatusCode, account_of};
use serde_json::Value;

use crate::version::Version;

/// What came of an example.
pub struct Example {
    pub name: String,
    pub accepted: bool,
    pub answer: String,
}

/// Sends every example of a request that creates or changes a resource. What is changed is the
/// official example of a resource as it is read.
pub async fn try_all(version: &Version, spec: &Value) -> anyhow::Result<Vec<Example>> {
    let api = Api::start().await;
    let mut tried = Vec::new();
    let base = version.api.base_path(version.number);
    for described in version.api.resources_of(version.number) {
        let (class, resource) = (described.class, api.at(&base, described.name));
        for (name, document) in examples(spec, class, "FVO", "application/json")? {
            // Bills are for accounts that are there.
            if let Some(id) = document["billingAccount"]["id"].as_str() {
                api.post(&account_of(id, &[("p", "customer")])).await;
            }
            let answer = resource.post(&document).await;
            tried.push(Example {
                name,
                accepted: answer.status == StatusCode::CREATED,
                answer: answer.text,
            });
        }
        for media_type in [
            "application/json",
            "application/merge-patch+json",
            "application/json-patch+json",
            "application/json-patch-query+json",
        ] {
            for (name, patch) in examples(spec, class, "MVO", media_type)? {
                let mut target = retrieved(spec, class)?;
                if let Some(target) = target.as_object_mut() {
                    target.remove("id");
                    // Of a bill, the example shows what somebody selected; patches of its state need one.
                    if class == "CustomerBill" {
                        target.entry("state").or_insert_with(|| "new".into());
                    }
                }
                let created = resource.post(&target).await;
                let answer = match created.json()["id"].as_str() {
                    Some(id) => resource.patch_as(media_type, id, &patch).await,
                    None => created,
                };
                tried.push(Example {
                    name: format!("{name} as {media_type}"),
                    accepted: answer.status == StatusCode::OK,
                    answer: answer.text,
                });
            }
        }
    }
    Ok(tried)
}

/// The examples of a request body: their names and values.
fn examples(
    spec: &Value,
    class: &str,
    kind: &str,
    media_type: &str,
) -> anyhow::Result<Vec<(String, Value)>> {
    let body = &spec["components"]["requestBodies"][format!("{class}_{kind}")];
    let examples = body["content"][media_type]["examples"].as_object().into_iter().flatten();
    let value = |(name, example): (&String, &Value)| {
        let reference = example["$ref"].as_str().with_context(|| format!("example {name}"))?;
        Ok((name.clone(), resolved(spec, reference)?))
    };
    examples.map(value).collect()
}

/// The official example of a resource as it is read.
fn retrieved(spec: &Value, class: &str) -> anyhow::Result<Value> {
    resolved(spec, &format!("#/components/examples/{class}_retrieve_example_response"))
}

fn resolved(spec: &Value, reference: &str) -> anyhow::Result<Value> {
    let pointer = reference.trim_start_matches('#');
    let example = spec.pointer(pointer).with_context(|| format!("{reference} leads to nothing"))?;
    let value = example.get("value").with_context(|| format!("{reference} has no value"))?;
    // One of the official examples is a list of one.
    Ok(match value {
        Value::Array(items) if items.len() == 1 && reference.contains("retrieve") => {
            items[0].clone()
        }
        value => value.clone(),
    })
}
