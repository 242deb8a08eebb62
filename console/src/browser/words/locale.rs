//! Dates, numbers and money as the reader writes them: by the browser's `Intl`.
//!
//! Numbers come as the decimal text that the API sent. `Intl` formats such a text exactly, without a
//! floating point number in between.

use std::cell::RefCell;
use std::collections::HashMap;

use js_sys::Intl::{DateTimeFormat, NumberFormat, RelativeTimeFormat};
use js_sys::{Array, Date, Function, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::model::calendar::is_day;

thread_local! {
    /// Making a formatter takes longer than using it a thousand times.
    static FORMATS: RefCell<HashMap<String, Function>> = RefCell::default();
}

pub fn forget() {
    FORMATS.take();
}

/// An instant: date and time, in the reader's time zone; or the date alone, if it means a day.
pub fn instant(text: &str) -> String {
    if is_day(text) {
        return date(text);
    }
    of_date(text, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

/// The date of an instant, in the reader's time zone, unless it means a day: that is the same
/// everywhere.
pub fn date(text: &str) -> String {
    match is_day(text) {
        true => day(text),
        false => of_date(text, &[("dateStyle", "medium")]),
    }
}

/// The last date of a period that ends at an instant, which is no part of it.
pub fn last_date(end: &str) -> String {
    match is_day(end) {
        true => day(&before(end).unwrap_or_else(|| end.to_owned())),
        false => date(end),
    }
}

fn day(text: &str) -> String {
    of_date(text, &[("dateStyle", "medium"), ("timeZone", "UTC")])
}

/// The moment before an instant.
fn before(text: &str) -> Option<String> {
    let moment = Date::parse(text) - 1.0;
    (!moment.is_nan()).then(|| Date::new(&moment.into()).to_iso_string().into())
}

/// The month of a date, short, with its year.
pub fn month(text: &str) -> String {
    of_date(text, &[("month", "short"), ("year", "2-digit"), ("timeZone", "UTC")])
}

/// How long ago an instant is, or how far ahead, in the largest unit that fits.
pub fn relative(text: &str) -> String {
    let seconds = (Date::parse(text) - Date::now()) / 1000.0;
    if seconds.is_nan() {
        return text.to_owned();
    }
    let units = [("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0), ("second", 1.0)];
    let fitting = units.iter().find(|(_, length)| seconds.abs() >= *length);
    let (unit, length) = *fitting.unwrap_or(&("second", 1.0));
    let format = RelativeTimeFormat::new(&locales(), &options(&[("numeric", "auto")]));
    format.format((seconds / length).trunc(), unit).into()
}

/// A number, with all its digits.
pub fn number(text: &str) -> String {
    decimal(text, "number", &[("maximumFractionDigits", "20")])
}

/// Money, with all its digits, and as many as its currency has at least. What `Intl` does not take
/// for a currency stands behind the number.
pub fn money(amount: &str, currency: &str) -> String {
    let is_currency = currency.len() == 3 && currency.bytes().all(|it| it.is_ascii_alphabetic());
    if !is_currency {
        return format!("{} {currency}", number(amount));
    }
    let given = [("style", "currency"), ("currency", currency), ("maximumFractionDigits", "20")];
    decimal(amount, &format!("money {currency}"), &given)
}

fn decimal(text: &str, name: &str, given: &[(&str, &str)]) -> String {
    let make = || Reflect::get(&NumberFormat::new(&locales(), &options(given)), &"format".into());
    formatted(name, make, &JsValue::from_str(text)).unwrap_or_else(|| text.to_owned())
}

fn of_date(text: &str, given: &[(&str, &str)]) -> String {
    let milliseconds = Date::parse(text);
    if milliseconds.is_nan() {
        return text.to_owned();
    }
    let name = given.iter().map(|(name, _)| *name).collect::<String>();
    let make = || Reflect::get(&DateTimeFormat::new(&locales(), &options(given)), &"format".into());
    formatted(&name, make, &milliseconds.into()).unwrap_or_else(|| text.to_owned())
}

/// A value as a formatter writes it, which is made if there is none of this name.
fn formatted(
    name: &str,
    make: impl FnOnce() -> Result<JsValue, JsValue>,
    value: &JsValue,
) -> Option<String> {
    let known = FORMATS.with_borrow(|formats| formats.get(name).cloned());
    let format = match known {
        Some(format) => format,
        None => {
            let made: Function = make().ok()?.into();
            FORMATS.with_borrow_mut(|formats| formats.insert(name.to_owned(), made.clone()));
            made
        }
    };
    format.call1(&JsValue::UNDEFINED, value).ok()?.as_string()
}

/// The language of the page, in the region of the reader if the browser says one.
fn locales() -> Array {
    let tag = super::language().tag;
    let of_browser = super::dom::window().and_then(|window| window.navigator().language());
    let regional = of_browser.filter(|it| it.starts_with(tag));
    Array::of1(&JsValue::from_str(regional.as_deref().unwrap_or(tag)))
}

fn options(given: &[(&str, &str)]) -> Object {
    let options = Object::new();
    for (name, value) in given {
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    options
}
