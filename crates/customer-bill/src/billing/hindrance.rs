//! Why a bill is not made.

use tmf630::Error;

/// What is in the way of a bill.
#[derive(Debug)]
pub(crate) enum Hindrance {
    /// Something about the account or its items, in words for who asked.
    Reason(String),
    /// The work could not be done, and may be another time.
    Failed(Error),
}

impl Hindrance {
    /// The same where a reason would come too late, so that nothing must be committed.
    pub fn into_failure(self) -> Self {
        match self {
            Self::Reason(reason) => Self::Failed(Error::internal(reason)),
            failed => failed,
        }
    }
}

impl From<Error> for Hindrance {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// An item whose cost is not known.
pub(crate) fn unreadable(item: &str) -> Hindrance {
    Hindrance::Reason(format!("the item {item} cannot be read; delete it, and ask again"))
}

/// Amounts that are too large to be added up.
pub(crate) fn beyond(error: money::Error) -> Hindrance {
    Hindrance::Reason(format!("the items cannot be added up: {error}"))
}
