//! Events of the log as several subscriptions look at them: parsed once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use crate::events::notification;
use crate::events::occurrence::Occurrence;
use crate::model::api::Api;
use crate::{Error, Version};

/// How many bytes of JSON are kept. In memory they take up to 15 times as much.
const MAX_BYTES: usize = 2 << 20;

/// Where an event is, and whether it is seen in v4.
type Seen = (String, bool);

/// Events with the whole resource.
#[derive(Default)]
pub(super) struct KnownEvents {
    events: RefCell<BTreeMap<Seen, Option<Rc<Value>>>>,
    bytes: Cell<usize>,
}

impl KnownEvents {
    /// The event at the place, as the version has it.
    pub fn whole(
        &self,
        api: &Api,
        version: Version,
        place: &str,
        occurrence: &Occurrence,
    ) -> Result<Option<Rc<Value>>, Error> {
        let key = (place.to_owned(), version == Version::V4);
        if let Some(known) = self.events.borrow().get(&key) {
            return Ok(known.clone());
        }
        let event = notification::whole(api, version, occurrence)?.map(Rc::new);
        let len = occurrence.len();
        if self.bytes.get().saturating_add(len) > MAX_BYTES {
            self.events.take();
            self.bytes.set(0);
        }
        self.bytes.set(self.bytes.get().saturating_add(len));
        self.events.borrow_mut().insert(key, event.clone());
        Ok(event)
    }
}
