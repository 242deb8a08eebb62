//! The examples of the OpenAPI documents work as they stand, in the order in which one reads them.

use black_box_tests::{Answering, Api, Method};
use serde_json::Value;

const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("v5", "accountManagement", include_str!("../docs/openapi/TMF666-v5.json")),
    ("v5", "customerBillManagement", include_str!("../docs/openapi/TMF678-v5.json")),
    ("v4", "accountManagement", include_str!("../docs/openapi/TMF666-v4.json")),
    ("v4", "customerBillManagement", include_str!("../docs/openapi/TMF678-v4.json")),
];

/// Methods, each of a collection or of what is in it.
type Methods = [(&'static str, bool)];

const CREATE: [(&str, bool); 1] = [("post", false)];
const CREATE_AND_USE: [(&str, bool); 6] = [
    ("post", false),
    ("patch", false),
    ("get", false),
    ("get", true),
    ("patch", true),
    ("post", true),
];
const DELETE: [(&str, bool); 1] = [("delete", true)];

/// The document of an API, which is below `base`.
struct Document {
    base: String,
    document: Value,
}

/// An operation of a document, with the example of its path.
struct Operation<'d> {
    path: String,
    method: &'d str,
    description: &'d Value,
}

impl Operation<'_> {
    /// The examples of its body, each with its media type; one that is empty where it has no body.
    fn bodies(&self) -> Vec<(&str, Option<&Value>)> {
        match self.description["requestBody"]["content"].as_object() {
            None => vec![("", None)],
            Some(content) => {
                content.iter().map(|(name, it)| (&name[..], Some(&it["example"]))).collect()
            }
        }
    }

    /// Sends each of its examples, expects one of the answers of success that it describes, and says how
    /// many there are.
    async fn expect_success(&self, base: &str, api: &Api) -> usize {
        let bodies = self.bodies();
        for (media_type, body) in &bodies {
            let url = format!("{}{base}{}", api.base_url(), self.path);
            let method = Method::from_bytes(self.method.to_uppercase().as_bytes()).unwrap();
            let mut request = api.request(method, &url);
            if let Some(body) = body {
                assert!(body.is_object() || body.is_array(), "{} has no example", self.path);
                request = request.header("content-type", *media_type).body(body.to_string());
            }
            let answer = request.answer().await;
            let status = answer.status.as_str();
            let what = format!("{} {base}{} {media_type}", self.method, self.path);
            assert!(answer.status.is_success(), "{what}: {answer:#?}");
            assert!(self.description["responses"].get(status).is_some(), "{what}: {status}");
        }
        bodies.len()
    }
}

impl Document {
    /// The names of the resources, in the order of the document.
    fn resources(&self) -> Vec<String> {
        let paths = self.document["paths"].as_object().unwrap();
        let names = paths.keys().filter(|path| !path.contains("{id}"));
        names.map(|path| path.trim_start_matches('/').to_owned()).collect()
    }

    /// The operations of the resource with the method: those of the collection, or of what is in it, the
    /// longer path first.
    fn operations(&self, name: &str, method: &'static str, is_of_item: bool) -> Vec<Operation<'_>> {
        let paths = self.document["paths"].as_object().unwrap();
        let mut operations = Vec::new();
        for (path, item) in paths {
            let rest = path.strip_prefix(&format!("/{name}"));
            let is_meant = match is_of_item {
                true => rest.is_some_and(|rest| rest.starts_with("/{id}")),
                false => rest == Some(""),
            };
            let Some(description) = item.get(method).filter(|_| is_meant) else { continue };
            let parameters = item["parameters"].as_array().unwrap();
            let id = parameters.iter().find(|it| it["name"] == "id").map(|it| &it["example"]);
            let path = path.replace("{id}", id.and_then(Value::as_str).unwrap_or_default());
            operations.push(Operation { path, method, description });
        }
        operations.reverse();
        operations
    }

    /// Tries all examples of the methods, one method after the other, and says how many there are.
    async fn expect_success(&self, name: &str, methods: &Methods, api: &Api) -> usize {
        let mut tried = 0;
        for (method, is_of_item) in methods {
            for operation in self.operations(name, method, *is_of_item) {
                tried += operation.expect_success(&self.base, api).await;
            }
        }
        tried
    }
}

/// The documents of a version: that of accounts, and that of bills.
fn documents(version: &str) -> [Document; 2] {
    let documents = DOCUMENTS.into_iter().filter(|(of, ..)| *of == version);
    let documents: Vec<_> = documents
        .map(|(_, base, text)| Document {
            base: format!("/tmf-api/{base}/{version}"),
            document: serde_json::from_str(text).unwrap(),
        })
        .collect();
    documents.try_into().ok().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_accounts_works_as_it_stands() {
    for version in ["v5", "v4"] {
        let api = Api::start().await;
        let [accounts, _] = documents(version);
        let names = accounts.resources();
        let mut tried = 0;
        for name in &names {
            tried += accounts.expect_success(name, &CREATE_AND_USE, &api).await;
        }
        // What others refer to is deleted after them.
        for name in names.iter().rev() {
            tried += accounts.expect_success(name, &DELETE, &api).await;
        }
        assert!(tried > 60, "{tried}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_bills_works_as_it_stands() {
    for version in ["v5", "v4"] {
        let api = Api::start().await;
        let [accounts, bills] = documents(version);
        for name in ["billingAccount", "billingCycleSpecification"] {
            accounts.expect_success(name, &CREATE, &api).await;
        }
        let mut tried = 0;
        for name in bills.resources() {
            tried += bills.expect_success(&name, &CREATE_AND_USE, &api).await;
            // Before a bill has the item, which keeps it.
            tried += bills.expect_success(&name, &DELETE, &api).await;
        }
        assert!(tried > 20, "{tried}");
    }
}
