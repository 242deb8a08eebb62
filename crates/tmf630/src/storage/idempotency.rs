//! `Idempotency-Key`: a request that is sent again, because its answer was lost, creates nothing again
//! (the IETF's draft "The Idempotency-Key HTTP Header Field").
//!
//! What was answered first is written together with the resources, in as many parts as it takes. A
//! second entry tells in which order keys can be forgotten; each request with a key forgets a few.
//!
//! The value of a key is a format version, one byte, now 2; the time in milliseconds since 1970 (8 bytes,
//! big-endian); the digest of the body (16 bytes); the number of parts (2 bytes, big-endian); and the first
//! of them. Every version begins with version and time, so that each forgets what others have written when
//! that is over, and not before.

use bytes::{Buf, Bytes};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use kv_tree::{KeyRange, Kv, Order, Transaction};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

use super::keys::Keys;
use super::record::Record;
use crate::{Error, Version};

const HEADER: &str = "idempotency-key";

/// How long a key is remembered.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long a key can be, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// How many keys a request forgets that are not kept any more, and how many parts of one.
const FORGOTTEN_AT_ONCE: u64 = 4;
const PARTS_FORGOTTEN_AT_ONCE: u64 = 100;

/// How much of what was created is in one part, unless a single record is longer.
const PART_BYTES: usize = 32 * 1024;

/// The format version.
const VERSION: u8 = 2;

/// The key that a client chose for its request.
pub(crate) struct IdempotencyKey(String);

/// A request that can be told from others by its key, and from other uses of the key by its body.
pub(crate) struct Repeatable {
    keys: Keys,
    /// The key, behind its owner and a slash where it has one.
    key: String,
    body: [u8; 16],
}

/// What a request created.
pub(crate) type Created = Vec<(String, Record)>;

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

    /// The request of the `owner` with the key and the body. The same body means something else for
    /// another resource and in another version; the same key of another owner is another key.
    pub fn for_body(&self, keys: Keys, version: Version, owner: String, body: &[u8]) -> Repeatable {
        let digest = match version {
            Version::V5 => xxh3_128(body),
            version => xxh3_128_with_seed(body, version.number().into()),
        };
        let key = if owner.is_empty() { self.0.clone() } else { [&owner, "/", &self.0].concat() };
        Repeatable { keys, key, body: digest.to_be_bytes() }
    }
}

impl Repeatable {
    /// What the first request with the key created, if there was one in the time that keys are kept.
    pub async fn first<K: Kv>(
        &self,
        transaction: &Transaction<K>,
        now: Timestamp,
    ) -> Result<Option<Created>, Error> {
        let Some(value) = transaction.get(self.keys.memory(&self.key)).await? else {
            return Ok(None);
        };
        let damaged = || Error::internal(format!("idempotency key {} is damaged", self.key));
        if created(&value).is_some_and(|created| is_over(created, now)) {
            return Ok(None);
        }
        if let Some(version) = value.first().filter(|version| **version > VERSION) {
            return Err(Error::newer(format!(
                "idempotency key {} has format version {version}, newer than this program knows",
                self.key
            )));
        }
        let memory = Memory::decode(&value).ok_or_else(damaged)?;
        if memory.body != self.body {
            return Err(Error::key_reused());
        }
        let mut created = decode_part(memory.part).ok_or_else(damaged)??;
        let others = (1..memory.parts).map(|number| part_key(self.keys, &self.key, number));
        for part in transaction.get_many(others).await? {
            created.extend(part.and_then(decode_part).ok_or_else(damaged)??);
        }
        Ok(Some(created))
    }

    /// Notes what the request creates.
    pub async fn remember<'r, K: Kv>(
        &self,
        transaction: &mut Transaction<K>,
        now: Timestamp,
        created: impl Iterator<Item = (&'r str, Bytes)>,
    ) -> Result<(), Error> {
        forget(self.keys, transaction, now).await?;
        let mut parts = vec![Vec::new()];
        for (id, record) in created {
            let entry_bytes = 1 + id.len() + 4 + record.len();
            if parts.last().is_some_and(|part| part.len() + entry_bytes > PART_BYTES) {
                parts.push(Vec::new());
            }
            let Some(part) = parts.last_mut() else { continue };
            part.push(u8::try_from(id.len()).map_err(Error::internal)?);
            part.extend(id.as_bytes());
            part.extend(u32::try_from(record.len()).map_err(Error::internal)?.to_be_bytes());
            part.extend_from_slice(&record);
        }
        let mut value = vec![VERSION];
        value.extend(now.as_millisecond().to_be_bytes());
        value.extend(self.body);
        value.extend(u16::try_from(parts.len()).map_err(Error::internal)?.to_be_bytes());
        for (number, part) in (0..).zip(parts) {
            match number {
                0 => value.extend(part),
                number => transaction.put(part_key(self.keys, &self.key, number), part),
            }
        }
        transaction.put(self.keys.memory(&self.key), value);
        transaction.put(self.keys.remembered(now.as_millisecond(), &self.key), "");
        Ok(())
    }
}

/// Where a part of what was created lies: behind the key, whose characters are all greater.
fn part_key(keys: Keys, key: &str, number: u16) -> Vec<u8> {
    keys.memory(&format!("{key}\0{number:05}"))
}

fn is_over(created: Timestamp, now: Timestamp) -> bool {
    now.duration_since(created) > KEPT
}

/// Removes some keys that are not kept any more. Whether there may be more of them.
pub(crate) async fn forget<K: Kv>(
    keys: Keys,
    transaction: &mut Transaction<K>,
    now: Timestamp,
) -> Result<bool, Error> {
    // Only keys that are old enough are looked at, so that requests which add new ones do not
    // concern this one.
    let cut_off = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN).as_millisecond();
    let mut old = Vec::new();
    let mut scan = transaction.scan(keys.remembered_before(cut_off), Order::Ascending);
    while (old.len() as u64) < FORGOTTEN_AT_ONCE
        && let Some((place, _)) = scan.next().await?
    {
        old.push(place);
    }
    let is_any_left = old.len() as u64 >= FORGOTTEN_AT_ONCE;
    for place in old {
        if let Some(key) = keys.key_of(&place)
            && !forget_key(keys, key, transaction, now).await?
        {
            // The rest of it is for the next.
            return Ok(true);
        }
        transaction.delete(place);
    }
    Ok(is_any_left)
}

/// Removes what is remembered of a key, unless it was used anew since; false if there is more.
async fn forget_key<K: Kv>(
    keys: Keys,
    key: &str,
    transaction: &mut Transaction<K>,
    now: Timestamp,
) -> Result<bool, Error> {
    let place = keys.memory(key);
    let value = transaction.get(&place).await?;
    let created = value.as_deref().and_then(created);
    if created.is_some_and(|created| !is_over(created, now)) {
        return Ok(true);
    }
    let mut parts = Vec::new();
    let range = KeyRange::prefix(keys.memory(&format!("{key}\0")));
    let mut scan = transaction.scan(range, Order::Ascending).limit(PARTS_FORGOTTEN_AT_ONCE);
    while let Some((part, _)) = scan.next().await? {
        parts.push(part);
    }
    let is_all = (parts.len() as u64) < PARTS_FORGOTTEN_AT_ONCE;
    parts.into_iter().for_each(|part| transaction.delete(part));
    if is_all {
        transaction.delete(place);
    }
    Ok(is_all)
}

/// The stored form of what the first request created, but for its further parts.
struct Memory {
    body: [u8; 16],
    parts: u16,
    part: Bytes,
}

/// When a key was used first, whatever version has written it.
fn created(value: &[u8]) -> Option<Timestamp> {
    let (_, rest) = value.split_first()?;
    Timestamp::from_millisecond(i64::from_be_bytes(*rest.first_chunk()?)).ok()
}

impl Memory {
    fn decode(value: &Bytes) -> Option<Self> {
        let (_, rest) = value.split_first_chunk::<9>()?;
        let (body, rest) = rest.split_first_chunk::<16>()?;
        let (parts, part) = rest.split_first_chunk::<2>()?;
        (value.first() == Some(&VERSION)).then_some(())?;
        Some(Self { body: *body, parts: u16::from_be_bytes(*parts), part: value.slice_ref(part) })
    }
}

/// The records in a part; nothing if it is damaged.
fn decode_part(mut part: Bytes) -> Option<Result<Created, Error>> {
    let mut created = Vec::new();
    while part.has_remaining() {
        let id_len = usize::from(part.try_get_u8().ok()?);
        let id = (id_len <= part.len()).then(|| part.split_to(id_len))?;
        let id = std::str::from_utf8(&id).ok()?.to_owned();
        let len = part.try_get_u32().ok()? as usize;
        let value = (len <= part.len()).then(|| part.split_to(len))?;
        match Record::read(&id, value) {
            Ok(record) => created.push((id, record)),
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Ok(created))
}
