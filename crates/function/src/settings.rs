//! The variables of the application.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use access::Authentication;
use spin_sdk::variables;
use tmf630::Settings;
use tmf630::model::variable::Variable;
use tmf630::settings::{AUTH, JWT_ISSUERS, TENANT};

use crate::store;

thread_local! {
    /// What was configured, which is the same for every request of an instance.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
    static AUTHENTICATION: RefCell<Option<Rc<Authentication>>> = const { RefCell::new(None) };
}

/// The settings of the deployment, or what is wrong with them: the component has the `variables`.
pub(crate) async fn settings(
    variables: impl IntoIterator<Item = &'static Variable> + Clone,
) -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let values = values(variables.clone()).await?;
    let settings = Settings::read(variables, |name| values.get(name).map(String::as_str))?;
    store::address(&settings)?;
    let settings = Rc::new(settings);
    SETTINGS.set(Some(settings.clone()));
    Ok(settings)
}

/// Whether and how callers are asked who they are, or what is wrong with what was said of it. Only
/// components that ask them have the code for it.
pub(crate) async fn authentication() -> Result<Rc<Authentication>, String> {
    if let Some(authentication) = AUTHENTICATION.with_borrow(Clone::clone) {
        return Ok(authentication);
    }
    let values = values([&AUTH, &TENANT, &JWT_ISSUERS]).await?;
    let value = |variable: &Variable| values.get(variable.name).map_or("", String::as_str);
    let read = Authentication::read(value(&AUTH), value(&TENANT), value(&JWT_ISSUERS))?;
    // What another request of the instance has read meanwhile knows callers already.
    Ok(AUTHENTICATION.with_borrow_mut(|it| it.get_or_insert_with(|| Rc::new(read)).clone()))
}

/// What a deployment chooses of the console, or what is wrong with it.
pub(crate) async fn console() -> Result<console_host::Settings, String> {
    let values = values(console_host::variables::VARIABLES).await?;
    console_host::Settings::read(|name| values.get(name).map(String::as_str))
}

/// What a deployment chooses of the variable, or that it is no choice.
pub(crate) async fn choice(variable: &'static Variable) -> Result<String, String> {
    let value = values([variable]).await?.remove(variable.name).unwrap_or_default();
    variable.check(&value).map(|()| value)
}

async fn values(
    variables: impl IntoIterator<Item = &Variable>,
) -> Result<HashMap<&'static str, String>, String> {
    let mut values = HashMap::new();
    for Variable { name, .. } in variables {
        let value = variables::get(name).await;
        values.insert(*name, value.map_err(|error| format!("variable {name}: {error}"))?);
    }
    Ok(values)
}
