//! The search field: one text, looked for in what people know of a resource.

use super::query::{Query, encode};
use super::resource::{PARTY_ID, Resource};

impl Resource {
    /// What the API is asked for a query of the console: its conditions, and the text that is
    /// searched for in any of the attributes that the resource is known by. A text that is a whole
    /// id finds that as well, and what belongs to a party with that id.
    pub fn asked(&self, query: &Query) -> String {
        let (conditions, others) = query.asked().parted();
        let Some(text) = query.get("search").map(str::trim).filter(|text| !text.is_empty()) else {
            return query.asked().to_string();
        };
        let pattern = pattern(text);
        let found = self.known_by.iter().map(|attribute| (format!("{attribute}.regex"), &*pattern));
        let exact = ["id"].into_iter().chain(self.has_parties().then_some(PARTY_ID));
        let exact = exact.map(|name| (name.to_owned(), text));
        let alternatives = found.chain(exact).map(|(name, value)| {
            let value = format!("{name}={}", encode(value));
            if conditions.is_empty() { value } else { format!("{conditions}&{value}") }
        });
        let asked = alternatives.collect::<Vec<_>>().join(";");
        if others.is_empty() { asked } else { format!("{asked}&{others}") }
    }
}

/// How long an expression can be, in characters.
const MAX_CHARS: usize = 256;

/// The expression that means a text to the letter, or as much of its beginning as the API takes.
fn pattern(text: &str) -> String {
    let mut expression = "(?i)".to_owned();
    let mut length = expression.len();
    for letter in text.chars() {
        let literal = literal(letter);
        length += literal.chars().count();
        if length > MAX_CHARS {
            break;
        }
        expression += &literal;
    }
    expression
}

fn literal(letter: char) -> String {
    match letter {
        // With a backslash, they are the ends of a word.
        '<' | '>' => format!("[{letter}]"),
        _ if letter.is_ascii_punctuation() => format!("\\{letter}"),
        _ => letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_searched_beside_the_conditions() {
        let resource = Resource::named("billFormat").unwrap();
        let query = Query::parse("state=Active&search=a.b&limit=20&columns=id");
        assert_eq!(
            resource.asked(&query),
            "state=Active&name.regex=%28%3Fi%29a%5C.b;state=Active&id=a.b&limit=20"
        );
    }

    #[test]
    fn every_condition_holds_for_every_alternative() {
        let resource = Resource::named("billFormat").unwrap();
        let asked = resource.asked(&Query::parse("search=a&sort=name&filter=%24"));
        assert_eq!(asked, "filter=%24&name.regex=%28%3Fi%29a;filter=%24&id=a&sort=name");
    }

    #[test]
    fn a_customers_id_finds_what_is_theirs() {
        let resource = Resource::named("billingAccount").unwrap();
        let asked = resource.asked(&Query::parse("search=C-1"));
        assert!(asked.ends_with(";id=C-1;relatedParty.partyOrPartyRole.id=C-1"), "{asked}");
    }

    #[test]
    fn every_letter_means_itself() {
        assert_eq!(pattern("a<b>.c"), "(?i)a[<]b[>]\\.c");
    }

    #[test]
    fn a_long_text_is_cut_to_what_the_api_takes() {
        assert_eq!(pattern(&"ä".repeat(300)), format!("(?i){}", "ä".repeat(252)));
        assert_eq!(pattern(&".".repeat(300)), format!("(?i){}", "\\.".repeat(126)));
        assert_eq!(pattern(&format!("a{}", ".".repeat(300))).len(), 255);
        let whole = "a".repeat(252);
        assert_eq!(pattern(&whole), format!("(?i){whole}"));
    }

    #[test]
    fn without_a_text_the_query_is_the_apis() {
        let resource = Resource::named("billFormat").unwrap();
        assert_eq!(resource.asked(&Query::parse("search=%20&state=a")), "state=a");
    }
}
