//! Finding resources by their attributes.
//!
//! For every value that an indexed attribute has in a resource, the tree has an entry with nothing in
//! it, whose key is made of the value and the id. Values are encoded so that the order of the entries
//! is the order of the values; an attribute with at most one value has an entry also where it is
//! missing, after all others, so that the index is the whole collection in the order of the
//! attribute. Record and entries change in one transaction.
//!
//! Of a text, the first [`MAX_TEXT_BYTES`] are indexed.

use std::collections::BTreeSet;
use std::ops::Bound;

use kv_tree::{KeyRange, Kv, Order, Transaction};
use schemas::Kind;
use serde_json::Value;

use super::keys::Keys;
use crate::Error;
use crate::model::definition::Definition;
use crate::model::index::Index;
use crate::model::rule::Texts;
use crate::query::{Criterion, Operator};
use crate::value::compare::{Operand, SORTED_TEXT_BYTES};
use crate::value::path;
use crate::value::time::{Instant, Times};

/// How much of a text is in the index.
pub(crate) const MAX_TEXT_BYTES: usize = SORTED_TEXT_BYTES;

/// Begins a value. What is missing sorts after everything that is there.
const PRESENT: u8 = 1;
const MISSING: u8 = 2;

/// Ends a text: itself, or one that goes on beyond what is indexed. A zero byte within a text is
/// followed by 255.
const END: [u8; 2] = [0, 1];
const CUT: [u8; 2] = [0, 2];

/// An index of a resource, where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Entries {
    pub index: Index,
    /// What every key begins with.
    prefix: Vec<u8>,
    /// Whether those keys go on with a value of the attribute that the index is within.
    is_divided: bool,
}

impl Index {
    /// The name of the index. It changes when the meaning of its entries does, so that an index that
    /// an earlier version of the program made is not taken for this one.
    pub(crate) fn name(&self) -> String {
        let form = match (self.kind, self.is_multiple) {
            (Kind::Time, false) => "time",
            (Kind::Time, true) => "times",
            (Kind::Boolean, false) => "boolean",
            (Kind::Boolean, true) => "booleans",
            (_, false) => "text",
            (_, true) => "texts",
        };
        match self.within {
            None => format!("{}:{form}1", self.path),
            Some(within) => format!("{within}+{}:{form}1", self.path),
        }
    }
}

impl Index {
    /// Whether a change may concern its entries: for most changes that is quickly known of most
    /// indexes.
    fn concerns(&self, before: Option<&Value>, after: Option<&Value>) -> bool {
        let (Some(before), Some(after)) = (before, after) else { return true };
        let differs = |path: &str| {
            let attribute = path.split('.').next().unwrap_or(path);
            before.get(attribute) != after.get(attribute)
        };
        self.values.is_some() || differs(self.path) || self.within.is_some_and(differs)
    }
}

impl Entries {
    /// Those of `index` in a resource.
    pub fn of(index: Index, keys: Keys) -> Self {
        let is_divided = index.within.is_some();
        Self { index, prefix: keys.index(&index.name()), is_divided }
    }

    /// Those of resources with the text in the attribute that the index is within; nothing if the text
    /// is longer than what is indexed.
    pub fn with(&self, text: &str) -> Option<Self> {
        (text.len() <= MAX_TEXT_BYTES).then(|| self.of_part(text))
    }

    fn of_part(&self, text: &str) -> Self {
        let mut prefix = self.prefix.clone();
        encode_text(text, &mut prefix);
        Self { prefix, is_divided: false, ..*self }
    }

    /// Whether both are entries of one index.
    pub fn is_same(&self, other: &Self) -> bool {
        self.prefix == other.prefix
    }

    /// The keys of the entries for a resource.
    pub(crate) fn keys(&self, id: &str, document: &Value) -> BTreeSet<Vec<u8>> {
        let mut keys = BTreeSet::new();
        if let Some(within) = self.index.within.filter(|_| self.is_divided) {
            path::walk(within, document, &mut |value| {
                if let Value::String(text) = value {
                    keys.extend(self.of_part(text).keys(id, document));
                }
            });
            return keys;
        }
        let key = |encode: &mut dyn FnMut(&mut Vec<u8>)| {
            let mut key = self.prefix.clone();
            encode(&mut key);
            key.extend_from_slice(id.as_bytes());
            key
        };
        self.index.visit(document, &mut |text| {
            let mut encoded = false;
            let with_value = key(&mut |key| encoded = self.encode(text, key));
            if encoded {
                keys.insert(with_value);
            }
        });
        if keys.is_empty() && !self.index.is_multiple {
            keys.insert(key(&mut |key| key.push(MISSING)));
        }
        keys
    }

    /// Appends the encoded value; false if it is none that the index can have.
    fn encode(&self, text: &str, key: &mut Vec<u8>) -> bool {
        key.push(PRESENT);
        match self.index.kind {
            Kind::Time => match Times::parse(text) {
                Some(times) => encode_time(times.first, key),
                None => return false,
            },
            _ => encode_text(text, key),
        }
        true
    }

    /// The id of the resource that an entry is for.
    pub(crate) fn id_of<'k>(&self, key: &'k [u8]) -> Result<&'k str, Error> {
        let id = key.get(self.prefix.len()..).and_then(|rest| {
            let value = if self.is_divided { behind_text(rest)? } else { rest };
            match (value.split_first()?, self.index.kind) {
                ((&MISSING, id), _) => Some(id),
                ((_, rest), Kind::Time) => rest.get(TIME_BYTES..),
                ((_, rest), _) => behind_text(rest),
            }
        });
        id.and_then(|id| std::str::from_utf8(id).ok()).ok_or_else(|| {
            Error::internal(format!("{key:?} is no key of index {}", self.index.path))
        })
    }

    /// The entries of resources that have a value, in the order of values.
    pub(crate) fn present(&self) -> KeyRange {
        self.between(Bound::Unbounded, Bound::Unbounded)
    }

    /// The entries of resources that have none.
    pub(crate) fn missing(&self) -> KeyRange {
        let mut prefix = self.prefix.clone();
        prefix.push(MISSING);
        KeyRange::prefix(prefix)
    }

    fn between(&self, start: Bound<Vec<u8>>, end: Bound<Vec<u8>>) -> KeyRange {
        let edge = |byte: u8| {
            let mut key = self.prefix.clone();
            key.push(byte);
            key
        };
        let start = match start {
            Bound::Unbounded => Bound::Included(edge(PRESENT)),
            bound => bound,
        };
        let end = match end {
            Bound::Unbounded => Bound::Excluded(edge(MISSING)),
            bound => bound,
        };
        KeyRange::between(start, end)
    }

    /// The entries that satisfy all of `criteria`, which are about the attribute of the index; nothing
    /// if the index cannot tell.
    pub(crate) fn range(&self, criteria: &[&Criterion]) -> Option<KeyRange> {
        let (mut start, mut end) = (Bound::Unbounded, Bound::Unbounded);
        for criterion in criteria {
            let [operand] = &criterion.operands[..] else { return None };
            // Neither of true and false is more than the other.
            if self.index.kind == Kind::Boolean && criterion.operator != Operator::Equal {
                return None;
            }
            let (first, after) = self.keys_of(operand)?;
            let (lower, upper) = match criterion.operator {
                Operator::Equal => (Some(first), Some(after)),
                Operator::Less => (None, Some(first)),
                Operator::LessOrEqual => (None, Some(after)),
                Operator::Greater => (Some(after), None),
                Operator::GreaterOrEqual => (Some(first), None),
                Operator::NotEqual | Operator::Matches => return None,
            };
            if let Some(lower) = lower {
                start = match start {
                    Bound::Included(start) => Bound::Included(lower.max(start)),
                    _ => Bound::Included(lower),
                };
            }
            if let Some(upper) = upper {
                end = match end {
                    Bound::Excluded(end) => Bound::Excluded(upper.min(end)),
                    _ => Bound::Excluded(upper),
                };
            }
        }
        Some(self.between(start, end))
    }

    /// The entries with the text; nothing if it is longer than what is indexed.
    pub(crate) fn equal(&self, text: &str) -> Option<KeyRange> {
        let (first, after) = self.keys_of(&Operand::new(text))?;
        Some(KeyRange::between(Bound::Included(first), Bound::Excluded(after)))
    }

    /// The entries with the texts.
    pub(crate) fn texts(&self, Texts { from, to, after }: Texts<'_>) -> KeyRange {
        let edge = |text: &str| {
            let mut key = self.prefix.clone();
            key.push(PRESENT);
            key.extend_from_slice(text.as_bytes());
            key
        };
        let start = match after {
            Some(after) => Bound::Excluded(after.to_vec()),
            None => Bound::Included(edge(from)),
        };
        KeyRange::between(start, Bound::Excluded(edge(to)))
    }

    /// Where the entries with a value begin, and where those with greater values do.
    fn keys_of(&self, operand: &Operand) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut first = self.prefix.clone();
        first.push(PRESENT);
        let mut after = first.clone();
        match self.index.kind {
            Kind::Time => {
                let times = operand.times()?;
                encode_time(times.first, &mut first);
                encode_time(times.last, &mut after);
            }
            _ if operand.text.len() > MAX_TEXT_BYTES => return None,
            _ => {
                encode_text(&operand.text, &mut first);
                after.clone_from(&first);
            }
        }
        // The last byte is that of a time's nanoseconds or the end of a text: there are greater ones.
        match after.last_mut() {
            Some(last) if *last < u8::MAX => *last += 1,
            _ => after.push(u8::MAX),
        }
        Some((first, after))
    }
}

/// What stands behind the text that the bytes begin with.
fn behind_text(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(2).position(|pair| pair == END || pair == CUT)?;
    bytes.get(end + 2..)
}

fn encode_text(text: &str, key: &mut Vec<u8>) {
    let indexed = &text.as_bytes()[..text.len().min(MAX_TEXT_BYTES)];
    for byte in indexed {
        key.push(*byte);
        if *byte == 0 {
            key.push(u8::MAX);
        }
    }
    key.extend(if indexed.len() < text.len() { CUT } else { END });
}

const TIME_BYTES: usize = 12;

fn encode_time(time: Instant, key: &mut Vec<u8>) {
    key.extend((time.seconds as u64 ^ (1 << 63)).to_be_bytes());
    key.extend(time.nanoseconds.to_be_bytes());
}

/// Puts the entries of a resource that was created, changed or deleted right.
pub(crate) fn update<K: Kv>(
    definition: &Definition,
    transaction: &mut Transaction<K>,
    id: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) {
    for index in definition.indexes().filter(|index| index.concerns(before, after)) {
        let entries = Entries::of(index, Keys::of(definition));
        let keys = |document: Option<&Value>| {
            document.map(|document| entries.keys(id, document)).unwrap_or_default()
        };
        let (before, after) = (keys(before), keys(after));
        before.difference(&after).for_each(|key| transaction.delete(key.clone()));
        after.difference(&before).for_each(|key| transaction.put(key.clone(), ""));
    }
}

/// How many entries are looked at for those of a resource that cannot be read.
const MAX_SOUGHT: u64 = 100_000;

/// Removes the entries of a resource whose document cannot be read, so that its values are not known.
/// Where there are too many entries to look at, some may stay: they lead to nothing.
pub(crate) async fn remove_unknown<K: Kv>(
    definition: &Definition,
    transaction: &mut Transaction<K>,
    id: &str,
) -> Result<(), Error> {
    let mut found = Vec::new();
    for index in definition.indexes() {
        let entries = Entries::of(index, Keys::of(definition));
        let range = KeyRange::prefix(entries.prefix.clone());
        let mut scan = transaction.scan(range, Order::Ascending).limit(MAX_SOUGHT);
        while let Some((key, _)) = scan.next().await? {
            if entries.id_of(&key).is_ok_and(|other| other == id) {
                found.push(key);
            }
        }
    }
    found.into_iter().for_each(|key| transaction.delete(key));
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::Version;
    use crate::budget::Budget;
    use crate::query::Query;
    use crate::testing::accounts::ACCOUNTS;

    const NAME: Index = Index::text("name");
    const PARTY: Index = Index::texts("party.id");
    const CHANGED: Index = Index::time("lastUpdate");
    const VIP: Index = Index::boolean("vip");

    fn entries(index: Index) -> Entries {
        Entries::of(index, Keys("thing"))
    }

    fn in_index(index: Index, raw: &str, document: &Value) -> Option<bool> {
        let filter = Query::parse(raw, &ACCOUNTS, Version::V5).unwrap().filter;
        let criteria: Vec<_> = filter.0[0].criteria.iter().collect();
        let range = entries(index).range(&criteria)?;
        Some(entries(index).keys("id", document).iter().any(|key| range.contains(key)))
    }

    #[test]
    fn entries_name_the_resource() {
        let document = json!({
            "name": "a\0b", "party": [{ "id": "1" }, { "id": "2" }, { "id": "1" }, {}],
            "lastUpdate": "2026-01-31T09:30:00.000Z"
        });
        for (index, expected) in [(NAME, 1), (PARTY, 2), (CHANGED, 1)] {
            let index = entries(index);
            let keys = index.keys("id-1", &document);
            assert_eq!(keys.len(), expected);
            assert!(keys.iter().all(|key| index.id_of(key).unwrap() == "id-1"));
        }
        for (index, expected) in [(NAME, 1), (PARTY, 0), (CHANGED, 1)] {
            let index = entries(index);
            let keys = index.keys("id-1", &json!({ "name": 5, "lastUpdate": "never" }));
            assert_eq!(keys.len(), expected);
            assert!(keys.iter().all(|key| index.missing().contains(key)));
            assert!(keys.iter().all(|key| index.id_of(key).unwrap() == "id-1"));
        }
        let name = entries(NAME);
        let long = name.keys("id-1", &json!({ "name": "ä".repeat(1000) }));
        assert_eq!(name.id_of(long.first().unwrap()).unwrap(), "id-1");
        assert!(name.id_of(b"i/").is_err());
        assert!(name.id_of(b"thing/i/name:text1/\x01ab").is_err());
    }

    #[test]
    fn what_an_index_cannot_tell_it_does_not_say() {
        let document = json!({ "name": "x" });
        for raw in ["name.ne=x", "name.regex=x", "name=x,y"] {
            assert_eq!(in_index(NAME, raw, &document), None, "{raw}");
        }
        assert_eq!(in_index(NAME, &format!("name={}", "x".repeat(300)), &document), None);
    }

    #[test]
    fn true_and_false_are_in_this_order_and_texts_are_neither() {
        let keys = |value: Value| entries(VIP).keys("id", &json!({ "vip": value }));
        let (no, yes) = (keys(json!(false)), keys(json!(true)));
        assert!(no < yes && yes < keys(Value::Null));
        assert_eq!(keys(json!("true")), keys(Value::Null));
        for (raw, expected) in [
            ("vip=true", Some(true)),
            ("vip=false", Some(false)),
            ("vip.gt=false", None),
            ("vip.ne=false", None),
        ] {
            assert_eq!(in_index(VIP, raw, &json!({ "vip": true })), expected, "{raw}");
        }
        assert_eq!(entries(VIP).id_of(yes.first().unwrap()).unwrap(), "id");
    }

    #[test]
    fn a_text_that_goes_on_is_not_its_beginning() {
        let beginning = "a".repeat(MAX_TEXT_BYTES);
        let document = json!({ "name": format!("{beginning}b") });
        for (operator, expected) in [("", false), (".gt", true), (".gte", true), (".lt", false)] {
            let raw = format!("name{operator}={beginning}");
            assert_eq!(in_index(NAME, &raw, &document), Some(expected), "{operator}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        let long = (250..260_usize, "[ab\0]{0,3}").prop_map(|(len, end)| "a".repeat(len) + &end);
        prop_oneof![4 => "[ab\0\u{1}\u{2}ä]{0,3}", 1 => long]
    }

    fn time() -> impl Strategy<Value = String> {
        let second = prop::sample::select(&[-62_000_000_000_i64, -1, 0, 1, 1_769_851_800][..]);
        (second, prop::sample::select(&[0, 1, 999_999_999][..])).prop_map(|(second, nano)| {
            jiff::Timestamp::new(second, if second < 0 { -nano } else { nano }).unwrap().to_string()
        })
    }

    fn operator() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&["", ".gt", ".gte", ".lt", ".lte"][..])
    }

    proptest! {
        /// Whatever an index says is what comparing the values says.
        #[test]
        fn an_index_agrees_with_the_filter_on_texts(value in text(), operand in text(), operator in operator()) {
            let encoded: String = form_urlencoded::byte_serialize(operand.as_bytes()).collect();
            let raw = format!("name{operator}={encoded}");
            let document = json!({ "name": value });
            let expected = Query::parse(&raw, &ACCOUNTS, Version::V5).unwrap();
            let expected = expected.matches(&document, &Budget::default()).unwrap();
            if let Some(found) = in_index(NAME, &raw, &document) {
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn an_index_agrees_with_the_filter_on_times(
            value in time(),
            operand in prop_oneof![time(), Just("1970-01-01".to_owned()), Just("1969-12-31".to_owned())],
            operator in operator(),
        ) {
            let encoded: String = form_urlencoded::byte_serialize(operand.as_bytes()).collect();
            let raw = format!("lastUpdate{operator}={encoded}");
            let document = json!({ "lastUpdate": value });
            let expected = Query::parse(&raw, &ACCOUNTS, Version::V5).unwrap();
            let expected = expected.matches(&document, &Budget::default()).unwrap();
            prop_assert_eq!(in_index(CHANGED, &raw, &document), Some(expected));
        }
    }
}
