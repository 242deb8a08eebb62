//! What was written stays, through restarts and in another place, and belongs to one tenant.

use black_box_tests::{Api, account, id, json};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_survive_a_restart() {
    let api = Api::start().await;
    let kept = api.create(&account("Kept")).await;
    let changed = id(&api.create(&account("Changed")).await);
    let deleted = id(&api.create(&account("Deleted")).await);
    api.patch(&changed, &json!({ "state": "Suspended" })).await;
    api.delete(&deleted).await;

    let old_url = api.base_url();
    let api = api.restart().await;
    let mut expected = kept.clone();
    expected["href"] = json!(kept["href"].as_str().unwrap().replace(&old_url, &api.base_url()));
    assert_eq!(api.read(&id(&kept)).await, expected);
    assert_eq!(api.read(&changed).await["state"], "Suspended");
    api.get(&format!("/{deleted}")).await.expect_error(404, "60");
    assert_eq!(api.total().await, 2);
    api.create(&account("After the restart")).await;
    assert_eq!(api.total().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_can_be_moved() {
    let api = Api::start().await;
    let moved = id(&api.create(&account("Moved")).await);
    let state_dir = api.state_dir().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&state_dir).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), elsewhere.path().join(file.file_name())).unwrap();
    }
    api.stop().await;
    let api = Api::start_on(elsewhere.path(), &[]).await;
    assert_eq!(api.read(&moved).await["name"], "Moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_do_not_see_each_other() {
    let state_dir = tempfile::tempdir().unwrap();
    let acme = Api::start_on(state_dir.path(), &[("tenant", "acme")]).await;
    let other = Api::start_on(state_dir.path(), &[("tenant", "other")]).await;
    let account = id(&acme.create(&account("Of acme")).await);
    assert_eq!((acme.total().await, other.total().await), (1, 0));
    other.get(&format!("/{account}")).await.expect_error(404, "60");
    other.delete(&account).await.expect_error(404, "60");
    assert_eq!(acme.read(&account).await["name"], "Of acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_are_not_ignored() {
    for variable in [("tenant", "a.b"), ("base_url", "example.com")] {
        let api = Api::start_with(&[variable]).await;
        let answer = api.get("").await;
        assert_eq!(answer.status, 500, "{variable:?}");
        assert_eq!(answer.json()["code"], "1", "{variable:?}");
    }
}
