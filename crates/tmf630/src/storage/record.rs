//! A resource as it is stored: as v5 of the API has it.
//!
//! The value of a record is a format version, one byte, and the JSON text of the document: as it is
//! in version 1; in version 2 its length (4 bytes, little-endian) and an LZ4 block that is
//! compressed with a dictionary of what documents are made of, which leaves a half to a third of it;
//! in version 3 the same behind an XXH3 checksum of the text (8 bytes, little-endian), so that who
//! copies a text into an answer need not look whether it is one. Version 4 is version 3 of a text that
//! goes on behind the document, after a zero byte, which JSON has none of: with what the server keeps
//! there for itself ([`HIDDEN`]), an object too. The document has everything but the `href`, which
//! depends on the address that a client uses.

use std::fmt::{self, Formatter};
use std::ops::RangeInclusive;

use bytes::{BufMut, Bytes, BytesMut};
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_with_dict};
use serde::Serializer as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::Error;
use crate::value::Document;
use crate::value::HIDDEN;

/// The JSON text itself.
const PLAIN: u8 = 1;

/// The same, compressed.
const COMPRESSED: u8 = 2;

/// The same, compressed, behind a checksum of it.
const CHECKED: u8 = 3;

/// The same, with what is hidden behind the document.
const WITH_HIDDEN: u8 = 4;

/// Versions that may come. A text in the place of a record begins with none of them.
const LATER: RangeInclusive<u8> = WITH_HIDDEN + 1..=b' ' - 1;

/// Stands between a document and what is hidden.
const SEPARATOR: u8 = 0;

/// The classes with their attributes, as documents have them. What is stored can only be read with
/// the dictionary that it was written with: another one is another version.
const DICTIONARY: &[u8] = include_bytes!("dictionary.txt");

/// How many bytes one byte of an LZ4 block stands for at most.
const MAX_EXPANSION: usize = 255;

/// The JSON text of a document.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    json: Bytes,
    /// What the server keeps with it, as JSON; empty if that is nothing.
    hidden: Bytes,
    /// Whether the text is sure to be what this program has written.
    is_checked: bool,
    /// The digest of the document that is stored, where another one is shown.
    stored: Option<u128>,
}

impl Record {
    pub fn write(document: &Document) -> Self {
        let mut json = BytesMut::new().writer();
        let hidden = document.get(HIDDEN).map(|hidden| Bytes::from(hidden.to_string()));
        // Writing JSON to memory fails for map keys that are no strings, which a Map cannot have.
        let _ = match hidden {
            None => serde_json::to_writer(&mut json, document),
            Some(_) => {
                let shown = document.iter().filter(|(name, _)| *name != HIDDEN);
                serde_json::Serializer::new(&mut json).collect_map(shown)
            }
        };
        let json = json.into_inner().freeze();
        Self { json, hidden: hidden.unwrap_or_default(), is_checked: true, stored: None }
    }

    pub fn read(id: &str, value: Bytes) -> Result<Self, Error> {
        let damaged = |fault: String| Error::internal(format!("record {id} is damaged: {fault}"));
        let mut hidden = Bytes::new();
        let (json, is_checked) = match value.first() {
            Some(&PLAIN) => (value.slice(1..), false),
            Some(&COMPRESSED) => (decompress(&value[1..]).map_err(damaged)?, false),
            Some(&CHECKED) => (decompress_checked(&value[1..]).map_err(damaged)?, true),
            Some(&WITH_HIDDEN) => {
                let mut text = decompress_checked(&value[1..]).map_err(damaged)?;
                let end = text.iter().position(|byte| *byte == SEPARATOR);
                let end = end.ok_or_else(|| damaged("nothing is hidden in it".to_owned()))?;
                hidden = text.split_off(end).slice(1..);
                (text, true)
            }
            Some(version) if LATER.contains(version) => {
                return Err(Error::newer(format!(
                    "record {id} has format version {version}, newer than this program knows"
                )));
            }
            Some(byte) => {
                return Err(damaged(format!("it begins with {byte}, which is no format version")));
            }
            None => return Err(Error::internal(format!("record {id} is empty"))),
        };
        match json.first() {
            Some(b'{') => Ok(Self { json, hidden, is_checked, stored: None }),
            _ => Err(damaged("it is no JSON object".to_owned())),
        }
    }

    /// How long the text in a stored value is, as far as it says so.
    pub fn len_in(value: &[u8]) -> usize {
        let at = match value.first() {
            Some(&COMPRESSED) => 1,
            Some(&(CHECKED | WITH_HIDDEN)) => 9,
            _ => return value.len(),
        };
        let len = value.get(at..).and_then(<[u8]>::first_chunk);
        len.map_or(value.len(), |len| u32::from_le_bytes(*len) as usize)
    }

    pub fn document(&self) -> Result<Document, Error> {
        let mut document: Document = serde_json::from_slice(self.json()).map_err(damaged)?;
        if !self.hidden.is_empty() {
            document.insert(HIDDEN.to_owned(), self.hidden()?);
        }
        Ok(document)
    }

    fn hidden(&self) -> Result<Value, Error> {
        serde_json::from_slice(&self.hidden).map_err(damaged)
    }

    /// The document with one attribute alone, if it has that: who needs no more need not read it all.
    pub fn part(&self, attribute: &'static str) -> Result<Document, Error> {
        if attribute == HIDDEN {
            let has_it = !self.hidden.is_empty();
            let hidden = has_it.then(|| Ok((HIDDEN.to_owned(), self.hidden()?)));
            return hidden.into_iter().collect();
        }
        let mut text = serde_json::Deserializer::from_slice(self.json());
        Part(attribute).deserialize(&mut text).map_err(damaged)
    }

    /// Whether the text is JSON, for those who pass it on as it is.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_checked {
            return Ok(());
        }
        serde_json::from_slice::<IgnoredAny>(self.json()).map(drop).map_err(damaged)
    }

    /// The value that is stored.
    pub fn to_value(&self) -> Bytes {
        // What is too long for a tree is left as it is, for the tree to refuse.
        if self.json.len() > kv_tree::MAX_VALUE_BYTES {
            return [&[PLAIN], self.json()].concat().into();
        }
        let checked = |version: u8, text: &[u8]| {
            let mut value = vec![version];
            value.extend(xxh3_64(text).to_le_bytes());
            value.extend(compress_prepend_size_with_dict(text, DICTIONARY));
            value.into()
        };
        match self.hidden.is_empty() {
            true => checked(CHECKED, &self.json),
            false => {
                let text = [&self.json[..], &[SEPARATOR], &self.hidden].concat();
                checked(WITH_HIDDEN, &text)
            }
        }
    }

    /// The document as JSON: an object.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// The same, shown instead of the one that is stored.
    pub fn instead_of(self, stored: &Self) -> Self {
        Self { stored: Some(stored.digest()), ..self }
    }

    /// A digest of the document that is stored.
    pub fn digest(&self) -> u128 {
        self.stored.unwrap_or_else(|| xxh3_128(self.json()))
    }

    /// A digest of what is shown instead, if that is another one.
    pub fn digest_of_shown(&self) -> Option<u128> {
        self.stored.map(|_| xxh3_128(self.json()))
    }
}

/// Reads one attribute of an object, and passes over the others.
struct Part(&'static str);

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = Document;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document, A::Error> {
        let mut part = Document::new();
        while let Some(is_wanted) = members.next_key_seed(Name(self.0))? {
            match is_wanted {
                true => drop(part.insert(self.0.to_owned(), members.next_value()?)),
                false => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(part)
    }
}

/// Reads a name, and tells whether it is this one: without a copy, because there are many.
struct Name(&'static str);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = bool;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

fn damaged(error: serde_json::Error) -> Error {
    Error::internal(format!("a record is damaged: {error}"))
}

/// The same, whose checksum stands in front.
fn decompress_checked(checked: &[u8]) -> Result<Bytes, String> {
    let (checksum, compressed) = checked.split_first_chunk::<8>().ok_or("it ends too early")?;
    let json = decompress(compressed)?;
    match xxh3_64(&json) == u64::from_le_bytes(*checksum) {
        true => Ok(json),
        false => Err("its checksum is another".to_owned()),
    }
}

/// The JSON text of a compressed one, or what is wrong with that.
fn decompress(compressed: &[u8]) -> Result<Bytes, String> {
    let (len, block) = compressed.split_first_chunk::<4>().ok_or("it ends too early")?;
    let len = u32::from_le_bytes(*len) as usize;
    if len > block.len().saturating_mul(MAX_EXPANSION) {
        return Err(format!("it cannot have {len} bytes"));
    }
    let json = decompress_with_dict(block, len, DICTIONARY).map_err(|error| error.to_string())?;
    match json.len() == len {
        true => Ok(json.into()),
        false => Err(format!("it should have {len} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use kv_tree::testing::text::from_text;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn record(document: Value) -> Record {
        let Value::Object(document) = document else { panic!("no object: {document}") };
        Record::write(&document)
    }

    fn account() -> Record {
        record(json!({
            "@type": "BillingAccount", "id": "1", "name": "Main", "state": "Active",
            "relatedParty": [{
                "@type": "RelatedPartyRefOrPartyRoleRef", "role": "customer",
                "partyOrPartyRole": { "@type": "PartyRef", "id": "7", "name": "Customer" }
            }],
            "creditLimit": { "unit": "EUR", "value": 100.50 }
        }))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(name in any::<String>(), repeated in 0..3000_usize) {
            let written = record(json!({ "name": name, "note": "ab\u{e9}".repeat(repeated) }));
            let read = Record::read("1", written.to_value()).unwrap();
            prop_assert_eq!(read.json(), written.json());
            prop_assert_eq!(read.digest(), written.digest());
        }

        /// A copy out of the dictionary may come from another place of it that says the same: then
        /// nothing is lost.
        #[test]
        fn damage_is_found_or_harmless(at: prop::sample::Index, byte: u8, cut: bool) {
            let account = account();
            let written = account.to_value();
            let mut value = written.to_vec();
            let at = at.index(value.len());
            value[at] = byte;
            if cut {
                value.truncate(at);
            }
            let is_whole = value == *written;
            match Record::read("1", value.into()).and_then(|record| record.document()) {
                Ok(read) => prop_assert_eq!(read, account.document().unwrap()),
                Err(_) => prop_assert!(!is_whole),
            }
        }
    }

    #[test]
    fn an_account_takes_half_of_its_text() {
        let account = account();
        assert!(account.to_value().len() < account.json().len() / 2);
    }

    /// An account as versions 3 and 4 have stored it, the latter with something hidden. Version 2 is 3
    /// without the checksum, and version 1 is the text itself. It stays as it is.
    const STORED: &str = "\
        3 032df0bb7bb15bb6d7fd000000066c0003cc0d041d030fdc15053745555246095330302e357d250116\
        310103304d616923060a5f0d07870201540403e5020f84070101c3060f1e050a01b40101ec0a16377700\
        a5437573746f6d6572227d340515631300125d3a06c065223a22416374697665227d\n\
        4 0469efd008700226c40f010000066c0003cc0d041d030fdc15053745555246095330302e357d250116\
        310103304d616923060a5f0d07870201540403e5020f84070101c3060f1e050a01b40101ec0a16377700\
        a5437573746f6d6572227d340515631300125d3a060292098174697665227d007b8805b0696573223a5b\
        2237225d7d";

    #[test]
    fn what_every_version_has_written_is_read() {
        let stored = from_text(STORED).unwrap();
        let third = stored["3"].to_vec();
        let second = [&[COMPRESSED], &third[9..]].concat();
        let account = account();
        let first = [&[PLAIN], account.json()].concat();
        for value in [first, second, third] {
            let read = Record::read("1", value.clone().into()).unwrap();
            read.check().unwrap();
            assert_eq!(read.document().unwrap(), account.document().unwrap(), "{value:?}");
        }
        let fourth = Record::read("1", stored["4"].clone()).unwrap();
        assert_eq!(fourth.json(), account.json());
        assert_eq!(fourth.document().unwrap()[HIDDEN], json!({ "parties": ["7"] }));
    }

    #[test]
    fn what_a_newer_version_has_written_is_told_from_damage() {
        for (version, is_newer) in [(0, false), (5, true), (9, true), (31, true), (b'{', false)] {
            let error = Record::read("b", Bytes::from(vec![version, b'{', b'}'])).unwrap_err();
            assert_eq!(error.is_newer(), is_newer, "{error:?}");
            let told =
                format!("record b {}", if is_newer { "has format version" } else { "is damaged" });
            assert!(error.cause().unwrap().starts_with(&told), "{error:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for value in [&b""[..], b"\x01", b"\x01[]", b"\x02", b"\x02\0\0\0", b"\x09{}"] {
            assert!(Record::read("1", Bytes::from_static(value)).is_err(), "{value:?}");
        }
    }

    /// A component cannot have that much memory, and would end.
    #[test]
    fn a_length_that_cannot_be_is_not_believed() {
        let value = [&[COMPRESSED, 0, 0, 0, 0x7f][..], b"\x10a"].concat();
        let error = Record::read("1", value.into()).unwrap_err();
        assert!(format!("{error:?}").contains("cannot have 2130706432 bytes"), "{error:?}");
    }

    #[test]
    fn a_text_of_another_length_is_refused() {
        let value = account().to_value();
        for change in [1, u8::MAX] {
            let mut changed = value.to_vec();
            changed[1] = changed[1].wrapping_add(change);
            assert!(Record::read("1", changed.into()).is_err());
        }
        assert!(Record::read("1", value).is_ok());
    }

    #[test]
    fn what_is_too_long_is_left_for_the_tree_to_refuse() {
        let long = record(json!({ "note": "x".repeat(kv_tree::MAX_VALUE_BYTES) }));
        assert!(long.to_value().len() > kv_tree::MAX_VALUE_BYTES);
    }

    /// Records that are stored need this very dictionary.
    #[test]
    fn the_dictionary_stays_as_it_is() {
        assert_eq!(xxh3_128(DICTIONARY), 0x5be2_b158_efc5_73b9_e327_f121_73ea_55e7);
    }
}
