//! Which access tokens let somebody in, and what is told to those who show others.

use black_box_tests::key_server::KeyServer;
use black_box_tests::tokens::{
    AUDIENCE, Issuer, base64url, called, ed25519, p256, rsa, seconds_from_now, shared, token_with,
    trusting,
};
use black_box_tests::{Answer, Answering, Api, Method, RESOURCES, StatusCode, account_of, json};
use jsonwebtoken::Algorithm;
use serde_json::Value;

/// A deployment that trusts the issuers, and has the only tenant `default`.
async fn start(issuers: &[&Issuer]) -> Api {
    let issuers: Vec<_> = issuers.iter().map(|issuer| issuer.trusted()).collect();
    Api::start_with(&[("auth", "jwt"), ("jwt_issuers", &trusting(&issuers))]).await
}

/// What a good token claims beside what every token does.
fn good() -> Value {
    json!({ "tenant": "default", "scope": "admin" })
}

/// The parts of a challenge (RFC 6750, section 3).
#[track_caller]
fn expect_challenge(answer: &Answer, error: Option<&str>) {
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"tmf-api\""), "{challenge}");
    match error {
        Some(error) => assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}"),
        None => assert_eq!(challenge, "Bearer realm=\"tmf-api\""),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_that_is_known_is_taken() {
    let issuers = [
        Issuer::new("https://es.example", p256("1")),
        Issuer::new("https://rs.example", rsa("1", Algorithm::RS256)),
        Issuer::new("https://ed.example", ed25519("1")),
        Issuer::new("https://hs.example", shared("1")),
    ];
    let api = start(&issuers.each_ref()).await;
    for (number, issuer) in issuers.iter().enumerate() {
        let token = issuer.token("default", &[], "tmf666:read tmf666:write");
        let accounts = api.with_token(&token);
        accounts.create(&account_of(&number.to_string(), &[("1", "owner")])).await;
        assert_eq!(accounts.total().await, number as u64 + 1, "{}", issuer.name);
        // The same kid is another key at another issuer.
        for other in issuers.iter().filter(|other| other.name != issuer.name) {
            let claims = other.claims_with(&good());
            let mixed = api.with_token(&issuer.key.token(&claims)).get("").await;
            mixed.expect_error(401, "41");
        }
    }
    // The scheme is written in any case, and a token can be one of RFC 9068 or of RFC 7519.
    let Issuer { key, .. } = &issuers[0];
    for header in [key.header(), json!({ "alg": "ES256", "typ": "JWT" }), json!({ "alg": "ES256" })]
    {
        let claims = issuers[0].claims_with(&good());
        let token = key.sign(&header.to_string(), &claims.to_string());
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let request = api.request(Method::GET, "");
            let answer =
                request.header("authorization", format!("{scheme} {token}")).answer().await;
            assert_eq!(answer.status, StatusCode::OK, "{scheme} {header}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_good_is_refused() {
    let issuer = Issuer::default();
    let stranger = called("1", p256("stranger"));
    let api = start(&[&issuer]).await;
    let key = &issuer.key;
    let claiming = |others: Value| {
        let mut claims = issuer.claims_with(&good());
        claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        key.token(&claims)
    };
    let claims = issuer.claims_with(&good());
    let fine = key.token(&claims);
    let header = |others: Value| token_with(key, &others, &claims);
    let [first, payload, signature] = fine.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let none = base64url(json!({ "alg": "none" }).to_string());
    // Only who is told apart from the key is told what is wrong.
    for (what, token, code) in [
        ("expired", claiming(json!({ "exp": seconds_from_now(-61) })), "42"),
        ("expired by a stranger", stranger.token(&json!({ "exp": 1 })), "41"),
        ("not valid yet", claiming(json!({ "nbf": seconds_from_now(120) })), "41"),
        ("for ever", claiming(json!({ "exp": null })), "41"),
        ("for another audience", claiming(json!({ "aud": "another" })), "41"),
        ("for nobody", claiming(json!({ "aud": [] })), "41"),
        ("of another issuer", claiming(json!({ "iss": "https://other.example" })), "41"),
        ("of the issuer, nearly", claiming(json!({ "iss": "https://id.example/" })), "41"),
        ("of another key", stranger.token(&claims), "41"),
        ("of no known key", header(json!({ "kid": "2" })), "41"),
        ("for no algorithm", format!("{none}.{payload}."), "41"),
        ("for no algorithm, signed", format!("{none}.{payload}.{signature}"), "41"),
        ("for another algorithm", header(json!({ "alg": "RS256" })), "41"),
        ("critical", header(json!({ "crit": ["exp"] })), "41"),
        ("of another type", header(json!({ "typ": "id_token" })), "41"),
        ("without a signature", format!("{first}.{payload}."), "41"),
        ("cut", fine[..fine.len() - 1].to_owned(), "41"),
        ("in two parts", format!("{first}.{payload}"), "41"),
        ("in four parts", format!("{fine}.{signature}"), "41"),
        ("no token", "abc".to_owned(), "41"),
        ("padded", format!("{fine}=="), "41"),
        ("too long", claiming(json!({ "x": "x".repeat(16 << 10) })), "41"),
        ("scopes of a number", claiming(json!({ "scope": 1 })), "41"),
        ("a party of a number", claiming(json!({ "scope": "tmf666:read", "party_id": 1 })), "41"),
    ] {
        for (version, method) in [("v5", Method::GET), ("v4", Method::GET), ("v5", Method::HEAD)] {
            let accounts = api.in_version(version, "billingAccount").with_token(&token);
            let answer = accounts.request(method.clone(), "").answer().await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
            expect_challenge(&answer, Some("invalid_token"));
            if method == Method::GET {
                answer.expect_error_of(version, 401, code);
            }
            for part in token.split('.').filter(|part| part.len() > 8) {
                let headers = format!("{:?}", answer.headers);
                assert!(
                    !answer.text.contains(part) && !headers.contains(part),
                    "{what}: {answer:?}"
                );
                assert!(!api.log().contains(part), "{what}: {}", api.log());
            }
        }
    }
    for other in ["other", "Default", "*", ""] {
        let of_other = api.with_token(&claiming(json!({ "tenant": other }))).get("").await;
        of_other.expect_error(403, "51");
    }
    assert_eq!(api.with_token(&fine).total().await, 0);
    assert!(!api.log().contains(signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_in_one_header_and_nowhere_else() {
    let issuer = Issuer::default();
    let api = start(&[&issuer]).await;
    let token = issuer.token("default", &[], "admin");
    let bearer = format!("Bearer {token}");
    let get = |headers: Vec<(&'static str, String)>, path: &str| {
        let request = api.request(Method::GET, path);
        let add =
            |request: black_box_tests::RequestBuilder, (name, value)| request.header(name, value);
        headers.into_iter().fold(request, add).answer()
    };
    let header = |value: &str| vec![("authorization", value.to_owned())];
    assert_eq!(get(header(&bearer), "").await.status, StatusCode::OK);
    for (headers, code) in [
        (vec![], "40"),
        (header(""), "40"),
        (header("Bearer"), "41"),
        (header(&token), "40"),
        (header(&format!("Basic {}", base64url("user:password"))), "40"),
        (header(&format!("Basic {token}")), "40"),
        (header(&format!("Bearer {token}, Bearer {token}")), "41"),
        (header(&format!("Bearer {token} {token}")), "41"),
        ([header(&bearer), header(&bearer)].concat(), "41"),
        ([header(&bearer), header("Basic eDp4")].concat(), "41"),
        (vec![("proxy-authorization", bearer.clone())], "40"),
        (vec![("x-authorization", bearer.clone())], "40"),
        (vec![("cookie", format!("access_token={token}"))], "40"),
    ] {
        let answer = get(headers, "").await;
        answer.expect_error(401, code);
        expect_challenge(&answer, (code == "41").then_some("invalid_token"));
    }
    for query in ["access_token", "token", "authorization"] {
        get(vec![], &format!("?{query}={token}")).await.expect_error(401, "40");
    }
    let form =
        api.request(Method::POST, "").header("content-type", "application/x-www-form-urlencoded");
    form.body(format!("access_token={token}")).answer().await.expect_error(401, "40");
    assert!(!api.log().contains(&token[..40]), "{}", api.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_and_method_asks_for_a_token() {
    let api = start(&[&Issuer::default()]).await;
    let methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "TRACE", "PROPFIND"];
    for (resource, version) in RESOURCES.iter().flat_map(|name| [(name, "v4"), (name, "v5")]) {
        let resource = api.in_version(version, resource);
        for path in ["", "/", "/1", "/1/", "/1/2", "?limit=0", "/%31", "//"] {
            for method in methods {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = resource.request(method.clone(), path).body("{}").answer().await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {version} {path}");
                expect_challenge(&answer, None);
                assert_eq!(answer.header("cache-control"), "private, no-cache");
                assert_eq!(answer.header("x-content-type-options"), "nosniff");
                if method != Method::HEAD {
                    answer.expect_error_of(version, 401, "40");
                }
            }
            let options = resource.request(Method::OPTIONS, path).answer().await;
            assert!(options.status == 204 || options.status == 404, "{path}: {options:?}");
        }
    }
    // What tells nothing of anybody is for all.
    let base = format!("{}/tmf-api/accountManagement", api.base_url());
    for path in ["", "/v4", "/v5", "/v4/openapi.json", "/v5/openapi.json"] {
        assert_eq!(api.get(&format!("{base}{path}")).await.status, StatusCode::OK, "{path}");
    }
    let way_in = api.get(&format!("{}/", api.base_url())).await.json();
    assert_eq!(way_in["access"], "An access token is needed (RFC 6750).");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_header_harms_nobody() {
    let issuer = Issuer::default();
    let api = start(&[&issuer]).await;
    for kibibytes in [17, 127, 129, 390, 600, 2000] {
        let token = "a".repeat(kibibytes << 10);
        let answer = api.with_token(&token).get("").await;
        // The host may refuse a head that is too long.
        match answer.status.as_u16() {
            401 => drop(answer.expect_error(401, "41")),
            status => assert_eq!(status, 431, "{kibibytes} KiB: {}", api.log()),
        }
    }
    assert_eq!(api.with_token(&issuer.token("default", &[], "admin")).total().await, 0);
    assert!(!api.log().contains("aaaaaaaa"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_token_says_that_its_key_is_nobody_looks() {
    let issuer = Issuer::default();
    let stranger = called("1", p256("stranger"));
    let server = KeyServer::publishing(&[&issuer.key, &stranger]).await;
    let trusted = trusting(&[issuer.trusted()]);
    let variables = [("auth", "jwt"), ("jwt_issuers", &trusted), ("jwks_host", &server.host())];
    let api = Api::start_with(&variables).await;
    let claims = issuer.claims_with(&good());
    for member in ["jku", "x5u", "jwk", "x5c"] {
        let key = match member {
            "jwk" => stranger.public.clone(),
            "x5c" => json!(["AAAA"]),
            _ => server.url().into(),
        };
        let token = token_with(&stranger, &json!({ member: key }), &claims);
        api.with_token(&token).get("").await.expect_error(401, "41");
    }
    let as_issuer = json!({ "iss": server.url(), "aud": AUDIENCE, "exp": seconds_from_now(60) });
    api.with_token(&stranger.token(&as_issuer)).get("").await.expect_error(401, "41");
    assert_eq!(server.requests(), 0);
}
