//! Which state of an account may follow which.

/// The life of an account as TM Forum's billing management has it: from each state, the states that
/// may follow. Other states are a deployment's own.
const TRANSITIONS: [(&str, &[&str]); 6] = [
    ("Defined", &["Active"]),
    ("Active", &["Suspended", "Pending_Update", "Pending_Closed"]),
    ("Suspended", &["Active", "Closed"]),
    ("Pending_Update", &["Active"]),
    ("Pending_Closed", &["Closed"]),
    ("Closed", &[]),
];

/// The states that may follow; nothing where the state is none of the standard's, for which nothing is
/// said.
pub fn following(state: &str) -> Option<&'static [&'static str]> {
    TRANSITIONS.iter().find(|(from, _)| *from == state).map(|(_, following)| *following)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_comes_to_its_end_and_no_further() {
        assert_eq!(following("Defined"), Some(&["Active"][..]));
        assert_eq!(following("Closed"), Some(&[][..]));
        assert_eq!(following("Our_Own"), None);
        // Nothing leads to a state that the standard does not have.
        for (_, next) in TRANSITIONS {
            assert!(next.iter().all(|state| following(state).is_some()));
        }
    }
}
