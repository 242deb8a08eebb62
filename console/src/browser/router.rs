//! Follows the fragment of the address.

use leptos::prelude::*;
use web_sys::HashChangeEvent;

use super::dom;
use crate::model::query::Query;
use crate::model::route::Route;

/// Where the console is. Changes of the query leave the page standing; another path is another page.
#[derive(Clone, Copy)]
pub struct Router {
    route: RwSignal<Route>,
    pub path: Memo<Vec<String>>,
    pub query: Memo<Query>,
    /// Whether the reader has been on another page before: then the focus follows.
    moved: RwSignal<bool>,
}

impl Router {
    pub fn start() -> Self {
        let route = RwSignal::new(current());
        let path = Memo::new(move |_| route.with(|route| route.path.clone()));
        let query = Memo::new(move |_| route.with(|route| route.query.clone()));
        let moved = RwSignal::new(false);
        let follow = window_event_listener(leptos::ev::hashchange, move |_: HashChangeEvent| {
            let next = current();
            if route.with_untracked(|route| route.path != next.path) {
                moved.set(true);
            }
            route.set(next);
        });
        on_cleanup(move || follow.remove());
        Self { route, path, query, moved }
    }

    /// Follows an address that was replaced, of which browsers say nothing.
    pub fn look_again(&self) {
        self.route.set(current());
    }

    pub fn has_moved(&self) -> bool {
        self.moved.get_untracked()
    }

    /// Shows the same page with another query.
    pub fn ask(&self, query: Query) {
        go(&self.route.get_untracked().asking(query));
    }

    /// The address of the same page with another query, for links.
    pub fn asking(&self, query: Query) -> String {
        self.route.with(|route| route.clone().asking(query).to_string())
    }
}

/// The router of the page.
pub fn router() -> Router {
    expect_context()
}

/// Goes somewhere, with a step back.
pub fn go(route: &Route) {
    if let Some(window) = dom::window() {
        let _ = window.location().set_hash(&route.to_string());
    }
}

fn current() -> Route {
    let fragment = dom::window().and_then(|window| window.location().hash().ok());
    Route::parse(&fragment.unwrap_or_default())
}
