//! The byte formats. This layer knows bytes and nothing of stores.
//!
//! * `codec` – numbers, keys in order; `value` – values and page ids; `checksum` – what seals heads
//!   and pages.
//! * `page` – the pages; `head` – the head; `buffer` – what it holds that is not in pages yet; `held` –
//!   earlier commits that it keeps readable.
//! * `versions` – heads of this and of earlier versions.

pub(crate) mod buffer;
mod checksum;
pub(crate) mod codec;
pub(crate) mod head;
pub(crate) mod held;
pub(crate) mod page;
pub(crate) mod value;
pub(crate) mod versions;
