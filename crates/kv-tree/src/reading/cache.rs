//! Pages that an instance keeps between requests. Losing them costs time, nothing else.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;

use crate::format::page::Page;
use crate::format::value::PageId;

/// How much memory the pages of all trees may take, roughly.
const CAPACITY: u64 = 16 << 20;

/// Pages by the generation of their tree, which no two trees have in common, and their id.
pub(crate) struct PageCache(RefCell<Cache<(u64, PageId), Cached, Memory>>);

#[derive(Clone)]
enum Cached {
    Page(Rc<Page>),
    /// As it is in the store; it is decoded when it is needed.
    Encoded(Bytes),
}

#[derive(Clone)]
struct Memory;

impl Weighter<(u64, PageId), Cached> for Memory {
    fn weight(&self, _: &(u64, PageId), page: &Cached) -> u64 {
        let memory = match page {
            Cached::Page(page) => page.memory(),
            Cached::Encoded(bytes) => bytes.len(),
        };
        memory as u64 + 200
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
        let cached = self.0.borrow().get(&(generation, id)).cloned();
        match cached? {
            Cached::Page(page) => Some(page),
            Cached::Encoded(bytes) => {
                let page = Rc::new(Page::decode(id, bytes).ok()?);
                self.insert(generation, id, page.clone());
                Some(page)
            }
        }
    }

    pub fn insert(&self, generation: u64, id: PageId, page: Rc<Page>) {
        self.0.borrow_mut().insert((generation, id), Cached::Page(page));
    }

    /// A page as it is in the store.
    pub fn insert_encoded(&self, generation: u64, id: PageId, page: Bytes) {
        self.0.borrow_mut().insert((generation, id), Cached::Encoded(page));
    }

    pub fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}
