//! Attributes of documents, with the faults that they have. An attribute that is null is not there.

use rust_decimal::Decimal;
use schemas::Fault;
use serde_json::{Map, Value};

use crate::{Error, Money, exact};

pub(crate) type Object = Map<String, Value>;

pub(crate) fn present<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// The money that `object`, which stands at `pointer`, has by this name.
pub(crate) fn money(object: &Object, name: &str, pointer: &str) -> Result<Option<Money>, Fault> {
    present(object, name).map(|money| Money::read(money, &format!("{pointer}/{name}"))).transpose()
}

pub(crate) fn text<'a>(
    object: &'a Object,
    name: &str,
    pointer: &str,
) -> Result<Option<&'a str>, Fault> {
    let Some(value) = present(object, name) else { return Ok(None) };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| Fault::new(format!("{pointer}/{name}"), "must be a string"))
}

pub(crate) fn number(object: &Object, name: &str, pointer: &str) -> Result<Option<Decimal>, Fault> {
    let Some(value) = present(object, name) else { return Ok(None) };
    let Value::Number(number) = value else {
        return Err(Fault::new(format!("{pointer}/{name}"), "must be a number"));
    };
    let number = exact::number(number);
    number.map(Some).ok_or_else(|| {
        Fault::new(format!("{pointer}/{name}"), "must be a number of at most 28 digits")
    })
}

/// The objects in an array of `document`, each with where it stands.
pub(crate) fn objects<'a>(
    document: &'a Object,
    name: &str,
) -> impl Iterator<Item = Result<(String, &'a Object), Fault>> {
    let (array, fault) = match present(document, name) {
        None => (&[][..], None),
        Some(Value::Array(array)) => (&array[..], None),
        Some(_) => (&[][..], Some(Err(Fault::new(format!("/{name}"), "must be an array")))),
    };
    let objects = array.iter().enumerate().map(move |(at, value)| {
        let pointer = format!("/{name}/{at}");
        match value {
            Value::Object(object) => Ok((pointer, object)),
            _ => Err(Fault::new(pointer, "must be an object")),
        }
    });
    fault.into_iter().chain(objects)
}

/// What arithmetic cannot do with what stands at `pointer`.
pub(crate) fn fault(pointer: impl Into<String>, error: Error) -> Fault {
    let expectation = match error {
        Error::Currencies { first, .. } => format!("must be {first}, as the amounts before it are"),
        error => format!("cannot be added up: {error}"),
    };
    Fault::new(pointer, expectation)
}
