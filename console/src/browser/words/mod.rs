//! What the reader reads: texts in their language, and values as they write them.

mod locale;

use std::cell::RefCell;

pub use locale::{date, instant, last_date, money, month, number, relative};

use super::dom;
use super::lent::lent;
use crate::text::{LANGUAGES, Language, Texts, readable};

const KEPT_AS: &str = "console.language";

struct Words {
    language: &'static Language,
    texts: Texts,
}

thread_local! {
    /// One for the page: choosing another one builds the page anew.
    static WORDS: RefCell<Words> =
        RefCell::new(Words { language: &LANGUAGES[0], texts: Texts::first() });
}

/// The language that was chosen, or else fits the browser.
pub fn preferred() -> &'static Language {
    let chosen = dom::read(dom::kept(), KEPT_AS);
    let of_browser = || dom::window()?.navigator().language();
    Language::fitting(&chosen.or_else(of_browser).unwrap_or_default())
}

pub fn language() -> &'static Language {
    WORDS.with_borrow(|words| words.language)
}

/// Speaks another language from here on.
pub fn speak(language: &'static Language, texts: Texts) {
    WORDS.set(Words { language, texts });
    locale::forget();
    dom::set_root_attribute("lang", Some(language.tag));
}

/// As [`speak`], also when the page is opened again.
pub fn choose(language: &'static Language, texts: Texts) {
    dom::write(dom::kept(), KEPT_AS, Some(language.tag));
    speak(language, texts);
}

/// The texts of a language, if they are to be had.
pub async fn texts_of(language: &Language) -> Option<Texts> {
    if language.is_first() {
        return Some(Texts::first());
    }
    Texts::read(&lent("fetchTexts", language.tag).await?.as_string()?)
}

/// The text of a key.
pub fn t(key: &str) -> String {
    tv(key, &[])
}

/// The text of a key, with values for its placeholders.
pub fn tv(key: &str, values: &[(&str, &str)]) -> String {
    WORDS.with_borrow(|words| words.texts.text(key, values))
}

/// What something is called: `name_of("state", "Active")`. What has no text is called as it is, but
/// that the names of attributes become words.
pub fn name_of(kind: &str, name: &str) -> String {
    let known =
        WORDS.with_borrow(|words| words.texts.get(&format!("{kind}.{name}")).map(str::to_owned));
    known.unwrap_or_else(|| if kind == "attribute" { readable(name) } else { name.to_owned() })
}
