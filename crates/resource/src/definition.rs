//! What makes one resource differ from another.

use schemas::Schema;

/// The definition of a resource.
#[derive(Debug)]
pub struct Definition {
    /// The name of the resource in paths, such as `billingAccount`.
    pub name: &'static str,
    /// What a document of the resource must satisfy after every change.
    pub schema: &'static Schema,
}
