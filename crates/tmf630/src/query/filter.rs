//! Conditions on attributes (TMF630 part 1, filtering).
//!
//! `,` joins alternatives of one condition, `&` conditions that must all hold, `;` alternatives of
//! all that. Conditions of equality on the same attribute, joined by `&`, are alternatives too.

use std::cmp::Ordering;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex_lite::{Regex, RegexBuilder};
use schemas::Kind;
use serde_json::Value;

use super::pieces::{Joint, decode};
use crate::value::compare::Operand;
use crate::value::path::Path;
use crate::{Definition, Error, Version};

/// How many conditions a query can have.
const MAX_CRITERIA: usize = 64;

/// Conditions: alternatives, of each of which all must hold. None at all lets everything through.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Filter(pub Vec<Vec<Criterion>>);

/// One condition on an attribute.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    pub path: Path,
    pub operator: Operator,
    /// One; where equality is asked for, also several, each of which will do.
    pub operands: Vec<Operand>,
    /// What the attribute holds, if the standard says.
    pub kind: Option<Kind>,
    /// The compiled operand of [`Operator::Matches`].
    regex: Option<Regex>,
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

    fn suffix(self) -> &'static str {
        let form = Self::FORMS.iter().find(|(_, _, operator)| *operator == self);
        form.map_or("eq", |(_, suffix, _)| suffix)
    }

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
        Self { operands: vec![operand.clone()], ..self.clone() }
    }

    /// Whether the condition holds for the document. Of several values, one that fits is enough.
    pub fn matches(&self, document: &Value) -> bool {
        if let Some(regex) = &self.regex {
            return self.path.leads_to(document, |value| match value {
                Value::String(text) => regex.is_match(text),
                Value::Number(_) | Value::Bool(_) => regex.is_match(&value.to_string()),
                _ => false,
            });
        }
        let found = self.path.leads_to(document, |value| {
            self.operands.iter().any(|operand| {
                let ordering = operand.compare(value, self.kind);
                ordering.is_some_and(|ordering| self.operator.holds(ordering))
            })
        });
        found != (self.operator == Operator::NotEqual)
    }
}

impl Filter {
    pub fn matches(&self, document: &Value) -> bool {
        let all =
            |group: &Vec<Criterion>| group.iter().all(|criterion| criterion.matches(document));
        self.0.is_empty() || self.0.iter().any(all)
    }
}

/// How much memory a regular expression can take, in bytes.
const MAX_REGEX_BYTES: usize = 256 * 1024;

/// Compiles a regular expression, which matches in time that grows with the length of the text only.
pub(super) fn regex(pattern: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_REGEX_BYTES).build()
}

/// Collects the conditions of a query.
pub(super) struct Builder {
    groups: Vec<Vec<Raw>>,
}

/// A condition whose operands are not read yet.
struct Raw {
    path: Path,
    operator: Operator,
    operands: Vec<String>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { groups: vec![Vec::new()] }
    }
}

impl Builder {
    /// What follows is an alternative to what was there so far.
    pub fn or(&mut self) {
        self.groups.push(Vec::new());
    }

    /// Adds a condition. A piece without an operator after a `;` is one more operand for the
    /// condition before it: `state=Active;Closed`.
    pub fn add(&mut self, piece: &str, joint: Joint) -> Result<(), Error> {
        let Some((name, operator, operand)) = split(piece) else {
            let alone = joint == Joint::Or && self.groups.last().is_some_and(Vec::is_empty);
            let before = self.groups.len().checked_sub(2);
            let before = before.filter(|_| alone).and_then(|index| self.groups[index].last_mut());
            let Some(condition) = before.filter(|condition| condition.operator == Operator::Equal)
            else {
                return Err(Error::invalid_parameter(&decode(piece)?, "has no value"));
            };
            condition.operands.extend(split_operands(piece)?);
            self.groups.pop();
            return Ok(());
        };
        let condition = Raw::new(&decode(name)?, operator, operand)?;
        let Some(group) = self.groups.last_mut() else { return Ok(()) };
        let same = |other: &&mut Raw| {
            other.operator == Operator::Equal
                && condition.operator == Operator::Equal
                && other.path == condition.path
        };
        match group.iter_mut().find(same) {
            Some(other) => other.operands.extend(condition.operands),
            None => group.push(condition),
        }
        Ok(())
    }

    pub fn finish(self, definition: &Definition, version: Version) -> Result<Filter, Error> {
        if self.groups.iter().map(Vec::len).sum::<usize>() > MAX_CRITERIA {
            let limit = format!("can have up to {MAX_CRITERIA} conditions");
            return Err(Error::invalid_parameter("the query", &limit));
        }
        let groups = self.groups.into_iter().filter(|group| !group.is_empty());
        let read = |group: Vec<Raw>| {
            group
                .into_iter()
                .map(|raw| raw.read(definition, version))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Filter(groups.map(read).collect::<Result<_, _>>()?))
    }
}

impl Raw {
    fn new(name: &str, operator: Option<Operator>, operand: &str) -> Result<Self, Error> {
        let (path, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
        let appended = Operator::FORMS.iter().find(|(_, form, _)| *form == suffix);
        let (path, operator) = match (operator, appended) {
            (None, Some((_, _, operator))) => (path, *operator),
            (None, None) if Operator::FOREIGN.contains(&suffix.to_ascii_lowercase().as_str()) => {
                let operators =
                    "has an unknown operator; known are eq, ne, gt, gte, lt, lte, regex";
                return Err(Error::invalid_parameter(name, operators));
            }
            (None, None) => (name, Operator::Equal),
            (Some(operator), _) => (name, operator),
        };
        let path = Path::parse(path)
            .ok_or_else(|| Error::invalid_parameter(name, "is not the name of an attribute"))?;
        let operands = match operator {
            Operator::Matches => vec![decode(operand)?],
            _ => split_operands(operand)?,
        };
        Ok(Self { path, operator, operands })
    }

    fn read(self, definition: &Definition, version: Version) -> Result<Criterion, Error> {
        let Self { path, operator, operands } = self;
        let kind = definition.kind_of(version, &path);
        let regex = match (operator, &operands[..]) {
            (Operator::Matches, [pattern]) => Some(regex(pattern).map_err(|error| {
                let fault = format!("is not a regular expression that can be used: {error}");
                Error::invalid_parameter(path.as_str(), &fault)
            })?),
            (Operator::Equal | Operator::NotEqual, _) | (_, [_]) => None,
            _ => return Err(Error::invalid_parameter(path.as_str(), "must have a single value")),
        };
        let operands: Vec<_> = operands.into_iter().map(Operand::new).collect();
        if let Some(kind) = kind
            && regex.is_none()
            && operands.iter().any(|operand| !operand.fits(kind))
        {
            let expectation = match kind {
                Kind::Number => "must be compared with a number",
                Kind::Time => {
                    "must be compared with a date or a date and time, such as 2026-01-31T09:30:00Z"
                }
                Kind::Text | Kind::Boolean => "must be compared with true or false",
            };
            return Err(Error::invalid_parameter(path.as_str(), expectation));
        }
        Ok(Criterion { path, operator, operands, kind, regex })
    }
}

fn split_operands(raw: &str) -> Result<Vec<String>, Error> {
    raw.split(',').map(decode).collect()
}

/// Takes a raw piece apart: the name, the operator if it is more than `=`, and the operand. The
/// signs of an operator can be encoded or not: `a>=1` is `a%3E=1` and `a%3E%3D1`. An encoded `=` that
/// follows a plain one belongs to the operand.
fn split(piece: &str) -> Option<(&str, Option<Operator>, &str)> {
    let mut place = 0;
    while place < piece.len() {
        let Some((first, first_len)) = sign(&piece[place..]) else {
            place += piece[place..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let after = &piece[place + first_len..];
        let second = sign(after).filter(|(_, len)| !(first_len == 1 && first == '=' && *len == 3));
        let joined = |form: &str| match second {
            Some((second, _)) => form.chars().eq([first, second]),
            None => false,
        };
        let name = &piece[..place];
        let long = Operator::FORMS.iter().find(|(form, _, _)| joined(form));
        let short = Operator::FORMS.iter().find(|(form, _, _)| form.chars().eq([first]));
        match (long, short) {
            (Some((_, _, operator)), _) => {
                let second_len = second.map_or(0, |(_, len)| len);
                return Some((name, Some(*operator), &after[second_len..]));
            }
            (None, Some((_, _, operator))) => return Some((name, Some(*operator), after)),
            (None, None) if first == '=' => return Some((name, None, after)),
            // A sign that is no operator alone is a letter of the name.
            (None, None) => place += first_len,
        }
    }
    None
}

/// The sign at the beginning of `text`, and how many bytes it takes.
fn sign(text: &str) -> Option<(char, usize)> {
    const SIGNS: [(char, &str); 6] =
        [('=', "%3D"), ('>', "%3E"), ('<', "%3C"), ('!', "%21"), ('*', "%2A"), ('~', "%7E")];
    SIGNS.into_iter().find_map(|(sign, code)| {
        if text.starts_with(sign) {
            return Some((sign, 1));
        }
        text.get(..3).filter(|start| start.eq_ignore_ascii_case(code)).map(|_| (sign, 3))
    })
}

/// What need not be encoded in a name or an operand.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'@');

impl fmt::Display for Criterion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text| utf8_percent_encode(text, PLAIN);
        write!(formatter, "{}", encoded(self.path.as_str()))?;
        // Without the suffix, a name that ends like one would be misread.
        let last_step = self.path.steps().last().unwrap_or_default();
        let ambiguous = Operator::FORMS.iter().any(|(_, suffix, _)| *suffix == last_step)
            || Operator::FOREIGN.contains(&last_step.to_ascii_lowercase().as_str());
        if self.operator != Operator::Equal || ambiguous {
            write!(formatter, ".{}", self.operator.suffix())?;
        }
        for (index, operand) in self.operands.iter().enumerate() {
            let joint = if index == 0 { '=' } else { ',' };
            write!(formatter, "{joint}{}", encoded(&operand.text))?;
        }
        Ok(())
    }
}

/// The filter as a raw query.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.0.iter().enumerate() {
            formatter.write_str(if index == 0 { "" } else { ";" })?;
            for (index, criterion) in group.iter().enumerate() {
                write!(formatter, "{}{criterion}", if index == 0 { "" } else { "&" })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::definition::tests::ACCOUNTS;
    use crate::query::Query;

    fn parse(raw: &str) -> Result<Filter, Error> {
        Query::parse(raw, &ACCOUNTS, Version::V5).map(|query| query.filter)
    }

    #[track_caller]
    fn canonical(raw: &str) -> String {
        parse(raw).unwrap_or_else(|error| panic!("{raw}: {error:?}")).to_string()
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
        assert_eq!(canonical("s=a%2Cb"), "s=a%2Cb");
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
        let many = vec!["a.gt=1"; MAX_CRITERIA + 1].join("&");
        assert!(parse(&many).is_err());
    }

    #[test]
    fn conditions_hold_or_not() {
        let document = json!({
            "@type": "BillingAccount", "name": "Travel, 50 %", "state": "Active",
            "lastUpdate": "2026-01-31T09:30:00.000Z", "creditLimit": { "value": 100.10 },
            "relatedParty": [{ "role": "owner", "n": 1 }, { "role": "payer", "n": 2 }], "vip": true
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
            assert_eq!(parse(raw).unwrap().matches(&document), expected, "{raw}");
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
                let printed = filter.to_string();
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
                prop_assert_eq!(parse(&filter.to_string()).unwrap(), filter);
            }
        }
    }
}
