//! The differences that are meant, with their reasons.

/// A difference, in the versions that have it.
struct Known {
    versions: &'static [&'static str],
    differences: &'static [&'static str],
    reason: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        versions: &["TMF666-v4", "TMF666-v5"],
        differences: &[
            "PATCH /billFormat is not official",
            "PATCH /billPresentationMedia is not official",
            "PATCH /billingAccount is not official",
            "PATCH /billingCycleSpecification is not official",
            "PATCH /financialAccount is not official",
            "PATCH /partyAccount is not official",
            "PATCH /settlementAccount is not official",
        ],
        reason: "creating many at once is of TMF630, not of the API",
    },
    Known {
        versions: &["TMF666-v4", "TMF666-v5", "TMF678-v4", "TMF678-v5"],
        differences: &[
            "GET /hub is not official",
            "GET /hub/{id} is not official",
            "POST /hub/{id}/redrive is not official",
            "DELETE /hub/{id}/parked is not official",
            "HubDelivery is not official",
            "HubDeliveryError is not official",
        ],
        reason: "who has subscribed, or has to help who has, must see what became of the events",
    },
    Known {
        versions: &["TMF666-v4", "TMF678-v4"],
        differences: &[
            r#"EventSubscription.delivery is None officially, and here Some("HubDelivery")"#,
            r#"EventSubscription.secret is None officially, and here Some("string")"#,
            r#"EventSubscription.version is None officially, and here Some("string")"#,
        ],
        reason: "extensions: what became of the events, how they are signed, and in which form they are sent",
    },
    Known {
        versions: &["TMF666-v5", "TMF678-v5"],
        differences: &[
            r#"Hub.delivery is None officially, and here Some("HubDelivery")"#,
            r#"Hub.secret is None officially, and here Some("string")"#,
            r#"Hub.version is None officially, and here Some("string")"#,
        ],
        reason: "extensions: what became of the events, how they are signed, and in which form they are sent",
    },
    Known {
        versions: &["TMF666-v4", "TMF678-v4"],
        differences: &[
            "EventSubscription.id is required officially",
            r#"EventSubscription.href is None officially, and here Some("string")"#,
            r#"EventSubscription.@baseType is None officially, and here Some("string")"#,
            r#"EventSubscription.@schemaLocation is None officially, and here Some("string")"#,
            r#"EventSubscription.@type is None officially, and here Some("string")"#,
        ],
        reason: "it is an entity as the other resources are; the server gives its id",
    },
    Known {
        versions: &["TMF666-v5", "TMF678-v5"],
        differences: &["timeOcurred of events is not official"],
        reason: "the official examples have it, and not timeOccurred, which the types have: both are sent",
    },
    Known {
        versions: &["TMF666-v5", "TMF678-v5"],
        differences: &[
            "@schemaLocation of events is not here",
            "analyticCharacteristic of events is not here",
            "href of events is not here",
            "id of events is not here",
            "relatedParty of events is not here",
            "reportingSystem of events is not here",
        ],
        reason: "nothing is known to say there: source tells where an event comes from, and what it is about, whose that is",
    },
    Known {
        versions: &["TMF678-v4"],
        differences: &[
            "CustomerBillCreateEvent is not official",
            "CustomerBillOnDemandCreateEvent is not official",
            "CustomerBillOnDemandStateChangeEvent is not official",
            "CustomerBillStateChangeEvent is not official",
        ],
        reason: "v4 has subscriptions and describes no events: they are those of v5",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &[
            "AppliedCustomerBillingRateAttributeValueChangeEvent is not official",
            "AppliedCustomerBillingRateCreateEvent is not official",
            "AppliedCustomerBillingRateDeleteEvent is not official",
        ],
        reason: "officially items are only shown: who can write them can also be told of that",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &[
            "DELETE /appliedCustomerBillingRate/{id} is not official",
            "PATCH /appliedCustomerBillingRate is not official",
            "PATCH /appliedCustomerBillingRate/{id} is not official",
            "POST /appliedCustomerBillingRate is not official",
        ],
        reason: "bill items come from rating systems, which need a way to bring them and to correct what is not billed yet",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &["POST /customerBill is not official"],
        reason: "bills that were made elsewhere are brought by it",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &["GET /customerBill/{id}/document is not official"],
        reason: "customers check their bills with it",
    },
    Known {
        versions: &["TMF678-v5"],
        differences: &["POST /billCycle is not official"],
        reason: "it starts a run of the cycle",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &["AppliedCustomerBillingRate.id is required officially"],
        reason: "the server gives an id where the client does not",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &[
            r#"CustomerBill.state is Some("one of some texts") officially, and here Some("string")"#,
            r#"CustomerBillOnDemand.state is Some("one of some texts") officially, and here Some("string")"#,
        ],
        reason: "a deployment can have states of its own",
    },
    Known {
        versions: &["TMF678-v5"],
        differences: &[
            r#"CustomerBill.runType is Some("one of some texts") officially, and here Some("string")"#,
        ],
        reason: "v4 has any text there",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &[
            r#"CustomerBillOnDemand.lastUpdate is Some("string") officially, and here Some("string date-time")"#,
        ],
        reason: "the server writes it, always as a time, so that it is compared as one",
    },
    Known {
        versions: &["TMF678-v4", "TMF678-v5"],
        differences: &[
            r#"CustomerBillOnDemand.billDate is None officially, and here Some("string date-time")"#,
            r#"CustomerBillOnDemand.category is None officially, and here Some("string")"#,
            r#"CustomerBillOnDemand.currency is None officially, and here Some("string")"#,
        ],
        reason: "extensions: which items are billed, and for what",
    },
    Known {
        versions: &["TMF678-v5"],
        differences: &[
            r#"AppliedPayment.@baseType is None officially, and here Some("string")"#,
            r#"AppliedPayment.@schemaLocation is None officially, and here Some("string")"#,
            r#"AppliedPayment.@type is None officially, and here Some("string")"#,
        ],
        reason: "v4 has them there, and clients of v5 send them",
    },
    Known {
        versions: &["TMF678-v5"],
        differences: &[r#"Characteristic.value is None officially, and here Some("any")"#],
        reason: "officially, classes that extend it have values of a kind each: they are one type here",
    },
    Known {
        versions: &["TMF678-v5"],
        differences: &[
            "Attachment.attachmentType is required officially",
            "Attachment.mimeType is required officially",
        ],
        reason: "only to create one; bills are never created officially, and clients send documents without",
    },
];

/// What came of comparing the differences that were found with those that are known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Those that are meant, and why.
    pub known: Vec<(String, &'static str)>,
    /// Those that are not.
    pub unknown: Vec<String>,
    /// Those that are known and were not found.
    pub gone: Vec<&'static str>,
}

/// Compares what was found in a version with what is known of it.
pub fn judge(version: &str, found: Vec<String>) -> Judged {
    judge_by(KNOWN, version, found)
}

fn judge_by(known: &[Known], version: &str, found: Vec<String>) -> Judged {
    let known = known.iter().filter(|known| known.versions.contains(&version));
    let known = known.flat_map(|known| known.differences.iter().map(|it| (*it, known.reason)));
    let is_gone = |it: &&str| !found.iter().any(|found| found == it);
    let gone = known.clone().map(|(it, _)| it).filter(is_gone).collect();
    let mut judged = Judged { gone, ..Judged::default() };
    for difference in found {
        match known.clone().find(|(it, _)| *it == difference) {
            Some((_, reason)) => judged.known.push((difference, reason)),
            None => judged.unknown.push(difference),
        }
    }
    judged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told_from_what_is_not() {
        let known =
            [Known { versions: &["A-v5"], differences: &["x differs", "y differs"], reason: "so" }];
        let found = || vec!["x differs".to_owned(), "z differs".to_owned()];
        assert_eq!(
            judge_by(&known, "A-v5", found()),
            Judged {
                known: vec![("x differs".to_owned(), "so")],
                unknown: vec!["z differs".to_owned()],
                gone: vec!["y differs"],
            }
        );
        let elsewhere = judge_by(&known, "A-v4", found());
        assert_eq!((elsewhere.unknown, elsewhere.gone), (found(), Vec::new()));
    }
}
