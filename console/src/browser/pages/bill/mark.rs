//! Whether a bill adds up, as a mark that everybody understands.

use leptos::prelude::*;

use super::items::tax;
use crate::browser::parts::written;
use crate::browser::words::{name_of, number, t, tv};
use crate::model::check::{Check, Place};

pub fn mark(check: &Check) -> AnyView {
    let (class, text) = match check {
        Check::AddsUp { items: 1 } => ("mark mark-good", t("check.addsUpOne")),
        Check::AddsUp { items } => {
            ("mark mark-good", tv("check.addsUp", &[("count", &number(&items.to_string()))]))
        }
        Check::Differs { place, items, bill } => {
            let difference = bill.minus(items).map(|by| written(&by)).unwrap_or_default();
            let text = tv(
                "check.differs",
                &[
                    ("attribute", &name(place)),
                    ("items", &written(items)),
                    ("bill", &written(bill)),
                    ("difference", &difference),
                ],
            );
            ("mark mark-bad", text)
        }
        Check::OtherDue { total, due } => {
            let amounts = [("total", &*written(total)), ("due", &*written(due))];
            ("mark", tv("check.otherDue", &amounts))
        }
        Check::NoItems => ("mark", t("check.noItems")),
        Check::Unreadable => ("mark mark-bad", t("check.unreadable")),
        Check::SeenInPart => ("mark", t("check.seenInPart")),
        Check::Unseen => ("mark", t("check.unseen")),
    };
    view! { <p class=class role="status">{text}</p> }.into_any()
}

fn name(place: &Place) -> String {
    match place {
        Place::Attribute(attribute) => name_of("attribute", attribute),
        Place::Tax(it) => tax(&it.to_value()),
    }
}
