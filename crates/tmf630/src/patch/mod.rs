//! What a PATCH changes in a document (TMF630 part 5).
//!
//! * `operations` – JSON Patch (RFC 6902) with what TMF630 adds.
//! * `places` – what the path of an operation points to.

pub(crate) mod operations;
mod places;
