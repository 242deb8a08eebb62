//! What a client is willing to receive (RFC 9110, section 12).

use http::HeaderMap;
use http::header::ACCEPT;

use crate::Error;

/// Refuses a request whose client does not take JSON. One that does not say takes anything.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Error> {
    let values = || headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    let ranges = || values().flat_map(|value| value.split(',')).map(str::trim);
    // The most specific range that covers JSON decides, whatever the order.
    let quality = |wanted: &str| {
        ranges().find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let covers = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(wanted));
            let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            covers.then(|| q.is_none_or(|q| q.parse().is_ok_and(|q: f32| q > 0.0)))
        })
    };
    let decided = ["application/json", "application/*", "*/*"].into_iter().find_map(quality);
    let said = ranges().any(|range| !range.is_empty());
    match decided.unwrap_or(!said) {
        true => Ok(()),
        false => Err(Error::not_acceptable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_or_not() {
        for (accept, expected) in [
            (vec![], true),
            (vec![""], true),
            (vec!["*/*"], true),
            (vec!["application/json;charset=utf-8"], true),
            (vec!["text/html, application/*;q=0.5"], true),
            (vec!["text/html", "Application/JSON"], true),
            (vec!["text/html"], false),
            (vec!["application/merge-patch+json"], false),
            (vec!["application/json;q=0, */*"], false),
            (vec!["*/*;q=0.0"], false),
            (vec!["*/*;q=0, application/json;q=0.1"], true),
        ] {
            let values = accept.iter().map(|value| (ACCEPT, value.parse().unwrap()));
            let mut headers = HeaderMap::new();
            values.for_each(|(name, value)| {
                headers.append(name, value);
            });
            assert_eq!(expect_json(&headers).is_ok(), expected, "{accept:?}");
        }
    }
}
