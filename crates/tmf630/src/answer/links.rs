//! The absolute addresses of resources.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Request};

use crate::{Definition, Settings, Version};

/// Makes the absolute addresses of resources.
pub(crate) struct Links {
    collection: String,
}

impl Links {
    /// Addresses that work for the client of `request`: under the configured base URL, or else
    /// under the address that the client (or the proxy in front) says that it used.
    pub fn of<B>(
        definition: &Definition,
        settings: &Settings,
        version: Version,
        request: &Request<B>,
    ) -> Self {
        let base_url = base_url(settings, request);
        Self {
            collection: format!(
                "{base_url}{}/{}",
                definition.api.base_path(version),
                definition.name()
            ),
        }
    }

    /// The address of the collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The `href` of the resource with the id, which needs no escaping: ids are made of characters
    /// that a path may have.
    pub fn href(&self, id: &str) -> String {
        format!("{}/{id}", self.collection)
    }
}

/// Scheme and authority, and perhaps a path, that the client of `request` reaches the application under.
pub(crate) fn base_url<B>(settings: &Settings, request: &Request<B>) -> String {
    settings.base_url.clone().unwrap_or_else(|| reached_at(request))
}

fn reached_at<B>(request: &Request<B>) -> String {
    let (uri, headers) = (request.uri(), request.headers());
    let scheme = first(headers, "x-forwarded-proto")
        .filter(|scheme| matches!(*scheme, "http" | "https"))
        .or(uri.scheme_str())
        .unwrap_or("http");
    let authority = first(headers, "x-forwarded-host")
        .filter(|host| host.parse::<Authority>().is_ok())
        .or(uri.authority().map(|authority| authority.as_str()))
        .or(first(headers, HOST.as_str()))
        .unwrap_or("localhost");
    format!("{scheme}://{authority}")
}

/// The first of the comma-separated values of a header: the one that the outermost proxy set.
fn first<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::definition::tests::ACCOUNTS;

    fn href(base_url: &str, uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let settings =
            Settings::read(&[], |name| (name == "base_url").then_some(base_url)).unwrap();
        Links::of(&ACCOUNTS, &settings, Version::V5, &request.body(()).unwrap()).href("42")
    }

    #[test]
    fn hrefs_are_absolute() {
        let path = "/tmf-api/accountManagement/v5/billingAccount/42";
        let host = ("host", "127.0.0.1:3000");
        assert_eq!(
            href("", "http://127.0.0.1:3000/x", &[]),
            format!("http://127.0.0.1:3000{path}")
        );
        assert_eq!(href("", "/x", &[host]), format!("http://127.0.0.1:3000{path}"));
        assert_eq!(
            href(
                "",
                "/x",
                &[host, ("x-forwarded-proto", "https"), ("x-forwarded-host", "a.example, b")]
            ),
            format!("https://a.example{path}")
        );
        assert_eq!(
            href("https://api.example.com/eu/", "/x", &[host, ("x-forwarded-host", "a.example")]),
            format!("https://api.example.com/eu{path}")
        );
        for forged in [("x-forwarded-proto", "javascript"), ("x-forwarded-host", "a/b c")] {
            assert_eq!(href("", "/x", &[host, forged]), format!("http://127.0.0.1:3000{path}"));
        }
    }
}
