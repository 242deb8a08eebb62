//! What the account resources have in common.

use crate::model::definition::{Index, Reference, Referrer};
use crate::value::compare::Kind;

const fn text(path: &'static str) -> Index {
    Index { path, kind: Kind::Text, is_multiple: false }
}

const fn texts(path: &'static str) -> Index {
    Index { path, kind: Kind::Text, is_multiple: true }
}

/// What every named resource is found by.
pub const NAMED_INDEXES: &[Index] = &[text("name")];

/// What every account is found by.
pub const ACCOUNT_INDEXES: &[Index] = &[
    text("name"),
    text("state"),
    text("accountType"),
    Index { path: "lastUpdate", kind: Kind::Time, is_multiple: false },
    texts("relatedParty.partyOrPartyRole.id"),
    texts("accountRelationship.account.id"),
];

/// What party accounts and those that extend them are found by.
pub const PARTY_ACCOUNT_INDEXES: &[Index] = &[
    text("name"),
    text("state"),
    text("accountType"),
    Index { path: "lastUpdate", kind: Kind::Time, is_multiple: false },
    texts("relatedParty.partyOrPartyRole.id"),
    texts("accountRelationship.account.id"),
    // References are looked up by single values; nobody needs entries for accounts without them.
    texts("financialAccount.id"),
    texts("billStructure.format.id"),
    texts("billStructure.presentationMedia.id"),
    texts("billStructure.cycleSpecification.id"),
];

/// What v4 does not let clients change of party accounts and those that extend them.
pub const IMMUTABLE_IN_V4: &[&str] = &["accountBalance"];

/// The resources that are accounts.
pub const ACCOUNTS: &[&str] =
    &["partyAccount", "billingAccount", "settlementAccount", "financialAccount"];

/// The accounts that an account is related to.
pub(crate) const RELATED_ACCOUNT: &str = "accountRelationship.account";

/// What an account refers to.
pub const ACCOUNT_REFERENCES: &[Reference] =
    &[Reference { path: RELATED_ACCOUNT, targets: ACCOUNTS }];

/// What party accounts and those that extend them refer to.
pub const PARTY_ACCOUNT_REFERENCES: &[Reference] = &[
    Reference { path: RELATED_ACCOUNT, targets: ACCOUNTS },
    Reference { path: "financialAccount", targets: &["financialAccount"] },
    Reference { path: "billStructure.format", targets: &["billFormat"] },
    Reference { path: "billStructure.presentationMedia", targets: &["billPresentationMedia"] },
    Reference { path: "billStructure.cycleSpecification", targets: &["billingCycleSpecification"] },
];

const fn party_accounts(path: &'static str) -> [Referrer; 3] {
    [
        Referrer { resource: "partyAccount", path },
        Referrer { resource: "billingAccount", path },
        Referrer { resource: "settlementAccount", path },
    ]
}

/// What may refer to an account.
pub const REFERRERS: &[Referrer] = &[
    Referrer { resource: "partyAccount", path: RELATED_ACCOUNT },
    Referrer { resource: "billingAccount", path: RELATED_ACCOUNT },
    Referrer { resource: "settlementAccount", path: RELATED_ACCOUNT },
    Referrer { resource: "financialAccount", path: RELATED_ACCOUNT },
];

/// What may refer to a financial account.
pub const FINANCIAL_ACCOUNT_REFERRERS: &[Referrer] = {
    let [a, b, c] = party_accounts("financialAccount");
    &[REFERRERS[0], REFERRERS[1], REFERRERS[2], REFERRERS[3], a, b, c]
};

/// What may refer to a bill format.
pub const BILL_FORMAT_REFERRERS: &[Referrer] = &party_accounts("billStructure.format");

/// What may refer to a bill presentation medium.
pub const BILL_PRESENTATION_MEDIA_REFERRERS: &[Referrer] =
    &party_accounts("billStructure.presentationMedia");

/// What may refer to a billing cycle specification.
pub const BILLING_CYCLE_SPECIFICATION_REFERRERS: &[Referrer] =
    &party_accounts("billStructure.cycleSpecification");
