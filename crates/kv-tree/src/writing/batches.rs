//! Writing and deleting pages within the limits of the store.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::format::value::PageId;
use crate::reading::pages::Pages;
use crate::{Error, Kv, KvError};

/// Writes pages. If that fails, as many of them as can be are deleted again.
pub(crate) async fn put_pages<K: Kv>(
    pages: &Pages<K>,
    written: &BTreeMap<PageId, Bytes>,
) -> Result<(), Error> {
    let limits = pages.kv.limits();
    if let Some(page) = written.values().find(|page| page.len() > limits.value_bytes) {
        let (bytes, limit) = (page.len(), limits.value_bytes);
        return Err(Error::TooLong { tree: tree(pages), what: "value", bytes, limit });
    }
    let mut entries = written.iter().map(|(id, page)| (id.key(&pages.head_key), page.to_vec()));
    loop {
        let batch: Vec<_> = entries.by_ref().take(limits.write_batch.max(1)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        if let Err(error) = pages.kv.put_many(batch).await {
            // Vacuum finds what is left.
            let _ = delete_pages(pages, written.keys()).await;
            return Err(error.into());
        }
    }
}

/// Deletes pages that nothing leads to.
pub(crate) async fn delete_pages<K: Kv>(
    pages: &Pages<K>,
    ids: impl IntoIterator<Item = &PageId>,
) -> Result<(), KvError> {
    let mut keys = ids.into_iter().map(|id| id.key(&pages.head_key));
    loop {
        let batch: Vec<_> = keys.by_ref().take(pages.kv.limits().write_batch.max(1)).collect();
        if batch.is_empty() {
            return Ok(());
        }
        pages.kv.delete_many(batch).await?;
    }
}

fn tree<K: Kv>(pages: &Pages<K>) -> String {
    pages.tree.as_str().into()
}
