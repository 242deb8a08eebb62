//! The types of TMF666 v5.0.0.

use crate::Schema;
use crate::attribute::types::v5 as types;

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
                "json-schema:///v5/Account.schema.json" => { path = "v5/Account.schema.json" },
                "json-schema:///v5/AccountBalance.schema.json" => { path = "v5/AccountBalance.schema.json" },
                "json-schema:///v5/AccountRef.schema.json" => { path = "v5/AccountRef.schema.json" },
                "json-schema:///v5/AccountRelationship.schema.json" => { path = "v5/AccountRelationship.schema.json" },
                "json-schema:///v5/Attachment.schema.json" => { path = "v5/Attachment.schema.json" },
                "json-schema:///v5/AttachmentRef.schema.json" => { path = "v5/AttachmentRef.schema.json" },
                "json-schema:///v5/AttachmentRefOrValue.schema.json" => { path = "v5/AttachmentRefOrValue.schema.json" },
                "json-schema:///v5/BillFormat.schema.json" => { path = "v5/BillFormat.schema.json" },
                "json-schema:///v5/BillFormatRef.schema.json" => { path = "v5/BillFormatRef.schema.json" },
                "json-schema:///v5/BillFormatRefOrValue.schema.json" => { path = "v5/BillFormatRefOrValue.schema.json" },
                "json-schema:///v5/BillPresentationMedia.schema.json" => { path = "v5/BillPresentationMedia.schema.json" },
                "json-schema:///v5/BillPresentationMediaRef.schema.json" => { path = "v5/BillPresentationMediaRef.schema.json" },
                "json-schema:///v5/BillPresentationMediaRefOrValue.schema.json" => { path = "v5/BillPresentationMediaRefOrValue.schema.json" },
                "json-schema:///v5/BillStructure.schema.json" => { path = "v5/BillStructure.schema.json" },
                "json-schema:///v5/BillingAccount.schema.json" => { path = "v5/BillingAccount.schema.json" },
                "json-schema:///v5/BillingCycleSpecification.schema.json" => { path = "v5/BillingCycleSpecification.schema.json" },
                "json-schema:///v5/BillingCycleSpecificationRef.schema.json" => { path = "v5/BillingCycleSpecificationRef.schema.json" },
                "json-schema:///v5/BillingCycleSpecificationRefOrValue.schema.json" => { path = "v5/BillingCycleSpecificationRefOrValue.schema.json" },
                "json-schema:///v5/Contact.schema.json" => { path = "v5/Contact.schema.json" },
                "json-schema:///v5/ContactMedium.schema.json" => { path = "v5/ContactMedium.schema.json" },
                "json-schema:///v5/EmailContactMedium.schema.json" => { path = "v5/EmailContactMedium.schema.json" },
                "json-schema:///v5/Entity.schema.json" => { path = "v5/Entity.schema.json" },
                "json-schema:///v5/EntityRef.schema.json" => { path = "v5/EntityRef.schema.json" },
                "json-schema:///v5/Extensible.schema.json" => { path = "v5/Extensible.schema.json" },
                "json-schema:///v5/FaxContactMedium.schema.json" => { path = "v5/FaxContactMedium.schema.json" },
                "json-schema:///v5/FinancialAccount.schema.json" => { path = "v5/FinancialAccount.schema.json" },
                "json-schema:///v5/FinancialAccountRef.schema.json" => { path = "v5/FinancialAccountRef.schema.json" },
                "json-schema:///v5/GeographicAddressContactMedium.schema.json" => { path = "v5/GeographicAddressContactMedium.schema.json" },
                "json-schema:///v5/GeographicAddressRef.schema.json" => { path = "v5/GeographicAddressRef.schema.json" },
                "json-schema:///v5/Money.schema.json" => { path = "v5/Money.schema.json" },
                "json-schema:///v5/PartyAccount.schema.json" => { path = "v5/PartyAccount.schema.json" },
                "json-schema:///v5/PartyRef.schema.json" => { path = "v5/PartyRef.schema.json" },
                "json-schema:///v5/PartyRefOrPartyRoleRef.schema.json" => { path = "v5/PartyRefOrPartyRoleRef.schema.json" },
                "json-schema:///v5/PartyRoleRef.schema.json" => { path = "v5/PartyRoleRef.schema.json" },
                "json-schema:///v5/PaymentMethodRef.schema.json" => { path = "v5/PaymentMethodRef.schema.json" },
                "json-schema:///v5/PaymentPlan.schema.json" => { path = "v5/PaymentPlan.schema.json" },
                "json-schema:///v5/PhoneContactMedium.schema.json" => { path = "v5/PhoneContactMedium.schema.json" },
                "json-schema:///v5/Quantity.schema.json" => { path = "v5/Quantity.schema.json" },
                "json-schema:///v5/RelatedPartyRefOrPartyRoleRef.schema.json" => { path = "v5/RelatedPartyRefOrPartyRoleRef.schema.json" },
                "json-schema:///v5/SettlementAccount.schema.json" => { path = "v5/SettlementAccount.schema.json" },
                "json-schema:///v5/SocialContactMedium.schema.json" => { path = "v5/SocialContactMedium.schema.json" },
                "json-schema:///v5/TaxDefinition.schema.json" => { path = "v5/TaxDefinition.schema.json" },
                "json-schema:///v5/TaxExemptionCertificate.schema.json" => { path = "v5/TaxExemptionCertificate.schema.json" },
                "json-schema:///v5/TimePeriod.schema.json" => { path = "v5/TimePeriod.schema.json" },
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
    "v5/PartyAccount.schema.json",
    "json-schema:///v5/PartyAccount.schema.json"
);

/// An account that bills are issued for.
pub const BILLING_ACCOUNT: Schema = schema!(
    BillingAccount,
    BILLING_ACCOUNT,
    "BillingAccount",
    "v5/BillingAccount.schema.json",
    "json-schema:///v5/BillingAccount.schema.json"
);

/// An account that is settled with.
pub const SETTLEMENT_ACCOUNT: Schema = schema!(
    SettlementAccount,
    SETTLEMENT_ACCOUNT,
    "SettlementAccount",
    "v5/SettlementAccount.schema.json",
    "json-schema:///v5/SettlementAccount.schema.json"
);

/// An account in the ledger.
pub const FINANCIAL_ACCOUNT: Schema = schema!(
    FinancialAccount,
    FINANCIAL_ACCOUNT,
    "FinancialAccount",
    "v5/FinancialAccount.schema.json",
    "json-schema:///v5/FinancialAccount.schema.json"
);

/// How bills are laid out.
pub const BILL_FORMAT: Schema = schema!(
    BillFormat,
    BILL_FORMAT,
    "BillFormat",
    "v5/BillFormat.schema.json",
    "json-schema:///v5/BillFormat.schema.json"
);

/// How bills are delivered.
pub const BILL_PRESENTATION_MEDIA: Schema = schema!(
    BillPresentationMedia,
    BILL_PRESENTATION_MEDIA,
    "BillPresentationMedia",
    "v5/BillPresentationMedia.schema.json",
    "json-schema:///v5/BillPresentationMedia.schema.json"
);

/// When bills are made.
pub const BILLING_CYCLE_SPECIFICATION: Schema = schema!(
    BillingCycleSpecification,
    BILLING_CYCLE_SPECIFICATION,
    "BillingCycleSpecification",
    "v5/BillingCycleSpecification.schema.json",
    "json-schema:///v5/BillingCycleSpecification.schema.json"
);
