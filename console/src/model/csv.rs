//! Lists as CSV (RFC 4180), for people who open them in a spreadsheet.

use serde_json::Value;

use super::document::{self, Shown};

/// A list as CSV: a line of names, and one for each document.
///
/// Money becomes two columns, amount and currency, and a period its two ends, so that numbers stay
/// numbers and times stay times.
///
/// It is written page by page, and only the documents tell which columns have such parts.
pub struct Csv {
    /// What each column of the list became: its parts, as far as they are known, or itself.
    columns: Vec<Vec<String>>,
    is_begun: bool,
}

/// Tells spreadsheets that it is UTF-8.
const MARK: &str = "\u{feff}";

impl Csv {
    /// That of the columns of a list.
    pub fn of(columns: &[String]) -> Self {
        let columns = columns.iter().map(|path| vec![path.clone()]).collect();
        Self { columns, is_begun: false }
    }

    /// The lines of the next page, below that of names if it is the first one.
    ///
    /// Nothing, if a column turns out to have parts that what was written before does not have: then
    /// the list is to be read and written again from its first page. That can happen once for each
    /// column.
    pub fn next(&mut self, documents: &[Value]) -> Option<String> {
        let has_changed = self.learn(documents);
        if has_changed && self.is_begun {
            self.is_begun = false;
            return None;
        }
        let head = if self.is_begun { String::new() } else { self.head() };
        self.is_begun = true;
        let rows = documents.iter().map(|document| self.row(document));
        Some(head + &rows.collect::<String>())
    }

    /// Takes over what documents tell about the columns, and says whether that is news.
    fn learn(&mut self, documents: &[Value]) -> bool {
        let mut has_changed = false;
        for column in &mut self.columns {
            let [path] = &column[..] else { continue };
            if let Some(parts) = parts(documents, path) {
                *column = parts;
                has_changed = true;
            }
        }
        has_changed
    }

    fn head(&self) -> String {
        MARK.to_owned() + &line(self.paths().map(cell))
    }

    fn row(&self, document: &Value) -> String {
        line(self.paths().map(|path| written(&document::shown(document, path))))
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flatten().map(String::as_str)
    }
}

/// What the API is to be asked for, in `fields`, to have what is in the columns. Nothing, which is
/// all of a document, where there is a column that cannot be named there.
pub fn fields(columns: &[String]) -> String {
    let is_path = |column: &String| {
        let is_step = |step: &str| !step.is_empty() && !step.contains(['$', '[', '*']);
        column.split('.').all(is_step)
    };
    if columns.iter().all(is_path) { columns.join(",") } else { String::new() }
}

/// The two columns that a path becomes, if there is money or a period at it.
fn parts(documents: &[Value], path: &str) -> Option<Vec<String>> {
    let steps = documents.iter().find_map(|it| split(&document::shown(it, path)))?;
    // Balances have their money one level below.
    let is_inside =
        documents.iter().any(|it| !document::at(it, &format!("{path}.amount")).is_empty());
    let inside = if is_inside { ".amount" } else { "" };
    Some(steps.iter().map(|step| format!("{path}{inside}.{step}")).collect())
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

/// What begins a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// What parts cells or lines, in one country or another: who opens a file with a list separator
/// that it does not have finds quotes in the middle of a cell, where they protect nothing.
const PARTING: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// A text as a cell. What a spreadsheet would take for a formula has an apostrophe before it.
fn cell(text: &str) -> String {
    let is_quoted = text.contains(['"', '\'']) || text.contains(PARTING);
    // A blank line or a tab in front may be left out.
    let apostrophe = if text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    let text = guarded(text);
    match is_quoted {
        true => format!("\"{apostrophe}{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// A text with an apostrophe wherever a cell could begin with a formula.
fn guarded(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len());
    let mut is_beginning = true;
    for (place, letter) in text.char_indices() {
        // Quotes that stand before it may be taken for those of a cell, and a mark for that of the file.
        let begins = || text[place..].trim_start_matches(['"', '\u{feff}']).starts_with(FORMULA);
        if is_beginning && begins() {
            guarded.push('\'');
        }
        guarded.push(letter);
        is_beginning = PARTING.contains(&letter);
    }
    guarded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|&it| it.to_owned()).collect()
    }

    fn of(documents: &[Value], columns: &[&str]) -> String {
        let text = Csv::of(&texts(columns)).next(documents).unwrap();
        text.strip_prefix(MARK).unwrap().to_owned()
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
            ("\n=1", "\"'\n'=1\""),
            ("\ta", "\"'\ta\""),
            ("＝1", "'＝1"),
            ("\u{feff}=1", "'\u{feff}=1"),
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
    fn no_separator_makes_a_formula_of_the_rest() {
        for (text, written) in [
            ("x;=HYPERLINK(\"a\")", "\"x;'=HYPERLINK(\"\"a\"\")\""),
            ("x,+1", "\"x,'+1\""),
            ("x\t-1", "\"x\t'-1\""),
            ("x\r\n@a", "\"x\r\n'@a\""),
            ("x\r＝1", "\"x\r'＝1\""),
            ("x;;=1;=2", "\"x;;'=1;'=2\""),
            ("x;\t=1", "\"x;\t'=1\""),
            ("x;\"=1\"", "\"x;'\"\"=1\"\"\""),
            ("\"\"=1", "\"'\"\"\"\"=1\""),
            ("x;1=2; -3, y", "\"x;1=2; -3, y\""),
            ("x\r\ny", "\"x\r\ny\""),
        ] {
            assert_eq!(cell(text), written, "{text}");
        }
    }

    #[test]
    fn several_numbers_stay_as_they_are() {
        let documents = [json!({"b": [{"unit": "EUR", "value": 1}, {"unit": "EUR", "value": -2}]})];
        assert_eq!(of(&documents, &["b"]), "b.value,b.unit\r\n\"1; -2\",\"EUR; EUR\"\r\n");
    }

    #[test]
    fn only_what_has_a_path_is_asked_for() {
        let of = |columns: &[&str]| fields(&texts(columns));
        assert_eq!(of(&["name", "relatedParty.role", "@type"]), "name,relatedParty.role,@type");
        for column in ["a..b", "", "a.", "a[0]", "$.a"] {
            assert_eq!(of(&["name", column]), "", "{column}");
        }
    }

    #[test]
    fn later_pages_have_the_columns_of_the_first() {
        let first = [json!({"due": {"unit": "EUR", "value": 1}})];
        let mut csv = Csv::of(&texts(&["id", "due"]));
        assert_eq!(csv.next(&first).unwrap(), "\u{feff}id,due.value,due.unit\r\n,1,EUR\r\n");
        let second = [json!({"id": "7"}), json!({"id": "8"})];
        assert_eq!(csv.next(&second).unwrap(), "7,,\r\n8,,\r\n");
    }

    #[test]
    fn what_a_later_page_shows_of_a_column_is_so_from_the_first_one_on() {
        let pages = [
            [json!({"id": "7"})],
            [json!({"id": "8", "due": {"unit": "EUR", "value": 500}})],
            [json!({"id": "9", "p": {"startDateTime": "2026-01-01T00:00:00Z"}})],
        ];
        let mut csv = Csv::of(&texts(&["id", "due", "p"]));
        let (mut text, mut place, mut times) = (String::new(), 0, 1);
        while let Some(page) = pages.get(place) {
            (text, place, times) = match csv.next(page) {
                Some(lines) => (text + &lines, place + 1, times),
                None => (String::new(), 0, times + 1),
            };
            assert!(times <= 3, "once for each column");
        }
        assert_eq!(
            text,
            "\u{feff}id,due.value,due.unit,p.startDateTime,p.endDateTime\r\n\
             7,,,,\r\n8,500,EUR,,\r\n9,,,2026-01-01T00:00:00Z,\r\n"
        );
        assert_eq!(times, 3);
    }

    #[test]
    fn a_list_of_nothing_has_its_names() {
        assert_eq!(of(&[], &["id", "due"]), "id,due\r\n");
    }

    #[test]
    fn nobody_gets_a_name_that_is_not_stored() {
        let documents = [json!({"relatedParty": [{"id": "7"}]})];
        assert_eq!(of(&documents, &["relatedParty.name"]), "relatedParty.name\r\n\r\n");
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
