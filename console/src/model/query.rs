//! A query: names and values in their order, as an address has them.

use std::fmt;

/// Names that are the console's own: the API does not hear of them.
const OWN: [&str; 2] = ["columns", "search"];

/// What conditions are not.
const PAGING: [&str; 5] = ["sort", "offset", "limit", "fields", "format"];

/// The operators of a condition, with what stands behind the attribute's name.
pub const OPERATORS: [(&str, &str); 7] = [
    ("is", ""),
    ("is_not", ".ne"),
    ("contains", ".regex"),
    ("greater", ".gt"),
    ("at_least", ".gte"),
    ("less", ".lt"),
    ("at_most", ".lte"),
];

/// Names and values in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

/// One condition of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub attribute: String,
    /// A name of [`OPERATORS`].
    pub operator: &'static str,
    pub value: String,
}

impl Query {
    /// Reads what stands behind a `?`.
    pub fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(decoded).collect())
    }

    /// The first value of a name that is not empty, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let is_it = |(given, value): &&(String, String)| given == name && !value.is_empty();
        self.0.iter().find(is_it).map(|(_, value)| value.as_str())
    }

    /// The number of a name, or else another one.
    pub fn number(&self, name: &str, otherwise: usize) -> usize {
        self.get(name).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    }

    /// The same query with one value for a name; none where the value is empty.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        let value = value.to_string();
        match self.0.iter().position(|(given, _)| given == name) {
            _ if value.is_empty() => self.0.retain(|(given, _)| given != name),
            Some(place) => self.0[place].1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
        self
    }

    /// The same query without a name.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        self.with(name, "")
    }

    /// The same query with one more condition, from its first page.
    #[must_use]
    pub fn and(mut self, condition: &Condition) -> Self {
        self.0.push((condition.name(), condition.value.clone()));
        self.without("offset")
    }

    /// The same query without a condition, from its first page.
    #[must_use]
    pub fn and_not(mut self, condition: &Condition) -> Self {
        let name = condition.name();
        self.0.retain(|(given, value)| *given != name || *value != condition.value);
        self.without("offset")
    }

    /// The conditions: on attributes, and `filter`, which is JSONPath.
    pub fn conditions(&self) -> impl Iterator<Item = Condition> {
        let pairs = self.0.iter().filter(|(name, _)| is_condition(name));
        pairs.map(|(name, value)| Condition::of(name, value))
    }

    /// What the API is asked: everything but the console's own.
    pub fn asked(&self) -> Self {
        let pairs = self.0.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        Self(pairs.cloned().collect())
    }

    /// The conditions alone, and everything else.
    pub(super) fn parted(&self) -> (Self, Self) {
        let (conditions, others) = self.0.iter().cloned().partition(|(name, _)| is_condition(name));
        (Self(conditions), Self(others))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Condition {
    fn of(name: &str, value: &str) -> Self {
        let mut suffixes = OPERATORS.iter().filter(|(_, suffix)| !suffix.is_empty());
        let found = suffixes.find_map(|(operator, suffix)| {
            name.strip_suffix(suffix).map(|attribute| (attribute, *operator))
        });
        let (attribute, operator) = found.unwrap_or((name, "is"));
        Self { attribute: attribute.to_owned(), operator, value: value.to_owned() }
    }

    /// The name of the parameter: the attribute and the operator.
    pub(super) fn name(&self) -> String {
        let suffix = OPERATORS.iter().find(|(operator, _)| *operator == self.operator);
        format!("{}{}", self.attribute, suffix.map_or("", |(_, suffix)| suffix))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(formatter, "{separator}{}={}", encode(name), encode(value))?;
        }
        Ok(())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Query {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn is_condition(name: &str) -> bool {
    !PAGING.contains(&name) && !OWN.contains(&name)
}

/// Percent-encodes everything that could mean something in a query or a path. So are commas and tildes:
/// the ones that are not encoded separate alternatives, and lists such as `fields` are read either way;
/// the others make a regular expression of what follows.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'@' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What was percent-encoded; what is no encoding stays as it is.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let digits = text.get(place + 1..place + 3).filter(|_| byte == b'%');
        // A sign in front is a number for Rust, and no encoding.
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                place += 3;
            }
            None => {
                decoded.push(byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn decoded((name, value): (&str, &str)) -> (String, String) {
    (decode(name), decode(&value.replace('+', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let value = "50 % + ä & <b>=\u{202e}";
        let query = Query::default().with("name", value).with("sort", "-lastUpdate");
        assert_eq!(Query::parse(&query.to_string()), query);
        assert_eq!(query.get("name"), Some(value));
    }

    #[test]
    fn commas_of_values_are_encoded() {
        let query = Query::default().with("bill.id", "a,b").with("columns", "id,name");
        assert_eq!(query.to_string(), "bill.id=a%2Cb&columns=id%2Cname");
        assert_eq!(Query::parse("columns=id,name"), Query::parse("columns=id%2Cname"));
    }

    #[test]
    fn a_value_is_no_regular_expression() {
        assert_eq!(Query::default().with("id", "~1").to_string(), "id=%7E1");
    }

    #[test]
    fn broken_encodings_stay() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%ä"), "%ä");
    }

    #[test]
    fn an_empty_value_is_none() {
        let query = Query::parse("state=&name=&state=Active&state=Closed");
        assert_eq!((query.get("state"), query.get("name")), (Some("Active"), None));
    }

    #[test]
    fn conditions_are_told_from_paging() {
        let query = Query::parse("state=Active&lastUpdate.gte=2026-01-01&sort=name&columns=id");
        let conditions: Vec<_> = query.conditions().map(|it| (it.attribute, it.operator)).collect();
        assert_eq!(conditions, [("state".into(), "is"), ("lastUpdate".into(), "at_least")]);
        assert_eq!(query.asked().get("columns"), None);
        let path = Query::parse("filter=%24&sort=name");
        assert_eq!(path.conditions().map(|it| it.attribute).collect::<Vec<_>>(), ["filter"]);
    }

    #[test]
    fn a_condition_comes_and_goes() {
        let query = Query::parse("offset=40&state=Active");
        let condition =
            Condition { attribute: "name".into(), operator: "contains", value: "a".into() };
        let narrowed = query.and(&condition);
        assert_eq!(narrowed.to_string(), "state=Active&name.regex=a");
        assert_eq!(narrowed.and_not(&condition).to_string(), "state=Active");
    }
}
