//! Reading conditions out of a raw query.

use schemas::Kind;

use super::{Criterion, Filter, Group, Operator};
use crate::Error;
use crate::query::Attributes;
use crate::query::json_path::JsonPath;
use crate::query::pattern::{MAX_PATTERNS, Pattern};
use crate::query::pieces::{Joint, decode};
use crate::value::compare::Operand;
use crate::value::path::Path;

/// How many conditions a query can have.
const MAX_CRITERIA: usize = 64;

/// Collects the conditions of a query.
pub(crate) struct Builder {
    groups: Vec<RawGroup>,
}

#[derive(Default)]
struct RawGroup {
    criteria: Vec<Raw>,
    json_paths: Vec<JsonPath>,
}

/// A condition whose operands are not read yet.
struct Raw {
    path: Path,
    operator: Operator,
    operands: Vec<RawOperand>,
}

struct RawOperand {
    text: String,
    /// Whether its commas were encoded, so that it stands beside its parts.
    is_whole: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self { groups: vec![RawGroup::default()] }
    }
}

impl Builder {
    /// What follows is an alternative to what was there so far.
    pub fn or(&mut self) {
        self.groups.push(RawGroup::default());
    }

    /// Adds a condition in JSONPath.
    pub fn add_json_path(&mut self, path: JsonPath) {
        if let Some(group) = self.groups.last_mut() {
            group.json_paths.push(path);
        }
    }

    /// Adds a condition. A piece without an operator after a `;` is one more operand for the
    /// condition before it: `state=Active;Closed`.
    pub fn add(&mut self, piece: &str, joint: Joint, names: &impl Attributes) -> Result<(), Error> {
        let Some((name, operator, operand)) = split(piece) else {
            let alone = joint == Joint::Or && self.groups.last().is_some_and(RawGroup::is_empty);
            let before = self.groups.len().checked_sub(2).filter(|_| alone);
            let before = before.and_then(|index| self.groups.get_mut(index));
            let before = before.and_then(|group| group.criteria.last_mut());
            let Some(condition) = before.filter(|condition| condition.operator == Operator::Equal)
            else {
                return Err(Error::invalid_parameter(&decode(piece)?, "has no value"));
            };
            condition.operands.extend(split_operands(piece)?);
            self.groups.pop();
            return Ok(());
        };
        let condition = Raw::new(&decode(name)?, operator, operand, names)?;
        let Some(group) = self.groups.last_mut() else { return Ok(()) };
        let same = |other: &&mut Raw| {
            other.operator == Operator::Equal
                && condition.operator == Operator::Equal
                && other.path == condition.path
        };
        match group.criteria.iter_mut().find(same) {
            Some(other) => other.operands.extend(condition.operands),
            None => group.criteria.push(condition),
        }
        Ok(())
    }

    pub fn finish(self, names: &impl Attributes) -> Result<Filter, Error> {
        let count = |group: &RawGroup| group.criteria.len() + group.json_paths.len();
        if self.groups.iter().map(count).sum::<usize>() > MAX_CRITERIA {
            let limit = format!("can have up to {MAX_CRITERIA} conditions");
            return Err(Error::invalid_parameter("the query", &limit));
        }
        let groups = self.groups.into_iter().filter(|group| !group.is_empty());
        let mut patterns = Patterns::default();
        let read = |RawGroup { criteria, json_paths }| {
            let criteria = criteria.into_iter().map(|raw: Raw| raw.read(names, &mut patterns));
            Ok(Group { criteria: criteria.collect::<Result<_, Error>>()?, json_paths })
        };
        let filter = Filter(groups.map(read).collect::<Result<_, Error>>()?);
        let mut json_paths: Vec<&JsonPath> = Vec::new();
        for path in filter.0.iter().flat_map(|group| &group.json_paths) {
            if !json_paths.contains(&path) {
                json_paths.push(path);
            }
        }
        let of_json_paths = json_paths.into_iter().map(JsonPath::patterns).sum::<usize>();
        match patterns.0.len() + of_json_paths > MAX_PATTERNS {
            true => {
                let limit = format!("can have up to {MAX_PATTERNS} different regular expressions");
                Err(Error::invalid_parameter("the query", &limit))
            }
            false => Ok(filter),
        }
    }
}

/// The expressions that were read so far, with their texts: alternatives repeat what they share.
#[derive(Default)]
struct Patterns(Vec<(String, Pattern)>);

impl Patterns {
    fn get(&mut self, text: &str) -> Result<Pattern, String> {
        if let Some((_, known)) = self.0.iter().find(|(known, _)| known == text) {
            return Ok(known.clone());
        }
        let pattern = Pattern::compile(text)?;
        self.0.push((text.to_owned(), pattern.clone()));
        Ok(pattern)
    }
}

impl RawGroup {
    fn is_empty(&self) -> bool {
        self.criteria.is_empty() && self.json_paths.is_empty()
    }
}

impl Raw {
    fn new(
        name: &str,
        operator: Option<Operator>,
        operand: &str,
        names: &impl Attributes,
    ) -> Result<Self, Error> {
        let (path, suffix) = name.rsplit_once('.').unwrap_or((name, ""));
        let appended = Operator::FORMS.iter().find(|(_, form, _)| *form == suffix);
        let is_foreign = Operator::FOREIGN.contains(&suffix.to_ascii_lowercase().as_str());
        let (path, operator) = match (operator, appended) {
            (None, Some((_, _, operator))) => (path, *operator),
            (None, None) if is_foreign => {
                let operators =
                    "has an unknown operator; known are eq, ne, gt, gte, lt, lte, regex";
                return Err(Error::invalid_parameter(name, operators));
            }
            (Some(_), Some(_)) => {
                return Err(Error::invalid_parameter(name, "has two operators; it can have one"));
            }
            (None, None) => (name, Operator::Equal),
            (Some(operator), None) => (name, operator),
        };
        let path = Path::parse(path)
            .ok_or_else(|| Error::invalid_parameter(name, "is not the name of an attribute"))?;
        let path = names.canonical(path)?;
        let operands = match operator {
            Operator::Matches => vec![RawOperand { text: decode(operand)?, is_whole: false }],
            Operator::Equal | Operator::NotEqual => split_operands(operand)?,
            _ => {
                let parts = operand.split(',').map(decode);
                let operand = |text| RawOperand { text, is_whole: false };
                parts.map(|text| Ok(operand(text?))).collect::<Result<_, Error>>()?
            }
        };
        Ok(Self { path, operator, operands })
    }

    fn read(self, names: &impl Attributes, patterns: &mut Patterns) -> Result<Criterion, Error> {
        let Self { path, operator, operands } = self;
        let kind = names.kind_of(&path);
        let pattern = match (operator, &operands[..]) {
            (Operator::Matches, [pattern]) => {
                Some(patterns.get(&pattern.text).map_err(|fault| {
                    let fault = format!("has a regular expression that {fault}");
                    Error::invalid_parameter(path.as_str(), &fault)
                })?)
            }
            (Operator::Equal | Operator::NotEqual, _) | (_, [_]) => None,
            _ => return Err(Error::invalid_parameter(path.as_str(), "must have a single value")),
        };
        let mut read: Vec<Operand> = Vec::with_capacity(operands.len());
        for RawOperand { text, is_whole } in operands {
            let operand = Operand::new(text);
            match kind.filter(|kind| pattern.is_none() && !operand.fits(*kind)) {
                // Its parts may fit.
                Some(_) if is_whole => {}
                Some(kind) => return Err(Error::invalid_parameter(path.as_str(), expected(kind))),
                None if read.contains(&operand) => {}
                None => read.push(operand),
            }
        }
        Ok(Criterion { path, operator, operands: read, kind, pattern })
    }
}

/// What an attribute of the kind can be compared with.
fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "must be compared with a number",
        Kind::Time => {
            "must be compared with a date or a date and time, such as 2026-01-31T09:30:00Z"
        }
        Kind::Text | Kind::Boolean => "must be compared with true or false",
    }
}

/// The operands that commas separate. Many clients encode every comma, so one that is encoded can be
/// meant either way: the whole is an operand, and so are its parts.
fn split_operands(raw: &str) -> Result<Vec<RawOperand>, Error> {
    let mut operands = Vec::new();
    for part in raw.split(',') {
        let text = decode(part)?;
        if text.contains(',') {
            let parts: Vec<_> = text.split(',').map(str::to_owned).collect();
            operands.push(RawOperand { text, is_whole: true });
            operands.extend(parts.into_iter().map(|text| RawOperand { text, is_whole: false }));
        } else {
            operands.push(RawOperand { text, is_whole: false });
        }
    }
    Ok(operands)
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
            (Some((form, _, operator)), _) => {
                let operand = &after[second.map_or(0, |(_, len)| len)..];
                // A `~` need not be encoded: it is one where no expression follows, or where the name
                // has its operator already.
                let is_value = *form == "=~" && (operand.is_empty() || has_suffix(name));
                return Some(match is_value {
                    true => (name, None, after),
                    false => (name, Some(*operator), operand),
                });
            }
            (None, Some((_, _, operator))) => return Some((name, Some(*operator), after)),
            (None, None) if first == '=' => return Some((name, None, after)),
            // A sign that is no operator alone is a letter of the name.
            (None, None) => place += first_len,
        }
    }
    None
}

/// Whether an operator is appended to the raw name.
fn has_suffix(name: &str) -> bool {
    let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
    Operator::FORMS.iter().any(|(_, form, _)| Some(*form) == suffix)
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
