//! What was begun on a page, and whether it still counts when the answer comes.

use leptos::prelude::*;

use crate::browser::router::go;
use crate::model::route::Route;

/// Gives out turns, of which the last one counts, as long as the page is there that they are of.
#[derive(Clone, Copy)]
pub struct Turns(StoredValue<usize>);

impl Turns {
    pub fn new() -> Self {
        Self(StoredValue::new(0))
    }

    /// A turn; those before it count no more.
    pub fn next(self) -> Turn {
        let number = self.0.try_update_value(|number| {
            *number += 1;
            *number
        });
        Turn { turns: self, number }
    }
}

/// What was begun.
#[derive(Clone, Copy)]
pub struct Turn {
    turns: Turns,
    /// There is none where the page was gone already.
    number: Option<usize>,
}

impl Turn {
    /// Whether it still counts.
    pub fn counts(self) -> bool {
        self.number.is_some() && self.turns.0.try_get_value() == self.number
    }

    /// Goes somewhere, if it still counts: who has left the page, or has asked for something else
    /// in the meantime, does not want to be led away.
    pub fn go(self, route: &Route) {
        if self.counts() {
            go(route);
        }
    }
}

/// The one turn of the page, or of the part of it that calls this: it counts as long as that is
/// there.
pub fn this_page() -> Turn {
    Turns::new().next()
}
