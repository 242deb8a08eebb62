//! Idempotency keys: who sends again, because no answer came, sends the same key.

use super::failure::Failure;

/// The key of what a page makes.
///
/// Until an answer says what became of it, all that is sent has the same key. So the same content is
/// made once, and other content, where the first was made though no answer came, is refused (422): it
/// does not become a second one that nobody wants.
#[derive(Clone, Debug)]
pub struct Key {
    text: String,
    fresh: fn() -> String,
}

impl Key {
    /// A key from where fresh ones come from.
    pub fn new(fresh: fn() -> String) -> Self {
        Self { text: fresh(), fresh }
    }

    /// What is to be sent.
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// After a failure: if nothing came of what was sent, what is sent next is another request.
    pub fn failed(&mut self, failure: &Failure) {
        if failure.is_final() {
            self.renew();
        }
    }

    /// Makes what is sent next another request, even if it says the same.
    pub fn renew(&mut self) {
        self.text = (self.fresh)();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::Value;

    use super::*;

    fn fresh() -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        COUNT.fetch_add(1, Ordering::Relaxed).to_string()
    }

    fn refused(status: u16) -> Failure {
        Failure::refused(status, &Value::Null, String::new())
    }

    #[test]
    fn what_may_have_been_made_keeps_its_key() {
        let mut key = Key::new(fresh);
        let first = key.text();
        // With 422, what was sent first was made.
        for failure in [Failure::Network, Failure::Unreadable, refused(503), refused(422)] {
            key.failed(&failure);
            assert_eq!(key.text(), first, "{failure:?}");
        }
    }

    #[test]
    fn what_follows_an_answer_is_another_request() {
        let mut key = Key::new(fresh);
        let first = key.text();
        key.failed(&refused(400));
        let second = key.text();
        key.renew();
        assert!(first != second && second != key.text());
    }
}
