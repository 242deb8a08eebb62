//! Many clients at once: nothing is lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use black_box_tests::{Api, StatusCode, account, id, json};

/// Runs `count` tasks at once and returns what they return.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|number| tokio::spawn(task(number))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_creates_at_once_none_is_lost() {
    let api = Arc::new(Api::start().await);
    // The store is empty: the first of them create it.
    let created = at_once(200, |number| {
        let api = api.clone();
        async move { id(&api.create(&account(&format!("{number}"))).await) }
    })
    .await;
    let created: BTreeSet<_> = created.into_iter().collect();
    assert_eq!(created.len(), 200, "ids are unique");

    let list = api.get("?limit=1000").await;
    assert_eq!(list.header("x-total-count"), "200");
    let list = list.expect(StatusCode::OK);
    let listed: Vec<_> = list.as_array().unwrap().iter().map(id).collect();
    assert_eq!(listed.len(), 200);
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), created);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_patches_of_one_account_at_once_none_is_lost() {
    let api = Arc::new(Api::start().await);
    let account = id(&api.create(&account("Patched")).await);
    at_once(60, |number| {
        let (api, account) = (api.clone(), account.clone());
        async move {
            let patch = json!({ "patches": { number.to_string(): true } });
            api.patch(&account, &patch).await.expect(StatusCode::OK)
        }
    })
    .await;
    let patches = api.read(&account).await["patches"].clone();
    assert_eq!(patches.as_object().unwrap().len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_creates_with_one_id_at_once_one_succeeds() {
    let api = Arc::new(Api::start().await);
    let statuses = at_once(40, |number| {
        let api = api.clone();
        async move {
            let mut document = account(&number.to_string());
            document["id"] = json!("wanted");
            api.post(&document).await.status
        }
    })
    .await;
    let created = statuses.iter().filter(|status| **status == StatusCode::CREATED).count();
    let refused = statuses.iter().filter(|status| **status == StatusCode::CONFLICT).count();
    assert_eq!((created, refused), (1, 39), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_one_state_while_others_write() {
    let api = Arc::new(Api::start().await);
    let first = id(&api.create(&account("0")).await);
    let writer = {
        let api = api.clone();
        tokio::spawn(async move {
            for number in 1..60 {
                api.create(&account(&number.to_string())).await;
            }
        })
    };
    while !writer.is_finished() {
        let list = api.get("?limit=1000").await;
        let accounts = list.expect(StatusCode::OK);
        let accounts = accounts.as_array().unwrap();
        assert_eq!(list.header("x-total-count"), accounts.len().to_string());
        assert_eq!(id(&accounts[0]), first);
    }
    writer.await.unwrap();
    assert_eq!(api.total().await, 60);
}
