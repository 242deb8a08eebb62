//! Keys that lead somewhere, and the steps that they are told by.

/// What keys ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// To the field that searches.
    Search,
    /// The dialog that tells of the keys.
    Help,
    /// To a page, by its address.
    Page(&'static str),
}

/// The keys behind a `g`, with the pages that they lead to.
pub const PAGES: [(&str, &str); 5] = [
    ("h", ""),
    ("a", "billingAccount"),
    ("b", "customerBill"),
    ("c", "billCycle"),
    ("s", "subscriptions"),
];

/// The keys so far: whether a `g` waits for what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    is_going: bool,
}

impl Keys {
    /// What a further key asks for, together with those before.
    pub fn press(&mut self, key: &str) -> Option<Shortcut> {
        let is_going = std::mem::take(&mut self.is_going);
        match key {
            key if is_going => {
                let page = PAGES.iter().find(|(letter, _)| *letter == key);
                page.map(|(_, page)| Shortcut::Page(page))
            }
            "g" => {
                self.is_going = true;
                None
            }
            "/" => Some(Shortcut::Search),
            "?" => Some(Shortcut::Help),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &[&str]) -> Vec<Option<Shortcut>> {
        let mut state = Keys::default();
        keys.iter().map(|key| state.press(key)).collect()
    }

    #[test]
    fn two_keys_lead_to_a_page() {
        assert_eq!(pressed(&["g", "b"]), [None, Some(Shortcut::Page("customerBill"))]);
        assert_eq!(pressed(&["b", "g", "x", "b"]), [None; 4]);
    }

    #[test]
    fn one_key_is_enough_for_what_is_always_there() {
        assert_eq!(pressed(&["/", "?"]), [Some(Shortcut::Search), Some(Shortcut::Help)]);
        assert_eq!(pressed(&["g", "/"]), [None, None]);
    }
}
