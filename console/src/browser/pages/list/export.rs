//! A whole list as a file.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::Asked;
use crate::browser::api::{Client, client};
use crate::browser::dom::File;
use crate::browser::parts::{FailureNotice, Menu, Turns};
use crate::browser::words::{number, t, tv};
use crate::model::csv::{Csv, fields};
use crate::model::failure::Failure;
use crate::model::order::steady_order;
use crate::model::paging::Walk;
use crate::model::resource::Resource;
use crate::model::search::Question;

#[derive(Clone, Copy, PartialEq)]
enum Format {
    /// The columns of the list.
    Csv,
    /// The documents, one a line.
    Ndjson,
}

impl Format {
    /// What the file's name ends in, and its media type.
    fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("csv", "text/csv;charset=utf-8"),
            Self::Ndjson => ("ndjson", "application/x-ndjson"),
        }
    }
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
    // Who cancels an export, or leaves the page, is not given its file.
    let exports = Turns::new();
    let cancel = move || {
        exports.next();
        progress.set(Progress::Idle);
    };
    let begin = move |format| {
        let export = exports.next();
        progress.set(Progress::Reading { read: 0, total: 0 });
        let asked = asked.get_untracked();
        spawn_local(async move {
            let told = move |read, total| {
                if export.counts() {
                    progress.try_set(Progress::Reading { read, total });
                }
                export.counts()
            };
            let file = written(client, resource, &asked, format, told).await;
            if !export.counts() {
                return;
            }
            match file {
                Ok(file) => {
                    let (ending, media_type) = format.kind();
                    file.download(&format!("{}.{ending}", resource.key), media_type);
                    progress.try_set(Progress::Idle);
                }
                Err(failure) => drop(progress.try_set(Progress::Failed(failure))),
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

/// Writes all documents of a list; `told` hears how far it is, and says whether to go on.
async fn written(
    client: Client,
    resource: &Resource,
    asked: &Asked,
    format: Format,
    told: impl Fn(usize, usize) -> bool,
) -> Result<File, Failure> {
    let columns = asked.columns(resource);
    let Question { anywhere: mut query, mut by_index } = query(resource, asked, format, &columns);
    let mut csv = Csv::of(&columns);
    let (mut file, mut walk, mut read) = (File::new(), Walk::default(), 0);
    while !walk.is_done {
        let next = client.next(resource, &query, &mut walk).await;
        if next.as_ref().is_err_and(Failure::reads_too_much)
            && let Some(by_index) = by_index.take()
        {
            // As the list does.
            query = by_index;
            continue;
        }
        let documents = next?;
        let text = match format {
            Format::Csv => csv.next(&documents),
            Format::Ndjson => Some(lines(&documents)),
        };
        match text {
            Some(text) => {
                file.add(&text);
                read += documents.len();
            }
            // There are more columns than those in the file.
            None => (file, walk, read) = (File::new(), Walk::default(), 0),
        }
        if !told(read, walk.total.max(read)) {
            break;
        }
    }
    Ok(file)
}

/// What the API is asked: for all of the list, in an order in which nothing is missed, and for what
/// the file has of it.
fn query(resource: &Resource, asked: &Asked, format: Format, columns: &[String]) -> Question {
    let query = asked.query.clone().without("offset").without("limit");
    let order = steady_order(&query);
    let query = query.with("sort", order);
    let query = match format {
        Format::Csv => query.with("fields", fields(columns)),
        Format::Ndjson => query,
    };
    resource.asked(&query)
}

fn lines(documents: &[Value]) -> String {
    documents.iter().map(|document| format!("{document}\n")).collect()
}
