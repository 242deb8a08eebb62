//! Pages that an instance keeps between requests. Losing them costs time, nothing else.

use std::cell::RefCell;
use std::rc::Rc;

use quick_cache::Weighter;
use quick_cache::unsync::Cache;

use crate::format::page::{Page, PageId};

/// How much memory the pages of all trees may take, roughly.
const CAPACITY: u64 = 16 << 20;

/// Pages by the generation of their tree, which no two trees have in common, and their id.
pub(crate) struct PageCache(RefCell<Cache<(u64, PageId), Rc<Page>, Memory>>);

#[derive(Clone)]
struct Memory;

impl Weighter<(u64, PageId), Rc<Page>> for Memory {
    fn weight(&self, _: &(u64, PageId), page: &Rc<Page>) -> u64 {
        page.memory() as u64 + 200
    }
}

impl Default for PageCache {
    fn default() -> Self {
        let usual_page = 4 << 10;
        Self(RefCell::new(Cache::with_weighter((CAPACITY / usual_page) as usize, CAPACITY, Memory)))
    }
}

impl PageCache {
    pub fn get(&self, generation: u64, id: PageId) -> Option<Rc<Page>> {
        self.0.borrow().get(&(generation, id)).cloned()
    }

    pub fn insert(&self, generation: u64, id: PageId, page: Rc<Page>) {
        self.0.borrow_mut().insert((generation, id), page);
    }

    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}
