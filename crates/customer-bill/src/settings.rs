//! What a deployment can choose.

use money::Rounding;
use tmf630::model::variable::Variable;
use tmf630::{Error, Settings};

/// Whether clients create, change and delete items, and create bills.
const BILL_ITEM_WRITES: Variable = Variable {
    name: "bill_item_writes",
    default: "on",
    choices: &["on", "off"],
    description: "Whether clients may write bill items and import bills: on, or off (as TMF678 has it).",
    is_secret: false,
};

/// What bills are numbered by.
const BILL_NUMBER_FORMAT: Variable = Variable {
    name: "bill_number_format",
    default: "INV-{year}-{number:06}",
    choices: &[],
    description: "How bills are numbered: {number} counts, {number:06} with at least six digits, and begins anew for each {year}.",
    is_secret: false,
};

/// When amounts are rounded.
const ROUNDING: Variable = Variable {
    name: "rounding",
    default: "bill",
    choices: &["bill", "line"],
    description: "When amounts are rounded to the currency: bill (once a bill and tax rate), or line (each item).",
    is_secret: false,
};

/// What the resources let a deployment choose.
pub(crate) const VARIABLES: &[Variable] = &[BILL_ITEM_WRITES, BILL_NUMBER_FORMAT, ROUNDING];

/// Whether clients create, change and delete items, and create bills.
pub(crate) fn takes_writes(settings: &Settings) -> bool {
    settings.value(&BILL_ITEM_WRITES) == "on"
}

/// When amounts are rounded.
pub(crate) fn rounding(settings: &Settings) -> Rounding {
    match settings.value(&ROUNDING) {
        "line" => Rounding::Line,
        _ => Rounding::Bill,
    }
}

/// What bills are numbered by: a text with a year and a number in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NumberFormat<'f> {
    before: &'f str,
    after: &'f str,
    digits: usize,
}

/// How many digits a number may be filled up to.
const MOST_DIGITS: usize = 20;

impl<'f> NumberFormat<'f> {
    /// The one that the deployment chose.
    pub fn of(settings: &'f Settings) -> Result<Self, Error> {
        let format = settings.value(&BILL_NUMBER_FORMAT);
        Self::parse(format).ok_or_else(|| {
            Error::internal(format!(
                "bill_number_format {format:?} must have {{number}} or {{number:0N}} once, and can have {{year}}"
            ))
        })
    }

    fn parse(format: &'f str) -> Option<Self> {
        let (before, rest) = format.split_once("{number")?;
        let (width, after) = rest.split_once('}')?;
        let digits = match width {
            "" => 1,
            width => {
                let digits = width.strip_prefix(":0")?;
                digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??
            }
        };
        let is_text = |part: &str| !part.replace("{year}", "").contains(['{', '}']);
        let is_format = is_text(before) && is_text(after) && (1..=MOST_DIGITS).contains(&digits);
        is_format.then_some(Self { before, after, digits })
    }

    /// What the numbers of the year have in common: what tells one series from others.
    pub fn series(&self, year: i16) -> String {
        self.filled(year, "#")
    }

    /// A number of the year.
    pub fn number(&self, year: i16, number: u64) -> String {
        self.filled(year, &format!("{number:0digits$}", digits = self.digits))
    }

    fn filled(&self, year: i16, number: &str) -> String {
        let Self { before, after, .. } = self;
        format!("{before}{number}{after}").replace("{year}", &format!("{year:04}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_the_format_has_them() {
        let number = |format| NumberFormat::parse(format).map(|format| format.number(2026, 42));
        assert_eq!(number("INV-{year}-{number:06}").as_deref(), Some("INV-2026-000042"));
        assert_eq!(number("{number}").as_deref(), Some("42"));
        assert_eq!(number("{number:01}/{year}").as_deref(), Some("42/2026"));
        for wrong in [
            "",
            "INV",
            "{year}",
            "{number:6}",
            "{number:00}",
            "{number:099}",
            "{x}{number}",
            "{number}{number}",
            "{number",
            "{number:0-1}",
        ] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_series_is_that_of_its_year_if_numbers_have_one() {
        let series = |format, year| NumberFormat::parse(format).unwrap().series(year);
        assert_ne!(series("{year}-{number}", 2026), series("{year}-{number}", 2027));
        assert_eq!(series("B{number}", 2026), series("B{number}", 2027));
    }
}
