//! The resources that lists are of: where they are, and what a list shows of them at first.

use serde_json::Value;

use super::failure::Failure;
use super::query::encode;

/// One of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    Account,
    Bill,
}

/// A resource of an API.
#[derive(Debug)]
pub struct Resource {
    /// What the console's addresses and texts call it; unlike the name, once in both APIs.
    pub key: &'static str,
    pub api: Api,
    /// What the API calls it, in paths and scopes.
    pub name: &'static str,
    /// The class of its documents.
    pub class: &'static str,
    /// The columns of a list, as dotted paths.
    pub columns: &'static [&'static str],
    /// More columns that are offered. Others can be named by their path.
    pub offered: &'static [&'static str],
    /// What a search looks at.
    pub known_by: &'static [&'static str],
    /// What the server has an index of among that, in which beginnings are found.
    pub indexed: &'static [&'static str],
    /// How a list is sorted at first.
    pub sort: &'static str,
    pub changes: Changes,
}

/// What the API can do to a resource.
#[derive(Clone, Copy, Debug)]
pub struct Changes {
    pub create: bool,
    pub patch: bool,
    pub delete: bool,
}

const ALL: Changes = Changes { create: true, patch: true, delete: true };

/// Of the standard's states, what an account can be.
pub const ACCOUNT_STATES: [&str; 6] =
    ["Defined", "Active", "Pending_Update", "Pending_Closed", "Suspended", "Closed"];

/// Of the standard's states, what a bill can be.
pub const BILL_STATES: [&str; 6] =
    ["new", "validated", "sent", "onHold", "partiallyPaid", "settled"];

/// What all parties see, none of them its owner.
const OF_ALL_PARTIES: [&str; 4] =
    ["billFormat", "billPresentationMedia", "billingCycleSpecification", "billCycle"];

const PARTY: &str = "relatedParty.partyOrPartyRole.name";

/// The id of a party that a resource names.
pub const PARTY_ID: &str = "relatedParty.partyOrPartyRole.id";

const ACCOUNT_COLUMNS: [&str; 5] = ["name", "state", PARTY, "accountType", "lastUpdate"];
const ACCOUNT_OFFERED: [&str; 6] =
    ["id", "description", "creditLimit", "paymentStatus", "accountBalance", "@type"];

const CATALOGUE_COLUMNS: [&str; 3] = ["name", "description", "id"];
const CATALOGUE_OFFERED: [&str; 2] = ["isRef", "@type"];

const HUB_COLUMNS: [&str; 4] = ["callback", "query", "delivery.status", "delivery.pending"];
const HUB_OFFERED: [&str; 5] =
    ["id", "version", "delivery.delivered", "delivery.failed", "delivery.parked"];

const fn account(key: &'static str, class: &'static str) -> Resource {
    Resource {
        key,
        api: Api::Account,
        name: key,
        class,
        columns: &ACCOUNT_COLUMNS,
        offered: &ACCOUNT_OFFERED,
        known_by: &["name", PARTY],
        indexed: &["name"],
        sort: "-lastUpdate",
        changes: ALL,
    }
}

const fn catalogue(key: &'static str, class: &'static str) -> Resource {
    Resource {
        key,
        api: Api::Account,
        name: key,
        class,
        columns: &CATALOGUE_COLUMNS,
        offered: &CATALOGUE_OFFERED,
        known_by: &["name"],
        indexed: &["name"],
        sort: "name",
        changes: ALL,
    }
}

const fn hub(key: &'static str, api: Api) -> Resource {
    Resource {
        key,
        api,
        name: "hub",
        class: "Hub",
        columns: &HUB_COLUMNS,
        offered: &HUB_OFFERED,
        known_by: &["callback", "query"],
        indexed: &[],
        sort: "callback",
        changes: Changes { create: true, patch: false, delete: true },
    }
}

const BILL: Resource = Resource {
    key: "customerBill",
    api: Api::Bill,
    name: "customerBill",
    class: "CustomerBill",
    columns: &[
        "billNo",
        "state",
        "billingAccount.name",
        "billDate",
        "paymentDueDate",
        "amountDue",
        "remainingAmount",
    ],
    offered: &[
        "id",
        "category",
        "billingPeriod",
        "billingAccount.id",
        "relatedParty.partyOrPartyRole.name",
        "taxExcludedAmount",
        "taxIncludedAmount",
        "runType",
    ],
    known_by: &["billNo", "billingAccount.name", "billingAccount.id", PARTY],
    indexed: &["billNo", "billingAccount.id"],
    sort: "-billDate",
    changes: Changes { create: true, patch: true, delete: false },
};

const ITEM: Resource = Resource {
    key: "appliedCustomerBillingRate",
    api: Api::Bill,
    name: "appliedCustomerBillingRate",
    class: "AppliedCustomerBillingRate",
    columns: &["name", "date", "billingAccount.id", "isBilled", "bill.id", "taxExcludedAmount"],
    offered: &["id", "description", "type", "periodCoverage", "taxIncludedAmount", "product.name"],
    known_by: &["name", "description", "billingAccount.name", "billingAccount.id"],
    indexed: &["billingAccount.id"],
    sort: "-date",
    changes: ALL,
};

const ON_DEMAND: Resource = Resource {
    key: "customerBillOnDemand",
    api: Api::Bill,
    name: "customerBillOnDemand",
    class: "CustomerBillOnDemand",
    columns: &["id", "state", "billingAccount.id", "customerBill.id", "lastUpdate"],
    offered: &["name", "description", "stateReason", "currency", "billDate"],
    known_by: &["name", "billingAccount.name", "billingAccount.id"],
    indexed: &["billingAccount.id"],
    // The server's ids ascend with time, and no index has another order of them.
    sort: "-id",
    changes: Changes { create: true, patch: false, delete: false },
};

const CYCLE: Resource = Resource {
    key: "billCycle",
    api: Api::Bill,
    name: "billCycle",
    class: "BillCycle",
    columns: &["name", "BillCycleSpecification.name", "validFor", "run.state", "run.bills"],
    offered: &["id", "description", "billDate", "run.accounts", "run.done", "run.rejected"],
    known_by: &["name", "BillCycleSpecification.name", "BillCycleSpecification.id"],
    indexed: &["BillCycleSpecification.id"],
    sort: "-validFor.startDateTime",
    changes: Changes { create: true, patch: false, delete: false },
};

/// All resources, in the order of the navigation.
pub static RESOURCES: [Resource; 13] = [
    account("billingAccount", "BillingAccount"),
    account("partyAccount", "PartyAccount"),
    account("financialAccount", "FinancialAccount"),
    account("settlementAccount", "SettlementAccount"),
    BILL,
    ITEM,
    ON_DEMAND,
    CYCLE,
    hub("accountHub", Api::Account),
    hub("billHub", Api::Bill),
    catalogue("billFormat", "BillFormat"),
    catalogue("billPresentationMedia", "BillPresentationMedia"),
    catalogue("billingCycleSpecification", "BillingCycleSpecification"),
];

impl Resource {
    /// The resource with a key.
    pub fn named(key: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|resource| resource.key == key)
    }

    /// Whether it belongs to parties.
    pub fn has_parties(&self) -> bool {
        self.known_by.contains(&PARTY)
    }

    /// Whether all parties see it, none of them its owner.
    pub fn is_shared(&self) -> bool {
        OF_ALL_PARTIES.contains(&self.key)
    }

    /// The states that are offered to choose from, if it has any of the standard's.
    pub fn states(&self) -> &'static [&'static str] {
        match self.key {
            "customerBill" => &BILL_STATES,
            "customerBillOnDemand" => &["inProgress", "rejected", "done", "terminatedWithError"],
            _ if self.columns.contains(&"state") => &ACCOUNT_STATES,
            _ => &[],
        }
    }
}

/// The path of a resource, or of something below it. Browsers take `.` and `..` for steps of the path
/// however they are written: there is nothing with such an id.
pub fn path(resource: &Resource, steps: &[&str]) -> Result<String, Failure> {
    if steps.iter().any(|step| matches!(*step, "." | ".." | "")) {
        return Err(Failure::refused(404, &Value::Null, String::new()));
    }
    let steps = steps.iter().flat_map(|step| ["/".to_owned(), encode(step)]);
    Ok(resource.name.to_owned() + &steps.collect::<String>())
}

impl Api {
    /// The prefix of its scopes.
    pub fn scope(self) -> &'static str {
        match self {
            Self::Account => "tmf666",
            Self::Bill => "tmf678",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_path_leads_to_what_it_names_and_nowhere_else() {
        let account = Resource::named("billingAccount").unwrap();
        assert_eq!(path(account, &["a b~"]), Ok("billingAccount/a%20b%7E".into()));
        for step in [".", "..", ""] {
            let nowhere = path(account, &[step, "x"]).unwrap_err();
            assert_eq!(nowhere.status(), Some(404), "{step}");
        }
    }

    #[test]
    fn keys_are_unique() {
        let keys: BTreeSet<_> = RESOURCES.iter().map(|resource| resource.key).collect();
        assert_eq!(keys.len(), RESOURCES.len());
    }
}
