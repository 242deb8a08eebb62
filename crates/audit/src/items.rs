//! The items of a bill, added up.

use std::collections::BTreeSet;

use money::{ItemAmounts, Totals};

/// What a bill must follow from.
#[derive(Debug, Default)]
pub(crate) struct Items {
    /// The sums over the items, in the currency of the first.
    pub totals: Option<Totals>,
    /// The accounts that they are for: one, if all is well.
    pub accounts: BTreeSet<String>,
    /// What is wrong with the first that cannot be added up, and its id.
    pub fault: Option<(String, String)>,
}

impl Items {
    /// Adds an item, of which `amounts` could be read or not.
    pub fn add(&mut self, id: &str, account: Option<&str>, amounts: Result<ItemAmounts, String>) {
        if let Some(account) = account
            && !self.accounts.contains(account)
        {
            self.accounts.insert(account.to_owned());
        }
        if let Err(fault) = amounts.and_then(|amounts| self.sum(&amounts))
            && self.fault.is_none()
        {
            self.fault = Some((id.to_owned(), fault));
        }
    }

    fn sum(&mut self, amounts: &ItemAmounts) -> Result<(), String> {
        let totals = self.totals.get_or_insert_with(|| Totals::new(amounts.currency()));
        totals.add(amounts).map_err(|error| error.to_string())
    }
}
