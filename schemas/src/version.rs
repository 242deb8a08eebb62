//! The generations of TM Forum's APIs, which serve the same resources.
//!
//! Resources are stored as v5 has them. What v4 shows and takes is converted by their class
//! ([`Class`]).

use crate::{Class, Schema};

/// A generation of TM Forum's APIs. What TMF630 asks of one, all its APIs have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Version 4 of an API, such as v4.0.0 of TMF666.
    V4,
    /// Version 5 of an API, such as v5.0.0 of TMF666.
    V5,
}

impl Version {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::V5, Self::V4];

    /// The number of the version.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    /// The media type of what is answered, as the official files of the version have it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V4 => "application/json;charset=utf-8",
            Self::V5 => "application/json",
        }
    }

    /// What a document of the version must satisfy.
    pub fn schema(self, class: &Class) -> &Schema {
        match self {
            Self::V4 => &class.v4,
            Self::V5 => &class.v5,
        }
    }
}
