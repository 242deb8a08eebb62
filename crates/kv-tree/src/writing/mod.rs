//! Changing pages: what a flush writes. This layer writes pages that nothing leads to yet.
//!
//! * `edit` – new nodes for those that change; `divide` – how entries are cut into nodes; `writer` –
//!   the pages that come of it.
//! * `batches` – writes and deletes pages within the limits of the store.
//! * `retired` – the list of pages that are not needed any more.
//! * `flush` – from what is buffered to pages in the store.

pub(crate) mod batches;
pub(crate) mod divide;
pub(crate) mod edit;
pub(crate) mod flush;
pub(crate) mod retired;
pub(crate) mod writer;
