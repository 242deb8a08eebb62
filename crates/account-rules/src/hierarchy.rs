//! Which relationships put one account above or below another.
//!
//! The standard leaves the words of `relationshipType` open. [`Place::of`] promises to understand them in
//! any of the ways that are in use: the server refuses circles by it, and the console draws trees.

/// Where a related account lies, seen from the account that has the relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Above,
    Below,
}

/// What the related account is called, and where it then lies.
const NAMES: [(&str, Place); 10] = [
    ("parent", Place::Above),
    ("ancestor", Place::Above),
    ("master", Place::Above),
    ("child", Place::Below),
    ("children", Place::Below),
    ("descendant", Place::Below),
    ("member", Place::Below),
    ("part", Place::Below),
    ("subsidiary", Place::Below),
    ("sub", Place::Below),
];

/// What the account does with the related one, and where that then lies.
const VERBS: [(&str, Place); 10] = [
    ("contains", Place::Below),
    ("contain", Place::Below),
    ("includes", Place::Below),
    ("include", Place::Below),
    ("containedin", Place::Above),
    ("containedby", Place::Above),
    ("contained", Place::Above),
    ("includedin", Place::Above),
    ("includedby", Place::Above),
    ("included", Place::Above),
];

impl Place {
    /// Where the type of a relationship says that the related account lies; nothing if it makes no
    /// hierarchy. Case, spaces and signs make no difference, and neither does the word account. With
    /// `of` behind a name or `is` in front, it is the account itself that is called so:
    /// `parentOf` and `isParent` put the related account below, `parent` and `hasParent` above.
    pub fn of(relationship_type: &str) -> Option<Self> {
        let letters = relationship_type.chars().filter(|c| c.is_alphanumeric());
        let name: String = letters.flat_map(char::to_lowercase).collect();
        let name = name.replace("accounts", "").replace("account", "");
        let (is, rest) = match name.strip_prefix("is") {
            Some(rest) => (true, rest),
            None => (false, name.strip_prefix("has").unwrap_or(&name)),
        };
        if let Some((_, place)) = VERBS.iter().find(|(verb, _)| *verb == rest) {
            return Some(*place);
        }
        let (of, noun) = match rest.strip_suffix("of") {
            Some(noun) => (true, noun),
            None => (false, rest),
        };
        let is_called = |called: &str| called == noun || Some(called) == noun.strip_suffix('s');
        let (_, place) = NAMES.iter().find(|(called, _)| is_called(called))?;
        Some(if is || of { place.opposite() } else { *place })
    }

    /// The other one: where the account itself lies, seen from the related one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Above => Self::Below,
            Self::Below => Self::Above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_relationships_are_understood_in_any_spelling() {
        let below = "contains Contains isParentOf parentOf parent_of PARENTOF child hasChild childAccount \
                     subAccount sub-account hasMember has_member member includes isParent parentAccountOf \
                     children hasSubAccounts part hasPart";
        let above = "containedIn isContainedIn childOf isChildOf parent hasParent parentAccount memberOf \
                     isMemberOf partOf isPartOf child-of subAccountOf isIncludedIn contained childAccountOf isChild";
        let none =
            "related partner isolated payer replaces hasBeen of is has account successor partnerOf";
        for (types, expected) in
            [(below, Some(Place::Below)), (above, Some(Place::Above)), (none, None)]
        {
            for name in types.split_whitespace() {
                assert_eq!(Place::of(name), expected, "{name}");
            }
        }
        assert_eq!(Place::of("parent of"), Some(Place::Below));
        assert_eq!(Place::of(""), None);
    }
}
