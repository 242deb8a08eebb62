//! Many requests at once.

use std::future::Future;

use tokio::task::JoinSet;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// What `work` makes of each of `things`, several at once, in no order. The first error ends it.
pub async fn each<T, R, F>(
    things: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> F,
) -> anyhow::Result<Vec<R>>
where
    F: Future<Output = anyhow::Result<R>> + Send + 'static,
    R: Send + 'static,
{
    let mut under_way = JoinSet::new();
    let mut done = Vec::new();
    for thing in things {
        if under_way.len() == AT_ONCE
            && let Some(one) = under_way.join_next().await
        {
            done.push(one??);
        }
        under_way.spawn(work(thing));
    }
    while let Some(one) = under_way.join_next().await {
        done.push(one??);
    }
    Ok(done)
}
