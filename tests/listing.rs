//! Lists of accounts, page by page.

use black_box_tests::{Answer, Api, StatusCode, account, json};

fn names(list: &Answer) -> Vec<String> {
    let list = list.expect(StatusCode::OK);
    let accounts = list.as_array().unwrap().iter();
    accounts.map(|account| account["name"].as_str().unwrap().to_owned()).collect()
}

fn counts(list: &Answer) -> (&str, &str) {
    (list.header("x-total-count"), list.header("x-result-count"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_in_pages() {
    let api = Api::start().await;
    for number in 0..5 {
        api.create(&account(&format!("{number}"))).await;
    }
    let pages = [
        ("", vec!["0", "1", "2", "3", "4"]),
        ("?limit=2", vec!["0", "1"]),
        ("?offset=2&limit=2", vec!["2", "3"]),
        ("?offset=4&limit=2", vec!["4"]),
        ("/?offset=3", vec!["3", "4"]),
        ("?offset=5", vec![]),
        ("?offset=18446744073709551615", vec![]),
        ("?limit=0", vec![]),
    ];
    for (query, expected) in pages {
        let list = api.get(query).await;
        assert_eq!(names(&list), expected, "{query}");
        assert_eq!(counts(&list), ("5", expected.len().to_string().as_str()), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_is_a_list() {
    let api = Api::start().await;
    let list = api.get("").await;
    assert!(names(&list).is_empty());
    assert_eq!(counts(&list), ("0", "0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_a_default_and_a_greatest_size() {
    let api = Api::start().await;
    for number in 0..101 {
        api.create(&account(&number.to_string())).await;
    }
    assert_eq!(counts(&api.get("").await), ("101", "100"));
    assert_eq!(counts(&api.get("?limit=5000").await), ("101", "101"));
    assert_eq!(counts(&api.get("?limit=&offset=&sort=&filter=").await), ("101", "100"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_says_how_large_a_page_is() {
    let api = Api::start_with(&[("max_page_size", "3")]).await;
    for number in 0..5 {
        api.create(&account(&number.to_string())).await;
    }
    for query in ["", "?limit=5000"] {
        let list = api.get(query).await;
        assert_eq!(counts(&list), ("5", "3"));
        let (_, next) = links(&list).into_iter().find(|(name, _)| name == "next").unwrap();
        assert_eq!(names(&api.get(&next).await), ["3", "4"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_keep_alternatives() {
    let api = Api::start().await;
    for (name, mark) in [("L", "a"), ("L", "c"), ("M", "b"), ("M", "c")] {
        let mut document = account(name);
        document["mark"] = json!(mark);
        api.create(&document).await;
    }
    for query in
        ["?name=L&mark=a;limit=1&mark=b", "?name=L&mark=a;filter=$[?(@.mark=='b')]&limit=1"]
    {
        let list = api.get(query).await;
        assert_eq!((names(&list), counts(&list)), (vec!["L".to_owned()], ("2", "1")), "{query}");
        let (_, next) = links(&list).into_iter().find(|(name, _)| name == "next").unwrap();
        assert_eq!(names(&api.get(&next).await), ["M"], "{next}");
    }
}

/// The relations and offsets of the links in a list's header.
fn links(list: &Answer) -> Vec<(String, String)> {
    let header = list.header("link");
    let link = |link: &str| {
        let (url, relation) = link.split_once("; rel=").unwrap();
        let url = url.trim_matches(['<', '>', ' ']).to_owned();
        (relation.trim_matches('"').to_owned(), url)
    };
    header.split(", ").map(link).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_through_a_list_and_keep_what_was_asked_for() {
    let api = Api::start().await;
    for number in 0..5 {
        api.create(&account(&format!("n,{number}"))).await;
    }
    let list = api.get("?sort=-name&limit=2&offset=2&name.regex=n%2C&fields=name").await;
    assert_eq!(names(&list), ["n,2", "n,1"]);
    let found: Vec<_> = links(&list).into_iter().map(|(relation, _)| relation).collect();
    assert_eq!(found, ["self", "first", "prev", "next", "last"]);
    for (relation, expected) in [
        ("self", vec!["n,2", "n,1"]),
        ("first", vec!["n,4", "n,3"]),
        ("prev", vec!["n,4", "n,3"]),
        ("next", vec!["n,0"]),
        ("last", vec!["n,0"]),
    ] {
        let (_, url) = links(&list).into_iter().find(|(name, _)| name == relation).unwrap();
        assert_eq!(names(&api.get(&url).await), expected, "{relation}: {url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_can_have_parts_of_lists_marked() {
    let api = Api::start_with(&[("partial_content", "206")]).await;
    for number in 0..5 {
        api.create(&account(&number.to_string())).await;
    }
    let part = api.get("?offset=2&limit=2").await;
    part.expect(StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.header("content-range"), "items 3-4/5");
    api.get("").await.expect(StatusCode::OK);
    let beyond = api.get("?offset=5").await;
    beyond.expect_error(416, "28");
    assert_eq!(beyond.header("content-range"), "items */5");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_sorted_by_any_attributes() {
    let api = Api::start().await;
    for (name, state, limit) in
        [("b", "Active", Some("9")), ("a", "Closed", Some("10.5")), ("c", "Active", None)]
    {
        let mut document = account(name);
        document["state"] = json!(state);
        if let Some(limit) = limit {
            document["creditLimit"] =
                json!({ "unit": "EUR", "value": limit.parse::<f64>().unwrap() });
        }
        api.create(&document).await;
    }
    for (sort, expected) in [
        ("name", "abc"),
        ("-name", "cba"),
        ("+name", "abc"),
        ("%2Bname", "abc"),
        ("creditLimit.value", "bac"),
        ("-creditLimit.value", "abc"),
        ("state,-name", "cba"),
        ("-state,name", "abc"),
        ("id", "bac"),
        ("-id", "cab"),
        ("-lastUpdate", "cab"),
        ("unknown", "bac"),
    ] {
        let list = api.get(&format!("?sort={sort}")).await;
        assert_eq!(names(&list).concat(), expected, "{sort}");
    }
    let page = api.get("?sort=-creditLimit.value&offset=1&limit=1").await;
    assert_eq!((names(&page), counts(&page)), (vec!["b".to_owned()], ("3", "1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_query_asks_for_and_cannot_have_is_said() {
    let api = Api::start().await;
    for query in [
        "?limit=-1",
        "?offset=x",
        "?limit=1&limit=2",
        "?offset=1.0",
        "?sort=a..b",
        "?sort=$.relatedParty[0].role",
        "?fields=a..b.",
        "?creditLimit.value.gt%3E=5",
        "?name.regex=(.?)%7B800%7DZ",
        "?filter=$..[?count($..*)%3E0]",
        "?name.contains=x",
        "?lastUpdate.gt=yesterday",
        "?name.regex=(",
        "?filter=$[?(",
    ] {
        api.get(query).await.expect_error(400, "28");
    }
    // What an operation on one resource does not have is no optional part of the standard.
    api.get("/1?name=x").await.expect_error(400, "28");
    for (query, parameter) in
        [("?depth=1", "depth"), ("?expand=a", "expand"), ("/1?depth=1", "depth")]
    {
        let error = api.get(query).await.expect_error(501, "28");
        assert!(error["reason"].as_str().unwrap().contains(parameter), "{error}");
    }
}
