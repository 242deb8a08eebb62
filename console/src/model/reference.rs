//! References between documents, as links.

use serde_json::{Map, Value};

use super::document;
use super::resource::RESOURCES;
use super::resource::Resource;
use super::route::Route;

/// The resource that a reference leads to, if this API keeps what is of its class.
pub fn resource_of(reference: &Value) -> Option<&'static Resource> {
    let text = |name| document::text(reference, name);
    let class = text("@referredType").or_else(|| text("@type")?.strip_suffix("Ref"))?;
    let class = if class == "BillCycleSpecification" { "BillingCycleSpecification" } else { class };
    RESOURCES.iter().find(|resource| resource.class == class && class != "Hub")
}

/// Where a reference leads.
pub fn route_of(reference: &Value) -> Option<Route> {
    let id = document::text(reference, "id")?;
    Some(Route::to([resource_of(reference)?.key, id]))
}

/// Whether a reference says no more than what it leads to: then a link says it all.
pub fn is_link(reference: &Value) -> bool {
    const USUAL: [&str; 7] =
        ["id", "href", "name", "@type", "@referredType", "@baseType", "@schemaLocation"];
    let says_no_more =
        |members: &Map<String, Value>| members.keys().all(|name| USUAL.contains(&name.as_str()));
    route_of(reference).is_some() && reference.as_object().is_some_and(says_no_more)
}

/// What is referred to, as readers know it: its name, or else its id.
pub fn name_of(reference: &Value) -> Option<&str> {
    ["name", "partyName", "billNo", "id"]
        .iter()
        .find_map(|name| document::text(reference, name).filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_lead_to_what_is_kept_here() {
        let lead = |reference| route_of(&reference).map(|route| route.to_string());
        let account = json!({"id": "1", "@referredType": "BillingAccount", "@type": "AccountRef"});
        assert_eq!(lead(account), Some("#/billingAccount/1".into()));
        let cycle = json!({"id": "2", "@type": "BillCycleSpecificationRef"});
        assert_eq!(lead(cycle), Some("#/billingCycleSpecification/2".into()));
        assert_eq!(lead(json!({"id": "3", "@referredType": "Product"})), None);
        assert_eq!(lead(json!({"id": "4", "@referredType": "Hub"})), None);
        assert_eq!(lead(json!({"@type": "BillFormatRef"})), None);
        // A class of its own is no reference.
        assert_eq!(lead(json!({"id": "5", "@type": "BillFormat"})), None);
    }

    #[test]
    fn what_says_more_is_no_mere_link() {
        let mut reference = json!({"id": "1", "@referredType": "BillFormat", "name": "A4"});
        assert!(is_link(&reference));
        reference["own"] = 1.into();
        assert!(!is_link(&reference));
    }

    #[test]
    fn what_has_no_name_is_called_by_its_id() {
        assert_eq!(name_of(&json!({"id": "1", "name": " "})), Some("1"));
        assert_eq!(name_of(&json!({"id": "1", "name": "Acme"})), Some("Acme"));
    }
}
