//! Partners and their customers: companies that nobody would take for real ones. Parties are kept
//! by another application (TMF632), so here they are ids and names.

use serde_json::{Value, json};

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The operator itself.
pub fn operator() -> Party {
    Party { id: "demo-operator".into(), name: "Example Networks".into() }
}

/// How many partners there are.
pub const PARTNERS: usize = 3;

/// The partners whose customers are billed on their behalf.
pub fn partner(number: usize) -> Party {
    const NAMES: [&str; PARTNERS] = ["Paper Boat Mobile", "Tin Whistle Fibre", "Blue Kettle Cloud"];
    let number = number % PARTNERS;
    Party { id: format!("demo-partner-{}", number + 1), name: NAMES[number].into() }
}

/// A customer.
pub fn customer(number: usize) -> Party {
    const FIRST: [&str; 14] = [
        "Quiet", "Copper", "Velvet", "Ninth", "Amber", "Paper", "Winding", "Cobalt", "Feather",
        "Cedar", "Striped", "Marble", "Humming", "Hidden",
    ];
    const SECOND: [&str; 13] = [
        "Lantern",
        "Heron",
        "Orchard",
        "Compass",
        "Teapot",
        "Pebble",
        "Umbrella",
        "Lighthouse",
        "Acorn",
        "Anchor",
        "Thimble",
        "Meadow",
        "Clock",
    ];
    const TRADE: [&str; 11] = [
        "Bakery",
        "Logistics",
        "Workshop",
        "Clinic",
        "Bookshop",
        "Studio",
        "Garage",
        "Hotel",
        "Brewery",
        "Print",
        "Travel",
    ];
    // Thirteen and fourteen have no divisor in common, so the first two words are a pair once in
    // 182.
    let words =
        [FIRST[number % FIRST.len()], SECOND[number % SECOND.len()], TRADE[number % TRADE.len()]];
    Party { id: format!("demo-customer-{number:03}"), name: words.join(" ") }
}

impl Party {
    /// As one of the `relatedParty` of an account.
    pub fn in_role(&self, role: &str) -> Value {
        json!({
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": role,
            "partyOrPartyRole": {
                "@type": "PartyRef", "@referredType": "Organization", "id": self.id, "name": self.name,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn customers_have_names_of_their_own() {
        let names: BTreeSet<_> = (0..182).map(|number| customer(number).name).collect();
        assert_eq!(names.len(), 182);
    }
}
