//! Reading what a tenant has, at one commit, a part with each request.
//!
//! The commit is held while somebody reads it, so that it takes as long as it takes; who does not come back
//! for [`HOLD`] has to begin anew. Lines are numbered, and those of a number are always the same: a part that
//! did not arrive is asked for again.

use std::time::Duration;

use access::Tenant;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use kv_tree::{HoldId, KeyRange, Kv, Order, Snapshot, Tree};
use serde_json::json;

use super::Exported;
use super::line::{self, FORMAT, VERSION};
use crate::answer::exchange::Exchange;
use crate::storage::keys::{JOBS, Keys};
use crate::{Error, Ports};

/// For how long a commit is held.
const HOLD: Duration = Duration::from_secs(600);

/// How many lines an answer has at most.
pub(super) const MAX_LINES: u64 = 1_000;

/// How many bytes they have, and one line more, which has 1 MiB and its JSON at most.
const MAX_BYTES: usize = 3 << 20;

/// After how many lines other requests go on.
const LINES_AT_ONCE: u64 = 64;

/// A part of what there is, in the order of keys.
enum Section {
    Records(Keys),
    Entries(&'static str),
}

impl Section {
    /// All of them. Jobs come last, when what they are about is there.
    fn all(exported: &Exported) -> impl Iterator<Item = Self> {
        let records = exported.definitions().map(|it| Self::Records(Keys::of(it)));
        let spaces = exported.spaces.iter().map(|space| space.prefix);
        let entries = spaces.chain([JOBS]).map(Self::Entries);
        records.chain(entries)
    }

    fn range(&self) -> KeyRange {
        match self {
            Self::Records(keys) => keys.records(),
            Self::Entries(space) => KeyRange::prefix(*space),
        }
    }

    fn write(&self, lines: &mut Vec<u8>, key: &[u8], value: Bytes) -> Result<(), Error> {
        match self {
            Self::Records(keys) => match keys.id_of(key) {
                Ok(id) => line::write_record(lines, *keys, id, value)?,
                Err(error) => line::write_unreadable(lines, keys.0, &error),
            },
            Self::Entries(_) => line::write_entry(lines, key, &value),
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Records(keys) => keys.0,
            Self::Entries(space) => space,
        }
    }
}

/// The sections, each with how many lines it has.
async fn counted<K: Kv>(
    exported: &Exported,
    snapshot: &Snapshot<K>,
) -> Result<Vec<(Section, u64)>, Error> {
    let mut sections = Vec::new();
    for section in Section::all(exported) {
        let count = snapshot.count(&section.range()).await?;
        sections.push((section, count));
    }
    Ok(sections)
}

/// Begins an export of the newest commit.
pub(super) async fn begin<P: Ports>(
    exported: &Exported,
    exchange: &Exchange<'_, P>,
    tenant: &Tenant,
    tree: &Tree<P::Kv>,
) -> Result<Response<Bytes>, Error> {
    let Some(id) = tree.hold(HOLD).await? else { return Err(Error::no_data(tenant)) };
    let counted = async {
        let snapshot = tree.held(id).await?.ok_or_else(|| Error::export_ended(id))?;
        let sections = counted(exported, &snapshot).await?;
        Ok::<_, Error>((snapshot.commit(), sections.iter().map(|(_, count)| count).sum::<u64>()))
    };
    let (commit, lines) = match counted.await {
        Ok(counted) => counted,
        Err(error) => {
            // Nobody learns what it is called.
            tree.release(id).await?;
            return Err(error);
        }
    };
    let first = json!({
        "format": FORMAT,
        "version": VERSION,
        "tenant": tenant.as_str(),
        "time": format!("{:.3}", exchange.ports.now()),
        "commit": commit,
        "lines": lines,
        "export": id.to_string(),
    });
    let event = json!({ "export": id.to_string(), "tenant": tenant.as_str(), "lines": lines });
    exchange.ports.log(&event.to_string());
    let mut response = Response::new(Bytes::from(format!("{first}\n")));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let location = format!("/transfer/export/{id}?tenant={tenant}");
    headers.insert(LOCATION, HeaderValue::try_from(location).map_err(Error::internal)?);
    Ok(response)
}

/// The lines of an export that follow, from the number on.
pub(super) async fn lines<P: Ports>(
    exported: &Exported,
    exchange: &Exchange<'_, P>,
    tree: &Tree<P::Kv>,
    id: HoldId,
    from: u64,
) -> Result<Response<Bytes>, Error> {
    if !tree.hold_longer(id, HOLD).await? {
        return Err(Error::export_ended(id));
    }
    let snapshot = tree.held(id).await?.ok_or_else(|| Error::export_ended(id))?;
    let sections = counted(exported, &snapshot).await?;
    let total: u64 = sections.iter().map(|(_, count)| count).sum();
    if from > total {
        return Err(Error::invalid_parameter("from", &format!("must be {total} at most")));
    }
    let (mut text, mut count, mut skipped) = (Vec::new(), 0, from);
    for (section, lines) in sections {
        let mut place = skipped.min(lines);
        skipped -= place;
        while place < lines && count < MAX_LINES && text.len() < MAX_BYTES {
            let wanted = LINES_AT_ONCE.min(MAX_LINES - count);
            let written = write_some(&section, &snapshot, place, wanted, &mut text).await?;
            (place, count) = (place + written, count + written);
            exchange.ports.yield_now().await;
        }
        if count >= MAX_LINES || text.len() >= MAX_BYTES {
            break;
        }
    }
    let mut response = Response::new(Bytes::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(HeaderName::from_static("x-total-count"), total.into());
    headers.insert(HeaderName::from_static("x-result-count"), count.into());
    Ok(response)
}

/// Writes some lines of a section, from the place on, and tells how many; at least one. What cannot be read gets
/// a line that says so.
async fn write_some<K: Kv>(
    section: &Section,
    snapshot: &Snapshot<K>,
    place: u64,
    wanted: u64,
    text: &mut Vec<u8>,
) -> Result<u64, Error> {
    let mut scan = snapshot.scan(section.range(), Order::Ascending).offset(place).limit(wanted);
    let mut written = 0;
    while text.len() < MAX_BYTES {
        match scan.next().await {
            Ok(Some((key, value))) => section.write(text, &key, value)?,
            Ok(None) if written > 0 => break,
            // A count that is damaged promises more than there is. Numbers of lines stay right all the same.
            Ok(None) => {
                line::write_unreadable(text, section.name(), &Error::internal("it is missing"))
            }
            // It is the first of the next lines.
            Err(error) if is_damage(&error) && written > 0 => break,
            Err(error) if is_damage(&error) && wanted > 1 => {
                // It may be another one of those that are read together.
                return Box::pin(write_some(section, snapshot, place, 1, text)).await;
            }
            Err(error) if is_damage(&error) => {
                line::write_unreadable(text, section.name(), &error.into());
                return Ok(1);
            }
            Err(error) => return Err(error.into()),
        }
        written += 1;
    }
    Ok(written)
}

fn is_damage(error: &kv_tree::Error) -> bool {
    matches!(error, kv_tree::Error::Damaged { .. })
}

/// Ends an export.
pub(super) async fn end<P: Ports>(
    exchange: &Exchange<'_, P>,
    tenant: &Tenant,
    tree: &Tree<P::Kv>,
    id: HoldId,
) -> Result<Response<Bytes>, Error> {
    if tree.release(id).await? {
        let event = json!({ "export": id.to_string(), "tenant": tenant.as_str(), "ended": true });
        exchange.ports.log(&event.to_string());
    }
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
