//! Where the types of the two versions differ.

/// A type, as far as it differs between the versions or has parts that do.
pub(crate) struct Shape {
    /// The name of its class in v5.
    pub v5: &'static str,
    /// The name of its class in v4.
    pub v4: &'static str,
    pub form: Form,
    /// The attributes that hold a type which differs, or several of one.
    pub attributes: &'static [(&'static str, &'static Shape)],
    /// What v4 requires and v5 does not.
    pub fallbacks: &'static [(&'static str, Fallback)],
}

/// How a type differs.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A resource. It says its class in both versions.
    Root,
    /// A resource that tells when it was last changed.
    Account,
    /// It is the same but for its parts and the name of its class.
    Part,
    /// A party and its role: flat in v4, the party in an object of its own in v5.
    Party,
    /// A contact medium: its kind is a text in v4 and its class in v5.
    Medium,
    /// A reference or a value: a flag tells which in v4, the class in v5.
    RefOrValue,
    /// A reference or a value that only v5 has: an extension of v4, which keeps its class.
    Choice,
    /// A part that only v4 has: an extension of v5.
    PartOfV4,
    /// A bill item.
    Item,
    /// A document of a bill, or a reference to one, which v4 does not tell apart.
    Document,
    /// A property of any kind, which only the class tells in v5.
    Characteristic,
}

/// What a v4 client sees of what it requires where it is missing.
#[derive(Clone, Copy)]
pub(crate) enum Fallback {
    /// A text that says that nothing is known.
    Unknown,
    /// A period without an end in either direction.
    Always,
    /// No value.
    Null,
}

const fn part(v5: &'static str) -> Shape {
    Shape { v5, v4: v5, form: Form::Part, attributes: &[], fallbacks: &[] }
}

const fn root(class: &'static str) -> Shape {
    Shape { form: Form::Root, ..part(class) }
}

const VALID_ALWAYS: (&str, Fallback) = ("validFor", Fallback::Always);

const ACCOUNT_BALANCE: Shape = part("AccountBalance");

const ACCOUNT_RELATIONSHIP: Shape = Shape {
    attributes: &[("account", &part("AccountRef"))],
    fallbacks: &[VALID_ALWAYS],
    ..part("AccountRelationship")
};

const TAX_EXEMPTION: Shape = Shape {
    v4: "AccountTaxExemption",
    attributes: &[
        ("attachment", &Shape { form: Form::Choice, ..part("Attachment") }),
        ("taxDefinition", &part("TaxDefinition")),
    ],
    fallbacks: &[("issuingJurisdiction", Fallback::Unknown), VALID_ALWAYS],
    ..part("TaxExemptionCertificate")
};

const RELATED_PARTY: Shape =
    Shape { v4: "RelatedParty", form: Form::Party, ..part("RelatedPartyRefOrPartyRoleRef") };

const CONTACT_MEDIUM: Shape = Shape {
    form: Form::Medium,
    attributes: &[("geographicAddress", &part("GeographicAddressRef"))],
    ..part("ContactMedium")
};

const CONTACT: Shape = Shape {
    attributes: &[("contactMedium", &CONTACT_MEDIUM), ("relatedParty", &RELATED_PARTY)],
    fallbacks: &[VALID_ALWAYS],
    ..part("Contact")
};

const fn ref_or_value(class: &'static str) -> Shape {
    Shape { form: Form::RefOrValue, ..part(class) }
}

const BILL_STRUCTURE: Shape = Shape {
    attributes: &[
        ("format", &ref_or_value("BillFormat")),
        ("presentationMedia", &ref_or_value("BillPresentationMedia")),
        ("cycleSpecification", &ref_or_value("BillingCycleSpecification")),
    ],
    ..part("BillStructure")
};

const PAYMENT_PLAN: Shape =
    Shape { attributes: &[("paymentMethod", &PAYMENT_METHOD_REF)], ..part("PaymentPlan") };

const PAYMENT_METHOD_REF: Shape = part("PaymentMethodRef");

const FINANCIAL_ACCOUNT_REF: Shape = Shape {
    attributes: &[("accountBalance", &Shape { form: Form::PartOfV4, ..ACCOUNT_BALANCE })],
    ..part("FinancialAccountRef")
};

/// Financial accounts have these attributes; the other accounts have them too.
pub(crate) static FINANCIAL_ACCOUNT: Shape = Shape {
    form: Form::Account,
    attributes: &[
        ("relatedParty", &RELATED_PARTY),
        ("taxExemption", &TAX_EXEMPTION),
        ("contact", &CONTACT),
        ("accountBalance", &ACCOUNT_BALANCE),
        ("accountRelationship", &ACCOUNT_RELATIONSHIP),
    ],
    ..root("FinancialAccount")
};

/// Party accounts, and the billing and settlement accounts that extend them.
pub(crate) static PARTY_ACCOUNT: Shape = Shape {
    form: Form::Account,
    attributes: &[
        ("relatedParty", &RELATED_PARTY),
        ("taxExemption", &TAX_EXEMPTION),
        ("contact", &CONTACT),
        ("accountBalance", &ACCOUNT_BALANCE),
        ("accountRelationship", &ACCOUNT_RELATIONSHIP),
        ("billStructure", &BILL_STRUCTURE),
        ("paymentPlan", &PAYMENT_PLAN),
        ("financialAccount", &FINANCIAL_ACCOUNT_REF),
        ("defaultPaymentMethod", &PAYMENT_METHOD_REF),
    ],
    ..root("PartyAccount")
};

pub(crate) static BILL_FORMAT: Shape = root("BillFormat");
pub(crate) static BILL_PRESENTATION_MEDIA: Shape = root("BillPresentationMedia");
pub(crate) static BILLING_CYCLE_SPECIFICATION: Shape = root("BillingCycleSpecification");

const BILLING_ACCOUNT_REF: Shape = part("BillingAccountRef");

const BILL_REF: Shape = Shape { v4: "BillRef", ..part("CustomerBillRef") };

const PARTY_OF_BILL: Shape = Shape { v4: "RelatedPartyRef", ..RELATED_PARTY };

const CHARACTERISTIC: Shape = Shape {
    v4: "AppliedBillingRateCharacteristic",
    form: Form::Characteristic,
    attributes: &[("characteristicRelationship", &part("CharacteristicRelationship"))],
    fallbacks: &[("name", Fallback::Unknown), ("value", Fallback::Null)],
    ..part("Characteristic")
};

pub(crate) static APPLIED_CUSTOMER_BILLING_RATE: Shape = Shape {
    form: Form::Item,
    attributes: &[
        ("appliedTax", &part("AppliedBillingTaxRate")),
        ("bill", &BILL_REF),
        ("billingAccount", &BILLING_ACCOUNT_REF),
        ("product", &part("ProductRef")),
        ("characteristic", &CHARACTERISTIC),
    ],
    ..root("AppliedCustomerBillingRate")
};

pub(crate) static CUSTOMER_BILL: Shape = Shape {
    attributes: &[
        (
            "appliedPayment",
            &Shape { attributes: &[("payment", &part("PaymentRef"))], ..part("AppliedPayment") },
        ),
        ("billCycle", &part("BillCycleRef")),
        ("billDocument", &Shape { form: Form::Document, ..part("Attachment") }),
        ("billingAccount", &BILLING_ACCOUNT_REF),
        ("financialAccount", &FINANCIAL_ACCOUNT_REF),
        ("paymentMethod", &PAYMENT_METHOD_REF),
        ("relatedParty", &PARTY_OF_BILL),
        ("taxItem", &part("TaxItem")),
    ],
    ..root("CustomerBill")
};

pub(crate) static CUSTOMER_BILL_ON_DEMAND: Shape = Shape {
    attributes: &[
        ("billingAccount", &BILLING_ACCOUNT_REF),
        ("customerBill", &BILL_REF),
        ("relatedParty", &PARTY_OF_BILL),
    ],
    ..root("CustomerBillOnDemand")
};

pub(crate) static BILL_CYCLE: Shape = Shape {
    attributes: &[("BillCycleSpecification", &part("BillCycleSpecificationRef"))],
    ..root("BillCycle")
};

/// In v4 it need not say its class, which has another name there.
pub(crate) static HUB: Shape = Shape { v4: "EventSubscription", ..part("Hub") };
