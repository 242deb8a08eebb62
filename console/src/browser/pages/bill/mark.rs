//! Whether a bill adds up, as a mark that everybody understands.

use leptos::prelude::*;

use crate::browser::parts::written;
use crate::browser::words::{name_of, number, t, tv};
use crate::model::check::Check;

pub fn mark(check: &Check) -> AnyView {
    let (class, text) = match check {
        Check::AddsUp { items } => {
            ("mark mark-good", tv("check.addsUp", &[("count", &number(&items.to_string()))]))
        }
        Check::Differs { attribute, items, bill } => {
            let difference = bill.minus(items).map(|by| written(&by)).unwrap_or_default();
            let text = tv(
                "check.differs",
                &[
                    ("attribute", &name_of("attribute", attribute)),
                    ("items", &written(items)),
                    ("bill", &written(bill)),
                    ("difference", &difference),
                ],
            );
            ("mark mark-bad", text)
        }
        Check::NoItems => ("mark", t("check.noItems")),
        Check::Unreadable => ("mark mark-bad", t("check.unreadable")),
    };
    view! { <p class=class role="status">{text}</p> }.into_any()
}
