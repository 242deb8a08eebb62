//! The order of a list that its reader has chosen none for.

use super::document::is_time;
use super::query::{Condition, Query};
use super::resource::Resource;

/// What the server finds by an index, and many resources can have the same value of.
pub const OF_MANY: [&str; 11] = [
    "state",
    "accountType",
    "category",
    "runType",
    "isBilled",
    "appliedBillingRateType",
    "billCycle.id",
    "financialAccount.id",
    "billStructure.format.id",
    "billStructure.presentationMedia.id",
    "billStructure.cycleSpecification.id",
];

/// The order of everything, which no change of a resource changes.
const BY_ID: &str = "id";

/// The same backwards: what was made last comes first.
const BY_ID_BACKWARDS: &str = "-id";

impl Resource {
    /// How a list is sorted at first.
    ///
    /// Where all that is asked for is a value that many can have, that is by their ids, backwards
    /// where the list is so: in an index, which is read either way, resources with the same value
    /// are in this order, so that a page is read and no more. For any other order the server reads
    /// all of them, and refuses that where they are too many.
    pub fn order(&self, query: &Query) -> &'static str {
        let conditions: Vec<_> = query.conditions().collect();
        let is_by_id = match &conditions[..] {
            [one] => !is_search(query) && is_value_of_many(one),
            _ => false,
        };
        match is_by_id {
            true if self.sort.starts_with('-') => BY_ID_BACKWARDS,
            true => BY_ID,
            false => self.sort,
        }
    }
}

/// The order to read a whole list in that may change meanwhile: nothing that is still to be read
/// comes to stand before what was read. By their ids, resources never move; by the time of the last
/// change, to the end.
///
/// It is by a time where that is all that the conditions are about: in an index, what they hold for
/// is in this order, and in no other is it read page by page.
pub fn steady_order(query: &Query) -> String {
    let mut conditions = query.conditions();
    let by_time = conditions.next().filter(is_range_of_time).filter(|first| {
        let is_about_same =
            |it: Condition| it.attribute == first.attribute && is_range_of_time(&it);
        !is_search(query) && conditions.all(is_about_same)
    });
    by_time.map_or_else(|| BY_ID.to_owned(), |condition| condition.attribute)
}

fn is_search(query: &Query) -> bool {
    query.get("search").is_some()
}

fn is_value_of_many(condition: &Condition) -> bool {
    let is_one = condition.operator == "is" && !condition.value.contains(',');
    is_one && OF_MANY.contains(&&*condition.attribute)
}

fn is_range_of_time(condition: &Condition) -> bool {
    let is_range = ["greater", "at_least", "less", "at_most"].contains(&condition.operator);
    is_range && is_time(&condition.attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_have_in_common_is_in_the_order_of_ids_newest_first_where_the_list_is() {
        let order =
            |key: &str, query: &str| Resource::named(key).unwrap().order(&Query::parse(query));
        for (query, expected) in [
            ("", "-lastUpdate"),
            ("state=Active", "-id"),
            ("state=Active&columns=id&limit=50&offset=50", "-id"),
            ("billStructure.format.id=1", "-id"),
            // No index has these in one order, or a few are all that there is.
            ("state=Active,Closed", "-lastUpdate"),
            ("state=Active&state=Closed", "-lastUpdate"),
            ("state=Active&accountType=x", "-lastUpdate"),
            ("state=Active&search=x", "-lastUpdate"),
            ("state=Active&filter=%24.name", "-lastUpdate"),
            ("state.ne=Active", "-lastUpdate"),
            ("state.gt=Active", "-lastUpdate"),
            ("relatedParty.partyOrPartyRole.id=1", "-lastUpdate"),
            ("lastUpdate.gt=2026-01-01", "-lastUpdate"),
        ] {
            assert_eq!(order("billingAccount", query), expected, "{query}");
        }
        assert_eq!(order("customerBill", "billCycle.id=7"), "-id");
        assert_eq!(order("billFormat", "category=x"), "id");
        assert_eq!(order("customerBill", "billDate.gte=2026-01-01"), "-billDate");
    }

    #[test]
    fn a_list_is_read_whole_in_an_order_in_which_nothing_moves_forward() {
        for (query, expected) in [
            ("", "id"),
            ("state=Active&sort=-lastUpdate", "id"),
            ("lastUpdate.gte=2026-01-01", "lastUpdate"),
            ("billDate.gte=2026-01-01&billDate.lt=2026-02-01&sort=-amountDue.value", "billDate"),
            ("billDate.gte=2026-01-01&state=new", "id"),
            ("billDate.gte=2026-01-01&filter=%24.name", "id"),
            ("billDate.gte=2026-01-01&search=x", "id"),
            ("billDate=2026-01-01", "id"),
            ("name.gt=a", "id"),
        ] {
            assert_eq!(steady_order(&Query::parse(query)), expected, "{query}");
        }
    }
}
