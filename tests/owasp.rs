//! The OWASP API Security Top 10 of 2023: a test for each item, with the attack that it means here.
//!
//! All ten apply. Of API4, limiting how often somebody asks is the gateway's; see
//! `docs/OPERATIONS.md`. Of API6, so is telling people from programs; the flow that is of value here
//! is to make an account another partner's.

use black_box_tests::key_server::{Behaviour, KeyServer};
use black_box_tests::tokens::{
    Issuer, READ_WRITE, base64url, called, p256, seconds_from_now, shared, token_with, trusting,
};
use black_box_tests::{Answering, Api, Method, RESOURCES, Resource, StatusCode};
use black_box_tests::{account, account_of, json, values_of};
use serde_json::Value;

/// A deployment with the accounts `mine` and `theirs` of the parties `me` and `they`.
struct World {
    api: Api,
    issuer: Issuer,
}

impl World {
    async fn start() -> Self {
        let issuer = Issuer::default();
        let issuers = trusting(&[issuer.trusted()]);
        Self::start_with(issuer, &[("jwt_issuers", &issuers)]).await
    }

    async fn start_with(issuer: Issuer, variables: &[(&str, &str)]) -> Self {
        let api = Api::start_with(&[&[("auth", "jwt")], variables].concat()).await;
        let world = Self { api, issuer };
        let operator = world.operator("billingAccount");
        operator.create(&account_of("mine", &[("me", "owner")])).await;
        operator.create(&account_of("theirs", &[("they", "owner")])).await;
        world
    }

    fn with_scopes(&self, resource: &str, parties: &[&str], scopes: &str) -> Resource {
        self.api.on(resource).with_token(&self.issuer.token("default", parties, scopes))
    }

    fn operator(&self, resource: &str) -> Resource {
        self.with_scopes(resource, &[], "admin")
    }

    /// The billing accounts as `me` sees them.
    fn me(&self) -> Resource {
        self.with_scopes("billingAccount", &["me"], READ_WRITE)
    }
}

fn parties(names: &[&str]) -> Value {
    let owners: Vec<_> = names.iter().map(|name| (*name, "owner")).collect();
    json!({ "relatedParty": account_of("any", &owners)["relatedParty"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn api1_broken_object_level_authorization() {
    let world = World::start().await;
    let (me, before) = (world.me(), world.operator("billingAccount").get("/theirs").await);
    let tag = before.header("etag");
    for path in ["/theirs", "/theirs/", "/%74heirs", "/theirs?fields=name", "/theirs?fields=none"] {
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            let seen = me.request(method.clone(), path).answer().await;
            let is_refused = matches!(seen.status.as_u16(), 400 | 404);
            assert!(is_refused && !seen.text.contains("Account"), "{method} {path}: {seen:?}");
        }
    }
    // Neither what is right nor what is wrong of it can be found out.
    for (header, value) in
        [("if-match", tag), ("if-match", "\"x\""), ("if-none-match", tag), ("if-none-match", "*")]
    {
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let request = me.request(method.clone(), "/theirs").header(header, value);
            let answer = request.json(&json!({ "name": "x" })).answer().await;
            answer.expect_no_resource("theirs");
        }
    }
    // Who takes it over by naming themselves has to see it first.
    me.patch("theirs", &parties(&["me"])).await.expect_no_resource("theirs");
    let both = [account_of("new", &[("me", "owner")]), account_of("theirs", &[("me", "owner")])];
    me.post_many(&both).await.expect_error(409, "24");
    let key = |resource: &Resource, id: &str| {
        let request = resource.request(Method::POST, "").header("idempotency-key", "k");
        request.json(&account_of(id, &[("me", "owner"), ("they", "owner")])).answer()
    };
    let they = world.with_scopes("billingAccount", &["they"], READ_WRITE);
    key(&they, "a").await.expect(StatusCode::CREATED);
    assert_eq!(key(&me, "b").await.expect(StatusCode::CREATED)["id"], "b");
    assert_eq!(world.operator("billingAccount").get("/theirs").await.text, before.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn api2_broken_authentication() {
    let world = World::start().await;
    let Issuer { key, .. } = &world.issuer;
    let good = json!({ "tenant": "default", "scope": "admin" });
    let claims = world.issuer.claims_with(&good);
    let [header, payload, _] =
        &key.token(&claims).split('.').map(str::to_owned).collect::<Vec<_>>()[..]
    else {
        panic!()
    };
    let none = |name: &str| format!("{}.{payload}.", base64url(json!({ "alg": name }).to_string()));
    // The public key, which everybody knows, as a secret.
    let mut confused = Vec::new();
    for public in [key.public.to_string(), key.public["x"].as_str().unwrap().to_owned()] {
        let signed = format!("{}.{payload}", base64url(r#"{"alg":"HS256","kid":"1"}"#));
        let secret = jsonwebtoken::EncodingKey::from_secret(public.as_bytes());
        let algorithm = jsonwebtoken::Algorithm::HS256;
        let mac = jsonwebtoken::crypto::sign(signed.as_bytes(), &secret, algorithm).unwrap();
        confused.push(format!("{signed}.{mac}"));
    }
    let kid = |kid: Value| token_with(&p256("mine"), &json!({ "kid": kid }), &claims);
    let mut tokens = vec![
        none("none"),
        none("NONE"),
        none("nOnE"),
        none("HS256"),
        format!("{header}.{payload}.{}", base64url([0; 64])),
        kid(json!("../../../../dev/null")),
        kid(json!("1' OR '1'='1")),
        kid(json!(["1"])),
        kid(json!(null)),
        called("1", shared("1")).token(&claims),
        called("1", p256("mine")).token(&claims),
        key.token(&world.issuer.claims_with(&json!({ "exp": seconds_from_now(-3600) }))),
        key.sign(&json!({ "alg": "ES256", "kid": "1" }).to_string(), "[]"),
        key.sign(&json!({ "alg": "ES256", "kid": "1" }).to_string(), ""),
    ];
    tokens.extend(confused);
    for token in &tokens {
        let accounts = world.api.with_token(token);
        accounts.get("").await.expect(StatusCode::UNAUTHORIZED);
        accounts.post(&account("x")).await.expect(StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.operator("billingAccount").total().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn api3_broken_object_property_level_authorization() {
    let world = World::start().await;
    let me = world.me();
    // What is the server's cannot be set, and what decides who sees it cannot be set against that.
    let mut document = account_of("new", &[("me", "owner")]);
    let foreign = json!({
        "href": "https://evil.example", "lastUpdate": "2001-01-01T00:00:00Z", "tenant": "globex"
    });
    document.as_object_mut().unwrap().extend(foreign.as_object().unwrap().clone());
    let created = me.create(&document).await;
    assert!(created["href"].as_str().unwrap().starts_with(&world.api.base_url()), "{created}");
    assert!(created["lastUpdate"].as_str().unwrap() > "2026", "{created}");
    for change in [json!({ "id": "theirs" }), json!({ "@type": "X" }), json!({ "href": "/x" })] {
        me.patch("new", &change).await.expect_error(400, "24");
    }
    let remove = json!([{ "op": "remove", "path": "/relatedParty/0" }]);
    let replace = json!([{
        "op": "replace", "path": "/relatedParty/0/partyOrPartyRole/id", "value": "they"
    }]);
    let json_patch = "application/json-patch+json";
    me.patch("new", &parties(&["they"])).await.expect_refusal("52");
    me.patch_as(json_patch, "new", &replace).await.expect_refusal("52");
    assert!(me.patch_as(json_patch, "new", &remove).await.status.is_client_error());
    assert!(me.patch("new", &json!({ "relatedParty": null })).await.status.is_client_error());
    // A party elsewhere in the document is none that it is of.
    let mut decoy = account_of("decoy", &[("they", "owner")]);
    decoy["contact"] = json!([{ "contactName": "x", "contactType": "primary", "relatedParty": {
        "role": "owner", "partyOrPartyRole": { "@type": "PartyRef", "id": "me" } } }]);
    decoy["party_id"] = json!("me");
    me.post(&decoy).await.expect_refusal("52");
    // What cannot be seen cannot be asked for by conditions, orders and selections either.
    for query in [
        "?name=Account%20theirs",
        "?id=theirs",
        "?name.regex=theirs",
        "?name.gt=Account%20s",
        "?filter=$[?(@.name=='Account%20theirs')]",
        "?relatedParty.partyOrPartyRole.id=they",
        "?fields=relatedParty&id=theirs",
        "?sort=name&offset=2",
        "?id.ne=mine&id.ne=new;name=Account%20theirs",
    ] {
        let list = me.get(query).await;
        assert!(!list.text.contains("they") && !list.text.contains("theirs"), "{query}: {list:?}");
        assert!(list.status == 200 || list.status == 400, "{query}: {list:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn api4_unrestricted_resource_consumption() {
    let world = World::start().await;
    let me = world.me();
    let large = |bytes: usize| {
        let mut document = account_of("large", &[("me", "owner")]);
        document["description"] = json!("x".repeat(bytes));
        document
    };
    me.post(&large(300 << 10)).await.expect_error(413, "22");
    me.post_many(&vec![large(20 << 10); 250]).await.expect_error(413, "22");
    let many: Vec<_> = (0..1001).map(|id| account_of(&format!("m{id}"), &[("me", "o")])).collect();
    assert_eq!(me.post_many(&many).await.status, StatusCode::BAD_REQUEST);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = me.request(Method::POST, "").header("content-type", "application/json").body(deep);
    deep.answer().await.expect_error(400, "22");
    me.get(&format!("?name={}", "x".repeat(9000))).await.expect_error(414, "28");
    assert_eq!(me.get("?limit=1000000000").await.header("x-result-count"), "1");
    for query in ["?name.regex=(((x{99}){99}){99})", "?sort=a,b,c,d,e,f,g,h,i", "?depth=9"] {
        assert!(matches!(me.get(query).await.status.as_u16(), 400 | 501), "{query}");
    }
    // Who is nobody costs nothing: what they send is not even read.
    let body = "x".repeat(5 << 20);
    let nobody = world.api.request(Method::POST, "").header("content-type", "application/json");
    if let Ok(answer) = nobody.body(body).send().await {
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(me.total().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn api5_broken_function_level_authorization() {
    let world = World::start().await;
    world.operator("billFormat").create(&json!({ "id": "pdf", "name": "PDF" })).await;
    let reader = world.with_scopes("billingAccount", &["me"], "tmf666:read");
    reader.patch("mine", &json!({ "name": "x" })).await.expect_refusal("50");
    reader.post_many(&[account_of("new", &[("me", "o")])]).await.expect_refusal("50");
    reader.delete("mine").await.expect_refusal("50");
    // No header makes one method another.
    for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
        for method in ["DELETE", "PATCH"] {
            let sly = reader.request(Method::GET, "/mine").header(header, method).answer().await;
            assert_eq!(sly.expect(StatusCode::OK)["name"], "Account mine");
        }
    }
    // No way of writing the path leads around what is asked of its caller.
    let everywhere = world.with_scopes("billFormat", &["me"], READ_WRITE);
    for path in ["/pdf", "/pdf/", "/%70df", "/pdf?fields=none", "/pdf?scope=admin&party_id=they"] {
        for base in ["v5/billFormat", "v4/billFormat", "v5/../v5/billFormat", "v5/bill%46ormat"] {
            let url = format!("{}/tmf-api/accountManagement/{base}{path}", world.api.base_url());
            let answer = everywhere.request(Method::DELETE, &url).answer().await;
            assert!(matches!(answer.status.as_u16(), 403 | 404), "{url}: {answer:?}");
        }
    }
    assert_eq!(world.operator("billFormat").read("pdf").await["name"], "PDF");
    assert_eq!(reader.read("mine").await["name"], "Account mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn api6_unrestricted_access_to_sensitive_business_flows() {
    let world = World::start().await;
    let assigning = format!("{READ_WRITE} tmf666:assign");
    let give = parties(&["they"]);
    for scopes in
        [READ_WRITE, "tmf666:read tmf666:write tmf666:assigned tmf666:billingAccount:assign"]
    {
        let me = world.with_scopes("billingAccount", &["me"], scopes);
        me.patch("mine", &give).await.expect_refusal("52");
    }
    // Who may assign gives away what is theirs, and neither takes nor makes what is others'.
    let me = world.with_scopes("billingAccount", &["me"], &assigning);
    me.patch("theirs", &parties(&["me"])).await.expect_no_resource("theirs");
    me.post(&account_of("new", &[("they", "owner")])).await.expect_refusal("52");
    me.patch("mine", &give).await.expect(StatusCode::OK);
    me.patch("mine", &parties(&["me"])).await.expect_no_resource("mine");
    let log = world.api.log();
    let told = log.lines().filter(|line| line.contains(r#""change":"update","outcome":"done""#));
    let told: Vec<_> = told.collect();
    assert!(told.len() == 1 && told[0].contains(r#""party":["me"]"#), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn api7_server_side_request_forgery() {
    let issuer = Issuer::default();
    let server = KeyServer::publishing(&[&issuer.key]).await;
    let (issuers, host) = (trusting(&[issuer.trusted()]), server.host());
    let world = World::start_with(issuer, &[("jwt_issuers", &issuers), ("jwks_host", &host)]).await;
    let (url, claims) = (server.url(), world.issuer.claims());
    for members in [json!({ "jku": url }), json!({ "x5u": url }), json!({ "kid": url })] {
        let token = token_with(&p256("mine"), &members, &claims);
        world.api.with_token(&token).get("").await.expect_error(401, "41");
    }
    let iss = p256("mine").token(&world.issuer.claims_with(&json!({ "iss": url })));
    world.api.with_token(&iss).get("").await.expect_error(401, "41");
    // What documents refer to is not looked at.
    let mut document = account_of("new", &[("me", "owner")]);
    document["@schemaLocation"] = json!(url);
    document["relatedParty"][0]["partyOrPartyRole"]["href"] = json!(url);
    document["financialAccount"] = json!({ "id": "x", "href": url, "@schemaLocation": url });
    world.me().create(&document).await;
    let request = world.me().request(Method::GET, "").header("forwarded", format!("host={host}"));
    request.header("x-forwarded-host", &host[7..]).answer().await.expect(StatusCode::OK);
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn api8_security_misconfiguration() {
    let world = World::start().await;
    let me = world.me();
    let evil = |method: Method| me.request(method, "").header("origin", "https://evil.example");
    for (status, answer) in [
        (401, world.api.get("").await),
        (401, world.api.with_token("x").get("").await),
        (200, me.get("").await),
        (200, me.get("/mine").await),
        (404, me.get("/theirs").await),
        (400, me.get("?sort=$").await),
        (405, me.request(Method::TRACE, "").answer().await),
        (405, me.request(Method::PUT, "/mine").answer().await),
        (204, evil(Method::OPTIONS).answer().await),
        (200, evil(Method::GET).answer().await),
        (404, world.api.get(&format!("{}/nothing", world.api.base_url())).await),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "private, no-cache", "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
        let names = ["server", "x-powered-by", "access-control-allow-origin", "set-cookie"];
        assert!(names.iter().all(|name| !answer.headers.contains_key(*name)), "{answer:?}");
        let text = answer.text.to_lowercase();
        let inner = [".rs", "panic", "backtrace", "wasm", "serde", "sqlite", "kv_tree", "crates/"];
        assert!(inner.iter().all(|word| !text.contains(word)), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn api9_improper_inventory_management() {
    let world = World::start().await;
    let documents = [
        ("accountManagement/v4", include_str!("../docs/openapi/TMF666-v4.json")),
        ("accountManagement/v5", include_str!("../docs/openapi/TMF666-v5.json")),
        ("customerBillManagement/v4", include_str!("../docs/openapi/TMF678-v4.json")),
        ("customerBillManagement/v5", include_str!("../docs/openapi/TMF678-v5.json")),
    ];
    let mut operations = 0;
    for (base, document) in documents {
        let document: Value = serde_json::from_str(document).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = ["get", "post", "patch", "delete", "head", "put"];
            for method in methods.iter().filter(|method| item.get(method).is_some()) {
                let path = path.replace("{id}", "mine");
                let url = format!("{}/tmf-api/{base}{path}", world.api.base_url());
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let answer = world.api.request(method, &url).answer().await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{base} {path}");
                operations += 1;
            }
        }
    }
    assert!(operations >= 2 * 6 * RESOURCES.len(), "{operations}");
    // There is nothing else: no other version, no place for tests.
    for path in [
        "/tmf-api/accountManagement/v3/billingAccount",
        "/tmf-api/accountManagement/v6/billingAccount",
        "/tmf-api/accountManagement/billingAccount",
        "/tmf-api/accountManagement/V5/billingAccount",
        "/tmf-api/accountManagement/v3/hub",
        "/admin",
        "/metrics",
        "/debug",
        "/.env",
    ] {
        let url = format!("{}{path}", world.api.base_url());
        world.operator("billingAccount").get(&url).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn api10_unsafe_consumption_of_apis() {
    // Whoever can change what an issuer publishes becomes nobody by secrets and keys that all know.
    let issuer = Issuer::default();
    let (secret, private) = (shared("2"), p256("3"));
    let mut set = json!({ "keys": [issuer.key.public, secret.public, private.public] });
    set["keys"][2]["d"] = json!(base64url([3; 32]));
    set["keys"].as_array_mut().unwrap().push(json!({ "kty": "x", "kid": [1], "n": {} }));
    let server = KeyServer::publishing(&[]).await;
    server.behave(Behaviour::Publishes(set.to_string()));
    let (issuers, host) = (trusting(&[issuer.trusted_at(&server.url())]), server.host());
    let world = World::start_with(issuer, &[("jwt_issuers", &issuers), ("jwks_host", &host)]).await;
    let claims = world.issuer.claims_with(&json!({ "tenant": "default", "scope": "admin" }));
    for key in [&secret, &private] {
        world.api.with_token(&key.token(&claims)).get("").await.expect_error(401, "41");
    }
    // A key is good for its own issuer, whatever the set says.
    let other = world.issuer.claims_with(&json!({ "iss": "https://other.example" }));
    world.api.with_token(&world.issuer.key.token(&other)).get("").await.expect_error(401, "41");
    assert_eq!(values_of(&world.me().get("").await, "id"), ["mine"]);
    assert_eq!(server.requests(), 1);
}
