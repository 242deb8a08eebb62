//! Where everything that stands on an account lies.

use bytes::Bytes;
use tmf630::Error;
use tmf630::model::rule::Data;

/// What all keys begin with.
pub const SPACE: &str = "ledger/";

/// What all keys of the account and the currency begin with that a key is of.
pub fn unit(key: &str) -> Option<&str> {
    let (end, _) = key.match_indices('/').nth(3)?;
    Some(&key[..=end])
}

/// How many keys an account can have. Folding leaves some hundred for a currency at most.
const MOST_KEYS: usize = 100_000;

/// An account that something stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// What kind of account it is, by its name in paths.
    pub kind: &'static str,
    /// Its id.
    pub id: &'a str,
}

impl Account<'_> {
    /// What its keys begin with; a currency follows.
    pub(crate) fn prefix(self) -> String {
        format!("{SPACE}{}/{}/", self.kind, self.id)
    }

    /// All of its keys, with their values.
    pub(crate) async fn entries(self, data: &dyn Data) -> Result<Vec<(String, Bytes)>, Error> {
        let entries = data.scan(&self.prefix(), MOST_KEYS).await?;
        match entries.len() < MOST_KEYS {
            true => Ok(entries),
            // A part of them would be taken for the whole.
            false => Err(Error::internal(format!("{self:?} has {MOST_KEYS} postings or more"))),
        }
    }
}
