//! The resources of TMF666 v4.0.0 and TMF678 v4.0.0, each compiled from its file in `v4/` and from those that it
//! refers to (`build.rs`).

use crate::Schema;
use crate::attribute::types::v4 as types;

include!(concat!(env!("OUT_DIR"), "/v4.rs"));
