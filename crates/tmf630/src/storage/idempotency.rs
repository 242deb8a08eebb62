//! `Idempotency-Key`: a POST that is sent again, because its answer was lost, creates nothing again
//! (the IETF's draft "The Idempotency-Key HTTP Header Field").
//!
//! What was answered first lies at `k/{key}`, written together with the resource. A second entry, at
//! `x/{time}/{key}`, tells in which order keys can be forgotten; each POST with a key forgets a few.

use std::ops::Bound;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use kv_tree::{KeyRange, Kv, Order, Transaction};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use crate::storage::record::Record;
use crate::{Error, Version};

const HEADER: &str = "idempotency-key";

/// How long a key is remembered.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a key can be, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// How many keys that are older than that are forgotten by a POST.
const FORGOTTEN_AT_ONCE: u64 = 4;

const VERSION: u8 = 1;

/// The key that a client chose for its request.
pub(crate) struct IdempotencyKey(String);

/// A request that can be told from others by its key, and from other uses of the key by its body.
pub(crate) struct Repeatable {
    key: String,
    body: [u8; 16],
}

/// What the first request with the key created.
pub(crate) struct First {
    pub id: String,
    pub record: Record,
}

impl IdempotencyKey {
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut values = headers.get_all(HEADER).into_iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.to_str().ok().filter(|_| values.next().is_none());
        // The draft has it as a quoted string; most clients leave the quotes out.
        let key = key.map(|key| key.trim_matches('"'));
        match key.filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len())) {
            Some(key) => Ok(Some(Self(key.to_owned()))),
            None => {
                let expectation =
                    format!("must be given once and have 1 to {MAX_KEY_BYTES} characters");
                Err(Error::invalid_header("Idempotency-Key", &expectation))
            }
        }
    }

    /// The request with the key and the body. The same body means something else in another version.
    pub fn for_body(self, version: Version, body: &[u8]) -> Repeatable {
        let digest = match version {
            Version::V5 => xxh3_128(body),
            version => xxh3_128_with_seed(body, version.number().into()),
        };
        Repeatable { key: self.0, body: digest.to_be_bytes() }
    }
}

impl Repeatable {
    /// What the first request with the key created, if there was one in the time that keys are kept.
    pub async fn first<K: Kv>(
        &self,
        transaction: &Transaction<K>,
        now: Timestamp,
    ) -> Result<Option<First>, Error> {
        let Some(value) = transaction.get(self.place()).await? else { return Ok(None) };
        let memory = Memory::decode(&value)
            .ok_or_else(|| Error::internal(format!("idempotency key {} is damaged", self.key)))?;
        if is_over(memory.created, now) {
            return Ok(None);
        }
        if memory.body != self.body {
            return Err(Error::key_reused());
        }
        let record = Record::read(&memory.id, memory.record)?;
        Ok(Some(First { id: memory.id, record }))
    }

    /// Notes what the request creates.
    pub async fn remember<K: Kv>(
        &self,
        transaction: &mut Transaction<K>,
        now: Timestamp,
        id: &str,
        record: &Record,
    ) -> Result<(), Error> {
        forget(transaction, now).await?;
        let mut value = vec![VERSION];
        value.extend(now.as_millisecond().to_be_bytes());
        value.extend(self.body);
        value.push(u8::try_from(id.len()).map_err(Error::internal)?);
        value.extend(id.as_bytes());
        value.extend_from_slice(&record.to_value());
        transaction.put(self.place(), value);
        transaction.put(forget_key(now, &self.key), "");
        Ok(())
    }

    fn place(&self) -> String {
        format!("k/{}", self.key)
    }
}

fn is_over(created: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created) > KEPT.try_into().unwrap_or(jiff::SignedDuration::MAX)
}

fn forget_key(created: Timestamp, key: &str) -> String {
    format!("x/{:020}/{key}", created.as_millisecond().max(0))
}

/// Removes keys that are not kept any more.
async fn forget<K: Kv>(transaction: &mut Transaction<K>, now: Timestamp) -> Result<(), Error> {
    let mut old = Vec::new();
    // Only keys that are old enough are looked at, so that requests which add new ones do not
    // concern this one.
    let from = Bound::Included(b"x/".to_vec());
    let cut_off = now.checked_sub(jiff::SignedDuration::try_from(KEPT).unwrap_or_default());
    let to = Bound::Excluded(forget_key(cut_off.unwrap_or(Timestamp::MIN), "").into_bytes());
    let range = KeyRange::between(from, to);
    let mut scan = transaction.scan(range, Order::Ascending).limit(FORGOTTEN_AT_ONCE);
    while let Some((place, _)) = scan.next().await? {
        old.push(place);
    }
    for place in old {
        let text = String::from_utf8_lossy(&place).into_owned();
        if let Some((_, key)) = text.strip_prefix("x/").and_then(|rest| rest.split_once('/')) {
            let memory = format!("k/{key}");
            // The key may have been used anew since.
            let value = transaction.get(&memory).await?;
            let noted = value.and_then(|value| Memory::decode(&value));
            if noted.is_none_or(|noted| is_over(noted.created, now)) {
                transaction.delete(memory);
            }
        }
        transaction.delete(place);
    }
    Ok(())
}

/// The stored form of what the first request created.
struct Memory {
    created: Timestamp,
    body: [u8; 16],
    id: String,
    record: bytes::Bytes,
}

impl Memory {
    fn decode(value: &bytes::Bytes) -> Option<Self> {
        let (version, rest) = value.split_first_chunk::<1>()?;
        let (created, rest) = rest.split_first_chunk::<8>()?;
        let (body, rest) = rest.split_first_chunk::<16>()?;
        let (id_len, rest) = rest.split_first()?;
        let (id, record) = rest.split_at_checked(usize::from(*id_len))?;
        (*version == [VERSION]).then_some(())?;
        Some(Self {
            created: Timestamp::from_millisecond(i64::from_be_bytes(*created)).ok()?,
            body: *body,
            id: std::str::from_utf8(id).ok()?.to_owned(),
            record: value.slice_ref(record),
        })
    }
}
