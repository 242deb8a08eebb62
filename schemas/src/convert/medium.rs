//! Contact media.
//!
//! v4 has `{mediumType, characteristic}`, the latter with the attributes of all media; v5 has a class
//! for each kind, with its attributes directly. A `mediumType` that does not follow from the class,
//! and what else a `characteristic` has, are extensions of v5.

use serde_json::{Map, Value};

use super::{class_of, say_class};

/// A kind of medium.
struct Kind {
    /// Its class in v5.
    class: &'static str,
    /// What v4 clients see as its type.
    medium_type: &'static str,
    /// What its type begins with in v4, in small letters only.
    spellings: &'static [&'static str],
    attributes: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        class: "EmailContactMedium",
        medium_type: "email",
        spellings: &["email", "electronicmail"],
        attributes: &["emailAddress"],
    },
    Kind {
        class: "PhoneContactMedium",
        medium_type: "phone",
        spellings: &["phone", "telephone", "mobile", "landline"],
        attributes: &["phoneNumber"],
    },
    Kind {
        class: "FaxContactMedium",
        medium_type: "fax",
        spellings: &["fax", "telefax"],
        attributes: &["faxNumber"],
    },
    Kind {
        class: "SocialContactMedium",
        medium_type: "social network",
        spellings: &["social"],
        attributes: &["socialNetworkId"],
    },
    Kind {
        class: "GeographicAddressContactMedium",
        medium_type: "postal address",
        spellings: &["postal", "geographic", "address"],
        attributes: &[
            "street1",
            "street2",
            "postCode",
            "city",
            "stateOrProvince",
            "country",
            "geographicAddress",
        ],
    },
];

/// The class of a medium whose kind is not known.
const ANY_CLASS: &str = "ContactMedium";

/// The class of a characteristic in v4.
const CHARACTERISTIC_CLASS: &str = "MediumCharacteristic";

/// What v4 has in the characteristic and v5 in the medium.
fn attributes() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.attributes).copied().chain(["contactType"])
}

impl Kind {
    /// What the medium says that it is, or else what it has.
    fn of(medium: &Map<String, Value>) -> Option<&'static Self> {
        let said = medium.get("mediumType").and_then(Value::as_str).and_then(Self::of_medium_type);
        said.or_else(|| Self::of_attributes(medium))
    }

    fn class_of(kind: Option<&Self>) -> &'static str {
        kind.map_or(ANY_CLASS, |kind| kind.class)
    }

    fn of_class(class: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.class == class)
    }

    fn of_medium_type(text: &str) -> Option<&'static Self> {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        let letters: String = letters.collect();
        let begins = |spelling: &&str| letters.starts_with(*spelling);
        KINDS.iter().find(|kind| kind.spellings.iter().any(begins))
    }

    fn of_attributes(medium: &Map<String, Value>) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.attributes.iter().any(|name| medium.contains_key(*name)))
    }
}

pub(super) fn to_v4(medium: &mut Map<String, Value>) {
    let class = class_of(medium).unwrap_or_default();
    let kind = Kind::of_class(class);
    if kind.is_some() || class == ANY_CLASS {
        medium.remove("@type");
    }
    if let Some(kind) = kind
        && !medium.get("mediumType").is_some_and(Value::is_string)
    {
        medium.insert("mediumType".into(), kind.medium_type.into());
    }
    let rest = medium.remove("characteristic");
    let is_given = rest.as_ref().is_some_and(Value::is_object);
    let mut characteristic = match rest {
        Some(Value::Object(rest)) => rest,
        _ => Map::new(),
    };
    // A medium has a few attributes of the many that it could have.
    medium.retain(|name, value| {
        let is_moved =
            attributes().any(|moved| moved == name) && !characteristic.contains_key(name);
        if is_moved {
            characteristic.insert(name.clone(), value.take());
        }
        !is_moved
    });
    if is_given || !characteristic.is_empty() {
        medium.insert("characteristic".into(), characteristic.into());
    }
}

pub(super) fn to_v5(medium: &mut Map<String, Value>) {
    if let Some(Value::Object(mut characteristic)) = medium.remove("characteristic") {
        let was_empty = characteristic.is_empty();
        for name in attributes() {
            if !medium.contains_key(name)
                && let Some(value) = characteristic.remove(name)
            {
                medium.insert(name.to_owned(), value);
            }
        }
        super::remove_class(&mut characteristic, &[CHARACTERISTIC_CLASS]);
        if was_empty || !characteristic.is_empty() {
            medium.insert("characteristic".into(), characteristic.into());
        }
    }
    let medium_type = medium.get("mediumType").and_then(Value::as_str);
    let kind = match medium.get("@type") {
        Some(Value::String(class)) if class != ANY_CLASS => Kind::of_class(class),
        Some(Value::String(_)) | None => Kind::of(medium),
        Some(_) => return,
    };
    if let Some(kind) = kind
        && medium_type == Some(kind.medium_type)
    {
        medium.remove("mediumType");
    }
    if class_of(medium).is_none_or(|class| class == ANY_CLASS) {
        medium.insert("@type".into(), Kind::class_of(kind).into());
    }
}

pub(super) fn complete(medium: &mut Map<String, Value>) {
    let class = Kind::class_of(Kind::of(medium));
    say_class(medium, class);
}
