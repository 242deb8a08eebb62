//! What a client is willing to receive (RFC 9110, section 12).

use http::HeaderMap;
use http::header::ACCEPT;

use crate::Error;

/// Refuses a request whose client does not take JSON. One that does not say takes anything.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Error> {
    match preferred(&accepted(headers), &["application/json"]) {
        Some(_) => Ok(()),
        None => Err(Error::not_acceptable(&["application/json"])),
    }
}

/// The ranges of media types that a client accepts, as the values of the header `Accept` list them.
pub(crate) fn accepted(headers: &HeaderMap) -> String {
    let values = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

/// The media type that a client prefers among those that are offered, the first of several that it
/// likes as much; none if it takes none of them. A client that does not say takes anything.
pub(crate) fn preferred(accepted: &str, offered: &[&'static str]) -> Option<&'static str> {
    let ranges = || accepted.split(',').map(str::trim).filter(|range| !range.is_empty());
    if ranges().next().is_none() {
        return offered.first().copied();
    }
    let quality_of = |wanted: &str| {
        ranges().find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let covers = parts.next().is_some_and(|range| range.eq_ignore_ascii_case(wanted));
            let q = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            // What is no number is not wanted.
            covers.then(|| q.map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
        })
    };
    let mut best: Option<(f32, &'static str)> = None;
    for media_type in offered {
        let kind = media_type.split('/').next().unwrap_or(media_type);
        // The most specific range that covers the type decides, whatever the order.
        let ranges = [*media_type, &format!("{kind}/*"), "*/*"];
        let quality = ranges.into_iter().find_map(quality_of).unwrap_or(0.0);
        if quality > best.map_or(0.0, |(best, _)| best) {
            best = Some((quality, media_type));
        }
    }
    best.map(|(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_types_the_preferred_is_taken() {
        let offered = ["text/html", "text/csv", "application/json"];
        for (accept, expected) in [
            ("", Some("text/html")),
            ("*/*", Some("text/html")),
            ("text/csv", Some("text/csv")),
            ("application/json, text/*;q=0.5", Some("application/json")),
            ("text/html;q=0, text/*", Some("text/csv")),
            ("text/csv;q=0.8, text/html;q=0.9", Some("text/html")),
            ("application/pdf", None),
            ("text/csv;q=x", None),
        ] {
            assert_eq!(preferred(accept, &offered), expected, "{accept}");
        }
    }

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
