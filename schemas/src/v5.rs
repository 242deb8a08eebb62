//! The resources of TMF666 v5.0.0 and TMF678 v5.0.0, each compiled from its file in `v5/` and from those that it
//! refers to (`build.rs`).

use crate::Schema;
use crate::attribute::types::v5 as types;

include!(concat!(env!("OUT_DIR"), "/v5.rs"));
