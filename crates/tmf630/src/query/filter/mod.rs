//! Conditions on attributes (TMF630 part 1, filtering).
//!
//! `,` joins alternatives of one condition, `&` conditions that must all hold, `;` alternatives of
//! all that. Conditions of equality on the same attribute, joined by `&`, are alternatives too.

mod read;

use std::cmp::Ordering;

pub(crate) use read::Builder;
use schemas::Kind;
use serde_json::Value;

use super::json_path::JsonPath;
use super::pattern::Pattern;
use crate::Error;
use crate::budget::Budget;
use crate::value::compare::{Attribute, Operand, reading_steps};
use crate::value::path::Path;

/// Conditions: alternatives, of which one must hold. None at all lets everything through.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Filter(pub Vec<Group>);

/// Conditions that must all hold.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Group {
    /// On attributes.
    pub criteria: Vec<Criterion>,
    /// In JSONPath.
    pub json_paths: Vec<JsonPath>,
}

/// One condition on an attribute.
#[derive(Debug)]
pub(crate) struct Criterion {
    pub path: Path,
    pub operator: Operator,
    /// One; where equality is asked for, also several, each of which will do.
    pub operands: Vec<Operand>,
    /// What the attribute holds, if the standard says.
    pub kind: Option<Kind>,
    /// The compiled operand of [`Operator::Matches`].
    pattern: Option<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The regular expression is found in it.
    Matches,
}

impl Operator {
    /// Operators as signs, longer ones first, and as what is appended to a name.
    const FORMS: [(&'static str, &'static str, Self); 8] = [
        ("==", "eq", Self::Equal),
        ("!=", "ne", Self::NotEqual),
        ("<=", "lte", Self::LessOrEqual),
        (">=", "gte", Self::GreaterOrEqual),
        ("*=", "regex", Self::Matches),
        ("=~", "regex", Self::Matches),
        ("<", "lt", Self::Less),
        (">", "gt", Self::Greater),
    ];

    /// What other implementations append to names, and TMF630 does not know. They are refused: as
    /// names of attributes, they would find nothing, which looks like an answer.
    const FOREIGN: [&'static str; 12] = [
        "in",
        "nin",
        "like",
        "ilike",
        "contains",
        "between",
        "isnull",
        "exists",
        "startswith",
        "endswith",
        "not",
        "neq",
    ];

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal | Self::NotEqual | Self::Matches => ordering == Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
        }
    }
}

impl PartialEq for Criterion {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.operator, &self.operands)
            == (&other.path, other.operator, &other.operands)
    }
}

impl Criterion {
    /// The condition with one of its operands.
    pub fn with_operand(&self, operand: &Operand) -> Self {
        Self {
            path: self.path.clone(),
            operator: self.operator,
            operands: vec![operand.clone()],
            kind: self.kind,
            pattern: self.pattern.clone(),
        }
    }

    /// Whether the condition holds for the document. Of several values, one that fits is enough.
    pub fn matches(&self, document: &Value, budget: &Budget) -> Result<bool, Error> {
        let mut values = Vec::new();
        let mut steps = self.path.visit(document, &mut |value| values.push(value));
        for value in &values {
            steps = steps.saturating_add(self.steps_to_compare(value));
        }
        budget.charge(self.path.as_str(), steps)?;
        let found = match &self.pattern {
            Some(pattern) => values.into_iter().any(|value| match value {
                Value::String(text) => pattern.is_in(text),
                Value::Number(number) => pattern.is_in(number.as_str()),
                Value::Bool(value) => pattern.is_in(if *value { "true" } else { "false" }),
                _ => false,
            }),
            None => values.into_iter().any(|value| {
                let attribute = Attribute::of(value, self.kind);
                self.operands.iter().any(|operand| self.holds(&attribute, operand))
            }),
        };
        Ok(found != (self.operator == Operator::NotEqual))
    }

    /// Whether the condition would hold for an attribute with the text.
    pub fn matches_text(&self, text: &str) -> bool {
        let found = match &self.pattern {
            Some(pattern) => pattern.is_in(text),
            None => {
                let value = Value::from(text);
                let attribute = Attribute::of(&value, self.kind);
                self.operands.iter().any(|operand| self.holds(&attribute, operand))
            }
        };
        found != (self.operator == Operator::NotEqual)
    }

    fn holds(&self, attribute: &Attribute<'_>, operand: &Operand) -> bool {
        attribute.compare(operand).is_some_and(|ordering| self.operator.holds(ordering))
    }

    fn steps_to_compare(&self, value: &Value) -> u64 {
        match (&self.pattern, value) {
            (Some(pattern), Value::String(text)) => pattern.steps(text),
            (Some(pattern), Value::Number(number)) => pattern.steps(number.as_str()),
            (Some(pattern), _) => pattern.steps("false"),
            (None, value) => reading_steps(value) + 3 * self.operands.len() as u64,
        }
    }
}

impl Filter {
    pub fn matches(&self, document: &Value, budget: &Budget) -> Result<bool, Error> {
        for group in &self.0 {
            if group.matches(document, budget)? {
                return Ok(true);
            }
        }
        Ok(self.0.is_empty())
    }

    /// All conditions on attributes.
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.0.iter().flat_map(|group| &group.criteria)
    }
}

impl Group {
    fn matches(&self, document: &Value, budget: &Budget) -> Result<bool, Error> {
        for criterion in &self.criteria {
            if !criterion.matches(document, budget)? {
                return Ok(false);
            }
        }
        for path in &self.json_paths {
            if !path.matches(document, budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Version;
    use crate::query::Query;
    use crate::testing::accounts::ACCOUNTS;

    fn parse(raw: &str) -> Result<Filter, Error> {
        Query::parse(raw, &ACCOUNTS, Version::V5).map(|query| query.filter)
    }

    /// What need not be encoded in a name or an operand.
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'@');

    /// The conditions on attributes as a raw query.
    fn printed(filter: &Filter) -> String {
        let criterion = |criterion: &Criterion| {
            let encoded = |text| utf8_percent_encode(text, PLAIN).to_string();
            let operands: Vec<_> =
                criterion.operands.iter().map(|operand| encoded(&operand.text)).collect();
            let form = Operator::FORMS.iter().find(|form| form.2 == criterion.operator).unwrap();
            // Without the suffix, a name that ends like one would be misread.
            let last_step = criterion.path.steps().last().unwrap();
            let ambiguous = Operator::FORMS.iter().any(|(_, suffix, _)| *suffix == last_step)
                || Operator::FOREIGN.contains(&last_step.to_ascii_lowercase().as_str());
            let suffix = match criterion.operator == Operator::Equal && !ambiguous {
                true => String::new(),
                false => format!(".{}", form.1),
            };
            format!("{}{suffix}={}", encoded(criterion.path.as_str()), operands.join(","))
        };
        let groups = filter
            .0
            .iter()
            .map(|group| group.criteria.iter().map(criterion).collect::<Vec<_>>().join("&"));
        groups.collect::<Vec<_>>().join(";")
    }

    #[track_caller]
    fn canonical(raw: &str) -> String {
        printed(&parse(raw).unwrap_or_else(|error| panic!("{raw}: {error:?}")))
    }

    #[test]
    fn operators_have_two_forms_encoded_or_not() {
        for (forms, expected) in [
            (vec!["a=1", "a.eq=1", "a==1", "a%3D%3D1", "a%3D1"], "a=1"),
            (vec!["a.gt=1", "a>1", "a%3E1"], "a.gt=1"),
            (vec!["a.gte=1", "a>=1", "a%3E=1", "a%3e%3d1"], "a.gte=1"),
            (vec!["a.lt=1", "a<1", "a%3C1"], "a.lt=1"),
            (vec!["a.lte=1", "a<=1", "a%3C=1", "a%3C%3D1"], "a.lte=1"),
            (vec!["a.regex=1", "a*=1", "a=~1", "a%3D~1", "a%2A%3D1", "a%3D%7E1"], "a.regex=1"),
            (vec!["a.ne=1", "a!=1", "a%21%3D1"], "a.ne=1"),
            (vec!["a=%3D1", "a==%3D1"], "a=%3D1"),
            (vec!["a*b=1"], "a%2Ab=1"),
            // A `~` in a value is one, unless it is all that follows a plain name and `=`.
            (vec!["a=~", "a=%7E", "a%3D~"], "a=%7E"),
            (vec!["a.gte=~1", "a.gte=%7E1", "a.gte%3D~1"], "a.gte=%7E1"),
            (vec!["a.eq=~1", "a=%7E1"], "a=%7E1"),
            (vec!["a.regex=~1"], "a.regex=%7E1"),
        ] {
            for form in forms {
                assert_eq!(canonical(form), expected, "{form}");
            }
        }
    }

    #[test]
    fn alternatives_have_three_forms() {
        assert_eq!(canonical("s=a,b"), "s=a,b");
        assert_eq!(canonical("s=a&s=b"), "s=a,b");
        assert_eq!(canonical("s=a;b"), "s=a,b");
        assert_eq!(canonical("s=a;s=b"), "s=a;s=b");
        // A comma that is encoded can be meant either way.
        assert_eq!(canonical("s=a%2Cb"), "s=a%2Cb,a,b");
        assert_eq!(canonical("s=c,a%2Cb,b"), "s=c,a%2Cb,a,b");
        assert_eq!(canonical("s.ne=a%2Cb"), "s.ne=a%2Cb,a,b");
        assert_eq!(canonical("creditLimit.value=1%2C2"), "creditLimit.value=1,2");
        assert_eq!(canonical("a=1&b=2;c=3&d=4"), "a=1&b=2;c=3&d=4");
        assert_eq!(canonical("t%3E1;t%3C2"), "t.gt=1;t.lt=2");
        assert_eq!(canonical("t.gt=1&t.lt=2"), "t.gt=1&t.lt=2");
        assert_eq!(canonical("s=a;b&c=1"), "s=a,b&c=1");
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        for (raw, name) in [
            ("name", "name"),
            ("=x", ""),
            ("name.contains=x", "name.contains"),
            ("a.gt=1,2", "a"),
            ("creditLimit.value.gt%3E=5", "creditLimit.value.gt"),
            ("a.gt==5", "a.gt"),
            ("a.lt!=5", "a.lt"),
            ("a.eq*=5", "a.eq"),
            ("creditLimit.value=1%2Cmuch", "creditLimit.value"),
            ("name.regex=(.?){800}Z", "name"),
            ("a..b=1", "a..b"),
            ("name.regex=(", "name"),
            ("name.regex=((a{100}){100}){100}", "name"),
            ("lastUpdate.gt=yesterday", "lastUpdate"),
            ("creditLimit.value=much", "creditLimit.value"),
            (";b", "b"),
        ] {
            let error = parse(raw).unwrap_err().into_response(Version::V5);
            assert_eq!(error.status(), 400, "{raw}");
            let body: Value = serde_json::from_slice(error.body()).unwrap();
            assert_eq!(body["reason"], format!("The query parameter {name} is not valid"), "{raw}");
        }
        // Equal expressions are one: alternatives repeat what they share.
        for (many, most) in [("a.gt=#", 64), ("a.regex=#", 4), ("filter=a[?(@.b=~/#/)]", 4)] {
            let conditions = |count, number: fn(usize) -> usize| {
                let all = (0..count).map(|at| many.replace('#', &number(at).to_string()));
                all.collect::<Vec<_>>().join("&")
            };
            assert!(parse(&conditions(most + 1, |at| at)).is_err(), "{many}");
            assert!(parse(&conditions(most, |at| at)).is_ok(), "{many}");
            assert!(parse(&conditions(64, |at| at % 4)).is_ok(), "{many}");
            assert!(parse(&conditions(65, |_| 0)).is_err(), "{many}");
        }
    }

    #[test]
    fn conditions_hold_or_not() {
        let document = json!({
            "@type": "BillingAccount", "name": "Travel, 50 %", "state": "Active",
            "lastUpdate": "2026-01-31T09:30:00.000Z", "creditLimit": { "value": 100.10 },
            "relatedParty": [{ "role": "owner", "n": 1, "partyOrPartyRole": { "id": "4711" } }, { "role": "payer", "n": 2 }], "vip": true
        });
        for (raw, expected) in [
            ("", true),
            ("state=Active", true),
            ("state=active", false),
            ("state=Closed,Active", true),
            ("state.ne=Closed", true),
            ("state.ne=Closed,Active", false),
            ("unknown.ne=x", true),
            ("unknown=x", false),
            ("name=Travel%2C+50+%25", true),
            ("name=Travel,50", false),
            ("state=Closed%2CActive", true),
            ("state.ne=Closed%2CActive", false),
            ("creditLimit.value=100.10%2C7", true),
            ("lastUpdate.lt=9999-12-31T00:00:00Z", true),
            ("lastUpdate.gt=2026-01-31T09:29Z", true),
            ("lastUpdate=2026-01-31T09:30:00.0000000000001Z", true),
            ("lastModified=2026-01-31", true),
            ("relatedParty.id=4711", true),
            ("state=Closed&vip=true;filter=$[?(@.state=='Active')]", true),
            ("state=Active&filter=$[?(@.state=='Closed')]", false),
            ("state=Active;filter=$[?(@.state=='Closed')]", true),
            ("filter=$[?(@.state=='Closed')];filter=$[?(@.vip==true)]&state=Closed", false),
            ("filter=", true),
            ("filter=&state=Closed", false),
            ("name.regex=%5ETravel", true),
            ("name*=^50", false),
            ("creditLimit.value=100.1", true),
            ("creditLimit.value.gt=100&creditLimit.value.lt=101", true),
            ("creditLimit.value>=100.11", false),
            ("lastUpdate=2026-01-31", true),
            ("lastUpdate=2026-01-31T10:30:00+01:00", true),
            ("lastUpdate.gt=2026-01-31", false),
            ("lastUpdate.gte=2026-01-31", true),
            ("relatedParty.role=payer", true),
            ("relatedParty.role=payer&relatedParty.n=1", true),
            ("relatedParty.role=other", false),
            ("@type=BillingAccount", true),
            ("%40type=PartyAccount", false),
            ("vip=true", true),
            ("state=Closed;name.regex=ravel", true),
            ("state=Closed;name.regex=ravel&vip=false", false),
            ("state=", false),
        ] {
            assert_eq!(
                parse(raw).unwrap().matches(&document, &Budget::default()).unwrap(),
                expected,
                "{raw}"
            );
        }
    }

    fn criterion() -> impl Strategy<Value = String> {
        let operand = prop_oneof!["[ -~]{0,6}", "\\PC{0,4}", "[0-9]{1,4}"];
        let suffix = prop::sample::select(&["", ".eq", ".gt", ".lte", ".ne", ".lt", ".gte"][..]);
        ("[a-z@]{1,4}(\\.[a-z]{1,6}){0,2}", suffix, operand).prop_map(|(path, suffix, operand)| {
            format!("{path}{suffix}={}", utf8_percent_encode(&operand, PLAIN))
        })
    }

    proptest! {
        #[test]
        fn what_was_parsed_is_printed_back(
            criteria in prop::collection::vec((criterion(), any::<bool>()), 0..6)
        ) {
            let mut raw = String::new();
            for (criterion, or) in criteria {
                raw.push(if or { ';' } else { '&' });
                raw.push_str(&criterion);
            }
            if let Ok(filter) = parse(&raw) {
                let printed = printed(&filter);
                prop_assert_eq!(parse(&printed).unwrap(), filter, "{}", printed);
            }
        }

        #[test]
        fn any_query_is_read_or_refused(raw in "[ -~]{0,40}") {
            let _ = parse(&raw);
        }

        #[test]
        fn any_query_of_signs_is_read_or_refused(raw in "[a.=<>!*~%3DE;,&2Ceqtg]{0,24}") {
            if let Ok(filter) = parse(&raw) {
                prop_assert_eq!(parse(&printed(&filter)).unwrap(), filter);
            }
        }
    }
}
