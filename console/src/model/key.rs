//! Idempotency keys: who sends the same again, because no answer came, sends the same key.

/// The key of what was sent last.
#[derive(Clone, Debug)]
pub struct KeyOf<T>(Option<(T, String)>);

impl<T> Default for KeyOf<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq> KeyOf<T> {
    /// The key for what is sent now: that of the last time, as long as it stays the same; else a fresh one.
    pub fn key(&mut self, sent: T, fresh: impl FnOnce() -> String) -> String {
        match &self.0 {
            Some((last, key)) if *last == sent => key.clone(),
            _ => self.0.insert((sent, fresh())).1.clone(),
        }
    }

    /// Forgets it: what is sent next is another request, even if it says the same.
    pub fn forget(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_has_the_same_key() {
        let mut of = KeyOf::default();
        let mut count = 0;
        let mut key = |of: &mut KeyOf<_>, sent| {
            of.key(sent, || {
                count += 1;
                count.to_string()
            })
        };
        assert_eq!([key(&mut of, "a"), key(&mut of, "a"), key(&mut of, "b")], ["1", "1", "2"]);
        of.forget();
        assert_eq!(key(&mut of, "b"), "3");
    }
}
