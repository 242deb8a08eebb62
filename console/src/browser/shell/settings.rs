//! The language and the look.

use leptos::prelude::*;

use super::Spoken;
use crate::browser::dom;
use crate::browser::words::{self, name_of, t};
use crate::text::{LANGUAGES, Language};

/// As `theme.js` knows it, which sets it before anything is drawn.
const KEPT_AS: &str = "console.theme";

const THEMES: [&str; 3] = ["system", "light", "dark"];

#[component]
pub fn Settings() -> AnyView {
    let spoken: Spoken = expect_context();
    let spoken_now = words::language().tag;
    let languages = LANGUAGES.iter().map(|it| {
        view! {
            <option value=it.tag lang=it.tag selected=it.tag == spoken_now>{it.name}</option>
        }
    });
    let theme = dom::read(dom::kept(), KEPT_AS).unwrap_or_default();
    let themes = THEMES.map(|it| {
        view! { <option value=it selected=it == theme>{name_of("theme", it)}</option> }
    });
    view! {
        <div class="fields settings">
            <label>
                {t("app.language")}
                <select on:change:target=move |event| {
                    spoken.choose(Language::fitting(&event.target().value()));
                }>{languages.collect_view()}</select>
            </label>
            {move || spoken.is_missing.get().then(|| view! {
                <p class="fault" role="alert">{t("error.code")}</p>
            })}
            <label>
                {t("app.theme")}
                <select on:change:target=|event| look(&event.target().value())>
                    {themes.collect_view()}
                </select>
            </label>
        </div>
    }
    .into_any()
}

fn look(theme: &str) {
    let chosen = Some(theme).filter(|theme| *theme != "system");
    dom::write(dom::kept(), KEPT_AS, chosen);
    dom::set_root_attribute("data-theme", chosen);
}
