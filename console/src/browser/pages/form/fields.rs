//! The fields of a class: those that it must have, and those that are set. The others can be added.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::draft::{Draft, id_of};
use super::input::field;
use crate::browser::dom;
use crate::browser::words::{name_of, t};
use crate::model::difference::escape;
use crate::model::schema::{Field, Kind};

/// The fields of the document.
#[component]
pub fn Fields(draft: Draft) -> AnyView {
    let fields = move || {
        draft.shape.track();
        of_class(draft, String::new(), draft.resource.class)
    };
    view! { <div class="card">{fields}</div> }.into_any()
}

/// The fields of a class at a place.
pub fn of_class(draft: Draft, pointer: String, class: &str) -> AnyView {
    let value = draft.value(&pointer).unwrap_or_default();
    let of_type = value.get("@type").and_then(Value::as_str);
    let known = draft.with_schemas(|schemas| schemas.fields(class, of_type));
    let types = draft.with_schemas(|schemas| schemas.types(class));
    let is_fixed = |field: &Field| {
        field.is_read_only || (pointer.is_empty() && field.name == "id" && !draft.is_new)
    };
    let sent = known.iter().filter(|field| !is_fixed(field));
    let (shown, others): (Vec<_>, Vec<_>) =
        sent.cloned().partition(|it| it.is_required || value.get(&it.name).is_some());
    let extensions = extensions(&value, &known);
    let all = shown.into_iter().chain(extensions).map(|it| {
        let pointer = format!("{pointer}/{}", escape(&it.name));
        let is_removable = !it.is_required;
        field(draft, pointer, it, is_removable)
    });
    view! {
        <div class="form-fields">
            {(!types.is_empty()).then(|| of_type_choice(draft, pointer.clone(), types, of_type))}
            {all.collect_view()}
            {(!others.is_empty()).then(|| adder(draft, pointer, others))}
        </div>
    }
    .into_any()
}

/// What a document has beyond its class: the API keeps it, and so does the form.
fn extensions(value: &Value, known: &[Field]) -> Vec<Field> {
    let names = value.as_object().map(|members| members.keys().cloned()).into_iter().flatten();
    let is_other = |name: &String| name != "@type" && known.iter().all(|field| field.name != *name);
    let field = |name| Field::extension(name);
    names.filter(is_other).map(field).collect()
}

/// Which of its types a part is.
fn of_type_choice(
    draft: Draft,
    pointer: String,
    types: Vec<String>,
    of_type: Option<&str>,
) -> AnyView {
    let none = of_type.is_none();
    let options = types.into_iter().map(|it| {
        view! { <option value=it.clone() selected=of_type == Some(&*it)>{it.clone()}</option> }
    });
    let id = id_of(&format!("{pointer}/@type"));
    let choose = move |value: String| {
        let value = Some(Value::String(value)).filter(|value| *value != "");
        draft.reshape(&format!("{pointer}/@type"), value);
    };
    view! {
        <div class="field">
            <label for=id.clone()>{t("form.type")}</label>
            <select id=id on:change:target=move |event| choose(event.target().value())>
                <option value="" selected=none>{t("form.typeUsual")}</option>
                {options.collect_view()}
            </select>
        </div>
    }
    .into_any()
}

/// Adds one of the attributes that are not set.
fn adder(draft: Draft, pointer: String, others: Vec<Field>) -> AnyView {
    let options = others.iter().map(|it| {
        let label = name_of("attribute", &it.name);
        view! { <option value=it.name.clone() title=it.help.clone()>{label}</option> }
    });
    let options = options.collect_view();
    let add = move |name: String| {
        let Some(field) = others.iter().find(|field| field.name == name) else { return };
        let pointer = format!("{pointer}/{}", escape(&name));
        draft.reshape(&pointer, Some(empty(&field.kind)));
        let id = id_of(&pointer);
        // Once it is there.
        request_animation_frame(move || dom::focus(&id));
    };
    view! {
        <label class="inline adder">
            <span class="unseen">{t("form.add")}</span>
            <select on:change:target=move |event| add(event.target().value())>
                <option value="">{t("form.add")}</option>
                {options}
            </select>
        </label>
    }
    .into_any()
}

/// What a field begins with.
pub fn empty(kind: &Kind) -> Value {
    match kind {
        Kind::Text | Kind::Instant | Kind::Number => json!(""),
        Kind::Truth => json!(false),
        Kind::Part(_) => json!({}),
        Kind::List(_) => json!([]),
        Kind::Any => Value::Null,
    }
}
