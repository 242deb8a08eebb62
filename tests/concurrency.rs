//! Many clients at once: nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
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
async fn of_what_64_writers_write_at_once_nothing_is_lost() {
    const ACCOUNTS_EACH: usize = 12;
    let api = Arc::new(Api::start().await);
    let shared = id(&api.create(&account("Shared")).await);
    let kept = at_once(64, |writer| {
        let (api, shared) = (api.clone(), shared.clone());
        async move {
            let mut kept = Vec::new();
            for number in 0..ACCOUNTS_EACH {
                let mut document = account(&format!("{writer}-{number}"));
                // Long enough that the writers fill pages, not only the head.
                document["description"] = json!("x".repeat(1200));
                let created = api.create(&document).await;
                let patch = json!({ "writers": { writer.to_string(): number } });
                api.patch(&shared, &patch).await.expect(StatusCode::OK);
                match number % 4 {
                    0 => assert_eq!(api.delete(&id(&created)).await.status, 204),
                    _ => kept.push((id(&created), created)),
                }
            }
            kept
        }
    })
    .await;
    let kept: BTreeMap<_, _> = kept.into_iter().flatten().collect();
    assert_eq!(kept.len(), 64 * ACCOUNTS_EACH * 3 / 4);
    let writers = api.read(&shared).await["writers"].clone();
    let last = ACCOUNTS_EACH - 1;
    assert_eq!(writers, json!(BTreeMap::from_iter((0..64).map(|n| (n.to_string(), last)))));

    let list = api.get("?limit=1000").await;
    assert_eq!(list.header("x-total-count"), (kept.len() + 1).to_string());
    let list = list.expect(StatusCode::OK);
    let listed = list.as_array().unwrap().iter().map(|account| (id(account), account.clone()));
    let listed: BTreeMap<_, _> = listed.filter(|(id, _)| *id != shared).collect();
    assert_eq!(listed, kept);
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
