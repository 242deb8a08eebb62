//! What pages are made of.

mod delete;
mod document;
mod failure;
mod heading;
mod load;
mod menu;
mod table;
mod value;

pub use delete::Delete;
pub use document::Tree;
pub use failure::FailureNotice;
pub use heading::Heading;
pub use load::{Load, Loaded, load};
pub use menu::{InMenu, Menu};
pub use table::{Column, Scroller, Table};
pub use value::{badge, shown};
