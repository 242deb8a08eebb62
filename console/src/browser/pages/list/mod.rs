//! A list of a resource: what is asked for stands in the address, so that a link shows the same.

mod columns;
mod export;
mod filters;
mod pager;
mod rows;

use leptos::prelude::*;

use crate::browser::api::{Page, client};
use crate::browser::parts::{FailureNotice, Heading, load, of_beginnings};
use crate::browser::router::router;
use crate::browser::session::session;
use crate::browser::words::{name_of, number, t, tv};
use crate::model::claims::Right;
use crate::model::failure::Failure;
use crate::model::query::Query;
use crate::model::resource::Resource;
use crate::model::route::Route;
use crate::model::search::Question;

/// How many rows a page has unless the address says.
const LIMIT: usize = 25;

/// What a list is asked for.
#[derive(Clone, PartialEq)]
struct Asked {
    query: Query,
    offset: usize,
    limit: usize,
    sort: String,
}

impl Asked {
    fn of(resource: &Resource, query: &Query) -> Self {
        Self {
            // The table shows its columns, whatever a link says of the API's answer.
            query: query.clone().without("fields").without("format"),
            offset: query.number("offset", 0),
            limit: query.number("limit", LIMIT).max(1),
            sort: query.get("sort").unwrap_or_else(|| resource.order(query)).to_owned(),
        }
    }

    /// The query that the API is sent.
    fn sent(&self, resource: &Resource) -> Question {
        let query = self.query.clone().with("sort", &self.sort).with("limit", self.limit);
        let query = match self.offset {
            0 => query.without("offset"),
            offset => query.with("offset", offset),
        };
        resource.asked(&query)
    }

    /// The columns, as dotted paths.
    fn columns(&self, resource: &Resource) -> Vec<String> {
        match self.query.get("columns") {
            Some(columns) => columns.split(',').map(str::to_owned).collect(),
            None => resource.columns.iter().map(|&path| path.to_owned()).collect(),
        }
    }
}

/// What there is to see. While it stays the same, what stands on the page does.
#[derive(Clone, PartialEq)]
enum Face {
    Waiting,
    Failed(Failure),
    /// Nothing, of so many.
    Empty(usize),
    Rows,
}

impl Face {
    fn of(outcome: Option<Result<&Page, &Failure>>) -> Self {
        match outcome {
            None => Self::Waiting,
            Some(Err(failure)) => Self::Failed(failure.clone()),
            Some(Ok(page)) if page.documents.is_empty() => Self::Empty(page.total),
            Some(Ok(_)) => Self::Rows,
        }
    }
}

/// The list of a resource.
#[component]
pub fn List(
    resource: &'static Resource,
    /// What this list has above its filters.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    let (client, router) = (client(), router());
    let asked = Memo::new(move |_| router.query.with(|query| Asked::of(resource, query)));
    // Which columns are shown makes no other question.
    let sent = Memo::new(move |_| asked.with(|asked| asked.sent(resource)));
    let page = load(move || {
        let query = sent.get();
        async move { client.find(resource, &query).await }
    });
    let range = move || {
        let page = page.value()?;
        Some(range(&page, page_offset(asked)))
    };
    let hint = move || of_beginnings(resource, &page.value()?);
    let face = Memo::new(move |_| page.with(Face::of));
    let content = move || match face.get() {
        Face::Waiting => view! { <p class="loading">{t("list.loading")}</p> }.into_any(),
        Face::Failed(failure) => {
            view! { <FailureNotice failure retry=move || page.again()/> }.into_any()
        }
        Face::Empty(total) => empty(total, asked),
        Face::Rows => rows::rows(resource, page, asked),
    };
    let may_create = resource.changes.create && session().may(Right::Write, resource);
    let new = may_create.then(|| {
        let address = Route::to(["new", resource.key]).to_string();
        view! { <a class="button primary" href=address>{t("list.create")}</a> }
    });
    view! {
        <Heading text=name_of("resource", resource.key)>{new}</Heading>
        {children.map(|children| children())}
        <filters::Filters resource asked/>
        {hint}
        <div class="list-bar">
            <p role="status">{range}</p>
            <div class="inline">
                <columns::Columns resource asked/>
                <export::Export resource asked/>
            </div>
        </div>
        <div class="loaded" aria-busy=move || page.is_busy.get().to_string()>{content}</div>
        <pager::Pager page asked/>
    }
    .into_any()
}

fn page_offset(asked: Memo<Asked>) -> usize {
    asked.with_untracked(|asked| asked.offset)
}

/// Which of how many are shown, as in “26–50 of 1,234”.
fn range(page: &Page, offset: usize) -> String {
    if page.documents.is_empty() {
        return t("list.none");
    }
    let count = |it: usize| number(&it.to_string());
    let (first, last) = (count(offset + 1), count(offset + page.documents.len()));
    tv("list.range", &[("first", &first), ("last", &last), ("total", &count(page.total))])
}

/// What to do where nothing is shown.
fn empty(total: usize, asked: Memo<Asked>) -> AnyView {
    let query = asked.get_untracked().query;
    let is_asked = query.conditions().next().is_some() || query.get("search").is_some();
    let (title, hint) = match (total > 0, is_asked) {
        (true, _) => (t("list.beyond"), String::new()),
        (false, true) => (t("list.noMatch"), t("list.noMatchHint")),
        (false, false) => (t("list.empty"), t("list.emptyHint")),
    };
    let first = (total > 0).then(|| {
        let first = router().asking(query.without("offset"));
        view! { <p><a href=first>{t("list.firstPage")}</a></p> }
    });
    view! {
        <div class="empty"><p class="empty-title">{title}</p><p>{hint}</p>{first}</div>
    }
    .into_any()
}
