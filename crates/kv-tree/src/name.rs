//! The names of trees.

use crate::Error;
use crate::format::codec::Fault;

/// The name of a tree: 1 to 128 characters of `[A-Za-z0-9_.-]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeName(String);

impl TreeName {
    /// Checks `name`.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if (1..=128).contains(&name.len()) && name.chars().all(allowed) {
            Ok(Self(name))
        } else {
            Err(Error::Name(name))
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is wrong with the value of `key`.
    pub(crate) fn fault(&self, key: &str, fault: Fault) -> Error {
        let (tree, key) = (self.0.clone(), key.to_owned());
        match fault {
            Fault::Newer(version) => Error::Newer { tree, key, version },
            Fault::Damaged(fault) => Error::Damaged { tree, key, fault },
        }
    }
}
