//! What the console knows of the server by itself is as the server has it.

use console_page::model::order::OF_MANY;
use console_page::model::resource::{Api, RESOURCES, Resource};
use tmf630::model::definition::Definition;
use tmf630::model::visibility::Visibility;

fn definitions(api: Api) -> &'static [&'static Definition] {
    match api {
        Api::Account => &account_management::ALL,
        Api::Bill => &customer_bill_management::ALL,
    }
}

fn definition(resource: &Resource) -> &'static Definition {
    let mut all = definitions(resource.api).iter();
    all.find(|definition| definition.resource.name == resource.name).unwrap()
}

fn has_index(definition: &Definition, path: &str) -> bool {
    definition.indexes().any(|index| index.path == path && index.within.is_none())
}

#[test]
fn beginnings_are_looked_for_where_there_is_an_index() {
    for resource in &RESOURCES {
        for path in resource.indexed {
            assert!(resource.known_by.contains(path), "{} {path}", resource.key);
            assert!(has_index(definition(resource), path), "{} {path}", resource.key);
        }
    }
}

#[test]
fn lists_are_by_ids_where_there_is_an_index() {
    for path in OF_MANY {
        let mut all = [Api::Account, Api::Bill].into_iter().flat_map(definitions);
        assert!(all.any(|definition| has_index(definition, path)), "{path}");
    }
}

#[test]
fn what_all_parties_share_is_the_same() {
    for resource in &RESOURCES {
        let is_shared = definition(resource).resource.visibility == Visibility::Shared;
        assert_eq!(resource.is_shared(), is_shared, "{}", resource.key);
    }
}
