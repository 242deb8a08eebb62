//! A document of one version as the other version has it.
//!
//! Documents are open in both versions, so what one version has no name for is carried as an
//! extension. Attributes that a version requires and the other does not are filled in
//! ([`Fallback`]), and so are classes, which v5 has everywhere and v4 leaves out where they are the
//! usual ones ([`complete`] does only that). What cannot be carried, because its name means something
//! else in the other version, is left out there; [`restore`] keeps it when a document is changed
//! through the other version.
//!
//! # Layout
//!
//! * `shape` – where the types of the versions differ.
//! * `characteristic`, `document`, `medium`, `party`, `ref_or_value` – types that are built differently.
//! * [`restore`] – a change made in the other version, applied to the whole document.

mod characteristic;
mod document;
mod medium;
mod party;
mod ref_or_value;
mod restore;
mod shape;

pub(crate) use restore::restore;
use serde_json::{Map, Value};
pub(crate) use shape::{APPLIED_CUSTOMER_BILLING_RATE, BILL_CYCLE, CUSTOMER_BILL};
pub(crate) use shape::{BILL_FORMAT, BILL_PRESENTATION_MEDIA, BILLING_CYCLE_SPECIFICATION};
pub(crate) use shape::{CUSTOMER_BILL_ON_DEMAND, FINANCIAL_ACCOUNT, HUB, PARTY_ACCOUNT, Shape};
use shape::{Fallback, Form};

use crate::text::is_not_blank;

/// Stands where v4 requires a text and nothing is known.
const UNKNOWN: &str = "unknown";

/// Turns an object of v5 into what it is in v4.
pub(crate) fn to_v4(shape: &Shape, object: &mut Map<String, Value>) {
    match shape.form {
        Form::Root | Form::Choice => {}
        Form::Account => rename(object, "lastUpdate", "lastModified"),
        Form::Item => rename(object, "appliedBillingRateType", "type"),
        Form::Part | Form::PartOfV4 => remove_class(object, &[shape.v5]),
        Form::Party => {
            party::to_v4(object);
            remove_class(object, &[shape.v5]);
        }
        Form::Medium => medium::to_v4(object),
        Form::Document => document::to_v4(object),
        Form::Characteristic => characteristic::to_v4(object),
        Form::RefOrValue => ref_or_value::to_v4(shape, object),
    }
    for (name, shape) in shape.attributes {
        each(object, name, |part| to_v4(shape, part));
    }
    for (name, fallback) in shape.fallbacks {
        if object.contains_key(*name) {
            continue;
        }
        let value = match fallback {
            Fallback::Unknown => UNKNOWN.into(),
            Fallback::Always => Value::Object(Map::new()),
            Fallback::Null => Value::Null,
        };
        object.insert((*name).to_owned(), value);
    }
}

/// Turns an object of v4 into what it is in v5.
pub(crate) fn to_v5(shape: &Shape, object: &mut Map<String, Value>) {
    match shape.form {
        Form::Root => {}
        Form::Account => {
            rename(object, "lastModified", "lastUpdate");
            // v5 has no list without an element there.
            if object.get("relatedParty").and_then(Value::as_array).is_some_and(Vec::is_empty) {
                object.remove("relatedParty");
            }
        }
        Form::Item => {
            // Who writes v4 may know the attribute by its later name alone.
            if object.contains_key("type") {
                rename(object, "type", "appliedBillingRateType");
            }
        }
        Form::Part | Form::PartOfV4 => set_class(object, shape),
        Form::Party => {
            party::to_v5(object);
            set_class(object, shape);
        }
        Form::Medium => medium::to_v5(object),
        Form::Document => document::complete(object),
        Form::Characteristic => characteristic::to_v5(object, shape),
        Form::RefOrValue => ref_or_value::to_v5(shape, object),
        Form::Choice => ref_or_value::complete(shape, object),
    }
    for (name, shape) in shape.attributes {
        each(object, name, |part| to_v5(shape, part));
    }
}

/// Names the classes that an object of v5 leaves out.
pub(crate) fn complete(shape: &Shape, object: &mut Map<String, Value>) {
    match shape.form {
        Form::Root | Form::Account | Form::Item => {}
        Form::Part => say_class(object, shape.v5),
        // An extension is as the client wants it.
        Form::PartOfV4 => return,
        Form::Party => {
            say_class(object, shape.v5);
            party::complete(object);
        }
        Form::Medium => medium::complete(object),
        Form::Document => document::complete(object),
        Form::Characteristic => characteristic::complete(object),
        Form::RefOrValue | Form::Choice => ref_or_value::complete(shape, object),
    }
    for (name, shape) in shape.attributes {
        each(object, name, |part| complete(shape, part));
    }
}

/// Applies `convert` to the object that the attribute is, or to those that it has.
fn each(
    object: &mut Map<String, Value>,
    name: &str,
    mut convert: impl FnMut(&mut Map<String, Value>),
) {
    match object.get_mut(name) {
        Some(Value::Object(part)) => convert(part),
        Some(Value::Array(parts)) => {
            parts.iter_mut().filter_map(Value::as_object_mut).for_each(convert);
        }
        _ => {}
    }
}

/// Renames an attribute. What had the new name meant something else and cannot be shown.
fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    object.remove(to);
    if let Some(value) = object.remove(from) {
        object.insert(to.to_owned(), value);
    }
}

/// The name of the object's class, if it says.
fn class_of(object: &Map<String, Value>) -> Option<&str> {
    object.get("@type").and_then(Value::as_str)
}

/// Leaves the class out if it is one of the `usual` ones.
fn remove_class(object: &mut Map<String, Value>, usual: &[&str]) {
    if class_of(object).is_some_and(|class| usual.contains(&class)) {
        object.remove("@type");
    }
}

/// Names the class if it is the usual one.
fn set_class(object: &mut Map<String, Value>, shape: &Shape) {
    match object.get("@type") {
        None => {}
        Some(Value::String(class)) if class == shape.v4 => {}
        Some(_) => return,
    }
    object.insert("@type".into(), shape.v5.into());
}

/// Names the class if nothing is said.
fn say_class(object: &mut Map<String, Value>, class: &str) {
    if !object.contains_key("@type") {
        object.insert("@type".into(), class.into());
    }
}

/// The text of an attribute, unless there is none or it is blank.
fn text_of<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    object.get(name).and_then(Value::as_str).filter(|text| is_not_blank(text))
}
