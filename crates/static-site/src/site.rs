//! Which file is meant, and the answer with it.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use xxhash_rust::xxh3::xxh3_128;

use crate::file::File;

const METHODS: &str = "GET, HEAD, OPTIONS";

/// The page of a site.
const PAGE: &str = "index.html";

/// Files below a path.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// The path that they are below, with no slash at its end, such as `/console`.
    pub base: &'static str,
    pub files: &'static [File],
}

impl Site {
    /// What is meant by `path`, below the base, where there is such a file.
    pub fn file(&self, path: &str) -> Option<&'static File> {
        let name = path.strip_prefix(self.base)?.strip_prefix('/')?;
        let name = if name.is_empty() { PAGE } else { name };
        self.files.iter().find(|file| file.path == name)
    }

    /// Answers `request`. Browsers are held to `policy`, the Content-Security-Policy of the site's page.
    pub fn answer<B>(&self, request: &Request<B>, policy: &str) -> Response<Bytes> {
        let mut response = self.answer_to(request);
        let headers = response.headers_mut();
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Ok(policy) = HeaderValue::from_str(policy) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        let length = HeaderValue::from(response.body().len());
        if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        if request.method() == Method::HEAD {
            *response.body_mut() = Bytes::new();
        }
        response
    }

    fn answer_to<B>(&self, request: &Request<B>) -> Response<Bytes> {
        let path = request.uri().path();
        if path == self.base && !self.files.is_empty() {
            // The addresses in the page are relative to the folder that it is in, and so is this one to
            // whatever path a proxy has put before it.
            let folder = self.base.rsplit('/').next().unwrap_or_default();
            let mut response = short(StatusCode::PERMANENT_REDIRECT, "");
            if let Ok(folder) = HeaderValue::try_from(format!("{folder}/")) {
                response.headers_mut().insert(LOCATION, folder);
            }
            return response;
        }
        let Some(file) = self.file(path) else {
            return short(StatusCode::NOT_FOUND, "There is no such page here.\n");
        };
        match *request.method() {
            Method::GET | Method::HEAD => with_file(file, request.headers()),
            ref method => without_file(method),
        }
    }
}

/// The answer to a method that reads nothing.
pub fn without_file(method: &Method) -> Response<Bytes> {
    with_methods(match *method {
        Method::OPTIONS => short(StatusCode::NO_CONTENT, ""),
        _ => short(StatusCode::METHOD_NOT_ALLOWED, "Pages can only be read.\n"),
    })
}

fn with_file(file: &File, headers: &HeaderMap) -> Response<Bytes> {
    let is_compressed = accepts_gzip(headers);
    // An entity tag is that of a representation (RFC 9110, section 8.8.3).
    let coding = if is_compressed { "gzip" } else { "identity" };
    let tag = format!("\"{:032x}-{coding}\"", xxh3_128(file.gzip));
    let known = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let is_known =
        known.flat_map(|tags| tags.split(',')).map(str::trim).any(|known| is_same(known, &tag));
    let mut response = if is_known {
        short(StatusCode::NOT_MODIFIED, "")
    } else if is_compressed {
        Response::new(Bytes::from_static(file.gzip))
    } else {
        match file.plain() {
            Ok(plain) => Response::new(plain),
            Err(_) => return short(StatusCode::INTERNAL_SERVER_ERROR, "The page is damaged.\n"),
        }
    };
    let headers = response.headers_mut();
    if !is_known {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.media_type()));
        if is_compressed {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    let keeping = match file.is_immutable {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keeping));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn is_same(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}

fn short(status: StatusCode, text: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    *response.status_mut() = status;
    if !text.is_empty() {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
    }
    response
}

fn with_methods(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}

/// Whether a client takes what is compressed (RFC 9110, section 12.5.3). One that does not say is sent
/// what is not.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter();
    let codings: Vec<_> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            // What is no number is not wanted.
            (name, q.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
        })
        .collect();
    let quality = |wanted: &str| codings.iter().find(|(name, _)| name == wanted).map(|(_, q)| *q);
    quality("gzip").or(quality("x-gzip")).or(quality("*")).is_some_and(|quality| quality > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::compress;

    fn site() -> Site {
        let file = |path, content: &str, is_immutable| File {
            path,
            gzip: compress(content.as_bytes()).leak(),
            length: content.len(),
            is_immutable,
        };
        let files = vec![file("index.html", "<p>", false), file("assets-1/a.js", "1;", true)];
        Site { base: "/console", files: files.leak() }
    }

    fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        let request = Request::builder().method(method).uri(path);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        site().answer(&request.body(()).unwrap(), "default-src 'none'")
    }

    fn get(path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
        ask(Method::GET, path, headers)
    }

    #[test]
    fn the_page_and_its_files_are_found_and_nothing_else() {
        for (path, status) in [
            ("/console/", 200),
            ("/console/index.html", 200),
            ("/console/assets-1/a.js", 200),
            ("/console", 308),
            ("/console/assets-1/", 404),
            ("/console/../Cargo.toml", 404),
            ("/console//index.html", 404),
            ("/consoles/", 404),
            ("/", 404),
        ] {
            let response = get(path, &[]);
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(response.headers()["content-security-policy"], "default-src 'none'");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        }
        assert_eq!(get("/console", &[]).headers()["location"], "console/");
    }

    #[test]
    fn it_is_compressed_for_who_takes_that() {
        for (codings, is_compressed) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("x-gzip", true),
            ("gzip;q=0, *", false),
            ("gzip;q=x", false),
            ("br", false),
            ("", false),
        ] {
            let response = get("/console/", &[("accept-encoding", codings)]);
            let headers = response.headers();
            assert_eq!(headers.contains_key("content-encoding"), is_compressed, "{codings}");
            assert_eq!(response.body() == "<p>", !is_compressed, "{codings}");
            assert_eq!(headers["content-length"], response.body().len().to_string());
            assert_eq!(headers["content-type"], "text/html; charset=utf-8");
            assert_eq!(headers["vary"], "Accept-Encoding");
        }
    }

    #[test]
    fn what_changes_its_name_is_kept_and_the_page_is_asked_for_again() {
        let page = get("/console/", &[]);
        assert_eq!(page.headers()["cache-control"], "no-cache");
        let script = get("/console/assets-1/a.js", &[]);
        assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = page.headers()["etag"].to_str().unwrap();
        for (known, status) in
            [(tag, 304), (&*format!("\"x\", W/{tag}"), 304), ("*", 304), ("\"x\"", 200)]
        {
            assert_eq!(get("/console/", &[("if-none-match", known)]).status(), status, "{known}");
        }
        // What is known is known in one coding.
        let headers = [("if-none-match", tag), ("accept-encoding", "gzip")];
        assert_eq!(get("/console/", &headers).status(), 200);
    }

    #[test]
    fn without_files_there_is_nothing() {
        let nothing = Site { files: &[], ..site() };
        for path in ["/console", "/console/", "/console/index.html"] {
            let request = Request::get(path).body(()).unwrap();
            assert_eq!(nothing.answer(&request, "").status(), 404, "{path}");
        }
    }

    #[test]
    fn it_can_only_be_read() {
        let head = ask(Method::HEAD, "/console/", &[]);
        assert_eq!(
            (head.body().len(), &head.headers()["content-length"]),
            (0, &"3".parse().unwrap())
        );
        for (method, status) in [(Method::OPTIONS, 204), (Method::POST, 405), (Method::DELETE, 405)]
        {
            let response = ask(method, "/console/", &[]);
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["allow"], METHODS);
        }
    }
}
