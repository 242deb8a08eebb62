//! Which events there are, and the query that asks for some of them.

use std::collections::BTreeSet;

use super::query::{Condition, encode};
use super::resource::Api;

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Create,
    AttributeValueChange,
    StateChange,
    Delete,
}

/// A resource that there are events of.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    pub api: Api,
    /// Also the key of the resource.
    pub name: &'static str,
    class: &'static str,
    pub kinds: &'static [Kind],
}

const ALL: &[Kind] = &[Kind::Create, Kind::AttributeValueChange, Kind::StateChange, Kind::Delete];

const fn account(name: &'static str, class: &'static str) -> Source {
    Source { api: Api::Account, name, class, kinds: ALL }
}

const fn bill(name: &'static str, class: &'static str, kinds: &'static [Kind]) -> Source {
    Source { api: Api::Bill, name, class, kinds }
}

/// All that the versions `v5` have events of.
pub static SOURCES: [Source; 10] = [
    account("billingAccount", "BillingAccount"),
    account("partyAccount", "PartyAccount"),
    account("financialAccount", "FinancialAccount"),
    account("settlementAccount", "SettlementAccount"),
    account("billingCycleSpecification", "BillingCycleSpecification"),
    account("billFormat", "BillFormat"),
    account("billPresentationMedia", "BillPresentationMedia"),
    bill("customerBill", "CustomerBill", &[Kind::Create, Kind::StateChange]),
    bill("customerBillOnDemand", "CustomerBillOnDemand", &[Kind::Create, Kind::StateChange]),
    bill(
        "appliedCustomerBillingRate",
        "AppliedCustomerBillingRate",
        &[Kind::Create, Kind::AttributeValueChange, Kind::Delete],
    ),
];

impl Kind {
    /// The end of the names of events, and what its text is known by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::AttributeValueChange => "AttributeValueChange",
            Self::StateChange => "StateChange",
            Self::Delete => "Delete",
        }
    }
}

impl Source {
    /// All that an API has events of.
    pub fn of(api: Api) -> impl Iterator<Item = &'static Self> {
        SOURCES.iter().filter(move |source| source.api == api)
    }

    fn event(&self, kind: Kind) -> String {
        format!("{}{}Event", self.class, kind.name())
    }
}

/// Which events somebody wants to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The names of resources, with what happens to them; none: everything.
    pub kinds: BTreeSet<(&'static str, Kind)>,
    /// What must hold for the resources with these names.
    pub conditions: Vec<(&'static str, Condition)>,
    /// What is sent of an event, separated by commas; empty: all of it.
    pub fields: String,
}

impl Wanted {
    /// The query that asks for that. Conditions on one resource leave the events of others alone:
    /// these are alternatives of their own.
    pub fn query(&self, api: Api) -> String {
        let mut unconditional = Vec::new();
        let mut alternatives = Vec::new();
        for source in Source::of(api) {
            let conditions: Vec<_> = self.conditions_on(source).collect();
            let events = self.events(source, !conditions.is_empty());
            if conditions.is_empty() {
                unconditional.extend(events);
            } else {
                alternatives.push(format!("{}&{}", types(&events), conditions.join("&")));
            }
        }
        if !unconditional.is_empty() {
            alternatives.insert(0, types(&unconditional));
        }
        let fields: Vec<_> =
            self.fields.split(',').map(str::trim).filter(|it| !it.is_empty()).map(encode).collect();
        let conditions = alternatives.join(";");
        match (conditions.is_empty(), fields.is_empty()) {
            (_, true) => conditions,
            (true, false) => format!("fields={}", fields.join(",")),
            (false, false) => format!("{conditions}&fields={}", fields.join(",")),
        }
    }

    /// The names of the events of a source that are wanted. Where only conditions are said, it is
    /// whatever happens to what they hold for.
    fn events(&self, source: &Source, is_conditional: bool) -> Vec<String> {
        let is_chosen = |kind: &Kind| self.kinds.contains(&(source.name, *kind));
        let is_any_chosen = source.kinds.iter().any(is_chosen);
        let kinds = source.kinds.iter().filter(|kind| match is_any_chosen {
            true => is_chosen(kind),
            false => is_conditional,
        });
        kinds.map(|kind| source.event(*kind)).collect()
    }

    fn conditions_on(&self, source: &Source) -> impl Iterator<Item = String> {
        let conditions = self.conditions.iter().filter(|(name, _)| *name == source.name);
        conditions.map(|(name, condition)| {
            format!("{name}.{}={}", encode(&condition.name()), encode(&condition.value))
        })
    }
}

fn types(events: &[String]) -> String {
    format!("eventType={}", events.join(","))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;

    fn condition(attribute: &str, operator: &'static str, value: &str) -> Condition {
        Condition { attribute: attribute.into(), operator, value: value.into() }
    }

    #[test]
    fn the_apis_describe_these_events_and_no_others() {
        for (api, name) in [(Api::Account, "TMF666-v5"), (Api::Bill, "TMF678-v5")] {
            let path = format!("{}/../docs/openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let description: Value =
                serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            let schemas = description["components"]["schemas"].as_object().unwrap();
            let described = schemas.keys().filter(|it| it.ends_with("Event") && *it != "Event");
            let known = Source::of(api)
                .flat_map(|source| source.kinds.iter().map(|kind| source.event(*kind)));
            let (described, known): (BTreeSet<_>, BTreeSet<_>) =
                (described.cloned().collect(), known.collect());
            assert_eq!(described, known, "{name}");
        }
    }

    #[test]
    fn nothing_chosen_is_everything() {
        assert_eq!(Wanted::default().query(Api::Account), "");
        let wanted = Wanted { fields: " event.billingAccount.id , ".into(), ..Wanted::default() };
        assert_eq!(wanted.query(Api::Account), "fields=event.billingAccount.id");
    }

    #[test]
    fn conditions_leave_other_resources_alone() {
        let wanted = Wanted {
            kinds: [
                ("billingAccount", Kind::StateChange),
                ("partyAccount", Kind::Create),
                ("partyAccount", Kind::Delete),
                ("customerBill", Kind::Create),
            ]
            .into(),
            conditions: vec![("billingAccount", condition("state", "is", "Suspended"))],
            fields: "eventId,event".into(),
        };
        let query = "eventType=PartyAccountCreateEvent,PartyAccountDeleteEvent\
            ;eventType=BillingAccountStateChangeEvent&billingAccount.state=Suspended\
            &fields=eventId,event";
        assert_eq!(wanted.query(Api::Account), query);
        assert_eq!(
            wanted.query(Api::Bill),
            "eventType=CustomerBillCreateEvent&fields=eventId,event"
        );
    }

    #[test]
    fn conditions_alone_mean_whatever_happens() {
        let wanted = Wanted {
            conditions: vec![
                ("customerBill", condition("amountDue.value", "at_least", "100")),
                ("customerBill", condition("category", "is_not", "a&b")),
            ],
            ..Wanted::default()
        };
        let query = "eventType=CustomerBillCreateEvent,CustomerBillStateChangeEvent\
            &customerBill.amountDue.value.gte=100&customerBill.category.ne=a%26b";
        assert_eq!(wanted.query(Api::Bill), query);
    }
}
