//! Requests whose query or patch is anything.

use account_management::{ACCOUNT_MANAGEMENT, BILLING_ACCOUNT};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use kv_tree::Memory;
use pollster::block_on;
use tmf630::Version;
use tmf630::testing::World;

/// An account with something of every kind.
const ACCOUNT: &str = r#"{
    "id": "1", "@type": "BillingAccount", "name": "Travel", "state": "Active", "vip": true,
    "creditLimit": {"unit": "EUR", "value": 100.10},
    "relatedParty": [
        {"role": "owner", "partyOrPartyRole": {"@type": "PartyRef", "id": "4711"}},
        {"role": "payer", "partyOrPartyRole": {"@type": "PartyRef", "id": "4712"}}
    ],
    "accountRelationship": [{"relationshipType": "contains", "account": {"id": "2"}}],
    "contact": [{"contactType": "primary", "validFor": {"startDateTime": "2026-01-01T00:00:00Z"}}]
}"#;

fn ask(
    world: &World,
    version: Version,
    method: Method,
    rest: &str,
    media_type: &str,
    body: &[u8],
) -> Option<Response<Bytes>> {
    let request = Request::builder()
        .method(method)
        .uri(format!(
            "http://api.example{}/billingAccount{rest}",
            ACCOUNT_MANAGEMENT.base_path(version)
        ))
        .header("content-type", media_type)
        .body(Full::new(Bytes::copy_from_slice(body)));
    // What is no request at all never reaches the API.
    Some(block_on(world.ask(&BILLING_ACCOUNT, request.ok()?)))
}

fn world() -> World {
    let world = World::on(Memory::default());
    let created =
        ask(&world, Version::V5, Method::POST, "", "application/json", ACCOUNT.as_bytes());
    assert!(created.is_some_and(|response| response.status() == 201));
    world
}

/// Lists accounts with `data` as the query. No query is the server's fault.
pub fn query(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    for version in [Version::V4, Version::V5] {
        for rest in [format!("?{query}"), format!("/1?{query}")] {
            if let Some(response) = ask(&world(), version, Method::GET, &rest, "", b"") {
                assert_ne!(response.status(), 500, "{rest} in {version:?}");
            }
        }
    }
}

/// Patches an account with `data` in every media type and version. No patch is the server's fault, and one that
/// is refused changes nothing.
pub fn patch(data: &[u8]) {
    let media_types = [
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/json-patch-query+json",
    ];
    for (version, media_type) in
        [Version::V4, Version::V5].into_iter().flat_map(|v| media_types.map(|m| (v, m)))
    {
        let world = world();
        let read =
            |version| ask(&world, version, Method::GET, "/1", "", b"").map(Response::into_body);
        let before = read(Version::V5);
        if let Some(response) = ask(&world, version, Method::PATCH, "/1", media_type, data) {
            assert_ne!(response.status(), 500, "{media_type} in {version:?}");
            match response.status().as_u16() {
                200 => assert_eq!(read(version).as_ref(), Some(response.body())),
                _ => assert_eq!(read(Version::V5), before),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_query_is_the_servers_fault(
            text in "[!-~]{0,40}",
            json_path in "[$@.?()\\[\\]=~/'a&|<>!0-9*:,-]{0,24}",
        ) {
            query(text.as_bytes());
            query(format!("filter={json_path}&sort={text}&fields={text}").as_bytes());
            query(format!("{text}={json_path};name.regex={json_path}").as_bytes());
        }

        #[test]
        fn no_patch_is_the_servers_fault(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            path in "[/?.=$@()'a-d0-9\\[\\]-]{0,24}",
            name in prop::sample::select(&["add", "remove", "replace", "move", "copy", "test"][..]),
        ) {
            patch(&bytes);
            let from = "/relatedParty/0";
            patch(format!(r#"{{"op":"{name}","path":"{path}","from":"{from}","value":1}}"#).as_bytes());
            patch(format!(r#"{{"op":"{name}","path":"/x","from":"{path}","value":{{}}}}"#).as_bytes());
        }
    }
}
