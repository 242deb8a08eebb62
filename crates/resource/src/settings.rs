//! What a deployment chooses.

use http::Uri;

/// The settings of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Scheme and authority, and perhaps a path, that clients reach the API under, without a slash
    /// at the end. Where it is not set, each request tells how it was reached.
    pub(crate) base_url: Option<String>,
    /// The tenant whose data is served.
    pub(crate) tenant: String,
}

impl Settings {
    /// Checks the settings as they were configured. An empty `base_url` counts as not set.
    pub fn new(base_url: &str, tenant: &str) -> Result<Self, String> {
        let base_url = base_url.trim_end_matches('/');
        if !base_url.is_empty() {
            let uri: Uri = base_url.parse().map_err(|error| {
                format!("base_url {base_url:?} is not a URL ({error}); https://api.example.com is")
            })?;
            let absolute = matches!(uri.scheme_str(), Some("http" | "https"));
            if !absolute || uri.query().is_some() {
                return Err(format!(
                    "base_url {base_url:?} must begin with http:// or https:// and have no query"
                ));
            }
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=64).contains(&tenant.len()) || !tenant.chars().all(allowed) {
            return Err(format!("tenant {tenant:?} must be 1 to 64 characters of A-Z a-z 0-9 _ -"));
        }
        let base_url = (!base_url.is_empty()).then(|| base_url.to_owned());
        Ok(Self { base_url, tenant: tenant.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_absolute_or_not_set() {
        let base_url = |url| Settings::new(url, "default").map(|settings| settings.base_url);
        assert_eq!(base_url(""), Ok(None));
        assert_eq!(
            base_url("https://api.example.com/"),
            Ok(Some("https://api.example.com".into()))
        );
        for wrong in ["api.example.com", "/path", "ftp://example.com", "https://a b", "http://a?b"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tenant_cannot_name_the_tree_of_another_resource() {
        assert!(Settings::new("", "acme-1_x").is_ok());
        for wrong in ["", "a.b", "a:b", "a/b", "ä", &"x".repeat(65)] {
            assert!(Settings::new("", wrong).is_err(), "{wrong}");
        }
    }
}
