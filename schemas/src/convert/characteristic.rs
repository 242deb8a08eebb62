//! Properties of bill items.
//!
//! The value of a property can be anything. v5 has a class for each kind of value; v4 has one.

use serde_json::{Map, Value};

use super::shape::Shape;
use super::{class_of, remove_class, say_class};

/// The class of a property whose value is of no kind in particular.
const ANY_CLASS: &str = "Characteristic";

/// The class of a property that does not say its own.
fn usual_class(property: &Map<String, Value>) -> &'static str {
    match property.get("value") {
        Some(Value::String(_)) => "StringCharacteristic",
        Some(Value::Bool(_)) => "BooleanCharacteristic",
        Some(Value::Number(number)) if is_whole(number) => "IntegerCharacteristic",
        Some(Value::Number(_)) => "NumberCharacteristic",
        Some(Value::Object(_)) => "ObjectCharacteristic",
        Some(Value::Array(elements)) => class_of_array(elements),
        Some(Value::Null) | None => ANY_CLASS,
    }
}

fn class_of_array(elements: &[Value]) -> &'static str {
    let all = |is: fn(&Value) -> bool| !elements.is_empty() && elements.iter().all(is);
    match elements {
        _ if all(Value::is_string) => "StringArrayCharacteristic",
        _ if all(Value::is_boolean) => "BooleanArrayCharacteristic",
        _ if all(|value| value.as_number().is_some_and(is_whole)) => "IntegerArrayCharacteristic",
        _ if all(Value::is_number) => "NumberArrayCharacteristic",
        _ if all(Value::is_object) => "ObjectArrayCharacteristic",
        _ => ANY_CLASS,
    }
}

/// Whether the number is written as a whole one, however large.
fn is_whole(number: &serde_json::Number) -> bool {
    let digits = number.as_str().strip_prefix('-').unwrap_or(number.as_str());
    digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn to_v4(property: &mut Map<String, Value>) {
    let usual = usual_class(property);
    remove_class(property, &[usual]);
}

pub(super) fn to_v5(property: &mut Map<String, Value>, shape: &Shape) {
    // v4 calls all of them the same.
    if class_of(property) == Some(shape.v4) {
        property.remove("@type");
    }
    complete(property);
}

pub(super) fn complete(property: &mut Map<String, Value>) {
    let usual = usual_class(property);
    say_class(property, usual);
}
