//! What is said of documents: the same as the server says.

use schemas::class::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT};
use schemas::json::{self, MAX_BYTES, Unreadable};
use schemas::{Class, Fault, Version};
use serde_json::{Map, Value, json};

type Document = Map<String, Value>;

/// The classes of each API.
const APIS: [&[&Class]; 2] = [&ACCOUNT_MANAGEMENT, &CUSTOMER_BILL_MANAGEMENT];

/// What is wrong with a document that would be sent to create a resource, as a list in JSON.
pub fn validate(version: &str, class: &str, text: &str) -> Result<String, String> {
    let version = version_of(version)?;
    let (class, api) = class_of(version, class)?;
    let of_api = |name: &str| api.iter().any(|class| class.name() == name);
    let faults = match read(text)? {
        Ok(document) => class.faults_of_new(version, document, of_api),
        Err(fault) => vec![fault],
    };
    Ok(Value::Array(faults.iter().map(to_json).collect()).to_string())
}

/// What a document of one version is in another.
pub fn convert(text: &str, from: &str, to: &str, class: Option<&str>) -> Result<String, String> {
    let (from, to) = (version_of(from)?, version_of(to)?);
    let mut document = read(text)?.map_err(|fault| fault.to_string())?;
    if let Some(fault) = json::reserved_name(&document) {
        return Err(fault.to_string());
    }
    let class = match class {
        Some(class) => class_of(from, class)?.0,
        None => class_said_by(from, &document)?,
    };
    if from == to {
        return Ok(Value::Object(document).to_string());
    }
    from.schema(class).drop_nulls(&mut document);
    from.schema(class).normalise(&mut document);
    let converted = match to {
        Version::V4 => {
            class.complete(&mut document);
            class.to_v4(document)
        }
        Version::V5 => {
            let mut converted = class.to_v5(document);
            class.complete(&mut converted);
            converted
        }
    };
    Ok(Value::Object(converted).to_string())
}

/// The names of the classes of a version, as a list in JSON.
pub fn classes(version: &str) -> Result<String, String> {
    let names: Vec<_> = names(version_of(version)?).collect();
    Ok(json!(names).to_string())
}

/// The names of the classes of a version, those of subscriptions once.
fn names(version: Version) -> impl Iterator<Item = &'static str> {
    let [accounts, bills] = APIS;
    let of_bills = bills.iter().filter(move |class| accounts.iter().all(|it| !is(it, class)));
    accounts.iter().chain(of_bills).filter_map(move |class| name_in(version, class))
}

fn is(class: &Class, other: &Class) -> bool {
    class.name() == other.name()
}

/// What the class is called in the version, if that has it.
fn name_in(version: Version, class: &Class) -> Option<&'static str> {
    let is_there = version == Version::V5 || class.is_in_v4();
    is_there.then(|| version.schema(class).type_name())
}

fn version_of(name: &str) -> Result<Version, String> {
    match name {
        "v4" => Ok(Version::V4),
        "v5" => Ok(Version::V5),
        _ => Err("The version must be v4 or v5.".to_owned()),
    }
}

/// The class of the name, and those of its API.
fn class_of(
    version: Version,
    name: &str,
) -> Result<(&'static Class, &'static [&'static Class]), String> {
    let found = APIS.into_iter().find_map(|api| {
        let class = api.iter().find(|class| name_in(version, class) == Some(name))?;
        Some((*class, api))
    });
    found.ok_or_else(|| {
        let names: Vec<_> = names(version).collect();
        format!("The class must be one of {}.", names.join(", "))
    })
}

/// The class that a document says, of its own or what that extends.
fn class_said_by(version: Version, document: &Document) -> Result<&'static Class, String> {
    let said = ["@type", "@baseType"].into_iter().filter_map(|name| document.get(name)?.as_str());
    let mut found = said.filter_map(|name| class_of(version, name).ok());
    let (class, _) = found.next().ok_or(
        "The class must be given: neither @type nor @baseType of the document is one of the API.",
    )?;
    Ok(class)
}

/// The document that the text is; inside, what is wrong with a text that the server would read.
fn read(text: &str) -> Result<Result<Document, Fault>, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("The document is too large: it may have up to {MAX_BYTES} bytes."));
    }
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(document)) => Ok(Ok(document)),
        Ok(_) | Err(Unreadable::Missing) => Ok(Err(Fault::new("", "must be an object"))),
        Err(Unreadable::Fault(fault)) => Ok(Err(fault)),
        Err(Unreadable::Malformed(message)) => Err(message),
    }
}

fn to_json(fault: &Fault) -> Value {
    json!({
        "pointer": fault.pointer,
        "message": fault.to_string(),
        "expected": fault.expectation
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(version: &str, class: &str, text: &str) -> Value {
        serde_json::from_str(&validate(version, class, text).unwrap()).unwrap()
    }

    fn converted(text: &str, from: &str, to: &str) -> String {
        convert(text, from, to, None).unwrap()
    }

    #[test]
    fn faults_are_told_in_the_servers_words() {
        assert_eq!(faults("v5", "BillFormat", r#"{"name":"A4"}"#), json!([]));
        assert_eq!(
            faults("v5", "BillFormat", r#"{"name":" ","description":5}"#),
            json!([
                {
                    "pointer": "/description",
                    "message": "/description must be a string",
                    "expected": "must be a string"
                },
                {
                    "pointer": "/name",
                    "message": "/name must not be blank",
                    "expected": "must not be blank"
                }
            ])
        );
        let of_whole = faults("v5", "BillFormat", "[]");
        assert_eq!(of_whole[0]["message"], "the document must be an object");
        let twice = faults("v4", "BillFormat", r#"{"name":"A4","name":"A5"}"#);
        assert_eq!(twice[0]["pointer"], "/name");
    }

    #[test]
    fn mistakes_of_the_caller_are_errors() {
        for (version, class, text, words) in [
            ("v6", "BillFormat", "{}", "v4 or v5"),
            ("v5", "billFormat", "{}", "PartyAccount, BillingAccount"),
            ("v4", "BillCycle", "{}", "one of"),
            ("v5", "BillFormat", "{", "line 1 column"),
            ("v5", "BillFormat", &"[".repeat(100_000), "64 deep"),
            ("v5", "BillFormat", &" ".repeat(MAX_BYTES + 1), "262144 bytes"),
        ] {
            let error = validate(version, class, text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        let v4 = converted(r#"{"@type":"PartyAccount","x":100.10}"#, "v5", "v4");
        assert!(v4.contains(r#""x":100.10"#), "{v4}");
    }

    #[test]
    fn a_document_goes_there_and_back() {
        let text = r#"{
            "@type": "BillingAccount",
            "name": "A",
            "lastUpdate": "2026-01-31T09:30:00Z",
            "relatedParty": [
                {"role": "owner", "partyOrPartyRole": {"id": "1", "@type": "PartyRef"}}
            ]
        }"#;
        let v4: Value = serde_json::from_str(&converted(text, "v5", "v4")).unwrap();
        assert_eq!(v4["relatedParty"][0]["id"], "1");
        assert_eq!(v4["lastModified"], "2026-01-31T09:30:00Z");
        let v5: Value = serde_json::from_str(&converted(&v4.to_string(), "v4", "v5")).unwrap();
        assert_eq!(v5["relatedParty"][0]["partyOrPartyRole"]["id"], "1");
        assert!(convert("{}", "v5", "v4", None).unwrap_err().contains("must be given"));
        assert!(convert("{}", "v5", "v4", Some("Hub")).is_ok());
    }

    /// The types list the classes: they are what these are.
    #[test]
    fn the_types_have_all_classes() {
        const TYPES: &str = include_str!("../package/index.d.ts");
        for (version, name) in [("v5", "ClassNameV5"), ("v4", "ClassNameV4")] {
            let after = TYPES.split_once(&format!("export type {name} =")).unwrap().1;
            let list = after.split_once(';').unwrap().0;
            let listed: Vec<_> = list.split('"').skip(1).step_by(2).collect();
            let names: Vec<String> = serde_json::from_str(&classes(version).unwrap()).unwrap();
            assert_eq!(listed, names, "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_has_an_answer(
            text in prop_oneof![any::<String>(), r#"[\[\]{}",:0a@é]{0,40}"#],
            class in prop_oneof![Just("BillingAccount"), Just("CustomerBill"), Just("None")],
        ) {
            for (from, to) in [("v4", "v5"), ("v5", "v4")] {
                _ = validate(from, class, &text);
                _ = convert(&text, from, to, Some(class));
            }
        }
    }
}
