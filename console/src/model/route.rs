//! Where the console is: what the fragment of the address says.

use std::fmt;

use super::query::{Query, decode, encode};

/// A path and a query, as in `#/billingAccount?state=Active`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub path: Vec<String>,
    pub query: Query,
}

impl Route {
    /// Reads a fragment, with its `#` or without.
    pub fn parse(fragment: &str) -> Self {
        let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
        let (path, query) = fragment.split_once('?').unwrap_or((fragment, ""));
        let steps = path.split('/').filter(|step| !step.is_empty());
        Self { path: steps.map(decode).collect(), query: Query::parse(query) }
    }

    /// The route to a path, without a query.
    pub fn to<const N: usize>(path: [&str; N]) -> Self {
        Self { path: path.map(str::to_owned).to_vec(), query: Query::default() }
    }

    /// The same route with another query.
    #[must_use]
    pub fn asking(self, query: Query) -> Self {
        Self { query, ..self }
    }

    /// The path's steps.
    pub fn steps(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("#/")?;
        let steps: Vec<_> = self.path.iter().map(|step| encode(step)).collect();
        formatter.write_str(&steps.join("/"))?;
        if self.query.is_empty() { Ok(()) } else { write!(formatter, "?{}", self.query) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_any_sign_survive() {
        let route = Route::to(["billingAccount", "BS2|7836+-[x]"]);
        assert_eq!(route.to_string(), "#/billingAccount/BS2%7C7836%2B-%5Bx%5D");
        assert_eq!(Route::parse(&route.to_string()), route);
    }

    #[test]
    fn nothing_is_home() {
        for fragment in ["", "#", "#/"] {
            assert_eq!(Route::parse(fragment), Route::default());
        }
    }
}
