//! The byte formats. This layer knows bytes and nothing of stores.
//!
//! * `codec` – numbers, keys in order, page ids, values; `checksum` – what seals heads and pages.
//! * `page` – the pages; `head` – the head; `buffer` – what it holds that is not in pages yet.
//! * `legacy` – what earlier versions wrote.

pub(crate) mod buffer;
mod checksum;
pub(crate) mod codec;
pub(crate) mod head;
mod legacy;
pub(crate) mod page;
