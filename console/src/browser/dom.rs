//! The edges of the browser, none of which can panic: what is not there is `None`.

use std::time::Duration;

use js_sys::{Array, Date, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, Document, HtmlAnchorElement, HtmlElement, Storage, Url, Window,
};

pub fn window() -> Option<Window> {
    web_sys::window()
}

pub fn document() -> Option<Document> {
    window()?.document()
}

/// What is kept when the tab is closed; browsers can forbid it.
pub fn kept() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// What ends with the tab.
pub fn of_tab() -> Option<Storage> {
    window()?.session_storage().ok()?
}

pub fn read(storage: Option<Storage>, name: &str) -> Option<String> {
    storage?.get_item(name).ok()?
}

/// Keeps a value, or forgets it. Where nothing can be kept, it lasts until the page is left.
pub fn write(storage: Option<Storage>, name: &str, value: Option<&str>) {
    let Some(storage) = storage else { return };
    let _ = match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    };
}

/// Sets an attribute of the root element; none removes it.
pub fn set_root_attribute(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Loads the page again.
pub fn reload() {
    if let Some(window) = window() {
        let _ = window.location().reload();
    }
}

/// Where the page itself is, without query and fragment.
pub fn page_address() -> Option<String> {
    let location = window()?.location();
    Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?))
}

/// The address of something relative to the page.
pub fn resolve(relative: &str) -> Option<String> {
    Some(Url::new_with_base(relative, &page_address()?).ok()?.href())
}

/// The present instant, as RFC 3339 has it.
pub fn now() -> String {
    earlier(0)
}

/// The instant so many seconds ago.
pub fn earlier(seconds: u64) -> String {
    let now = Date::now();
    // Dates end somewhere; what is older than all of them is not told apart.
    let milliseconds = (now - seconds as f64 * 1000.0).max(0.0);
    Date::new(&milliseconds.into()).to_iso_string().into()
}

/// Gives an element the focus.
pub fn focus(id: &str) {
    let element = document().and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// When a file that is given to the reader has been read.
const UNTIL_READ: Duration = Duration::from_secs(60);

/// A file that is made part by part. The browser keeps them, outside of this program's memory.
pub struct File(Array);

impl File {
    pub fn new() -> Self {
        Self(Array::new())
    }

    pub fn add(&self, text: &str) {
        let text = JsValue::from_str(text);
        let blob = Blob::new_with_str_sequence(&Array::of1(&text));
        self.0.push(&blob.map_or(text, JsValue::from));
    }

    /// Gives the reader the file.
    pub fn download(&self, name: &str, media_type: &str) {
        let _ = self.try_download(name, media_type);
    }

    fn try_download(&self, name: &str, media_type: &str) -> Result<(), JsValue> {
        let document = document().ok_or(JsValue::NULL)?;
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        let blob = Blob::new_with_blob_sequence_and_options(&self.0, &options)?;
        let address = Url::create_object_url_with_blob(&blob)?;
        let link: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
        link.set_href(&address);
        link.set_download(name);
        link.click();
        // Some browsers begin to read it only later.
        spawn_local(async move {
            pause(UNTIL_READ).await;
            let _ = Url::revoke_object_url(&address);
        });
        Ok(())
    }
}

/// Gives the reader a file.
pub fn download(name: &str, media_type: &str, text: &str) {
    let file = File::new();
    file.add(text);
    file.download(name, media_type);
}

/// Prints the page, or saves it as PDF: the browser asks which.
pub fn print() {
    if let Some(window) = window() {
        let _ = window.print();
    }
}

/// The first moment of a day as the field for dates has it. A day is one of UTC, as in the API.
pub fn start_of_day(day: &str) -> Option<String> {
    moment(day, 0.0)
}

/// The last moment of a day.
pub fn end_of_day(day: &str) -> Option<String> {
    moment(day, DAY - 1.0)
}

/// The first moment after a day.
pub fn start_of_next_day(day: &str) -> Option<String> {
    moment(day, DAY)
}

/// In milliseconds.
const DAY: f64 = 86_400_000.0;

fn moment(day: &str, later: f64) -> Option<String> {
    let moment = Date::parse(&format!("{day}T00:00:00Z")) + later;
    (!moment.is_nan()).then(|| Date::new(&moment.into()).to_iso_string().into())
}

/// Lets some time pass.
pub async fn pause(time: Duration) {
    let milliseconds = i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    let mut wait = |resolve: Function, _| {
        let begun = window().map(|window| {
            window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds)
        });
        if !matches!(begun, Some(Ok(_))) {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    };
    let _ = JsFuture::from(Promise::new(&mut wait)).await;
}
