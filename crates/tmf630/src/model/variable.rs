//! What a deployment can choose.

/// A variable of the application.
#[derive(Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its value where none is set.
    pub default: &'static str,
    /// The values that it can have; none where it is not a choice.
    pub choices: &'static [&'static str],
    /// What it decides, for who reads the manifest.
    pub description: &'static str,
    /// Whether Spin must not show its value.
    pub is_secret: bool,
}

impl Variable {
    /// Refuses a value that is not among the choices.
    pub fn check(&self, value: &str) -> Result<(), String> {
        match self.choices.is_empty() || self.choices.contains(&value) {
            true => Ok(()),
            false => Err(format!("{} {value:?} must be {}", self.name, self.choices.join(" or "))),
        }
    }
}
