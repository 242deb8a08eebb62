//! What people look for among bills: as conditions of a list.

use super::calendar::Day;
use super::due::{DUE_BEFORE, NOT_REMAINING, NOT_STATE, asks_for_overdue, overdue};
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
    /// What [`overdue`] asks for.
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
/// A condition in JSONPath.
const FILTER: &str = "filter";
const FROM: &str = "billDate.gte";
const UNTIL: &str = "billDate.lte";

impl View {
    /// A query with the conditions of this view instead of another one's.
    pub fn asked(&self, asked: Query, today: Day) -> Query {
        let others = [STATE, NOT_STATE, NOT_REMAINING, DUE_BEFORE, FILTER].into_iter();
        let query = others.fold(asked, Query::without);
        match self.shows {
            Shows::All => query,
            Shows::State(state) => query.with(STATE, state),
            Shows::Overdue => overdue(query, today),
        }
    }
}

/// The view that a query is, if it is one of them.
pub fn view_of(query: &Query) -> Option<&'static View> {
    let is_any = |name| query.get(name).is_some();
    let shows = match query.get(STATE).unwrap_or_default() {
        _ if is_any(FILTER) => return None,
        "" if asks_for_overdue(query) => Shows::Overdue,
        "" if [DUE_BEFORE, NOT_STATE, NOT_REMAINING].into_iter().any(is_any) => return None,
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

    fn today() -> Day {
        Day::of("2026-11-27").unwrap()
    }

    #[test]
    fn a_view_keeps_what_else_is_asked() {
        let query = Query::parse("billingAccount.id=7&state=sent");
        let overdue = VIEWS[1].asked(query, today());
        let expected = "billingAccount.id=7&state.ne=settled&remainingAmount.value.ne=0\
            &paymentDueDate.lt=2026-11-27";
        assert_eq!(overdue.to_string(), expected);
        assert_eq!(VIEWS[0].asked(overdue, today()).to_string(), "billingAccount.id=7");
    }

    #[test]
    fn each_view_is_known_again() {
        for view in &VIEWS {
            assert_eq!(view_of(&view.asked(Query::default(), today())), Some(view));
        }
        assert_eq!(view_of(&Query::parse("state=disputed")), None);
        assert_eq!(view_of(&Query::parse("state.ne=sent")), None);
        let open = "state.ne=settled&remainingAmount.value.ne=0";
        assert_eq!(view_of(&Query::parse(open)), None);
        let undated = Query::parse("filter=%24%5B%3F%21%40.paymentDueDate%5D");
        assert_eq!(view_of(&undated), None);
        assert!(VIEWS[0].asked(undated, today()).is_empty());
    }

    #[test]
    fn a_period_may_be_open() {
        let query = period(Query::default(), "2026-01-01", "");
        assert_eq!((from(&query), until(&query)), ("2026-01-01", ""));
        assert_eq!(query.to_string(), "billDate.gte=2026-01-01");
    }
}
