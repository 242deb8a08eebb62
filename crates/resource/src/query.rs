//! The parameters in the query of a request.

use http::Uri;

use crate::Error;

/// How many resources a page has unless the client says how many.
const DEFAULT_LIMIT: usize = 100;

/// How many resources a page has at most. A client that asks for more gets this many and sees it in
/// `X-Result-Count` (TMF630 part 1, pagination).
const MAX_LIMIT: usize = 1000;

/// Which part of a list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// The number of resources before the page.
    pub offset: u64,
    /// The number of resources on the page, at most.
    pub limit: usize,
}

impl Page {
    /// The page that the query of `uri` asks for.
    pub fn of(uri: &Uri) -> Result<Self, Error> {
        let (mut offset, mut limit) = (None, None);
        for (name, value) in parameters(uri) {
            let parameter = match name.as_ref() {
                "offset" => &mut offset,
                "limit" => &mut limit,
                name => return Err(Error::unsupported_parameter(name, "offset, limit")),
            };
            if parameter.is_some() {
                return Err(Error::invalid_parameter(&name, "must not be given twice"));
            }
            let number: u64 = value.parse().map_err(|_| {
                Error::invalid_parameter(&name, "must be a whole number, 0 or greater")
            })?;
            *parameter = Some(number);
        }
        let limit = limit.map_or(DEFAULT_LIMIT, |limit| {
            usize::try_from(limit).unwrap_or(MAX_LIMIT).min(MAX_LIMIT)
        });
        Ok(Self { offset: offset.unwrap_or(0), limit })
    }
}

/// Refuses a query where the operation has no parameters.
pub(crate) fn expect_none(uri: &Uri) -> Result<(), Error> {
    match parameters(uri).next() {
        Some((name, _)) => Err(Error::unsupported_parameter(&name, "none")),
        None => Ok(()),
    }
}

fn parameters(uri: &Uri) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Page, Error> {
        Page::of(&format!("/x?{query}").parse().unwrap())
    }

    #[test]
    fn a_page_has_defaults_and_a_greatest_size() {
        assert_eq!(page("").unwrap(), Page { offset: 0, limit: DEFAULT_LIMIT });
        assert_eq!(page("limit=7&offset=3").unwrap(), Page { offset: 3, limit: 7 });
        assert_eq!(page("limit=0").unwrap().limit, 0);
        assert_eq!(page("limit=18446744073709551615").unwrap().limit, MAX_LIMIT);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in
            ["limit=-1", "limit=", "offset=1.5", "limit=1&limit=2", "offset=99999999999999999999"]
        {
            assert_eq!(page(query).unwrap_err().into_response().status(), 400, "{query}");
        }
        for query in ["name=x", "fields=name", "Limit=1"] {
            assert_eq!(page(query).unwrap_err().into_response().status(), 501, "{query}");
        }
        assert!(expect_none(&"/x?".parse().unwrap()).is_ok());
        assert!(expect_none(&"/x?fields=name".parse().unwrap()).is_err());
    }
}
