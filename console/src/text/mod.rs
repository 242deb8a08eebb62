//! The texts of the console, in each of its languages.
//!
//! A catalogue is a file of `texts/`: flat keys, and texts that may have `{placeholders}`. A further
//! language is a further file, and a line of [`LANGUAGES`]. The first one is compiled in; the others are
//! fetched by who reads them.

use std::collections::HashMap;

/// A language that the console speaks.
#[derive(Debug)]
pub struct Language {
    /// Its tag (RFC 5646).
    pub tag: &'static str,
    /// What it calls itself.
    pub name: &'static str,
}

/// All languages; the first is for readers who have none of them.
pub static LANGUAGES: [Language; 2] =
    [Language { tag: "en", name: "English" }, Language { tag: "de", name: "Deutsch" }];

/// The catalogue of the first language.
const FIRST: &str = include_str!("../../texts/en.json");

impl Language {
    /// The language that fits a reader's tag best, such as `de-AT`.
    pub fn fitting(tag: &str) -> &'static Self {
        let primary = tag.split('-').next().unwrap_or_default();
        let found = LANGUAGES.iter().find(|it| it.tag.eq_ignore_ascii_case(primary));
        found.unwrap_or(&LANGUAGES[0])
    }

    pub fn is_first(&self) -> bool {
        self.tag == LANGUAGES[0].tag
    }
}

/// The texts of a language.
#[derive(Debug, Default)]
pub struct Texts(HashMap<String, String>);

impl Texts {
    /// Reads a catalogue; nothing if it is none.
    pub fn read(catalogue: &str) -> Option<Self> {
        serde_json::from_str(catalogue).ok().map(Self)
    }

    /// Those of the first language.
    pub fn first() -> Self {
        Self::read(FIRST).unwrap_or_default()
    }

    /// The text of a key, with values for its placeholders. A key without a text is shown itself.
    pub fn text(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.0.get(key).map_or_else(|| key.to_owned(), |text| filled(text, values))
    }

    /// The text of a key that need not be in a catalogue, such as the name of a client's attribute.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// The path of an attribute in words, for those that no catalogue names: `contact.contactName` is
/// “Contact › Contact name”.
pub fn readable(path: &str) -> String {
    path.split('.').map(words).collect::<Vec<_>>().join(" › ")
}

fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut is_after_small = false;
    for letter in name.trim_start_matches('@').chars() {
        match (letter.is_ascii_uppercase(), is_after_small) {
            _ if words.is_empty() => words.push(letter.to_ascii_uppercase()),
            (true, true) => {
                words.push(' ');
                words.push(letter.to_ascii_lowercase());
            }
            _ => words.push(letter),
        }
        is_after_small = letter.is_ascii_lowercase();
    }
    words
}

/// A text with its placeholders filled in, in one pass: what a value says is no placeholder.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let placeholder = behind.split_once('}').and_then(|(name, behind)| {
            values.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value, behind))
        });
        rest = match placeholder {
            Some((value, behind)) => {
                filled.push_str(value);
                behind
            }
            None => {
                filled.push('{');
                behind
            }
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn keys(texts: &Texts) -> BTreeSet<&String> {
        texts.0.keys().collect()
    }

    /// The placeholders of a text, in alphabetical order.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(it, _)| it).collect()
    }

    #[test]
    fn every_language_has_the_same_texts() {
        let catalogue = |language: &Language| {
            let file = format!("{}/texts/{}.json", env!("CARGO_MANIFEST_DIR"), language.tag);
            fs::read_to_string(file).unwrap()
        };
        assert_eq!(FIRST, catalogue(&LANGUAGES[0]));
        let first = Texts::first();
        for language in &LANGUAGES {
            let texts = Texts::read(&catalogue(language)).unwrap();
            assert_eq!(keys(&texts), keys(&first), "{}", language.tag);
            for (key, text) in &texts.0 {
                assert_eq!(placeholders(text), placeholders(&first.0[key]), "{key}");
            }
        }
    }

    #[test]
    fn every_key_in_the_sources_has_a_text() {
        let first = Texts::first();
        let known = keys(&first);
        let mut used = BTreeSet::new();
        collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/browser")), &mut used);
        assert!(!used.is_empty());
        let unknown: Vec<_> = used.iter().filter(|key| !known.contains(key)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    /// The keys in `t("…")` and `tv("…", …)` of all sources below a folder.
    fn collect(folder: &Path, used: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, used);
                continue;
            }
            let source = fs::read_to_string(path).unwrap();
            for opening in ["t(\"", "tv(\"", "tv(\n"] {
                for (place, _) in source.match_indices(opening) {
                    let before = source[..place].chars().next_back();
                    if before.is_some_and(|it| it.is_alphanumeric() || matches!(it, '_' | '.')) {
                        continue;
                    }
                    let behind =
                        source[place + opening.len()..].trim_start().trim_start_matches('"');
                    used.insert(behind.split('"').next().unwrap_or_default().to_owned());
                }
            }
        }
    }

    #[test]
    fn values_are_no_placeholders() {
        assert_eq!(filled("{a} of {b}, {c", &[("a", "{b}"), ("b", "2")]), "{b} of 2, {c");
    }

    #[test]
    fn names_become_words() {
        assert_eq!(readable("contact.contactName"), "Contact › Contact name");
        assert_eq!(readable("@baseType"), "Base type");
        assert_eq!(readable("x-ID_9ä"), "X-ID_9ä");
    }

    #[test]
    fn readers_get_their_language_or_the_first() {
        assert_eq!(Language::fitting("de-AT").tag, "de");
        assert_eq!(Language::fitting("fr").tag, "en");
    }
}
