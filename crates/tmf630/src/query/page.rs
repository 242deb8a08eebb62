//! Pages (TMF630 part 1, pagination).

use crate::Error;

/// How many resources a page has unless the client says how many.
const DEFAULT_LIMIT: usize = 100;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// The number of resources before the page.
    pub offset: u64,
    /// The number of resources on the page, at most.
    pub limit: usize,
}

impl Default for Page {
    fn default() -> Self {
        Builder::default().finish()
    }
}

#[derive(Default)]
pub(super) struct Builder {
    offset: Option<u64>,
    limit: Option<u64>,
}

impl Builder {
    pub fn set_offset(&mut self, value: &str) -> Result<(), Error> {
        set("offset", &mut self.offset, value)
    }

    pub fn set_limit(&mut self, value: &str) -> Result<(), Error> {
        set("limit", &mut self.limit, value)
    }

    pub fn finish(self) -> Page {
        let limit =
            self.limit.map_or(DEFAULT_LIMIT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Page { offset: self.offset.unwrap_or(0), limit }
    }
}

/// Sets a parameter, unless its value is blank: then it is not given.
fn set(name: &str, parameter: &mut Option<u64>, value: &str) -> Result<(), Error> {
    if value.trim().is_empty() {
        return Ok(());
    }
    if parameter.is_some() {
        return Err(Error::invalid_parameter(name, "must not be given twice"));
    }
    let number = value
        .parse()
        .map_err(|_| Error::invalid_parameter(name, "must be a whole number, 0 or greater"))?;
    *parameter = Some(number);
    Ok(())
}

impl Page {
    /// The page with no more resources than `greatest`. A client that asks for more gets this many and
    /// sees it in `X-Result-Count`.
    pub fn at_most(self, greatest: usize) -> Self {
        Self { limit: self.limit.min(greatest), ..self }
    }

    /// The offsets of the first, previous, next and last page of a list of `total` resources, where
    /// there are such pages.
    pub fn neighbours(&self, total: u64) -> [(&'static str, Option<u64>); 4] {
        let limit = self.limit as u64;
        if limit == 0 {
            return [("first", None), ("prev", None), ("next", None), ("last", None)];
        }
        let after = self.offset.saturating_add(limit);
        let last = total.saturating_sub(1) / limit * limit;
        let before = self.offset.min(last.saturating_add(limit)).saturating_sub(limit);
        [
            ("first", Some(0)),
            ("prev", (self.offset > 0).then_some(before)),
            ("next", (after < total).then_some(after)),
            ("last", Some(last)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_defaults_and_a_greatest_size() {
        let page = |offset: Option<&str>, limit: Option<&str>| {
            let mut builder = Builder::default();
            offset.into_iter().for_each(|offset| builder.set_offset(offset).unwrap());
            limit.into_iter().for_each(|limit| builder.set_limit(limit).unwrap());
            builder.finish()
        };
        assert_eq!(page(None, None), Page { offset: 0, limit: DEFAULT_LIMIT });
        assert_eq!(page(Some("3"), Some("7")), Page { offset: 3, limit: 7 });
        assert_eq!(page(None, Some("0")).limit, 0);
        assert_eq!(page(Some(" "), Some("")), Page { offset: 0, limit: DEFAULT_LIMIT });
        assert_eq!(page(None, Some("18446744073709551615")).at_most(1000).limit, 1000);
        assert_eq!(page(None, None).at_most(20).limit, 20);
        assert_eq!(page(None, Some("7")).at_most(20).limit, 7);
        assert!(Builder::default().set_offset("99999999999999999999").is_err());
    }

    #[test]
    fn pages_know_their_neighbours() {
        let neighbours = |offset, limit, total| {
            Page { offset, limit }.neighbours(total).map(|(_, offset)| offset)
        };
        assert_eq!(neighbours(0, 10, 25), [Some(0), None, Some(10), Some(20)]);
        assert_eq!(neighbours(10, 10, 25), [Some(0), Some(0), Some(20), Some(20)]);
        assert_eq!(neighbours(20, 10, 25), [Some(0), Some(10), None, Some(20)]);
        assert_eq!(neighbours(3, 10, 25), [Some(0), Some(0), Some(13), Some(20)]);
        assert_eq!(neighbours(1000, 10, 25), [Some(0), Some(20), None, Some(20)]);
        assert_eq!(neighbours(0, 10, 20), [Some(0), None, Some(10), Some(10)]);
        assert_eq!(neighbours(0, 10, 0), [Some(0), None, None, Some(0)]);
        assert_eq!(neighbours(5, 0, 20), [None; 4]);
        assert_eq!(neighbours(u64::MAX, 10, 20)[2], None);
    }
}
