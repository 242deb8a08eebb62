//! What people look for among bills: as conditions of a list.

use super::query::Query;

/// A view of the list.
#[derive(Debug, PartialEq, Eq)]
pub struct View {
    /// The key of its text.
    pub text: &'static str,
    shows: Shows,
}

#[derive(Debug, PartialEq, Eq)]
enum Shows {
    All,
    State(&'static str),
    /// Not settled, and due before today.
    Overdue,
}

const fn view(text: &'static str, shows: Shows) -> View {
    View { text, shows }
}

pub static VIEWS: [View; 8] = [
    view("bills.all", Shows::All),
    view("bills.overdue", Shows::Overdue),
    view("state.new", Shows::State("new")),
    view("state.validated", Shows::State("validated")),
    view("state.sent", Shows::State("sent")),
    view("state.partiallyPaid", Shows::State("partiallyPaid")),
    view("state.onHold", Shows::State("onHold")),
    view("state.settled", Shows::State("settled")),
];

const STATE: &str = "state";
const NOT_STATE: &str = "state.ne";
const DUE_BEFORE: &str = "paymentDueDate.lt";
const FROM: &str = "billDate.gte";
const UNTIL: &str = "billDate.lte";

impl View {
    /// A query with the conditions of this view instead of another one's.
    pub fn asked(&self, query: Query, today: &str) -> Query {
        let query = query.without(STATE).without(NOT_STATE).without(DUE_BEFORE);
        match self.shows {
            Shows::All => query,
            Shows::State(state) => query.with(STATE, state),
            Shows::Overdue => query.with(NOT_STATE, "settled").with(DUE_BEFORE, today),
        }
    }
}

/// The view that a query is, if it is one of them.
pub fn view_of(query: &Query) -> Option<&'static View> {
    let is_any = |name| query.get(name).is_some_and(|value| !value.is_empty());
    let shows = match query.get(STATE).unwrap_or_default() {
        "" if is_any(DUE_BEFORE) && query.get(NOT_STATE) == Some("settled") => Shows::Overdue,
        "" if is_any(DUE_BEFORE) || is_any(NOT_STATE) => return None,
        "" => Shows::All,
        state => Shows::State(VIEWS.iter().find_map(|view| match view.shows {
            Shows::State(known) if known == state => Some(known),
            _ => None,
        })?),
    };
    VIEWS.iter().find(|view| view.shows == shows)
}

/// A query for bills of some days, the last one among them; an empty day leaves that side open.
pub fn period(query: Query, from: &str, until: &str) -> Query {
    query.with(FROM, from).with(UNTIL, until)
}

pub fn from(query: &Query) -> &str {
    query.get(FROM).unwrap_or_default()
}

pub fn until(query: &Query) -> &str {
    query.get(UNTIL).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_what_else_is_asked() {
        let query = Query::parse("billingAccount.id=7&state=sent");
        let overdue = VIEWS[1].asked(query, "2026-11-27");
        let expected = "billingAccount.id=7&state.ne=settled&paymentDueDate.lt=2026-11-27";
        assert_eq!(overdue.to_string(), expected);
        assert_eq!(VIEWS[0].asked(overdue, "").to_string(), "billingAccount.id=7");
    }

    #[test]
    fn each_view_is_known_again() {
        for view in &VIEWS {
            assert_eq!(view_of(&view.asked(Query::default(), "2026-11-27")), Some(view));
        }
        assert_eq!(view_of(&Query::parse("state=disputed")), None);
        assert_eq!(view_of(&Query::parse("state.ne=sent")), None);
    }

    #[test]
    fn a_period_may_be_open() {
        let query = period(Query::default(), "2026-01-01", "");
        assert_eq!((from(&query), until(&query)), ("2026-01-01", ""));
        assert_eq!(query.to_string(), "billDate.gte=2026-01-01");
    }
}
