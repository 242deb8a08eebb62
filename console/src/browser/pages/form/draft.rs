//! The document that a form is about, as it stands.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use crate::browser::api::Stored;
use crate::browser::validator::validate;
use crate::model::difference::set;
use crate::model::failure::{Failure, Fault};
use crate::model::resource::Resource;
use crate::model::schema::Schemas;

/// How long nothing must be typed until what was typed is looked at.
const PAUSE: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
pub struct Draft {
    pub resource: &'static Resource,
    /// Whether it is about to be created.
    pub is_new: bool,
    description: StoredValue<Arc<Value>>,
    pub document: RwSignal<Value>,
    /// Counts changes of which fields there are. What is typed into one changes none.
    pub shape: RwSignal<usize>,
    pub faults: RwSignal<Vec<Fault>>,
    /// What is stored, if something is.
    base: Option<RwSignal<Stored>>,
    /// Counts what was typed, and what else makes a check stale.
    typed: StoredValue<usize>,
}

impl Draft {
    /// A draft of a document that there is not yet.
    pub fn new(resource: &'static Resource, description: Arc<Value>, document: Value) -> Self {
        Self::begun(resource, description, document, None)
    }

    /// A draft of another state of a document.
    pub fn of(
        resource: &'static Resource,
        description: Arc<Value>,
        base: RwSignal<Stored>,
    ) -> Self {
        let document = base.with_untracked(|base| base.document.clone());
        Self::begun(resource, description, document, Some(base))
    }

    fn begun(
        resource: &'static Resource,
        description: Arc<Value>,
        document: Value,
        base: Option<RwSignal<Stored>>,
    ) -> Self {
        Self {
            resource,
            is_new: base.is_none(),
            description: StoredValue::new(description),
            document: RwSignal::new(document),
            shape: RwSignal::new(0),
            faults: RwSignal::new(Vec::new()),
            base,
            typed: StoredValue::new(0),
        }
    }

    /// Looks something up in the classes of the API.
    pub fn with_schemas<T>(&self, look: impl FnOnce(Schemas<'_>) -> T) -> T {
        self.description.with_value(|description| look(Schemas::of(description)))
    }

    pub fn value(&self, pointer: &str) -> Option<Value> {
        self.document.with_untracked(|document| document.pointer(pointer).cloned())
    }

    /// Takes what was typed into a field.
    pub fn type_in(&self, pointer: &str, value: Value) {
        self.forget_faults(pointer);
        self.document.update(|document| set(document, pointer, Some(value)));
        self.check_soon();
    }

    /// Adds or removes fields.
    pub fn reshape(&self, pointer: &str, value: Option<Value>) {
        self.forget_faults(pointer);
        self.document.update(|document| set(document, pointer, value));
        self.shape.update(|shape| *shape += 1);
        self.check_soon();
    }

    /// Another document instead of the present one.
    pub fn replace(&self, document: Value) {
        self.outdate_checks();
        self.document.set(document);
        self.faults.set(Vec::new());
        self.shape.update(|shape| *shape += 1);
    }

    /// Shows the server's faults at their places, if the form is still there.
    pub fn refuse(&self, failure: &Failure) {
        self.outdate_checks();
        self.faults.try_set(failure.faults());
    }

    /// What was said of a place, of what it is in, or of what is in it, may be true no more.
    fn forget_faults(&self, pointer: &str) {
        let is_about =
            |fault: &Fault| is_in(pointer, &fault.pointer) || is_in(&fault.pointer, pointer);
        self.faults.update(|faults| faults.retain(|fault| !is_about(fault)));
    }

    /// The faults at a place.
    pub fn faults_at(
        &self,
        pointer: String,
    ) -> impl Fn() -> Vec<String> + Send + Sync + Clone + 'static {
        let faults = self.faults;
        move || {
            faults.with(|faults| {
                let here = faults.iter().filter(|fault| fault.pointer == pointer);
                here.map(|fault| fault.message.clone()).collect()
            })
        }
    }

    /// Makes what is being checked count no more.
    fn outdate_checks(&self) {
        self.typed.try_update_value(|typed| *typed += 1);
    }

    fn check_soon(self) {
        self.outdate_checks();
        let Some(mine) = self.typed.try_get_value() else { return };
        set_timeout(move || spawn_local(self.check(mine)), PAUSE);
    }

    async fn check(self, mine: usize) {
        let is_current = move || self.typed.try_get_value() == Some(mine);
        if !is_current() {
            return;
        }
        let Some(document) = self.document.try_get_untracked() else { return };
        let Some(mut faults) = validate(self.resource.class, &document).await else { return };
        // What is stored may be from before a rule: that is no fault of the change.
        if let Some(base) = self.base.and_then(|base| base.try_get_untracked())
            && let Some(known) = validate(self.resource.class, &base.document).await
        {
            faults.retain(|fault| !known.contains(fault));
        }
        if is_current() {
            self.faults.try_set(faults);
        }
    }
}

/// Whether a place is in another one, or is that.
fn is_in(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The id of the field of a place.
pub fn id_of(pointer: &str) -> String {
    format!("field{pointer}")
}
