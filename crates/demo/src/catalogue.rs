//! Bill formats, presentation media and cycle specifications.

use serde_json::{Value, json};

/// When an account gets its bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cycle {
    /// For calendar months.
    First,
    /// For months from the 15th.
    Fifteenth,
    /// For quarters, none of which is run: these accounts are billed on request.
    Quarter,
}

impl Cycle {
    /// The id of its specification.
    pub fn id(self) -> &'static str {
        match self {
            Self::First => "demo-cycle-monthly-1",
            Self::Fifteenth => "demo-cycle-monthly-15",
            Self::Quarter => "demo-cycle-quarterly",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "Monthly, from the 1st",
            Self::Fifteenth => "Monthly, from the 15th",
            Self::Quarter => "Quarterly",
        }
    }
}

/// How bills are laid out: id, name, and what that means.
const FORMATS: [(&str, &str, &str); 3] = [
    ("demo-format-summary", "Summary bill", "Totals by product, on one page"),
    ("demo-format-detailed", "Detailed bill", "Every item with its period and taxes"),
    ("demo-format-partner", "Partner statement", "Totals by customer, for partners"),
];

/// How bills are delivered.
const MEDIA: [(&str, &str, &str); 3] = [
    ("demo-media-e-mail", "E-mail", "A message with the address of the bill"),
    ("demo-media-portal", "Portal", "The bill in the customer portal"),
    ("demo-media-paper", "Paper", "A printed bill by mail"),
];

/// Bill formats.
pub fn formats() -> Vec<Value> {
    FORMATS.map(|entry| entity("BillFormat", entry)).into()
}

/// Bill presentation media.
pub fn media() -> Vec<Value> {
    MEDIA.map(|entry| entity("BillPresentationMedia", entry)).into()
}

fn entity(class: &str, (id, name, description): (&str, &str, &str)) -> Value {
    json!({ "@type": class, "id": id, "name": name, "description": description })
}

/// Cycle specifications. Offsets are days from the beginning of the period, which are 28 at least
/// and 31 at most: bills are made, and their items counted, when it has ended.
pub fn cycle_specifications() -> Vec<Value> {
    let specification =
        |cycle: Cycle, description: &str, [frequency, period]: [&str; 2], days: i64| {
            json!({
                "@type": "BillingCycleSpecification",
                "id": cycle.id(),
                "name": cycle.name(),
                "description": description,
                "frequency": frequency,
                "billingPeriod": period,
                "billingDateShift": days,
                "chargeDateOffset": days,
                "creditDateOffset": days,
                "mailingDateOffset": days + 2,
                "paymentDueDateOffset": days + 14,
            })
        };
    vec![
        specification(Cycle::First, "Calendar months", ["monthly", "month"], 31),
        specification(Cycle::Fifteenth, "Months from the 15th", ["monthly", "month"], 31),
        specification(Cycle::Quarter, "Quarters, or when asked for", ["quarterly", "quarter"], 92),
    ]
}

/// The `billStructure` of the account with a number.
pub fn bill_structure(number: usize, cycle: Cycle) -> Value {
    let (format, name, _) = FORMATS[number % 2];
    let (medium, medium_name, _) = MEDIA[number % MEDIA.len()];
    json!({
        "@type": "BillStructure",
        "cycleSpecification": {
            "@type": "BillingCycleSpecificationRef", "@referredType": "BillingCycleSpecification",
            "id": cycle.id(), "name": cycle.name(),
        },
        "format": { "@type": "BillFormatRef", "@referredType": "BillFormat", "id": format, "name": name },
        "presentationMedia": [{
            "@type": "BillPresentationMediaRef", "@referredType": "BillPresentationMedia",
            "id": medium, "name": medium_name,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_what_the_schemas_say() {
        use schemas::class::{BILL_FORMAT, BILL_PRESENTATION_MEDIA, BILLING_CYCLE_SPECIFICATION};
        for (class, documents) in [
            (&BILL_FORMAT, formats()),
            (&BILL_PRESENTATION_MEDIA, media()),
            (&BILLING_CYCLE_SPECIFICATION, cycle_specifications()),
        ] {
            for document in documents {
                assert_eq!(class.v5.validate(&document), Ok(()), "{document}");
            }
        }
    }
}
