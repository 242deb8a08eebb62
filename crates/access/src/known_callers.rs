//! Callers who are known by the token that they show, because it was checked not long ago.
//!
//! A token is known by its SHA-256: its text is not kept. Only good tokens are, so whoever sends
//! others cannot drive them out. A caller is known only as long as the set of keys is used that
//! their token was checked with.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use quick_cache::unsync::Cache;
use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::key_set::KeySet;

/// How many callers are known at most.
const CAPACITY: usize = 1000;

/// Which token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// A caller who is known.
#[derive(Clone)]
pub(crate) struct Known {
    pub caller: Rc<Caller>,
    /// The number of the issuer.
    pub issuer: usize,
    /// What the token was checked with. A set that is no longer used is not kept for this.
    pub keys: Weak<KeySet>,
    since: Timestamp,
    period: Duration,
}

impl Known {
    /// A caller who is known for a `period` from now on.
    pub fn new(
        caller: Rc<Caller>,
        issuer: usize,
        keys: &Rc<KeySet>,
        since: Timestamp,
        period: Duration,
    ) -> Self {
        Self { caller, issuer, keys: Rc::downgrade(keys), since, period }
    }

    fn is_known_at(&self, now: Timestamp) -> bool {
        // Where the clock went back, nobody knows how long it has been.
        let passed = Duration::try_from(now.duration_since(self.since));
        passed.is_ok_and(|passed| passed < self.period)
    }
}

/// All who are known.
pub(crate) struct KnownCallers(RefCell<Cache<TokenDigest, Known>>);

impl Default for KnownCallers {
    fn default() -> Self {
        Self(RefCell::new(Cache::new(CAPACITY)))
    }
}

impl KnownCallers {
    /// Who shows the token, if they are known.
    pub fn get(&self, token: &TokenDigest, now: Timestamp) -> Option<Known> {
        let known = self.0.borrow().get(token).cloned()?;
        if known.is_known_at(now) {
            return Some(known);
        }
        self.forget(token);
        None
    }

    pub fn insert(&self, token: TokenDigest, known: Known) {
        self.0.borrow_mut().insert(token, known);
    }

    pub fn forget(&self, token: &TokenDigest) {
        self.0.borrow_mut().remove(token);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::caller::Tenant;

    #[test]
    fn callers_are_known_for_a_period_and_not_too_many() {
        let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let keys = Rc::new(KeySet::published(keys.as_bytes()).unwrap());
        let caller = Rc::new(Caller::anybody(Tenant::new("acme").unwrap()));
        let callers = KnownCallers::default();
        let digest = |number: u32| TokenDigest::of(&number.to_string());
        let begin = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        for number in 0..5000 {
            let period = Duration::from_secs(10);
            callers.insert(digest(number), Known::new(caller.clone(), 0, &keys, begin, period));
            assert!(callers.len() <= CAPACITY);
        }
        assert!(callers.len() > CAPACITY / 2);
        let after = |seconds| begin + SignedDuration::from_secs(seconds);
        let last = digest(4999);
        assert!(callers.get(&last, after(0)).is_some());
        assert!(callers.get(&last, after(9)).is_some());
        assert!(callers.get(&last, after(10)).is_none());
        assert!(callers.get(&last, after(0)).is_none(), "it is forgotten");
        let other = (0..4999).map(digest).find(|token| callers.get(token, begin).is_some());
        assert!(callers.get(&other.unwrap(), after(-1)).is_none(), "the clock went back");
    }
}
