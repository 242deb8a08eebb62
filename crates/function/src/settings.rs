//! The variables of the application.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use spin_sdk::variables;
use tmf630::Settings;

thread_local! {
    /// The settings, which are the same for every request of an instance.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
}

/// The settings of the deployment, or what is wrong with them.
pub(crate) async fn settings() -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let mut values = HashMap::new();
    for (name, _) in Settings::VARIABLES {
        let value = variables::get(name).await;
        values.insert(name, value.map_err(|error| format!("variable {name}: {error}"))?);
    }
    let settings = Settings::read(|name| values.get(name).map_or("", String::as_str))?;
    let settings = Rc::new(settings);
    SETTINGS.set(Some(settings.clone()));
    Ok(settings)
}
