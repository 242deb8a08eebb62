//! The absolute addresses of resources.

use http::Request;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::request::origin::origin_of;
use crate::{Definition, Error, Settings, Version};

/// What a segment of a path cannot have as it is (RFC 3986, section 3.3).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Makes the absolute addresses of resources. They have no character that JSON or a header escapes.
pub(crate) struct Links {
    collection: String,
}

impl Links {
    /// Addresses that work for the client of `request`: under the configured base URL, or else under
    /// the address that the client used.
    pub fn of<B>(
        definition: &Definition,
        settings: &Settings,
        version: Version,
        request: &Request<B>,
    ) -> Result<Self, Error> {
        let api = definition.api;
        let base = api.base_of(request.uri().path(), settings).unwrap_or(api.base);
        let base_url = base_url(settings, request)? + base;
        Ok(Self::under(base_url, definition.name(), version))
    }

    /// Addresses of resources under the base URL of their API.
    pub fn under(base_url: String, name: &str, version: Version) -> Self {
        let mut collection = base_url;
        let number = [b'0' + version.number()];
        collection.push_str("/v");
        collection.extend(number.map(char::from));
        collection.extend(["/", name]);
        Self { collection }
    }

    /// The address of the collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The `href` of the resource with the id.
    pub fn href(&self, id: &str) -> String {
        self.pieces(id).collect()
    }

    /// The `href` of the resource with the id, in pieces.
    pub fn pieces<'p>(&'p self, id: &'p str) -> impl Iterator<Item = &'p str> {
        [&self.collection[..], "/"].into_iter().chain(utf8_percent_encode(id, SEGMENT))
    }
}

/// Scheme and authority, and perhaps a path, that the client of `request` reaches the application
/// under: what is configured, or else what the client used.
pub(crate) fn base_url<B>(settings: &Settings, request: &Request<B>) -> Result<String, Error> {
    match &settings.base_url {
        Some(base_url) => Ok(base_url.clone()),
        None => origin_of(request, settings.trust_forwarded),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::target::Target;
    use crate::testing::accounts::ACCOUNTS;

    fn links(base_url: &str) -> Links {
        let settings = Settings::read(&[], |name| (name == "base_url").then_some(base_url));
        let request = Request::get("http://a.example/x").body(()).unwrap();
        Links::of(&ACCOUNTS, &settings.unwrap(), Version::V5, &request).unwrap()
    }

    #[test]
    fn hrefs_are_absolute() {
        let path = "/tmf-api/accountManagement/v5/billingAccount/42";
        assert_eq!(links("").href("42"), format!("http://a.example{path}"));
        let configured = links("https://api.example.com/eu/").href("42");
        assert_eq!(configured, format!("https://api.example.com/eu{path}"));
    }

    proptest! {
        #[test]
        fn hrefs_lead_to_the_resource(id in "[ -~é]{1,20}") {
            let href = links("").href(&id);
            let uri: http::Uri = href.parse().unwrap();
            let target = Target::of(&ACCOUNTS, uri.path(), &Settings::default());
            prop_assert_eq!(target.ok(), Some((Version::V5, Target::Item(id))), "{}", href);
            prop_assert_eq!(serde_json::to_string(&href).unwrap(), format!("\"{href}\""));
        }
    }
}
