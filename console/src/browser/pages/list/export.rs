//! A whole list as a file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::Asked;
use crate::browser::api::{Client, client};
use crate::browser::dom;
use crate::browser::parts::{FailureNotice, Menu};
use crate::browser::words::{number, t, tv};
use crate::model::csv::csv;
use crate::model::failure::Failure;
use crate::model::resource::Resource;

/// How many are read at once.
const AT_ONCE: usize = 500;

#[derive(Clone, Copy, PartialEq)]
enum Format {
    /// The columns of the list.
    Csv,
    /// The documents, one a line.
    Ndjson,
}

/// An export, as it goes on.
#[derive(Clone, PartialEq)]
enum Progress {
    Idle,
    Reading { read: usize, total: usize },
    Failed(Failure),
}

/// A menu that reads all pages of a list, shows how far it is, and saves a file at the end.
#[component]
pub fn Export(resource: &'static Resource, asked: Memo<Asked>) -> AnyView {
    let client = client();
    let progress = RwSignal::new(Progress::Idle);
    // Counts the exports: who cancels one, or leaves the page, is not given its file.
    let turn = StoredValue::new(0_usize);
    let cancel = move || {
        turn.update_value(|turn| *turn += 1);
        progress.set(Progress::Idle);
    };
    let begin = move |format| {
        cancel();
        let Some(mine) = turn.try_get_value() else { return };
        progress.set(Progress::Reading { read: 0, total: 0 });
        let asked = asked.get_untracked();
        spawn_local(async move {
            let is_wanted = move || turn.try_get_value() == Some(mine);
            let told = move |read, total| {
                if is_wanted() {
                    progress.set(Progress::Reading { read, total });
                }
                is_wanted()
            };
            let documents = all(client, resource, &asked, told).await;
            if !is_wanted() {
                return;
            }
            match documents {
                Ok(documents) => {
                    save(resource, &asked, format, &documents);
                    progress.set(Progress::Idle);
                }
                Err(failure) => progress.set(Progress::Failed(failure)),
            }
        });
    };
    let content = move || match progress.get() {
        Progress::Reading { read, total } => {
            let count = |it: usize| number(&it.to_string());
            let far = tv("export.progress", &[("read", &count(read)), ("total", &count(total))]);
            view! {
                <p role="status">{far.clone()}</p>
                <progress
                    max=total.max(1).to_string()
                    value=read.to_string()
                    aria-label=far
                ></progress>
                <button type="button" class="button" on:click=move |_| cancel()>
                    {t("export.cancel")}
                </button>
            }
            .into_any()
        }
        now => {
            let failed = match now {
                Progress::Failed(failure) => Some(view! { <FailureNotice failure/> }),
                _ => None,
            };
            view! {
                {failed}
                <p class="hint">{t("export.hint")}</p>
                <button type="button" class="button" on:click=move |_| begin(Format::Csv)>
                    {t("export.csv")}
                </button>
                <button type="button" class="button" on:click=move |_| begin(Format::Ndjson)>
                    {t("export.ndjson")}
                </button>
            }
            .into_any()
        }
    };
    view! { <Menu label=t("export.title") class="at-end">{content}</Menu> }.into_any()
}

/// All documents of a list; `told` hears how far it is, and says whether to go on.
async fn all(
    client: Client,
    resource: &Resource,
    asked: &Asked,
    told: impl Fn(usize, usize) -> bool,
) -> Result<Vec<Value>, Failure> {
    let mut documents = Vec::new();
    loop {
        let page = Asked { offset: documents.len(), limit: AT_ONCE, ..asked.clone() };
        let page = client.list(resource, &page.sent(resource)).await?;
        let is_last = page.documents.is_empty();
        documents.extend(page.documents);
        let is_wanted = told(documents.len(), page.total.max(documents.len()));
        if is_last || documents.len() >= page.total || !is_wanted {
            return Ok(documents);
        }
    }
}

fn save(resource: &Resource, asked: &Asked, format: Format, documents: &[Value]) {
    match format {
        Format::Csv => {
            // The mark tells spreadsheets that it is UTF-8.
            let text = format!("\u{feff}{}", csv(documents, &asked.columns(resource)));
            dom::download(&format!("{}.csv", resource.key), "text/csv;charset=utf-8", &text);
        }
        Format::Ndjson => {
            let lines = documents.iter().map(|document| format!("{document}\n"));
            let text = lines.collect::<String>();
            dom::download(&format!("{}.ndjson", resource.key), "application/x-ndjson", &text);
        }
    }
}
