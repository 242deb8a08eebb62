//! Who makes a request, and what they may do.
//!
//! A deployment says by [`Authentication`] whether it asks callers who they are. Where it does,
//! they show a bearer token (RFC 6750) that is a signed JWT (RFC 7519, RFC 9068) of an issuer that
//! the deployment trusts. The crate knows nothing of the host that it runs on, nor of HTTP: it is
//! given the values of a header, reaches the world through [`Outside`], and answers with a
//! [`Caller`] or a [`Refusal`].
//!
//! # Promises
//!
//! Each is guarded by the tests in the file that it names.
//!
//! * A mistake in what a deployment says is an error, and never opens anything (`config`).
//! * Nothing of a token is believed before its signature is checked by a key of its issuer, with an
//!   algorithm that is right for that key (`signatures`).
//! * No text makes it panic, and no text is a token but what an issuer has signed (`tokens`).
//! * What a token does not say clearly is refused; nobody becomes more than they are by a claim
//!   that has the wrong type (`claims`).
//! * Whatever callers send, an issuer is asked for its keys at most once a minute, by instances whose
//!   clocks do not differ by more. What it answers
//!   replaces keys that work only if it has keys that work. A key that it has withdrawn stops
//!   working, for callers too that are known by it (`published_keys`).
//! * Callers that are known are known as long as their token is good, and no longer
//!   (`known_callers`).
//! * No token and no secret key is kept as text in an instance, logged, or part of an error (`tokens`,
//!   `config`).
//!
//! # Layout
//!
//! Each uses those above it in this list, and none below.
//!
//! * [`caller`] – who was found to make a request: tenant, parties, scopes.
//! * [`refusal`] – why there is none; [`outside`] – the port to the outside world.
//! * `json` – JSON that means the same to every reader.
//! * `token` – from a header to the parts of a token.
//! * `key_set` – the keys of an issuer.
//! * `stored_keys` – sets of keys as the store has them; `published_keys` – those that an issuer
//!   publishes, kept and refreshed.
//! * `issuer` – whom a deployment trusts, and for what; `claims` – from what they say to a caller.
//! * `known_callers` – tokens that were checked not long ago.
//! * [`authenticator`] – the story of a request; [`config`] – what a deployment says.
//! * `testing` – keys that sign tokens, for tests.

#![forbid(unsafe_code)]

pub mod authenticator;
pub mod caller;
mod claims;
pub mod config;
mod issuer;
mod json;
mod key_set;
mod known_callers;
pub mod outside;
mod published_keys;
pub mod refusal;
mod stored_keys;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod token;

pub use authenticator::{Authentication, Authenticator};
pub use caller::{Caller, Identity, Parties, Scopes, Tenant};
pub use outside::Outside;
pub use refusal::Refusal;
