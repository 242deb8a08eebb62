//! Work that is too much for the transaction of a request.

use std::fmt::Debug;

use bytes::Bytes;

use super::behaviour::Work;
use super::definition::Definition;
use super::rule::Asked;

/// A kind of work that is done step by step, each in a transaction of its own, after the request that
/// began it was answered, and by whoever comes along if that was interrupted. A step reads and writes the
/// state of its job, so no step is done twice, however many are at it.
pub trait Job: Debug + Sync {
    /// What the kind is called.
    fn name(&self) -> &'static str;

    /// The resource whose variables the steps need.
    fn definition(&self) -> &'static Definition;

    /// Does the next step of the job with the `id`: some tenths of a second of work at most.
    fn step<'a>(&'a self, id: &'a str, state: Bytes, work: &'a mut dyn Work) -> Asked<'a, Step>;
}

/// What is left of a job after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The next one finds this state.
    More(Bytes),
    /// Nothing.
    Done,
}
