//! The forms of JSONPath that TMF630 and its users write, and RFC 9535 does not know.

use serde_json::Value;

/// Rewrites the forms that RFC 9535 does not know: without `$.` in front, without the dot after `@`,
/// names that begin with `@`, and `=~ /expression/i`. What is quoted stays as it is.
pub(super) fn standard_form(text: &str) -> String {
    let mut out = match text.chars().next() {
        Some('$') => String::new(),
        Some('[' | '.') => "$".to_owned(),
        _ => "$.".to_owned(),
    };
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if matches!(next, '\'' | '"') {
            let end = end_of_quoted(rest, next);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix('@') {
            let name = name_at_start(after);
            let quoted = |name: &str| format!("['@{name}']");
            if name.is_empty() {
                out.push('@');
            } else if out.ends_with("..") {
                out.push_str(&quoted(name));
            } else if out.ends_with('.') {
                out.pop();
                out.push_str(&quoted(name));
            } else if matches!(name, "type" | "baseType" | "schemaLocation" | "referredType") {
                out.push('@');
                out.push_str(&quoted(name));
            } else {
                out.push_str("@.");
                out.push_str(name);
            }
            rest = &after[name.len()..];
        } else if let Some(after) = rest.strip_prefix("=~") {
            let (call, after) = search_call(&mut out, after.trim_start());
            out.push_str(&call);
            rest = after;
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

/// The length of the quoted text at the start of `text`, with its quotes.
fn end_of_quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if letter == quote => return place + 1,
            _ => {}
        }
    }
    text.len()
}

fn name_at_start(text: &str) -> &str {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !is_name(letter)).next().unwrap_or_default()
}

/// Turns `path =~ /expression/i`, whose path is at the end of `out`, into a call of `search`.
/// Returns the call and what follows it.
fn search_call<'t>(out: &mut String, operand: &'t str) -> (String, &'t str) {
    let trimmed = out.trim_end();
    let start = start_of_path(trimmed);
    let path = trimmed[start..].to_owned();
    out.truncate(start);
    let (pattern, after) = match operand.strip_prefix('/') {
        Some(body) => {
            let end = end_of_quoted(operand, '/');
            let after = &operand[end..];
            let pattern = body.get(..end.saturating_sub(2)).unwrap_or(body).replace("\\/", "/");
            match after.strip_prefix('i') {
                Some(after) => (format!("(?i){pattern}"), after),
                None => (pattern, after),
            }
        }
        None => {
            let quote = operand.chars().next().filter(|quote| matches!(quote, '\'' | '"'));
            let end = quote.map_or(0, |quote| end_of_quoted(operand, quote));
            let pattern = operand.get(1..end.saturating_sub(1)).unwrap_or_default();
            (pattern.to_owned(), &operand[end..])
        }
    };
    (format!("search({path}, {})", Value::from(pattern)), after)
}

/// Where the path at the end of `text` begins: at its `@` or `$`, or else at its end.
fn start_of_path(text: &str) -> usize {
    let mut depth = 0_usize;
    for (place, letter) in text.char_indices().rev() {
        match letter {
            ']' => depth += 1,
            '[' if depth > 0 => depth -= 1,
            '@' | '$' if depth == 0 => return place,
            _ if depth > 0 => {}
            letter if letter.is_alphanumeric() || matches!(letter, '.' | '_' | '*') => {}
            _ => break,
        }
    }
    text.len()
}
