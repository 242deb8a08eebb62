//! The variables of the application.

use std::cell::RefCell;
use std::rc::Rc;

use resource::Settings;
use spin_sdk::variables;

thread_local! {
    /// The settings, which are the same for every request of an instance.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
}

/// The settings of the deployment, or what is wrong with them.
pub(crate) async fn settings() -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let (base_url, tenant) = (variable("base_url").await?, variable("tenant").await?);
    let settings = Rc::new(Settings::new(&base_url, &tenant)?);
    SETTINGS.set(Some(settings.clone()));
    Ok(settings)
}

async fn variable(name: &str) -> Result<String, String> {
    variables::get(name).await.map_err(|error| format!("variable {name}: {error}"))
}
