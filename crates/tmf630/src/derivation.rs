//! Resources as they are shown, where that differs from how they are stored
//! ([`Behaviour::derive`](crate::model::behaviour::Behaviour::derive)).

use kv_tree::Snapshot;

use crate::commit::data::TenantData;
use crate::context::Context;
use crate::model::behaviour::Shown;
use crate::storage::record::Record;
use crate::{Error, Ports};

/// The resource as it is shown, where it is stored as the record has it.
pub(crate) async fn show<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    id: &str,
    record: Record,
) -> Result<Record, Error> {
    let mut records = [(id.to_owned(), record)];
    show_all(context, snapshot, &mut records).await?;
    let [(_, record)] = records;
    Ok(record)
}

/// Makes of records, with their ids, what is shown of them.
pub(crate) async fn show_all<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
    records: &mut [(String, Record)],
) -> Result<(), Error> {
    let Some(behaviour) = context.definition.behaviour else { return Ok(()) };
    let data = TenantData::of(context, snapshot);
    if records.is_empty() || !behaviour.derives(&data).await? {
        return Ok(());
    }
    let mut shown: Vec<_> = records.iter_mut().map(|(id, record)| Shown { id, record }).collect();
    behaviour.derive(&mut shown, &data).await
}

/// The attributes that are shown otherwise than they are stored at present.
pub(crate) async fn derived<P: Ports>(
    context: &Context<'_, P>,
    snapshot: &Snapshot<P::Kv>,
) -> Result<&'static [&'static str], Error> {
    let Some(behaviour) = context.definition.behaviour else { return Ok(&[]) };
    let is_any = !behaviour.derived().is_empty()
        && behaviour.derives(&TenantData::of(context, snapshot)).await?;
    Ok(if is_any { behaviour.derived() } else { &[] })
}
