//! The variables of the application.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use spin_sdk::variables;
use tmf630::Settings;
use tmf630::model::variable::Variable;

thread_local! {
    /// The settings, which are the same for every request of an instance.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
}

/// The settings of the deployment, or what is wrong with them: the component has the variables
/// `common` and those of its rules, `own`.
pub(crate) async fn settings(
    common: &[Variable],
    own: &'static [Variable],
) -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let mut values = HashMap::new();
    for Variable { name, .. } in common.iter().chain(own) {
        let value = variables::get(name).await;
        values.insert(*name, value.map_err(|error| format!("variable {name}: {error}"))?);
    }
    let settings = Settings::read(own, |name| values.get(name).map(String::as_str))?;
    let settings = Rc::new(settings);
    SETTINGS.set(Some(settings.clone()));
    Ok(settings)
}
