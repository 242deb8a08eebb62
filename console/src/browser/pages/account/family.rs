//! The accounts above and below one, as a tree.

use leptos::prelude::*;
use serde_json::Value;

use crate::browser::api::{Client, client};
use crate::browser::parts::{Loaded, badge, load};
use crate::browser::session::{Session, session};
use crate::browser::words::{name_of, number, t, tv};
use crate::model::claims::Right;
use crate::model::document;
use crate::model::failure::Failure;
use crate::model::family::{Family, LEDGER, Relative};
use crate::model::query::encode;
use crate::model::resource::Resource;
use crate::model::route::Route;

/// The kinds of accounts.
const KINDS: [&str; 4] = ["billingAccount", "partyAccount", "settlementAccount", LEDGER];

/// How many of a kind are asked for that say they are related.
const MOST: usize = 50;

/// How many below an account are shown before somebody asks for all.
const AT_FIRST: usize = 10;

/// How far up it goes by itself.
const HIGHEST: usize = 8;

/// What is around an account, and who is above those above it, from the top down.
#[derive(Clone, PartialEq)]
struct Tree {
    levels: Vec<Vec<Relative>>,
    family: Family,
}

#[component]
pub fn Relatives(resource: &'static Resource, account: Value) -> AnyView {
    let client = client();
    let session = session();
    let me = Relative::read(resource.key, &account, "");
    let tree = load(move || {
        let account = account.clone();
        async move { tree(client, session, resource, &account).await }
    });
    view! {
        <section class="card">
            <h2>{t("family.title")}</h2>
            <Loaded load=tree view=move |tree: Tree| drawn(&tree, me.as_ref())/>
        </section>
    }
    .into_any()
}

fn drawn(tree: &Tree, me: Option<&Relative>) -> AnyView {
    if tree.family.is_empty() {
        return view! { <p class="hint">{t("family.none")}</p> }.into_any();
    }
    let below = (!tree.family.below.is_empty()).then(|| branches(&tree.family.below));
    let me = me.map(|me| view! { <li aria-current="true">{label(me)}{below}</li> });
    let me = view! { <ul>{me}</ul> }.into_any();
    let above = tree.levels.iter().rev().fold(me, |inner, level| {
        let last = level.len().saturating_sub(1);
        let mut inner = Some(inner);
        let items = level.iter().enumerate().map(|(place, relative)| {
            let inner = (place == last).then(|| inner.take()).flatten();
            view! { <li>{link(relative)}{inner}</li> }
        });
        view! { <ul>{items.collect_view()}</ul> }.into_any()
    });
    let beside = tree.family.beside.iter().map(|it| view! { <li>{link(it)}</li> }).collect_view();
    let beside = (!tree.family.beside.is_empty()).then(|| {
        view! { <h3>{t("family.beside")}</h3><ul>{beside}</ul> }
    });
    view! { <div class="family">{above}{beside}</div> }.into_any()
}

/// An account below, and what lies below that when somebody wants to know.
#[component]
fn Branch(relative: Relative) -> AnyView {
    let client = client();
    let session = session();
    let is_open = RwSignal::new(false);
    // It is told of closing too, which changes nothing.
    let open = move |_| {
        if !is_open.get_untracked() {
            is_open.set(true);
        }
    };
    let shown = link(&relative);
    let Some(resource) = relative.resource() else { return shown };
    let id = relative.id;
    let content = move || {
        let id = id.clone();
        is_open.get().then(|| {
            let below = load(move || {
                let id = id.clone();
                async move {
                    let account = client.read(resource, &id).await?.document;
                    Ok(family(client, session, resource, &account).await?.below)
                }
            });
            view! { <Loaded load=below view=|below| branches(&below)/> }
        })
    };
    view! {
        {shown}
        <details on:toggle=open>
            <summary>{t("family.below")}</summary>
            {content}
        </details>
    }
    .into_any()
}

fn branches(below: &[Relative]) -> AnyView {
    if below.is_empty() {
        return view! { <p class="hint">{t("family.noneBelow")}</p> }.into_any();
    }
    let branch = |relative: &Relative| view! { <li><Branch relative=relative.clone()/></li> };
    let (first, others) = below.split_at(below.len().min(AT_FIRST));
    let more = (!others.is_empty()).then(|| {
        let count = number(&others.len().to_string());
        view! {
            <details>
                <summary>{tv("family.more", &[("count", &count)])}</summary>
                <ul>{others.iter().map(branch).collect_view()}</ul>
            </details>
        }
    });
    view! { <ul>{first.iter().map(branch).collect_view()}</ul> {more} }.into_any()
}

fn link(relative: &Relative) -> AnyView {
    match relative.kind {
        Some(kind) => {
            let address = Route::to([kind, &relative.id]).to_string();
            view! { <a href=address>{label(relative)}</a> {beside(relative)} }.into_any()
        }
        None => view! { {label(relative)} {beside(relative)} }.into_any(),
    }
}

fn label(relative: &Relative) -> AnyView {
    view! { <bdi>{relative.name.clone()}</bdi> }.into_any()
}

/// Its kind, its state, and what it is to the account that names it.
fn beside(relative: &Relative) -> AnyView {
    let kind = relative.kind.map(|kind| name_of("kind", kind));
    let relation = Some(&relative.relation).filter(|it| !it.is_empty() && *it != LEDGER).cloned();
    let words: Vec<_> = [kind, relation].into_iter().flatten().collect();
    let state = relative.state.as_deref().map(badge);
    view! { " " <span class="hint"><bdi>{words.join(", ")}</bdi></span> " " {state} }.into_any()
}

async fn tree(
    client: Client,
    session: Session,
    resource: &'static Resource,
    account: &Value,
) -> Result<Tree, Failure> {
    let around = family(client, session, resource, account).await?;
    let mut levels = Vec::new();
    let mut seen: Vec<Relative> = Vec::new();
    let mut level = around.above.clone();
    while !level.is_empty() && levels.len() < HIGHEST {
        let mut next: Vec<Relative> = Vec::new();
        for relative in &mut level {
            for above in look_up(client, session, relative).await? {
                if !seen.iter().chain(&next).any(|known| known.is(&above)) {
                    next.push(above);
                }
            }
            seen.push(relative.clone());
        }
        levels.insert(0, std::mem::replace(&mut level, next));
    }
    Ok(Tree { levels, family: around })
}

/// Gets to know an account better, and answers who is above it. Of one that cannot be read, nothing
/// more is known.
async fn look_up(
    client: Client,
    session: Session,
    relative: &mut Relative,
) -> Result<Vec<Relative>, Failure> {
    let Some(resource) = relative.resource() else { return Ok(Vec::new()) };
    let account = match client.read(resource, &relative.id).await {
        Ok(stored) => stored.document,
        Err(failure) if matches!(failure.status(), Some(403 | 404)) => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    if let Some(known) = Relative::read(resource.key, &account, &relative.relation) {
        *relative = known;
    }
    Ok(family(client, session, resource, &account).await?.above)
}

/// What an account and those around it say of how they lie to each other.
async fn family(
    client: Client,
    session: Session,
    resource: &'static Resource,
    account: &Value,
) -> Result<Family, Failure> {
    let mut family = Family::told_by(account);
    let Some(id) = document::text(account, "id") else { return Ok(family) };
    for kind in KINDS {
        let Some(other) = Resource::named(kind).filter(|it| session.may(Right::Read, it)) else {
            continue;
        };
        let mut conditions = vec!["accountRelationship.account.id"];
        if resource.key == LEDGER && kind != LEDGER {
            conditions.push("financialAccount.id");
        }
        for condition in conditions {
            let query = format!("{condition}={}&sort=name", encode(id));
            let others = client.whole(other, &query, MOST).await?.documents;
            family.hear(kind, &others, id);
        }
    }
    Ok(family)
}
