//! Who is told of what happens, and whether it arrives.

mod conditions;
mod created;
mod helper;
mod new;
mod one;
mod overview;

pub use new::New;
pub use one::Subscription;
pub use overview::Overview;

use serde_json::Value;

use crate::browser::words::t;
use crate::model::delivery::Delivery;
use crate::model::document;

/// The page with the subscriptions to both APIs.
const PAGE: &str = "subscriptions";

/// What subscriptions to each API are called.
pub const HUBS: [&str; 2] = ["accountHub", "billHub"];

/// A subscription as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hub {
    id: String,
    callback: String,
    /// Empty: all events.
    query: String,
    version: String,
    delivery: Delivery,
}

impl Hub {
    fn of(document: &Value) -> Self {
        let text = |path| document::text(document, path).unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            callback: text("callback"),
            query: text("query"),
            version: text("version"),
            delivery: Delivery::of(document),
        }
    }

    /// What is sent, in words where nothing is said of it.
    fn wanted(&self) -> String {
        if self.query.is_empty() { t("subscription.everything") } else { self.query.clone() }
    }
}
