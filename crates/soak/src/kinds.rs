//! Kinds of resources that are written, and what happens to them.

use client::{ACCOUNT_MANAGEMENT, CUSTOMER_BILL_MANAGEMENT};
use serde_json::Value;

/// A kind of resource that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Account,
    Item,
    Demand,
    Bill,
}

/// A kind of resource and the id of one.
pub type Key = (Kind, String);

/// A change as events tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Create,
    Attributes,
    State,
    Delete,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Account, Self::Item, Self::Demand, Self::Bill];

    /// Its name in paths, and of its resources in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "billingAccount",
            Self::Item => "appliedCustomerBillingRate",
            Self::Demand => "customerBillOnDemand",
            Self::Bill => "customerBill",
        }
    }

    /// Where its resources are.
    pub fn path(self) -> String {
        let api = if self == Self::Account { ACCOUNT_MANAGEMENT } else { CUSTOMER_BILL_MANAGEMENT };
        format!("{api}/{}", self.name())
    }

    /// The attributes that tell what of a story a resource shows.
    fn marked_by(self) -> &'static [&'static str] {
        match self {
            Self::Account => &["name", "state"],
            Self::Item | Self::Demand => &["name"],
            Self::Bill => &["state"],
        }
    }

    /// The query by which a list shows no more than ids and marks.
    pub fn fields(self) -> String {
        format!("fields=id,{}", self.marked_by().join(","))
    }

    /// The mark of a document: after each change of a resource, it is another one.
    pub fn mark(self, document: &Value) -> String {
        let texts = self.marked_by().iter().map(|name| document[*name].as_str().unwrap_or("–"));
        texts.collect::<Vec<_>>().join("/")
    }
}

impl Change {
    /// Reads the type of an event, such as `BillingAccountCreateEvent`.
    pub fn read(event_type: &str) -> Option<Self> {
        let ends = [
            ("CreateEvent", Self::Create),
            ("AttributeValueChangeEvent", Self::Attributes),
            ("StateChangeEvent", Self::State),
            ("DeleteEvent", Self::Delete),
        ];
        ends.into_iter().find(|(end, _)| event_type.ends_with(end)).map(|(_, change)| change)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_and_events_are_read() {
        let account = json!({ "id": "1", "name": "n", "state": "Active" });
        assert_eq!(Kind::Account.mark(&account), "n/Active");
        assert_eq!(Kind::Bill.mark(&json!({ "state": "sent" })), "sent");
        assert_eq!(Kind::Account.fields(), "fields=id,name,state");
        assert_eq!(Change::read("CustomerBillOnDemandCreateEvent"), Some(Change::Create));
        assert_eq!(
            Change::read("BillingAccountAttributeValueChangeEvent"),
            Some(Change::Attributes)
        );
        assert_eq!(Change::read("Other"), None);
    }
}
