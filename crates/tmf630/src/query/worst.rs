//! The worst queries of each language, on as many accounts as a small operator has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Page, Query};
use crate::Version;
use crate::budget::Budget;
use crate::testing::accounts::ACCOUNTS;

const ACCOUNTS_IN_LIST: usize = 10_000;

/// How long a query can be.
const MAX_LEN: usize = 8 * 1024;

/// An account of 1.4 kB.
fn account() -> Value {
    let party = |n: u32| {
        json!({
            "@type": "RelatedPartyOrPartyRole", "role": "owner",
            "partyOrPartyRole": { "@type": "PartyRef", "id": format!("party-{n}"), "name": "Jane Doe" }
        })
    };
    json!({
        "id": "1", "@type": "BillingAccount", "name": "Travel", "state": "Active",
        "description": "a".repeat(200), "lastUpdate": "2026-01-31T09:30:00.000Z",
        "creditLimit": { "unit": "EUR", "value": 100.10 },
        "relatedParty": (0..4).map(party).collect::<Vec<_>>(),
        "contact": [{ "contactType": "primary", "validFor": { "startDateTime": "2026-01-01T00:00:00Z" },
            "contactMedium": [{ "@type": "EmailContactMedium", "emailAddress": "a@example.com" }] }]
    })
}

/// Carries the query out as a list does, and returns the steps that were charged, or nothing if that
/// was refused.
fn steps(raw: &str) -> Option<u64> {
    assert!(raw.len() <= MAX_LEN, "{}", raw.len());
    let begin = Instant::now();
    let query = Query::parse(raw, &ACCOUNTS, Version::V5).ok();
    let parsed = begin.elapsed();
    let begin = Instant::now();
    let steps = query.map(|query| {
        let budget = Budget::default();
        let looked_at = look_through(&query, &budget);
        let taken = begin.elapsed();
        let each = taken.checked_div(budget.spent().try_into().unwrap_or(u32::MAX));
        println!(
            "{raw:.60}: read in {parsed:?}, {} of {ACCOUNTS_IN_LIST} in {taken:?}, steps of {:?}",
            looked_at.is_some(),
            each.unwrap_or(Duration::ZERO)
        );
        looked_at.map(|()| budget.spent())
    });
    steps.flatten()
}

fn look_through(query: &Query, budget: &Budget) -> Option<()> {
    let account = account();
    for number in 0..ACCOUNTS_IN_LIST {
        query.matches(&account, budget).ok()?;
        for key in &query.sort {
            key.value(&account, budget).ok()?;
        }
        if number < Page::default().limit
            && let Some(fields) = &query.fields
            && let Value::Object(mut shown) = account.clone()
        {
            fields.select(Version::V5, &mut shown, budget).ok()?;
        }
    }
    Some(())
}

/// As many of `piece` as a query can have, each with a number in place of `#`.
fn many(piece: &str, joint: &str, limit: usize) -> String {
    let mut raw = String::new();
    for number in 0..limit {
        let next = piece.replace('#', &number.to_string());
        if raw.len() + joint.len() + next.len() > MAX_LEN - 64 {
            break;
        }
        if number > 0 {
            raw.push_str(joint);
        }
        raw.push_str(&next);
    }
    raw
}

/// What people ask for costs a part of what a request may.
#[test]
fn usual_queries_are_carried_out() {
    for raw in [
        "state=Active&creditLimit.value.gt=100",
        "description.regex=%5Ea.*z$",
        "name.regex=foo.*bar;name*=(?i)^tra",
        "relatedParty.role=owner;relatedParty.partyOrPartyRole.name=Jane%20Doe&sort=-name,state",
        "filter=relatedParty[?(@.role=='owner')]",
        "filter=$[?(@.name =~ /^TRA/i && @.creditLimit.value<50)]",
        "filter=$..[?(@.role=='owner')]&fields=relatedParty[?(@.role=='owner')]",
        "filter=relatedParty[?(@.role=='owner' %26%26 @.partyOrPartyRole.id=='party-3')]",
    ] {
        assert!(steps(raw).is_some(), "{raw}");
    }
}

#[test]
fn conditions_on_attributes_are_bounded() {
    for raw in [
        many("relatedParty.partyOrPartyRole.name.gt=a#", "&", 64),
        format!("relatedParty.role={}", many("a", ",", 10_000)),
        format!("lastUpdate={}", many("2026-01-31", ",", 700)),
        many("description.gt=a#", "&", 64),
        many("creditLimit.value.ne=#", "&", 64),
    ] {
        steps(&raw);
    }
    // Thousands of operands for every party of every account.
    assert_eq!(steps(&format!("relatedParty.role={}", many("b#", ",", 10_000))), None);
}

#[test]
fn regular_expressions_are_bounded() {
    assert_eq!(steps("description.regex=(.?){800}Z"), None);
    assert_eq!(steps(&many("description.regex=(.?){60}Z", "&", 4)), None);
    assert_eq!(steps(&many("description.regex=(a|aa)+Z#", ";", 4)), None);
    assert_eq!(
        steps("filter=$[?(@.description =~ /(x?){60}y/ || @.description =~ /(a?){60}y/)]"),
        None
    );
    for raw in ["description.regex=(a*)*Z", "filter=$..[?search(@, '(a|b)*c')]", "name*=(((T)))"] {
        steps(raw);
    }
}

#[test]
fn json_path_is_bounded() {
    for refused in [
        "filter=$..[?count($..*)>0]",
        "filter=$[*,*][*,*][*,*][*,*][*,*][*,*][*,*]",
        "filter=$.relatedParty[?$.relatedParty[?$.relatedParty[?$.relatedParty[?$.relatedParty[?$.x]]]]]",
        &many("filter=$..[*,*,*,*,*,*,*,*][*,*,*,*,*,*,*,*]", "&", 64),
    ] {
        assert_eq!(steps(refused), None, "{refused}");
    }
    for raw in [
        "filter=$..*..*",
        "filter=$..[?@..x]",
        "filter=$..[?@ == @.x]",
        &many("filter=$..[?(@.role=='x')]", ";", 64),
        &format!("filter=$[?({})]", many("1==1", "||", 160)),
    ] {
        steps(raw);
    }
}

#[test]
fn orders_and_selections_are_bounded() {
    for raw in [
        format!("sort={}", many("relatedParty.partyOrPartyRole.name", ",", 8)),
        format!("fields={}", many("relatedParty.a#", ",", 2_000)),
        format!("fields={}", many("$..[?@..x]", ",", 8)),
        format!("fields={}", many("a.", "", 4_000)),
    ] {
        steps(&raw);
    }
}
