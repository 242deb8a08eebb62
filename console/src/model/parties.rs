//! Who a bill is from, and whom it is for: by the roles that its parties have.

use serde_json::Value;

use super::document;

/// Where a party stands on a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    From,
    To,
    /// It takes part in some other way.
    Beside,
}

const FROM: [&str; 9] = [
    "operator",
    "partner",
    "seller",
    "supplier",
    "provider",
    "serviceprovider",
    "producer",
    "payee",
    "billissuer",
];

const TO: [&str; 7] = ["customer", "consumer", "payer", "buyer", "owner", "billreceiver", "debtor"];

/// The parties on a side, in their order.
pub fn on_side(document: &Value, side: Side) -> Vec<&Value> {
    let parties = document::at(document, "relatedParty").into_iter();
    parties
        .filter(|party| Side::of(document::text(party, "role").unwrap_or_default()) == side)
        .collect()
}

impl Side {
    /// The side of a role, however it is spelled.
    fn of(role: &str) -> Self {
        let letters = role.chars().filter(|it| it.is_alphanumeric());
        let role: String = letters.flat_map(char::to_lowercase).collect();
        match &*role {
            role if TO.contains(&role) => Self::To,
            role if FROM.contains(&role) => Self::From,
            _ => Self::Beside,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_tell_the_sides() {
        let bill = json!({"relatedParty": [
            {"role": "partner"}, {"role": "Bill Receiver"}, {"role": "witness"}, {},
        ]});
        let count = |side| on_side(&bill, side).len();
        assert_eq!((count(Side::From), count(Side::To), count(Side::Beside)), (1, 1, 2));
    }
}
