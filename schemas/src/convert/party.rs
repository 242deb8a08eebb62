//! Parties and their roles.
//!
//! v4 has `{role, id, href, name, @referredType}`; v5 has `{role, partyOrPartyRole}` with the others
//! in the inner object. What else that object has stays in it, as an extension of v4.

use serde_json::{Map, Value};

use super::{UNKNOWN, class_of, remove_class, say_class, text_of};

/// The attributes that v4 has beside the role.
const OF_PARTY: [&str; 4] = ["id", "href", "name", "@referredType"];

const INNER: &str = "partyOrPartyRole";

const REF: &str = "PartyRef";
const ROLE_REF: &str = "PartyRoleRef";

/// The classes of roles (SID) whose names do not end in `Role`.
const ROLES: [&str; 5] = ["BusinessPartner", "Consumer", "Customer", "Producer", "Supplier"];

/// What only a reference to a role has.
const OF_ROLE: [&str; 2] = ["partyId", "partyName"];

/// The class of a reference that does not say its own: what is `referred` to tells, or what it has.
fn usual_class(referred: Option<&str>, inner: &Map<String, Value>) -> &'static str {
    let is_role = match referred {
        Some(referred) => referred.ends_with("Role") || ROLES.contains(&referred),
        None => OF_ROLE.iter().any(|name| inner.contains_key(*name)),
    };
    if is_role { ROLE_REF } else { REF }
}

pub(super) fn to_v4(party: &mut Map<String, Value>) {
    let mut inner = match party.remove(INNER) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    // An id beside the party is not what parties are found by.
    party.remove("id");
    for name in OF_PARTY {
        if let Some((name, value)) = inner.remove_entry(name) {
            party.insert(name, value);
        }
    }
    if text_of(party, "id").is_none() {
        party.insert("id".into(), UNKNOWN.into());
    }
    if text_of(party, "name").is_none() {
        let name = text_of(&inner, "partyName").or(text_of(party, "id")).unwrap_or(UNKNOWN);
        party.insert("name".into(), name.into());
    }
    if text_of(party, "@referredType").is_none() {
        let class = class_of(&inner).unwrap_or_else(|| usual_class(None, &inner));
        let referred = if class == ROLE_REF { "PartyRole" } else { "Party" };
        party.insert("@referredType".into(), referred.into());
    }
    let usual = usual_class(text_of(party, "@referredType"), &inner);
    // The official examples of v5 have the name of the choice for the name of what was chosen.
    remove_class(&mut inner, &[usual, "PartyRefOrPartyRoleRef"]);
    if !inner.is_empty() {
        party.insert(INNER.to_owned(), inner.into());
    }
}

pub(super) fn to_v5(party: &mut Map<String, Value>) {
    let mut inner = match party.remove(INNER) {
        Some(Value::Object(inner)) => inner,
        None => Map::new(),
        Some(other) => {
            // The schema will refuse it.
            party.insert(INNER.to_owned(), other);
            return;
        }
    };
    for name in OF_PARTY {
        if let Some((name, value)) = party.remove_entry(name) {
            inner.insert(name, value);
        }
    }
    say_usual_class(&mut inner);
    party.insert(INNER.to_owned(), inner.into());
}

pub(super) fn complete(party: &mut Map<String, Value>) {
    if let Some(Value::Object(inner)) = party.get_mut(INNER) {
        say_usual_class(inner);
    }
}

fn say_usual_class(inner: &mut Map<String, Value>) {
    let usual = usual_class(text_of(inner, "@referredType"), inner);
    say_class(inner, usual);
}
