//! The search field: one text, looked for in what people know of a resource.

use super::query::{Query, encode};
use super::resource::{PARTY_ID, Resource};

/// What the API is asked for a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub anywhere: String,
    /// For a text that is searched for where the server has too many resources to look into each: what
    /// it can tell by its indexes, which is what begins with the text.
    pub by_index: Option<String>,
}

impl Resource {
    /// What the API is asked for a query of the console: its conditions, and the text that is
    /// searched for in any of the attributes that the resource is known by. A text that is a whole
    /// id finds that as well, and what belongs to a party with that id.
    pub fn asked(&self, query: &Query) -> Question {
        let Some(text) = query.get("search").map(str::trim).filter(|text| !text.is_empty()) else {
            return Question { anywhere: query.asked().to_string(), by_index: None };
        };
        let exact = ["id"].into_iter().chain(self.has_parties().then_some(PARTY_ID));
        let exact: Vec<_> = exact.map(|name| format!("{name}={}", encode(text))).collect();
        let pattern = encode(&pattern(text));
        let anywhere = self.known_by.iter().map(|name| format!("{name}.regex={pattern}"));
        let beginnings = beginnings(text);
        let by_index = self.indexed.iter().flat_map(|name| {
            beginnings.iter().map(move |(first, behind)| {
                format!("{name}.gte={}&{name}.lt={}", encode(first), encode(behind))
            })
        });
        Question {
            anywhere: joined(query, anywhere.chain(exact.clone())),
            by_index: Some(joined(query, by_index.chain(exact))),
        }
    }
}

/// A query in which one of the alternatives holds beside its conditions.
fn joined(query: &Query, alternatives: impl Iterator<Item = String>) -> String {
    let (conditions, others) = query.asked().parted();
    let alternatives = alternatives.map(|alternative| match conditions.is_empty() {
        true => alternative,
        false => format!("{conditions}&{alternative}"),
    });
    let asked = alternatives.collect::<Vec<_>>().join(";");
    if others.is_empty() { asked } else { format!("{asked}&{others}") }
}

/// Between which texts those are that begin with a text, as it is and with a capital letter.
fn beginnings(text: &str) -> Vec<(String, String)> {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let capital: String = first.chain(letters).collect();
    let mut all = vec![text.to_owned()];
    all.extend(Some(capital).filter(|capital| capital != text));
    all.into_iter().map(|first| (first.clone(), format!("{first}{}", char::MAX))).collect()
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
            resource.asked(&query).anywhere,
            "state=Active&name.regex=%28%3Fi%29a%5C.b;state=Active&id=a.b&limit=20"
        );
    }

    #[test]
    fn every_condition_holds_for_every_alternative() {
        let resource = Resource::named("billFormat").unwrap();
        let asked = resource.asked(&Query::parse("search=a&sort=name&filter=%24"));
        assert_eq!(asked.anywhere, "filter=%24&name.regex=%28%3Fi%29a;filter=%24&id=a&sort=name");
    }

    #[test]
    fn a_customers_id_finds_what_is_theirs() {
        let resource = Resource::named("billingAccount").unwrap();
        let asked = resource.asked(&Query::parse("search=C-1")).anywhere;
        assert!(asked.ends_with(";id=C-1;relatedParty.partyOrPartyRole.id=C-1"), "{asked}");
    }

    #[test]
    fn every_letter_means_itself() {
        assert_eq!(pattern("a<b>.c"), "(?i)a[<]b[>]\\.c");
    }

    #[test]
    fn of_too_many_those_are_found_that_begin_with_it() {
        let resource = Resource::named("billFormat").unwrap();
        let by_index = |search| resource.asked(&Query::parse(search)).by_index.unwrap();
        assert_eq!(
            by_index("state=a&search=x%20y&limit=5"),
            "state=a&name.gte=x%20y&name.lt=x%20y%F4%8F%BF%BF;\
             state=a&name.gte=X%20y&name.lt=X%20y%F4%8F%BF%BF;state=a&id=x%20y&limit=5"
        );
        assert_eq!(by_index("search=1"), "name.gte=1&name.lt=1%F4%8F%BF%BF;id=1");
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
        let asked = resource.asked(&Query::parse("search=%20&state=a"));
        assert_eq!(asked, Question { anywhere: "state=a".into(), by_index: None });
    }
}
