//! What an API declares of itself: data, from which the pipeline follows.
//!
//! # Layout
//!
//! * [`api`] – the API, its versions, and the words for its resources.
//! * [`relation`] – what refers to what.
//! * [`definition`] – a resource.
//! * [`operation`] – what can be done with it.
//! * [`index`] – what it can be found by.
//! * [`event`] – what others are told of that happens to it.
//! * [`rule`] – what a change of it must satisfy.
//! * [`behaviour`] – what the server does of its own with it; [`job`] – what it does step by step.
//! * [`variable`] – what a deployment can choose.
//! * [`visibility`] – who may see it.

pub mod api;
pub mod behaviour;
pub mod definition;
pub mod event;
pub mod index;
pub mod job;
pub mod operation;
pub mod relation;
pub mod rule;
pub mod variable;
pub mod visibility;
