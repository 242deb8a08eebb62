//! Everything that everybody could ask for, against a model of what they should get: each resource
//! in each version, each operation, each kind of caller. What is refused has changed nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use black_box_tests::tokens::{Issuer, READ_WRITE, trusting};
use black_box_tests::{Answer, Answering, Api, Method, RESOURCES, Resource, account_of, json};
use black_box_tests::{StatusCode, v4_account_of};
use serde_json::Value;
use tokio::task::JoinSet;

const VERSIONS: [&str; 2] = ["v5", "v4"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    List,
    HeadOfAll,
    Create,
    CreateMany,
    Retrieve,
    Head,
    Update,
    Delete,
    Options,
}

use Operation::*;

const OPERATIONS: [Operation; 9] =
    [List, HeadOfAll, Create, CreateMany, Retrieve, Head, Update, Delete, Options];

/// Somebody, and what their token says; `{}` stands for the resource.
#[derive(Debug, Clone, Copy)]
struct Caller {
    tenant: &'static str,
    parties: &'static [&'static str],
    /// None where they have no token.
    scopes: Option<&'static str>,
}

/// Of the tenant as a whole.
const fn staff(scopes: &'static str) -> Caller {
    Caller { tenant: "acme", parties: &[], scopes: Some(scopes) }
}

/// All accounts are of the party `4711`.
const fn party(parties: &'static [&'static str], scopes: &'static str) -> Caller {
    Caller { tenant: "acme", parties, scopes: Some(scopes) }
}

const CALLERS: [Caller; 20] = [
    Caller { tenant: "acme", parties: &[], scopes: None },
    staff(""),
    staff("tmf666:read"),
    staff("tmf666:write"),
    staff(READ_WRITE),
    staff("tmf666:{}:read"),
    staff("tmf666:{}:write"),
    staff("tmf666:{}:read tmf666:{}:write"),
    staff("tmf666:otherAccount:read tmf666:otherAccount:write"),
    staff("tmf666:assign tmf666 tmf666:{} read write Admin administrator"),
    staff("admin"),
    party(&["4711"], ""),
    party(&["4711"], "tmf666:read"),
    party(&["4711"], READ_WRITE),
    party(&["1", "4711", "2"], "tmf666:{}:read tmf666:{}:write"),
    party(&["471", "47111", "owner"], READ_WRITE),
    party(&["other"], "tmf666:read tmf666:write tmf666:assign"),
    // Who may do everything is nobody's party.
    party(&["other"], "admin"),
    Caller { tenant: "globex", parties: &[], scopes: Some("admin") },
    Caller { tenant: "globex", parties: &["4711"], scopes: Some(READ_WRITE) },
];

impl Operation {
    fn is_write(self) -> bool {
        matches!(self, Create | CreateMany | Update | Delete)
    }
}

/// A request, and the id of what it is about.
struct Case {
    version: &'static str,
    resource: &'static str,
    operation: Operation,
    caller: Caller,
    id: String,
}

/// What the answer must be.
#[derive(Debug)]
enum Expected {
    /// Done, with this status.
    Done(u16),
    /// The number of those that it is about.
    Listed(u64),
    /// Refused with status, code and message.
    Refused(u16, &'static str, String),
}

use Expected::*;

impl Case {
    fn scopes(&self) -> Option<String> {
        self.caller.scopes.map(|scopes| scopes.replace("{}", self.resource))
    }

    /// Whether the caller's token names the scope, or all.
    fn has(&self, scope: &str) -> bool {
        let scopes = self.scopes().unwrap_or_default();
        scopes.split(' ').any(|name| name == scope || name == "admin")
    }

    fn is_account(&self) -> bool {
        self.resource.ends_with("Account")
    }

    /// The model.
    fn expected(&self) -> Expected {
        let Self { operation, caller, resource, .. } = self;
        if *operation == Options {
            return Done(204);
        }
        if caller.scopes.is_none() {
            let message = "Authorization must be Bearer and an access token.";
            return Refused(401, "40", message.into());
        }
        let kind = if operation.is_write() { "write" } else { "read" };
        let scope = format!("tmf666:{resource}:{kind}");
        if !self.has(&scope) && !self.has(&format!("tmf666:{kind}")) {
            return Refused(403, "50", format!("The scope {scope} is needed."));
        }
        let is_party = !caller.parties.is_empty() && !self.has("admin");
        if is_party && operation.is_write() && !self.is_account() {
            let many = match *resource {
                "billFormat" => "bill formats",
                "billPresentationMedia" => "bill presentation media",
                _ => "billing cycle specifications",
            };
            let message = format!("Who acts for a party can read {many}, not change them.");
            return Refused(403, "52", message);
        }
        let is_stranger = is_party && self.is_account() && !caller.parties.contains(&"4711");
        let is_seen = caller.tenant == "acme" && !is_stranger;
        let own = "/relatedParty must name one of the caller's parties.";
        match operation {
            List | HeadOfAll => Listed(u64::from(is_seen)),
            Create if is_stranger => Refused(403, "52", own.into()),
            CreateMany if is_stranger => Refused(403, "52", format!("In /0/value: {own}")),
            Create => Done(201),
            CreateMany => Done(200),
            _ if !is_seen => Refused(404, "60", format!("No resource has the id {}.", self.id)),
            Delete => Done(204),
            _ => Done(200),
        }
    }

    /// What is there before the request, in the version.
    fn document(&self, version: &str) -> Value {
        let account = if version == "v4" { v4_account_of } else { account_of };
        let mut document = account(&self.id, &[("4711", "owner")]);
        if !self.is_account() {
            document.as_object_mut().unwrap().remove("relatedParty");
        }
        document
    }

    fn resource(&self, api: &Api, issuer: &Issuer) -> Resource {
        let resource = api.in_version(self.version, self.resource);
        let Caller { tenant, parties, .. } = self.caller;
        match self.scopes() {
            Some(scopes) => resource.with_token(&issuer.token(tenant, parties, &scopes)),
            None => resource,
        }
    }

    async fn ask(&self, resource: &Resource) -> Answer {
        let (all, one) = (format!("?id={}&fields=id", self.id), format!("/{}", self.id));
        let document = self.document(self.version);
        match self.operation {
            List => resource.get(&all).await,
            HeadOfAll => resource.request(Method::HEAD, &all).answer().await,
            Create => resource.post(&document).await,
            CreateMany => resource.post_many(&[document]).await,
            Retrieve => resource.get(&one).await,
            Head => resource.request(Method::HEAD, &one).answer().await,
            Update => resource.patch(&self.id, &json!({ "name": "changed" })).await,
            Delete => resource.delete(&self.id).await,
            Options => resource.request(Method::OPTIONS, &one).answer().await,
        }
    }

    /// Compares the answer with the model.
    fn check(&self, answer: &Answer, base_url: &str) {
        let has_body = !matches!(self.operation, HeadOfAll | Head | Options);
        let about =
            format!("{:?} {} {} {:?}", self.operation, self.version, self.resource, self.caller);
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{about}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{about}");
        let challenge = answer.headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        let (status, needed) = match self.expected() {
            Done(status) => {
                if has_body && status < 204 {
                    let body = answer.json();
                    let body = if self.operation == CreateMany { &body[0] } else { &body };
                    assert_eq!(body["id"], self.id, "{about}");
                    let place = format!("accountManagement/{}/{}", self.version, self.resource);
                    let href = format!("{base_url}/tmf-api/{place}/{}", self.id);
                    assert_eq!(body["href"], href, "{about}");
                }
                (status, None)
            }
            Listed(total) => {
                assert_eq!(answer.header("x-total-count"), total.to_string(), "{about}");
                if has_body {
                    assert_eq!(answer.json().as_array().unwrap().len() as u64, total, "{about}");
                }
                (200, None)
            }
            Refused(status, code, message) => {
                if has_body {
                    let error = answer.expect_error_of(self.version, status, code);
                    assert_eq!(error["message"], message, "{about}");
                }
                let realm = r#"Bearer realm="tmf-api""#;
                let scope = message.split(' ').nth(2).unwrap();
                let needed = match code {
                    "40" => Some(realm.to_owned()),
                    "50" => {
                        Some(format!(r#"{realm}, error="insufficient_scope", scope="{scope}""#))
                    }
                    _ => None,
                };
                (status, needed)
            }
        };
        assert_eq!(answer.status.as_u16(), status, "{about}: {answer:?}");
        assert_eq!(challenge, needed.as_deref(), "{about}");
    }

    /// The name that it must have afterwards, as the operator of the first tenant sees it.
    fn name_afterwards(&self) -> Option<String> {
        let is_done = matches!(self.expected(), Done(_));
        let name = Some(format!("Account {}", self.id));
        match self.operation {
            Create | CreateMany => name.filter(|_| is_done && self.caller.tenant == "acme"),
            Update if is_done => Some("changed".into()),
            Delete if is_done => None,
            _ => name,
        }
    }
}

/// All there are.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for resource in RESOURCES {
        for version in VERSIONS {
            for operation in OPERATIONS {
                for caller in CALLERS {
                    let id = format!("n{}", cases.len());
                    cases.push(Case { version, resource, operation, caller, id });
                }
            }
        }
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_what_is_theirs() {
    let issuer = Arc::new(Issuer::default());
    let trusted = trusting(&[issuer.trusted()]);
    let variables = [("auth", "jwt"), ("tenant", "*"), ("jwt_issuers", &trusted[..])];
    let api = Arc::new(Api::start_with(&variables).await);
    let operator = issuer.token("acme", &[], "admin");
    let cases: Vec<_> = cases().into_iter().map(Arc::new).collect();
    assert_eq!(cases.len(), 7 * 2 * 9 * 20);
    for name in RESOURCES {
        let is_new = |case: &Case| matches!(case.operation, Create | CreateMany);
        let before = cases.iter().filter(|case| case.resource == name && !is_new(case));
        let documents: Vec<_> = before.map(|case| case.document("v5")).collect();
        api.on(name).with_token(&operator).post_many(&documents).await.expect(StatusCode::OK);
    }
    let mut under_way = JoinSet::new();
    for case in &cases {
        if under_way.len() == 32 {
            under_way.join_next().await.unwrap().unwrap();
        }
        let (case, api, issuer) = (case.clone(), api.clone(), issuer.clone());
        under_way.spawn(async move {
            let answer = case.ask(&case.resource(&api, &issuer)).await;
            case.check(&answer, &api.base_url());
        });
    }
    while let Some(case) = under_way.join_next().await {
        case.unwrap();
    }
    for name in RESOURCES {
        let list = api.on(name).with_token(&operator).get("?limit=1000&fields=name").await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = list.expect(StatusCode::OK);
        let there = list.as_array().unwrap().iter();
        let there: BTreeMap<_, _> =
            there.map(|item| (text(&item["id"]), text(&item["name"]))).collect();
        let of_resource = cases.iter().filter(|case| case.resource == name);
        let named = of_resource.filter_map(|case| Some((case.id.clone(), case.name_afterwards()?)));
        assert_eq!(there, named.collect(), "{name}");
    }
}
