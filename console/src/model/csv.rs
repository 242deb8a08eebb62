//! Lists as CSV (RFC 4180), for people who open them in a spreadsheet.

use serde_json::Value;

use super::document::{self, Shown};

/// A list as CSV: a line of names, and one for each document.
///
/// Money becomes two columns, amount and currency, and a period its two ends, so that numbers stay
/// numbers and times stay times.
pub fn csv(documents: &[Value], columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().flat_map(|path| parts(documents, path)).collect();
    let mut text = line(columns.iter().map(|path| cell(path)));
    for document in documents {
        text += &line(columns.iter().map(|path| written(&document::shown(document, path))));
    }
    text
}

/// The columns that a path becomes.
fn parts(documents: &[Value], path: &str) -> Vec<String> {
    let steps: &[&str] = match documents.iter().find_map(|it| split(&document::shown(it, path))) {
        None => return vec![path.to_owned()],
        Some(steps) => steps,
    };
    // Balances have their money one level below.
    let is_inside =
        documents.iter().any(|it| !document::at(it, &format!("{path}.amount")).is_empty());
    let inside = if is_inside { ".amount" } else { "" };
    steps.iter().map(|step| format!("{path}{inside}.{step}")).collect()
}

fn split(value: &Shown) -> Option<&'static [&'static str]> {
    match value {
        Shown::Money { .. } => Some(&["value", "unit"]),
        Shown::Period(..) => Some(&["startDateTime", "endDateTime"]),
        Shown::Several(values) => values.iter().find_map(split),
        _ => None,
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

fn written(value: &Shown) -> String {
    match value {
        Shown::Nothing => String::new(),
        Shown::Number(digits) => digits.clone(),
        Shown::Truth(truth) => truth.to_string(),
        value => cell(&plain(value)),
    }
}

fn plain(value: &Shown) -> String {
    match value {
        Shown::Nothing => String::new(),
        Shown::Text(text) | Shown::State(text) | Shown::Instant(text) => text.clone(),
        Shown::Number(digits) => digits.clone(),
        Shown::Truth(truth) => truth.to_string(),
        Shown::Money { amount, currency } => format!("{amount} {currency}"),
        Shown::Period(start, end) => {
            format!("{}/{}", start.as_deref().unwrap_or(".."), end.as_deref().unwrap_or(".."))
        }
        Shown::Several(values) => values.iter().map(plain).collect::<Vec<_>>().join("; "),
    }
}

/// A text as a cell. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let is_quoted = text.contains(['"', ',', ';', '\r', '\n', '\t', '\'']);
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let apostrophe = if is_formula { "'" } else { "" };
    match is_quoted {
        true => format!("\"{apostrophe}{}\"", text.replace('"', "\"\"")),
        false => format!("{apostrophe}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(documents: &[Value], columns: &[&str]) -> String {
        csv(documents, &columns.iter().map(|&it| it.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn texts_are_no_formulas_and_amounts_stay_numbers() {
        let documents = [
            json!({"name": "=1+1", "due": {"unit": "EUR", "value": -5}}),
            json!({"name": "a \"b\", c"}),
        ];
        assert_eq!(
            of(&documents, &["name", "due"]),
            "name,due.value,due.unit\r\n'=1+1,-5,EUR\r\n\"a \"\"b\"\", c\",,\r\n"
        );
    }

    #[test]
    fn whatever_a_spreadsheet_might_calculate_or_part_is_text() {
        for (text, written) in [
            ("\n=1", "\"'\n=1\""),
            ("\ta", "\"'\ta\""),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠a", "'＠a"),
            ("a\tb", "\"a\tb\""),
            ("a'b", "\"a'b\""),
            ("a;b", "\"a;b\""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn periods_have_two_ends_and_balances_their_amounts() {
        let documents = [json!({
            "p": {"startDateTime": "2026-01-01T00:00:00Z"},
            "b": [{"amount": {"unit": "EUR", "value": 1}}, {"amount": {"unit": "USD", "value": 2}}],
        })];
        assert_eq!(
            of(&documents, &["p", "b"]),
            "p.startDateTime,p.endDateTime,b.amount.value,b.amount.unit\r\n\
             2026-01-01T00:00:00Z,,\"1; 2\",\"EUR; USD\"\r\n"
        );
    }
}
