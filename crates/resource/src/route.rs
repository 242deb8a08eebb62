//! What the path of a request leads to, and the links that lead back.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Request};
use percent_encoding::percent_decode_str;

use crate::{Definition, Error, Settings, Version, body};

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// All resources of the kind.
    Collection,
    /// The resource with the id.
    Item(String),
}

impl Target {
    /// The target of `path`, and the version of the API that it is in. Hosts match routes on their own, so the path is parsed here and
    /// nothing that they put into headers is believed. A slash at the end makes no difference.
    pub fn of(definition: &Definition, path: &str) -> Result<(Version, Self), Error> {
        let (version, rest) = Version::of_path(path)
            .and_then(|(version, path)| Some((version, path.strip_prefix(definition.name)?)))
            .ok_or_else(|| Error::no_such_path(path))?;
        if matches!(rest, "" | "/") {
            return Ok((version, Self::Collection));
        }
        let id = rest.strip_prefix('/').ok_or_else(|| Error::no_such_path(path))?;
        let id = id.strip_suffix('/').unwrap_or(id);
        let decoded = percent_decode_str(id).decode_utf8();
        match decoded {
            Ok(decoded) if !id.is_empty() && !id.contains('/') => {
                Ok((version, Self::Item(decoded.into_owned())))
            }
            _ => Err(Error::no_such_path(path)),
        }
    }

    /// The media types of a PATCH on the target, as the `Accept-Patch` header lists them.
    pub fn accept_patch(&self) -> &'static str {
        match self {
            Self::Collection => body::BULK_TYPES,
            Self::Item(_) => body::PATCH_TYPES,
        }
    }

    /// The path with placeholders for what differs between requests, for the log.
    pub fn pattern(&self, definition: &Definition, version: Version) -> String {
        let id = if matches!(self, Self::Item(_)) { "/{id}" } else { "" };
        format!("{}/{}{id}", version.base_path(), definition.name)
    }

    /// The methods that can be applied to the target, as the `Allow` header lists them.
    pub fn allow(&self) -> &'static str {
        match self {
            Self::Collection => "GET, HEAD, POST, PATCH, OPTIONS",
            Self::Item(_) => "GET, HEAD, PATCH, DELETE, OPTIONS",
        }
    }
}

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
        let base_url = settings.base_url.clone().unwrap_or_else(|| reached_at(request));
        Self { collection: format!("{base_url}{}/{}", version.base_path(), definition.name) }
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
    use crate::definition::tests::ACCOUNTS;

    #[test]
    fn paths_lead_to_the_collection_an_item_or_nothing() {
        let target = |rest: &str| {
            let of = |version: Version| {
                let path = format!("{}/billingAccount{rest}", version.base_path());
                Target::of(&ACCOUNTS, &path).ok().inspect(|(found, _)| assert_eq!(*found, version))
            };
            let (v4, v5) = (of(Version::V4), of(Version::V5));
            let target = v5.map(|(_, target)| target);
            assert_eq!(v4.map(|(_, target)| target), target, "{rest}");
            target
        };
        let item = |id: &str| Some(Target::Item(id.to_owned()));
        assert_eq!(target(""), Some(Target::Collection));
        assert_eq!(target("/"), Some(Target::Collection));
        assert_eq!(target("/42"), item("42"));
        assert_eq!(target("/42/"), item("42"));
        assert_eq!(target("/a%20b"), item("a b"));
        for nowhere in ["s", "//", "//42", "/42//", "/42/x", "/%ff"] {
            assert_eq!(target(nowhere), None, "{nowhere}");
        }
        for path in ["", "/", "/billingAccount", "/tmf-api/accountManagement/v5/partyAccount"] {
            assert!(Target::of(&ACCOUNTS, path).is_err(), "{path}");
        }
    }

    fn href(base_url: &str, uri: &str, headers: &[(&str, &str)]) -> String {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let settings = Settings::read(|name| match name {
            "base_url" => base_url,
            name => Settings::default_of(name),
        })
        .unwrap();
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
