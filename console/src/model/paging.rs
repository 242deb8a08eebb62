//! From page to page of a list.

use std::collections::HashSet;

use serde_json::Value;

use super::document;

/// Where the pages before and after one begin, as far as there are such pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    pub previous: Option<usize>,
    pub next: Option<usize>,
}

impl Neighbours {
    /// Those of the page that was asked for with an offset and a limit, and has so many rows.
    ///
    /// A server gives fewer than were asked for where that is too much for it. So the next page
    /// begins behind the last row that is there, and the one before is taken to be as short.
    pub fn of(offset: usize, limit: usize, rows: usize, total: usize) -> Self {
        let end = offset.saturating_add(rows);
        let next = (rows > 0 && end < total).then_some(end);
        let length = if next.is_some() { rows } else { limit };
        // Behind the end, the page before is the last one.
        let previous = (offset > 0).then(|| offset.min(total).saturating_sub(length));
        Self { previous, next }
    }
}

/// How many are read with one request, where all are wanted.
const AT_ONCE: usize = 1_000;

/// How often a walk goes back for what has moved: a list that changes faster than it is read has no end.
const MOST_BACK: usize = 100;

/// Reading a list from its beginning to its end, while others change it.
///
/// A page begins with the last row of the page before. Where another one is there, something before
/// it has gone, and what came behind it has moved up, out of the page that is asked for: then it is
/// read from further in front. What was read already is left out. So everything is read once that is
/// there all the time and does not move in front of what was read; which order keeps it from that is
/// up to who asks.
#[derive(Debug)]
pub struct Walk {
    /// What the next page is to be asked for with.
    pub limit: usize,
    pub offset: usize,
    /// How many there were in all when the last page was read.
    pub total: usize,
    pub is_done: bool,
    /// Whether the next page should begin with one that is known.
    is_joined: bool,
    /// How often it went back.
    back: usize,
    known: HashSet<String>,
}

impl Walk {
    /// A walk for who wants so many at most.
    pub fn for_most(most: usize) -> Self {
        Self {
            limit: AT_ONCE.min(most),
            offset: 0,
            total: 0,
            is_done: false,
            is_joined: false,
            back: 0,
            known: HashSet::new(),
        }
    }

    /// What a page has that was not read before, and where to go on.
    pub fn take(&mut self, page: Vec<Value>, total: usize) -> Vec<Value> {
        let is_known = |first: &Value| id(first).is_none_or(|id| self.known.contains(id));
        if self.is_joined && !page.first().is_some_and(is_known) {
            self.offset = self.offset.saturating_sub(self.limit);
            self.back += 1;
            self.is_joined = self.offset > 0 && self.back < MOST_BACK;
            return Vec::new();
        }
        let end = self.offset + page.len();
        self.total = total;
        self.is_done = page.is_empty() || end >= total;
        // Of pages with one row each, none would ever have another one.
        self.is_joined = page.len() > 1 && self.back < MOST_BACK;
        self.offset = end - usize::from(self.is_joined);
        let is_new = |it: &Value| id(it).is_none_or(|id| self.known.insert(id.to_owned()));
        page.into_iter().filter(is_new).collect()
    }
}

impl Default for Walk {
    fn default() -> Self {
        Self::for_most(usize::MAX)
    }
}

fn id(document: &Value) -> Option<&str> {
    document::text(document, "id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_follows_the_last_row_that_is_there() {
        let of = |offset, limit, rows, total| {
            let Neighbours { previous, next } = Neighbours::of(offset, limit, rows, total);
            (previous, next)
        };
        assert_eq!(of(0, 25, 25, 60), (None, Some(25)));
        assert_eq!(of(25, 25, 25, 60), (Some(0), Some(50)));
        assert_eq!(of(50, 25, 10, 60), (Some(25), None));
        assert_eq!(of(10, 25, 25, 60), (Some(0), Some(35)));
        // The server gave fewer than were asked for.
        assert_eq!(of(0, 5_000, 1_000, 2_500), (None, Some(1_000)));
        assert_eq!(of(1_000, 5_000, 1_000, 2_500), (Some(0), Some(2_000)));
        assert_eq!(of(1_000, 5_000, 300, 2_500), (Some(700), Some(1_300)));
        // There is nothing so far behind.
        assert_eq!(of(1_000, 25, 0, 60), (Some(35), None));
        assert_eq!(of(1_000, 25, 0, 0), (Some(0), None));
        assert_eq!(of(usize::MAX, 25, 0, 60), (Some(35), None));
    }

    /// A list in the order of ids, of which a server gives so many at most.
    struct Server {
        ids: Vec<u32>,
        most: usize,
    }

    impl Server {
        fn page(&self, walk: &Walk) -> Vec<Value> {
            let rows = self.ids.iter().skip(walk.offset).take(walk.limit.min(self.most));
            rows.map(|id| json!({"id": id.to_string()})).collect()
        }

        /// What is read, if after each page something happens.
        fn read(&mut self, mut happens: impl FnMut(&mut Vec<u32>, usize)) -> Vec<u32> {
            let mut walk = Walk { limit: 10, ..Walk::default() };
            let mut read = Vec::new();
            for pages in 1.. {
                assert!(pages < 1_000, "it comes to an end");
                let found = walk.take(self.page(&walk), self.ids.len());
                read.extend(found.iter().map(|it| id(it).unwrap().parse::<u32>().unwrap()));
                if walk.is_done {
                    break;
                }
                happens(&mut self.ids, pages);
            }
            read
        }
    }

    #[test]
    fn each_is_read_once_however_long_pages_are() {
        for most in [1, 2, 3, 9, 10, 500] {
            for count in [0, 1, 9, 10, 11, 95] {
                let all: Vec<_> = (0..count).collect();
                let mut server = Server { ids: all.clone(), most };
                assert_eq!(server.read(|_, _| {}), all, "{count} of {most}");
            }
        }
    }

    #[test]
    fn nothing_is_lost_when_something_before_it_goes() {
        for gone in [1, 5, 10, 30] {
            let mut server = Server { ids: (0..100).collect(), most: 500 };
            let read = server.read(|ids, pages| {
                if pages == 4 {
                    ids.drain(..gone);
                }
            });
            assert_eq!(read, (0..100).collect::<Vec<_>>(), "{gone}");
        }
    }

    #[test]
    fn nothing_is_repeated_when_something_comes_before_it() {
        for come in [1, 9, 30] {
            let mut server = Server { ids: (100..200).collect(), most: 500 };
            let read = server.read(|ids, pages| {
                if pages == 4 {
                    ids.splice(0..0, 0..come);
                }
            });
            assert_eq!(read, (100..200).collect::<Vec<_>>(), "{come}");
        }
    }

    #[test]
    fn what_moves_to_the_end_is_read_once() {
        let mut server = Server { ids: (0..100).collect(), most: 500 };
        let mut read = server.read(|ids, pages| {
            if pages < 50 {
                // As lists by their last change have it: one that was read, and one that was not.
                for place in [60.min(ids.len() - 2), 3] {
                    let moved = ids.remove(place);
                    ids.push(moved);
                }
            }
        });
        read.sort_unstable();
        assert_eq!(read, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_list_that_changes_faster_than_it_is_read_has_an_end() {
        let mut server = Server { ids: (0..1_000).collect(), most: 500 };
        let mut next = 1_000;
        let read = server.read(|ids, _| {
            // Something in front goes with every page, and as much comes at the end.
            for _ in 0..20 {
                ids.remove(0);
                ids.push(next);
                next += 1;
            }
        });
        let once: HashSet<_> = read.iter().collect();
        assert_eq!(once.len(), read.len());
    }

    #[test]
    fn a_list_that_shrinks_to_nothing_has_an_end() {
        let mut server = Server { ids: (0..100).collect(), most: 500 };
        let read = server.read(|ids, pages| {
            if pages == 3 {
                ids.clear();
            }
        });
        assert_eq!(read, (0..28).collect::<Vec<_>>());
    }
}
