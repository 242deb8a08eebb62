//! What others are told of that happens to resources (TMF630 part 1, notification).

use schemas::Version;
use serde::{Deserialize, Serialize};

/// What has happened to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// There is a new one.
    Create,
    /// Something of it is otherwise than it was, beside its state.
    AttributeValueChange,
    /// Its state is another one.
    StateChange,
    /// It is no more.
    Delete,
}

use EventKind::{AttributeValueChange, Create, Delete, StateChange};

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Create, AttributeValueChange, StateChange, Delete];

    /// What it is called in the types of events.
    pub fn name(self) -> &'static str {
        match self {
            Create => "Create",
            AttributeValueChange => "AttributeValueChange",
            StateChange => "StateChange",
            Delete => "Delete",
        }
    }

    /// The type of the event of a resource of the class, such as `BillingAccountStateChangeEvent`.
    pub fn type_of(self, class: &str) -> String {
        format!("{class}{}Event", self.name())
    }

    /// The same in words, of what is called `one`, such as "a billing account".
    pub fn told_of(self, one: &str) -> String {
        let happened = match self {
            Create => "was created",
            AttributeValueChange => "was changed",
            StateChange => "has another state",
            Delete => "was deleted",
        };
        let mut letters = one.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{} {happened}.", letters.as_str())
    }
}

/// What others are told of the resources of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Events {
    /// What v5 has events for.
    pub v5: &'static [EventKind],
    /// What v4 has events for.
    pub v4: &'static [EventKind],
    /// Whether also what the server does of its own is told, beside what clients do.
    pub of_server: bool,
}

impl Events {
    /// Nothing.
    pub const NONE: Self = Self { v5: &[], v4: &[], of_server: false };

    /// Whatever clients do, in both versions.
    pub const ALL: Self = Self { v5: &EventKind::ALL, v4: &EventKind::ALL, of_server: false };

    /// What a version has events for.
    pub fn of(&self, version: Version) -> &'static [EventKind] {
        match version {
            Version::V4 => self.v4,
            Version::V5 => self.v5,
        }
    }

    /// Whether there are any.
    pub fn are_any(&self) -> bool {
        !self.v4.is_empty() || !self.v5.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_for_class_and_kind() {
        let types = EventKind::ALL.map(|kind| kind.type_of("BillFormat"));
        assert_eq!(
            types,
            [
                "BillFormatCreateEvent",
                "BillFormatAttributeValueChangeEvent",
                "BillFormatStateChangeEvent",
                "BillFormatDeleteEvent"
            ]
        );
        let told = StateChange.told_of("a bill");
        assert_eq!(told, "A bill has another state.");
    }
}
