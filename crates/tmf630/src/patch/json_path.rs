//! Paths in JSONPath (RFC 9535; TMF630 part 6), also with the slashes of a pointer between its names:
//! `/relatedParty[?(@.role=='owner')]/role`.

use serde_json::Value;

use super::places::{Places, child, index_of, step_of, steps_of, unescaped};
use super::{Failure, PART};
use crate::budget::Budget;
use crate::query::JsonPath;

/// How many steps of the budget each place takes that a query finds.
const FOUND_STEPS: u64 = 30;

/// An expression in the form of RFC 9535.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expression {
    text: String,
    /// The expression without its last step, and that as a token of a pointer, if it is a plain one.
    parent: Option<(String, String)>,
}

/// The places that an expression leads to in `document`. With `may_be_new`, a plain last step may
/// lead to what is not there yet.
pub(super) fn find(
    path: &str,
    document: &Value,
    may_be_new: bool,
    budget: &Budget,
) -> Result<Places, Failure> {
    let path = path.trim();
    let has_slashes = !path.starts_with('$') && outside_brackets(path).any(|(_, sign)| sign == '/');
    let expression = if has_slashes { with_slashes(path)? } else { with_dots(path) };
    let query = |text: &str| -> Result<Vec<String>, Failure> {
        let query = JsonPath::parse("path", text)
            .map_err(|_| Failure::path("must be a JSONPath expression (RFC 9535)"))?;
        let pointers = query.pointers(document, budget)?;
        budget.charge(PART, (pointers.len() as u64).saturating_mul(FOUND_STEPS))?;
        Ok(pointers)
    };
    let mut places = Places::default();
    match expression.parent.filter(|_| may_be_new) {
        None => {
            for pointer in query(&expression.text)? {
                if let Some(steps) = steps_of(&pointer, document, false) {
                    places.insert(steps);
                }
            }
        }
        Some((parent, token)) => {
            for pointer in query(&parent)? {
                let Some(mut steps) = steps_of(&pointer, document, false) else { continue };
                let parent = steps.iter().try_fold(document, child);
                if let Some(step) = parent.and_then(|parent| step_of(&token, parent)) {
                    steps.push(step);
                    places.insert(steps);
                }
            }
        }
    }
    Ok(places)
}

/// The signs of `text` that lie outside of brackets, with their places.
fn outside_brackets(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    text.char_indices().filter(move |(_, sign)| {
        let is_outside = depth == 0 && *sign != '[';
        match (*sign, quote) {
            _ if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            (sign, Some(open)) if sign == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) if depth > 0 => quote = Some(*sign),
            ('[', None) => depth += 1,
            (']', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_outside
    })
}

/// An expression with dots, from the root on.
fn with_dots(path: &str) -> Expression {
    let text = match path.chars().next() {
        Some('$') => path.to_owned(),
        Some('[' | '.') => format!("${path}"),
        _ => format!("$.{path}"),
    };
    let dot = outside_brackets(&text).filter(|(_, sign)| *sign == '.').last();
    let parent = dot.and_then(|(dot, _)| {
        let (parent, name) = (&text[..dot], &text[dot + 1..]);
        let plain = name.strip_prefix('@').unwrap_or(name);
        let is_name = plain.chars().all(|sign| sign.is_alphanumeric() || sign == '_')
            && plain.starts_with(|sign: char| !sign.is_numeric());
        (is_name && !parent.ends_with('.')).then(|| (parent.to_owned(), name.to_owned()))
    });
    let parent = parent.or_else(|| {
        let (parent, name) = text.strip_suffix("']")?.rsplit_once("['")?;
        let is_name = !name.contains(['\'', '\\', '~', '/']) && !parent.ends_with('.');
        is_name.then(|| (parent.to_owned(), name.to_owned()))
    });
    Expression { text, parent }
}

/// An expression whose names stand behind slashes, as in a pointer.
fn with_slashes(path: &str) -> Result<Expression, Failure> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let slashes = outside_brackets(path).filter(|(_, sign)| *sign == '/').map(|(place, _)| place);
    let mut expression = Expression { text: "$".to_owned(), parent: None };
    let mut start = 0;
    for end in slashes.chain([path.len()]) {
        let part = &path[start..end];
        start = end + 1;
        let (token, brackets) = part.split_at(part.find('[').unwrap_or(part.len()));
        let parent = (expression.text.clone(), token.to_owned());
        expression.parent = brackets.is_empty().then_some(parent);
        let name =
            unescaped(token).ok_or_else(|| Failure::path("must have 0 or 1 behind every ~"))?;
        if !token.is_empty() {
            // The name, or the element with the index, whichever it is a step from.
            let index = index_of(token).map(|index| format!("{index},")).unwrap_or_default();
            expression.text.push_str(&format!("[{index}{}]", Value::from(name)));
        }
        expression.text.push_str(brackets);
    }
    Ok(expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_dots_are_the_same() {
        for (path, text, parent) in [
            ("/a[?(@.b=='x/y]')]/c", r#"$["a"][?(@.b=='x/y]')]["c"]"#, "c"),
            ("a[?(@.b==\"'/\")]/c/0", "$[\"a\"][?(@.b==\"'/\")][\"c\"][0,\"0\"]", "0"),
            ("/a[*]/-", r#"$["a"][*]["-"]"#, "-"),
            ("/a~1b[0].c/d", r#"$["a/b"][0].c["d"]"#, "d"),
        ] {
            let expression = with_slashes(path).unwrap();
            assert_eq!(expression.text, text);
            assert_eq!(expression.parent.unwrap().1, parent);
        }
        assert!(with_slashes("/a~2/b").is_err());
        for (path, text, parent) in [
            ("description", "$.description", Some(("$", "description"))),
            ("$.a[?(@.b=='x.y')].c", "$.a[?(@.b=='x.y')].c", Some(("$.a[?(@.b=='x.y')]", "c"))),
            ("$.a[?(@.b=='x.y')]", "$.a[?(@.b=='x.y')]", None),
            ("@type", "$.@type", Some(("$", "@type"))),
            ("$.a['b']", "$.a['b']", Some(("$.a", "b"))),
            ("$..a", "$..a", None),
            ("$..['a']", "$..['a']", None),
            ("$.a[0]", "$.a[0]", None),
            ("$.*", "$.*", None),
            ("$", "$", None),
        ] {
            let expression = with_dots(path);
            assert_eq!(expression.text, text);
            let found = expression.parent;
            assert_eq!(found.as_ref().map(|(parent, name)| (&parent[..], &name[..])), parent);
        }
    }
}
