//! What is accepted of a document that a client sends, and what is wrong with it.
//!
//! This is what a server does before it looks at anything but the document. A client that does the
//! same is told the same faults, without asking.

use serde_json::{Map, Value};

use crate::{Class, Fault, Schema, Version, id, json};

/// What clients may leave to the server, and how they may call the class.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Other names of the class that clients use; they are taken for the right one.
    pub aliases: &'static [&'static str],
    /// Whether a class of the client's own need not say what it extends, where its name begins with that
    /// of the class of the resource, or ends in it.
    pub takes_own_classes: bool,
    /// The attribute in which the server notes the time of the last change.
    pub stamp: Option<Stamp>,
    /// What else is the server's to set, and ignored.
    pub set_by_server: &'static [&'static str],
}

/// An attribute with the time of the last change, by its names.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// In v5, as it is stored.
    pub v5: &'static str,
    /// In v4.
    pub v4: &'static str,
}

impl Terms {
    /// Nothing but what every resource leaves to the server.
    pub const PLAIN: Self =
        Self { aliases: &[], takes_own_classes: false, stamp: None, set_by_server: &[] };
}

impl Stamp {
    /// Its name in the version.
    pub fn in_version(self, version: Version) -> &'static str {
        match version {
            Version::V4 => self.v4,
            Version::V5 => self.v5,
        }
    }
}

impl Class {
    /// Everything that is wrong with a document by which a client of the version creates a resource, as
    /// far as the document alone tells. `of_api` says which classes the API has.
    pub fn faults_of_new(
        &self,
        version: Version,
        mut document: Map<String, Value>,
        of_api: impl Fn(&str) -> bool,
    ) -> Vec<Fault> {
        let faults = self.begin(version, &mut document, of_api);
        self.accept(version, document, faults, None, |_| Vec::new()).err().unwrap_or_default()
    }

    /// Leaves out of a document that is to be created what is the server's to set, sees to its class,
    /// and tells what is wrong with that and with the id.
    pub fn begin(
        &self,
        version: Version,
        document: &mut Map<String, Value>,
        of_api: impl Fn(&str) -> bool,
    ) -> Vec<Fault> {
        // Many generated clients write what they do not set so.
        version.schema(self).drop_nulls(document);
        // A client that sends back what it received sends these too.
        document.remove("href");
        if let Some(stamp) = self.terms.stamp {
            document.remove(stamp.in_version(version));
        }
        self.name_class(document);
        let mut faults: Vec<_> = self.set_class(document, of_api).err().into_iter().collect();
        let is_id = |id: &Value| id.as_str().is_some_and(id::is_id);
        if document.get("id").is_some_and(|id| !is_id(id)) {
            faults.push(Fault::new("/id", id::ID_RULE));
        }
        faults
    }

    /// What is to be stored of a document that a client of the version sent, if neither its schema finds
    /// a fault with it nor something else does: `faults`, and what `complete` finds, which sees it in
    /// the form that is stored. Where it changes a resource, `before` is what is stored of that.
    pub fn accept(
        &self,
        version: Version,
        mut document: Map<String, Value>,
        mut faults: Vec<Fault>,
        before: Option<&Map<String, Value>>,
        complete: impl FnOnce(&mut Map<String, Value>) -> Vec<Fault>,
    ) -> Result<Map<String, Value>, Vec<Fault>> {
        faults.extend(json::reserved_name(&document));
        version.schema(self).normalise(&mut document);
        if version == Version::V4 {
            faults.extend(faults_of(&self.v4, &mut document));
            if !faults.is_empty() {
                return Err(faults);
            }
            document = match before {
                Some(before) => self.restore(before, document),
                None => self.to_v5(document),
            };
            // What is an extension of v4 can be standard in v5.
            self.v5.drop_nulls(&mut document);
            self.v5.normalise(&mut document);
        }
        self.complete(&mut document);
        for name in self.terms.set_by_server {
            document.remove(*name);
        }
        faults.extend(complete(&mut document));
        let mut found = faults_of(&self.v5, &mut document);
        if !found.is_empty() {
            // What v5 requires and v4 does not, a client of v4 need not give, and a client of v5 that
            // changes something else need not either.
            let missing_before = match before {
                Some(before) => faults_of(&self.v5, &mut before.clone()),
                None => Vec::new(),
            };
            found.retain(|fault| {
                !(fault.missing && (version == Version::V4 || missing_before.contains(fault)))
            });
        }
        faults.extend(found);
        match faults.is_empty() {
            true => Ok(document),
            false => Err(faults),
        }
    }

    /// Gives the class its right name where it has another one.
    pub fn name_class(&self, document: &mut Map<String, Value>) {
        if let Some(Value::String(class)) = document.get_mut("@type")
            && self.terms.aliases.contains(&class.as_str())
        {
            *class = self.name().to_owned();
        }
    }

    /// Sees to the class of a document that is created: it is filled in where it is missing, and a class
    /// of the client's own must say what it extends, if its name does not.
    fn set_class(
        &self,
        document: &mut Map<String, Value>,
        of_api: impl Fn(&str) -> bool,
    ) -> Result<(), Fault> {
        let class = self.name();
        match document.get("@type") {
            None => {
                document.insert("@type".into(), class.into());
            }
            Some(Value::String(given)) if given != class && !document.contains_key("@baseType") => {
                if !self.terms.takes_own_classes || of_api(given) || !extends_by_name(given, class)
                {
                    let expectation =
                        format!("must be {class}, or @baseType must say what it extends");
                    return Err(Fault::new("/@type", expectation));
                }
                document.insert("@baseType".into(), class.into());
            }
            // What is no string is the schema's to refuse.
            Some(_) => {}
        }
        self.base_fault(document, of_api).map_or(Ok(()), Err)
    }

    /// What is wrong with the class that the document says its class extends: it can be the class of
    /// the resource, one that this extends, or one that the API does not know.
    pub fn base_fault(
        &self,
        document: &Map<String, Value>,
        of_api: impl Fn(&str) -> bool,
    ) -> Option<Fault> {
        let base = document.get("@baseType")?.as_str()?;
        let class = self.name();
        let is_in_line = base == class || self.extends().contains(&base);
        let expectation = || format!("must be {class}, or a class that {class} or yours extends");
        (!is_in_line && of_api(base)).then(|| Fault::new("/@baseType", expectation()))
    }
}

/// Whether the name of a class says that it is one of the client's own that extends `class`.
fn extends_by_name(own: &str, class: &str) -> bool {
    own.len() > class.len() && (own.starts_with(class) || own.ends_with(class))
}

fn faults_of(schema: &Schema, document: &mut Map<String, Value>) -> Vec<Fault> {
    let value = Value::Object(std::mem::take(document));
    let faults = schema.validate(&value).err().unwrap_or_default();
    if let Value::Object(value) = value {
        *document = value;
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::class;

    #[test]
    fn a_class_extends_what_is_in_its_line() {
        let of_api = |name: &str| matches!(name, "PartyAccount" | "BillingAccount" | "BillFormat");
        let fault = |base: &str| {
            let document = json!({ "@baseType": base });
            class::BILLING_ACCOUNT.base_fault(document.as_object().unwrap(), of_api)
        };
        for base in ["BillingAccount", "PartyAccount", "GoldAccount"] {
            assert_eq!(fault(base), None, "{base}");
        }
        assert!(fault("BillFormat").is_some_and(|fault| fault.pointer == "/@baseType"));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let document = json!({
            "@type": "BillFormat",
            "id": "a/b",
            "lastUpdate": 5,
            "href": 6,
            "relatedParty": null,
            "name": " "
        });
        let document = document.as_object().unwrap().clone();
        let faults = class::BILLING_ACCOUNT.faults_of_new(Version::V5, document, |_| true);
        let pointers: Vec<_> = faults.iter().map(|fault| &fault.pointer[..]).collect();
        assert_eq!(pointers, ["/@type", "/id", "/name", "/relatedParty"]);
    }
}
