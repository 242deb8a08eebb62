//! The variables of the application.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use access::Authentication;
use spin_sdk::variables;
use tmf630::Settings;
use tmf630::model::variable::Variable;
use tmf630::settings::{AUTH, JWT_ISSUERS, TENANT};

thread_local! {
    /// What was configured, which is the same for every request of an instance.
    static CONFIGURED: RefCell<Option<Rc<Configured>>> = const { RefCell::new(None) };
}

/// What a deployment chose.
pub(crate) struct Configured {
    pub settings: Settings,
    pub authentication: Authentication,
}

/// What was configured, or what is wrong with it: the component has the variables `common` and those
/// of its rules, `own`.
pub(crate) async fn configured(
    common: &[Variable],
    own: &'static [Variable],
) -> Result<Rc<Configured>, String> {
    if let Some(configured) = CONFIGURED.with_borrow(Clone::clone) {
        return Ok(configured);
    }
    let values = values(common.iter().chain(own)).await?;
    let value = |variable: &Variable| values.get(variable.name).map_or(variable.default, |it| it);
    let authentication = match common.contains(&JWT_ISSUERS) {
        true => Authentication::read(value(&AUTH), value(&TENANT), value(&JWT_ISSUERS))?,
        // What is the same for everybody is for anybody.
        false => Authentication::read(AUTH.default, TENANT.default, JWT_ISSUERS.default)?,
    };
    let settings = Settings::read(own, |name| values.get(name).map(String::as_str))?;
    let configured = Configured { settings, authentication };
    // Another request of the instance may have read them meanwhile.
    Ok(CONFIGURED.with_borrow_mut(|it| it.get_or_insert_with(|| Rc::new(configured)).clone()))
}

async fn values(
    variables: impl Iterator<Item = &Variable>,
) -> Result<HashMap<&'static str, String>, String> {
    let mut values = HashMap::new();
    for Variable { name, .. } in variables {
        let value = variables::get(name).await;
        values.insert(*name, value.map_err(|error| format!("variable {name}: {error}"))?);
    }
    Ok(values)
}
