//! What pages are made of.

mod bar;
mod confirm;
mod copyable;
mod delete;
mod document;
mod failure;
mod heading;
mod live;
mod load;
mod menu;
mod refresh;
mod table;
mod value;

pub use bar::{bar, stacked};
pub use confirm::Confirm;
pub use copyable::Copyable;
pub use delete::Delete;
pub use document::Tree;
pub use failure::FailureNotice;
pub use heading::Heading;
pub use live::Live;
pub use load::{Load, Loaded, load};
pub use menu::Menu;
pub use refresh::Refresh;
pub use table::{Column, Scroller, Table};
pub use value::{badge, shown, tone};
