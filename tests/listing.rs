//! Lists of accounts, page by page.

use black_box_tests::{Answer, Api, StatusCode, account};

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
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_query_asks_for_and_cannot_have_is_said() {
    let api = Api::start().await;
    for query in ["?limit=-1", "?offset=x", "?limit=1&limit=2", "?offset=1.0"] {
        api.get(query).await.expect_error(400, "28");
    }
    for (query, parameter) in
        [("?name=x", "name"), ("?fields=name", "fields"), ("?sort=-name", "sort")]
    {
        let error = api.get(query).await.expect_error(501, "28");
        assert!(error["reason"].as_str().unwrap().contains(parameter), "{error}");
    }
}
