//! Money that was computed, as the reader writes it.

use leptos::prelude::*;
use money::Money;

use super::shown;
use crate::browser::words::{self, t};
use crate::model::document::Shown;
use crate::model::sums::Sums;

/// An amount in words: `€118.50`.
pub fn written(money: &Money) -> String {
    words::money(&money.amount().to_string(), money.currency().code())
}

pub fn amount(money: &Money) -> AnyView {
    view! { <span class="number">{written(money)}</span> }.into_any()
}

/// The sums of each currency; that there is none, if something could not be read.
pub fn sums(sums: Option<&Sums>) -> AnyView {
    let Some(sums) = sums else { return t("sum.unreadable").into_any() };
    if sums.all().is_empty() {
        return shown(Shown::Nothing);
    }
    let each = sums.all().iter().map(|sum| view! { <span class="sum">{amount(sum)}</span> });
    view! { <span class="sums">{each.collect_view()}</span> }.into_any()
}
