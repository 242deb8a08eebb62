//! What a bill says beside its amounts.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tmf630::Error;
use tmf630::model::rule::Data;

use crate::account::Account;

/// When a bill is made, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    /// The date of the bill.
    pub bill_date: Timestamp,
    /// The items up to this time are on it.
    pub until: Timestamp,
    /// The period that it is for; else that of its items.
    pub period: Option<(Timestamp, Timestamp)>,
    /// When it is to be paid.
    pub payment_due: Option<Timestamp>,
    /// When the next one is made.
    pub next_bill_date: Option<Timestamp>,
    /// The run of a cycle that makes it, with its name.
    pub cycle: Option<(String, Option<String>)>,
    /// What kind of bill it is.
    pub category: String,
}

impl Terms {
    /// Those of a bill that is asked for: it is to be paid so long after its date as the cycle of the
    /// account has it.
    pub async fn on_demand(
        account: &Account,
        bill_date: Timestamp,
        data: &dyn Data,
    ) -> Result<Self, Error> {
        let specification = specification_of(account, data).await?;
        let days = specification.as_ref().and_then(|specification| {
            let due = days(specification, "paymentDueDateOffset")?;
            due.checked_sub(days(specification, "billingDateShift").unwrap_or(0))
        });
        Ok(Self {
            bill_date,
            until: bill_date,
            period: None,
            payment_due: days.and_then(|days| after(bill_date, days.max(0))),
            next_bill_date: None,
            cycle: None,
            category: "normal".to_owned(),
        })
    }

    /// Writes them down in a bill.
    pub fn write(&self, bill: &mut Map<String, Value>) {
        let mut set = |attribute: &str, value: Value| bill.insert(attribute.to_owned(), value);
        let run_type = if self.cycle.is_some() { "onCycle" } else { "offCycle" };
        set("billDate", time(self.bill_date));
        set("runType", run_type.into());
        set("category", self.category.clone().into());
        for (attribute, date) in
            [("paymentDueDate", self.payment_due), ("nextBillDate", self.next_bill_date)]
        {
            if let Some(date) = date {
                set(attribute, time(date));
            }
        }
        if let Some((id, name)) = &self.cycle {
            let mut reference =
                json!({ "@type": "BillCycleRef", "@referredType": "BillCycle", "id": id });
            if let Some(name) = name {
                reference["name"] = name.clone().into();
            }
            set("billCycle", reference);
        }
    }
}

/// The cycle specification of the account, by value or by reference.
async fn specification_of(account: &Account, data: &dyn Data) -> Result<Option<Value>, Error> {
    let structure = account.get("billStructure");
    let Some(given) = structure.and_then(|it| it.get("cycleSpecification")) else {
        return Ok(None);
    };
    match given.get("id").and_then(Value::as_str) {
        Some(id) => Ok(specification(id, data).await?.or_else(|| Some(given.clone()))),
        None => Ok(Some(given.clone())),
    }
}

/// The cycle specification with the id.
pub(crate) async fn specification(id: &str, data: &dyn Data) -> Result<Option<Value>, Error> {
    data.document("billingCycleSpecification", id).await
}

/// A number of days that the specification has.
pub(crate) fn days(specification: &Value, attribute: &str) -> Option<i64> {
    specification.get(attribute)?.as_i64()
}

/// The time so many days later.
pub(crate) fn after(time: Timestamp, days: i64) -> Option<Timestamp> {
    time.checked_add(SignedDuration::try_from_hours(days.checked_mul(24)?)?).ok()
}

/// The time that a text says, if it is of the years 0 to 9999. Digits beyond nanoseconds make no difference.
pub(crate) fn read_time(text: &str) -> Option<Timestamp> {
    let time = text.parse().ok().or_else(|| {
        let (whole, rest) = text.split_once('.')?;
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (fraction, zone) = rest.split_at(end);
        format!("{whole}.{}{zone}", fraction.get(..9)?).parse().ok()
    });
    time.filter(|time: &Timestamp| Offset::UTC.to_datetime(*time).year() >= 0)
}

/// A time as documents have it.
pub(crate) fn time(time: Timestamp) -> Value {
    format!("{time:.3}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_years_0_to_9999() {
        let read = |text| read_time(text).map(|time| time.to_string());
        let nanoseconds = Some("2026-11-27T01:00:00.123456789Z".to_owned());
        assert_eq!(read("2026-11-27T01:00:00.12345678901234567890Z"), nanoseconds);
        assert_eq!(read("2026-11-27T02:00:00.1234567891+01:00"), nanoseconds);
        assert_eq!(read("0000-01-01T00:00:00Z").as_deref(), Some("0000-01-01T00:00:00Z"));
        for wrong in
            ["0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "", "2026.1", "x.1Z"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_that_cannot_be_added_lead_nowhere() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            after(now, 1).map(|time| time.to_string()).as_deref(),
            Some("1970-01-02T00:00:00Z")
        );
        for days in [i64::MAX, i64::MIN, 200_000_000_000_000, 10_000_000] {
            assert_eq!(after(now, days), None, "{days}");
        }
    }
}
