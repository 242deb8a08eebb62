//! What pages are made of.

mod amount;
mod bar;
mod confirm;
mod copyable;
mod delete;
mod dialog;
mod document;
mod facts;
mod failure;
mod heading;
mod live;
mod load;
mod menu;
mod reference;
mod refresh;
mod state;
mod table;
mod value;

pub use amount::{amount, sums, written};
pub use bar::{bar, stacked};
pub use confirm::Confirm;
pub use copyable::Copyable;
pub use delete::Delete;
pub use dialog::Dialog;
pub use document::Tree;
pub use facts::{Fact, fact, facts};
pub use failure::FailureNotice;
pub use heading::Heading;
pub use live::Live;
pub use load::{Load, Loaded, load};
pub use menu::{InMenu, Menu};
pub use reference::reference;
pub use refresh::Refresh;
pub use state::StateChange;
pub use table::{Column, Scroller, Table};
pub use value::{badge, shown, tone};
