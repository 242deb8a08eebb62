//! What a token says: registered claims (RFC 7519), those of OAuth, and those of this API.

use jiff::SignedDuration;
use serde::Serialize;

/// Who issues the tokens (`iss`). The name is one that nobody can have (RFC 2606).
pub const ISSUER: &str = "https://development.invalid";

/// What they are for (`aud`).
pub const AUDIENCE: &str = "account-management";

/// How long a token is valid at most.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// How long the name of a tenant can be.
const MAX_TENANT: usize = 64;

/// The claims of a token.
#[derive(Debug, Serialize)]
pub struct Claims {
    pub iss: &'static str,
    pub aud: &'static str,
    /// The program that it was issued to.
    pub azp: &'static str,
    /// Who it was issued for.
    pub sub: String,
    /// When it was issued, in seconds since 1970.
    pub iat: u64,
    /// When it expires, in seconds since 1970.
    pub exp: u64,
    pub tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party_id: Option<Parties>,
    /// What it allows, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// The parties that the caller acts for: as a string if there is one, else as a list.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Parties {
    One(String),
    Several(Vec<String>),
}

/// The claim of the `parties`, if there are any.
pub fn parties(mut parties: Vec<String>) -> Option<Parties> {
    match parties.len() {
        0 => None,
        1 => parties.pop().map(Parties::One),
        _ => Some(Parties::Several(parties)),
    }
}

/// The claim of what `arguments` name, several in one perhaps; nothing if they name nothing.
pub fn scopes(arguments: &[String]) -> Option<String> {
    let scopes: Vec<_> = arguments.iter().flat_map(|argument| argument.split(' ')).collect();
    let scopes: Vec<_> = scopes.into_iter().filter(|scope| !scope.is_empty()).collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

/// Reads the name of a tenant.
pub fn tenant(argument: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match (1..=MAX_TENANT).contains(&argument.len()) && argument.chars().all(allowed) {
        true => Ok(argument.to_owned()),
        false => Err(format!("it must have 1 to {MAX_TENANT} characters of A-Z a-z 0-9 _ -")),
    }
}

/// Reads what may be any text but an empty one.
pub fn name(argument: &str) -> Result<String, String> {
    match argument.trim().is_empty() {
        true => Err("it must not be empty".to_owned()),
        false => Ok(argument.to_owned()),
    }
}

/// Reads how long a token is valid.
pub fn time_to_live(argument: &str) -> Result<SignedDuration, String> {
    let time = argument.parse::<SignedDuration>();
    let time = time.map_err(|_| "it must be a time such as 90s, 15m or 1h".to_owned())?;
    match (SignedDuration::from_secs(1)..=LONGEST).contains(&time) {
        true => Ok(time),
        false => Err("it must be 1s to 24h".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn parties_are_a_string_or_a_list_or_left_out() {
        assert_eq!(parties(Vec::new()), None);
        assert_eq!(parties(owned(&["4711"])), Some(Parties::One("4711".to_owned())));
        let two = owned(&["4711", "4712"]);
        assert_eq!(parties(two.clone()), Some(Parties::Several(two)));
    }

    #[test]
    fn scopes_are_joined_by_blanks() {
        assert_eq!(scopes(&[]), None);
        assert_eq!(scopes(&owned(&["a  b ", "c"])), Some("a b c".to_owned()));
    }

    #[test]
    fn a_tenant_names_a_tree() {
        assert_eq!(tenant("acme-1_x"), Ok("acme-1_x".to_owned()));
        for wrong in ["", "*", "a.b", "ä", "a b", &"x".repeat(65)] {
            assert!(tenant(wrong).unwrap_err().contains("1 to 64"), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_valid_for_a_day_at_most() {
        assert_eq!(time_to_live("90s"), Ok(SignedDuration::from_secs(90)));
        assert_eq!(time_to_live("1h 30m"), Ok(SignedDuration::from_mins(90)));
        assert_eq!(time_to_live("24h"), Ok(LONGEST));
        for wrong in ["0s", "25h", "-1h", "1ms", "1", "", "soon", "1 day"] {
            assert!(time_to_live(wrong).unwrap_err().starts_with("it must be"), "{wrong}");
        }
    }
}
