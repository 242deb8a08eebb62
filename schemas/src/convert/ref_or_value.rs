//! What is either a resource of its own or a reference to one.
//!
//! In v4 `isRef` tells which, and is true where it is left out; in v5 the class does, and references
//! end in `Ref`. v4 requires a name of references too.

use serde_json::{Map, Value};

use super::shape::Shape;
use super::{UNKNOWN, class_of, say_class, text_of};
use crate::text::is_not_blank;

/// Whether a class of v5 is one of references.
fn is_ref_class(class: &str) -> bool {
    class.ends_with("Ref")
}

/// Whether the object can refer to something. An id that is no text is refused by the schema.
fn has_id(object: &Map<String, Value>) -> bool {
    object.get("id").is_some_and(|id| id.as_str().is_none_or(is_not_blank))
}

/// Whether an object of a class of the client's own is a reference. Without an id it refers to nothing.
fn looks_like_ref(class: &str, object: &Map<String, Value>) -> bool {
    is_ref_class(class) && has_id(object)
}

/// The class that the object has where it does not say.
fn usual_class(shape: &Shape, is_ref: bool) -> String {
    format!("{}{}", shape.v5, if is_ref { "Ref" } else { "" })
}

/// Whether the class is one that `isRef` implies.
fn is_usual(shape: &Shape, class: &str) -> bool {
    class.strip_prefix(shape.v5).is_some_and(|end| matches!(end, "" | "Ref" | "RefOrValue"))
}

pub(super) fn to_v4(shape: &Shape, object: &mut Map<String, Value>) {
    let flag = object.get("isRef").and_then(Value::as_bool);
    let is_ref = match class_of(object) {
        Some(class) if is_usual(shape, class) => {
            let is_ref = is_ref_class(class);
            object.remove("@type");
            is_ref
        }
        Some(class) => flag.unwrap_or(looks_like_ref(class, object)),
        None => has_id(object),
    };
    object.insert("isRef".into(), is_ref.into());
    if text_of(object, "name").is_none() {
        let name = text_of(object, "id").unwrap_or(UNKNOWN).to_owned();
        object.insert("name".into(), name.into());
    }
}

pub(super) fn to_v5(shape: &Shape, object: &mut Map<String, Value>) {
    let is_ref = match object.get("isRef") {
        Some(Value::Bool(is_ref)) => *is_ref,
        None => has_id(object),
        // The schema will refuse it.
        Some(_) => return,
    };
    match object.get("@type") {
        Some(Value::String(class)) if !is_usual(shape, class) => {
            if looks_like_ref(class, object) == is_ref {
                object.remove("isRef");
            }
        }
        Some(Value::String(_)) | None => {
            object.remove("isRef");
            object.insert("@type".into(), usual_class(shape, is_ref).into());
        }
        Some(_) => {}
    }
}

pub(super) fn complete(shape: &Shape, object: &mut Map<String, Value>) {
    let class = usual_class(shape, has_id(object));
    say_class(object, &class);
}
