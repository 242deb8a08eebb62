//! The types of TMF666 v4.0.0.

use crate::Schema;
use crate::attribute::types::v4 as types;

/// Compiles the schema of a resource and everything it refers to into a validator.
macro_rules! schema {
    ($validator:ident, $attributes:ident, $type_name:literal, $path:literal, $base_uri:literal) => {{
        #[jsonschema::validator(
            path = $path,
            base_uri = $base_uri,
            draft = Draft202012,
            validate_formats = true,
            formats = { "not-blank" => crate::text::is_not_blank },
            methods = { is_valid = true, validate = false, iter_errors = true },
            resources = {
                "json-schema:///v4/Account.schema.json" => { path = "v4/Account.schema.json" },
                "json-schema:///v4/AccountBalance.schema.json" => { path = "v4/AccountBalance.schema.json" },
                "json-schema:///v4/AccountRef.schema.json" => { path = "v4/AccountRef.schema.json" },
                "json-schema:///v4/AccountRelationship.schema.json" => { path = "v4/AccountRelationship.schema.json" },
                "json-schema:///v4/AccountTaxExemption.schema.json" => { path = "v4/AccountTaxExemption.schema.json" },
                "json-schema:///v4/BillFormat.schema.json" => { path = "v4/BillFormat.schema.json" },
                "json-schema:///v4/BillFormatRefOrValue.schema.json" => { path = "v4/BillFormatRefOrValue.schema.json" },
                "json-schema:///v4/BillPresentationMedia.schema.json" => { path = "v4/BillPresentationMedia.schema.json" },
                "json-schema:///v4/BillPresentationMediaRefOrValue.schema.json" => { path = "v4/BillPresentationMediaRefOrValue.schema.json" },
                "json-schema:///v4/BillStructure.schema.json" => { path = "v4/BillStructure.schema.json" },
                "json-schema:///v4/BillingAccount.schema.json" => { path = "v4/BillingAccount.schema.json" },
                "json-schema:///v4/BillingCycleSpecification.schema.json" => { path = "v4/BillingCycleSpecification.schema.json" },
                "json-schema:///v4/BillingCycleSpecificationRefOrValue.schema.json" => { path = "v4/BillingCycleSpecificationRefOrValue.schema.json" },
                "json-schema:///v4/Contact.schema.json" => { path = "v4/Contact.schema.json" },
                "json-schema:///v4/ContactMedium.schema.json" => { path = "v4/ContactMedium.schema.json" },
                "json-schema:///v4/Entity.schema.json" => { path = "v4/Entity.schema.json" },
                "json-schema:///v4/EntityRef.schema.json" => { path = "v4/EntityRef.schema.json" },
                "json-schema:///v4/Extensible.schema.json" => { path = "v4/Extensible.schema.json" },
                "json-schema:///v4/FinancialAccount.schema.json" => { path = "v4/FinancialAccount.schema.json" },
                "json-schema:///v4/FinancialAccountRef.schema.json" => { path = "v4/FinancialAccountRef.schema.json" },
                "json-schema:///v4/MediumCharacteristic.schema.json" => { path = "v4/MediumCharacteristic.schema.json" },
                "json-schema:///v4/Money.schema.json" => { path = "v4/Money.schema.json" },
                "json-schema:///v4/PartyAccount.schema.json" => { path = "v4/PartyAccount.schema.json" },
                "json-schema:///v4/PaymentMethodRef.schema.json" => { path = "v4/PaymentMethodRef.schema.json" },
                "json-schema:///v4/PaymentPlan.schema.json" => { path = "v4/PaymentPlan.schema.json" },
                "json-schema:///v4/RelatedParty.schema.json" => { path = "v4/RelatedParty.schema.json" },
                "json-schema:///v4/SettlementAccount.schema.json" => { path = "v4/SettlementAccount.schema.json" },
                "json-schema:///v4/TimePeriod.schema.json" => { path = "v4/TimePeriod.schema.json" },
            }
        )]
        struct $validator;

        Schema {
            type_name: $type_name,
            attributes: &types::$attributes,
            is_valid: $validator::is_valid,
            errors: |value| $validator::iter_errors(value),
        }
    }};
}

/// An account that a party holds.
pub const PARTY_ACCOUNT: Schema = schema!(
    PartyAccount,
    PARTY_ACCOUNT,
    "PartyAccount",
    "v4/PartyAccount.schema.json",
    "json-schema:///v4/PartyAccount.schema.json"
);

/// An account that bills are issued for.
pub const BILLING_ACCOUNT: Schema = schema!(
    BillingAccount,
    BILLING_ACCOUNT,
    "BillingAccount",
    "v4/BillingAccount.schema.json",
    "json-schema:///v4/BillingAccount.schema.json"
);

/// An account that is settled with.
pub const SETTLEMENT_ACCOUNT: Schema = schema!(
    SettlementAccount,
    SETTLEMENT_ACCOUNT,
    "SettlementAccount",
    "v4/SettlementAccount.schema.json",
    "json-schema:///v4/SettlementAccount.schema.json"
);

/// An account in the ledger.
pub const FINANCIAL_ACCOUNT: Schema = schema!(
    FinancialAccount,
    FINANCIAL_ACCOUNT,
    "FinancialAccount",
    "v4/FinancialAccount.schema.json",
    "json-schema:///v4/FinancialAccount.schema.json"
);

/// How bills are laid out.
pub const BILL_FORMAT: Schema = schema!(
    BillFormat,
    BILL_FORMAT,
    "BillFormat",
    "v4/BillFormat.schema.json",
    "json-schema:///v4/BillFormat.schema.json"
);

/// How bills are delivered.
pub const BILL_PRESENTATION_MEDIA: Schema = schema!(
    BillPresentationMedia,
    BILL_PRESENTATION_MEDIA,
    "BillPresentationMedia",
    "v4/BillPresentationMedia.schema.json",
    "json-schema:///v4/BillPresentationMedia.schema.json"
);

/// When bills are made.
pub const BILLING_CYCLE_SPECIFICATION: Schema = schema!(
    BillingCycleSpecification,
    BILLING_CYCLE_SPECIFICATION,
    "BillingCycleSpecification",
    "v4/BillingCycleSpecification.schema.json",
    "json-schema:///v4/BillingCycleSpecification.schema.json"
);
