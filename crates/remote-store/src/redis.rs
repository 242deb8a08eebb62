//! The calls of kv-tree in Redis.
//!
//! All keys of a tree begin with its name in braces, so that a cluster keeps them in one slot and one
//! script may touch them all: `acme:1:2` is `{acme}:1:2`.

use bytes::Bytes;
use kv_tree::{IDENTITY_BYTES, KvError, Swapped, Watched};

use crate::host::{Host, Reply};
use crate::line::{Failure, Line};
use crate::splice::Splice;
use crate::{Seen, identity};

/// Replaces the value of a key if it begins as `seen`; else returns it if `reads` is 1, or 0. The new value is `before`,
/// `len` bytes of the old one from `start` on, and `after`. Where these stay in their place and the value gets no
/// shorter, only the two ends are written: to the append-only file and to replicas, too.
const SWAP: &str = "\
    local last, seen, before, start, len, after, reads = unpack(ARGV) \
    local key = KEYS[1] \
    if redis.call('GETRANGE', key, 0, last) ~= seen then \
        if reads == '1' then return redis.call('GET', key) end \
        return 0 \
    end \
    start, len = tonumber(start), tonumber(len) \
    local is_longer = start + len + #after >= redis.call('STRLEN', key) \
    if len > 0 and #before == start and is_longer then \
        redis.call('SETRANGE', key, 0, before) \
        redis.call('SETRANGE', key, start + len, after) \
        return 1 \
    end \
    local kept = '' \
    if len > 0 then kept = redis.call('GETRANGE', key, start, start + len - 1) end \
    redis.call('SET', key, before .. kept .. after) \
    return 1";

/// Reads keys; of the first, the number 1 while its value begins as it did.
const GET_KNOWING: &str = "\
    if redis.call('GETRANGE', KEYS[1], 0, ARGV[1]) ~= ARGV[2] then \
        return redis.call('MGET', unpack(KEYS)) \
    end \
    local values = {1} \
    for i = 2, #KEYS do values[i] = redis.call('GET', KEYS[i]) end \
    return values";

/// How many keys a step of a scan looks at.
const KEYS_A_STEP: &str = "1000";

/// Reads the value of a key, and writes another key, so that there is something to wait for.
const WATCH: &str = "redis.call('SET', KEYS[2], '') return redis.call('GET', KEYS[1])";

/// What the other key is called.
const MARKER: &str = "replicated";

/// How long replicas may take to vouch for a write, in milliseconds.
const REPLICATION_TIME: &str = "2000";

/// A store in Redis.
pub(crate) struct Redis<H: Host> {
    line: Line<H, H::Redis>,
    /// How many replicas must have what is acknowledged.
    replicas: u32,
}

impl<H: Host> Redis<H> {
    pub fn new(line: Line<H, H::Redis>, replicas: u32) -> Self {
        Self { line, replicas }
    }

    /// Sends a command.
    async fn send(
        &self,
        name: &'static str,
        command: &'static str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, KvError> {
        let work = async |host: &H, connection: &H::Redis| {
            host.command(connection, command, arguments).await.map_err(failure)
        };
        self.line.call(name, open, work).await
    }

    /// Sends a command, and waits until enough replicas have it and all before it: on the same connection, since
    /// another one may lead to another server.
    async fn send_and_wait(
        &self,
        name: &'static str,
        command: &'static str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, KvError> {
        if self.replicas == 0 {
            return self.send(name, command, arguments).await;
        }
        let wanted = self.replicas;
        let work = async |host: &H, connection: &H::Redis| {
            let answer = host.command(connection, command, arguments).await.map_err(failure)?;
            let limits = vec![wanted.to_string().into(), REPLICATION_TIME.into()];
            // The command was carried out, whatever is said now.
            let in_doubt = |message| Failure { message, is_refused: false, is_alive: false };
            match host.command(connection, "WAIT", limits).await.map_err(in_doubt)?.first() {
                Some(Reply::Number(replicas)) if *replicas >= i64::from(wanted) => Ok(answer),
                other => {
                    let message =
                        format!("{other:?} of {wanted} replicas (store_replicas) have it");
                    Err(Failure { is_alive: true, ..in_doubt(message) })
                }
            }
        };
        self.line.call(name, open, work).await
    }

    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        let answer = self.send("get", "GET", vec![slotted(key)]).await?;
        value("get", answer.into_iter().next())
    }

    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = keys.iter().map(|key| slotted(key)).collect();
        let count = keys.len();
        let answer = self.send("get-many", "MGET", keys).await?;
        match answer.len() == count {
            true => answer.into_iter().map(|reply| value("get-many", Some(reply))).collect(),
            false => Err(unexpected("get-many", answer.first())),
        }
    }

    /// Reads the values of `keys`, but for the first while that has the value that is known.
    pub async fn get_knowing(
        &self,
        keys: &[String],
        known: &Bytes,
    ) -> Result<Vec<Option<Bytes>>, KvError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut arguments = vec![GET_KNOWING.into(), keys.len().to_string().into()];
        arguments.extend(keys.iter().map(|key| slotted(key)));
        arguments.extend([last_of_identity(), identity(known)]);
        let mut answer = self.send("get-many", "EVAL", arguments).await?;
        if answer.len() != keys.len() {
            return Err(unexpected("get-many", answer.first()));
        }
        if let Some(first @ Reply::Number(1)) = answer.first_mut() {
            *first = Reply::Binary(known.clone());
        }
        answer.into_iter().map(|reply| value("get-many", Some(reply))).collect()
    }

    pub async fn put_many(&self, entries: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        if entries.is_empty() {
            return Ok(());
        }
        let pairs = entries.into_iter();
        let pairs = pairs.flat_map(|(key, value)| [slotted(&key), Bytes::from(value)]).collect();
        self.send("set-many", "MSET", pairs).await.map(drop)
    }

    pub async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys = keys.iter().map(|key| slotted(key)).collect();
        self.send("delete-many", "DEL", keys).await.map(drop)
    }

    /// Where replicas count, what is read here is what they have: nobody is told of a write, or decides by it,
    /// that may still be lost.
    pub async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Seen), KvError> {
        let value = match self.replicas {
            0 => self.get(key).await?,
            _ => {
                let tree = key.split(':').next().unwrap_or(key);
                let marker = slotted(&format!("{tree}:{MARKER}"));
                let arguments = vec![WATCH.into(), "2".into(), slotted(key), marker];
                let answer = self.send_and_wait("watch", "EVAL", arguments).await?;
                value("watch", answer.into_iter().next())?
            }
        };
        let seen = seen(value.as_ref());
        Ok((value, seen))
    }

    /// Reads a key in order to swap it, but for its value while that is the one that is known. Where replicas
    /// count, it is read all the same.
    pub async fn watch_knowing(
        &self,
        key: &str,
        known: &Bytes,
    ) -> Result<(Option<Bytes>, Seen), KvError> {
        if self.replicas > 0 {
            return self.watch(key).await;
        }
        let values = self.get_knowing(&[key.to_owned()], known).await?;
        let value = values.into_iter().next().flatten();
        let seen = seen(value.as_ref());
        Ok((value, seen))
    }

    pub async fn swap(&self, key: String, seen: Seen, value: Bytes) -> Result<Swapped, KvError> {
        let key = slotted(&key);
        let (command, arguments) = match seen {
            Seen::Value(old) => ("EVAL", swapping(key, &old, value, false)),
            Seen::Nothing | Seen::Row(..) => ("SET", vec![key, value, "NX".into()]),
        };
        match self.send_and_wait("swap", command, arguments).await?.first() {
            Some(Reply::Number(1) | Reply::Status(_)) => Ok(Swapped::Done),
            Some(Reply::Number(0) | Reply::Nil) => Ok(Swapped::Lost),
            other => Err(unexpected("swap", other)),
        }
    }

    /// Swaps, and returns what was written, or what it found instead; not that where replicas count, since they
    /// may not have it yet.
    pub async fn swap_and_watch(
        &self,
        key: String,
        seen: Seen,
        value: Bytes,
    ) -> Result<(Swapped, Option<Watched<Seen>>), KvError> {
        let old = match seen {
            Seen::Value(old) if self.replicas == 0 => old,
            seen => {
                let swapped = self.swap(key, seen, value.clone()).await?;
                return Ok((swapped, (swapped == Swapped::Done).then(|| watched(value))));
            }
        };
        let arguments = swapping(slotted(&key), &old, value.clone(), true);
        match self.send("swap", "EVAL", arguments).await?.into_iter().next() {
            Some(Reply::Number(1)) => Ok((Swapped::Done, Some(watched(value)))),
            Some(Reply::Binary(instead)) => Ok((Swapped::Lost, Some(watched(instead)))),
            Some(Reply::Nil) => Ok((Swapped::Lost, None)),
            other => Err(unexpected("swap", other.as_ref())),
        }
    }

    pub async fn create_zero(&self, key: &str) -> Result<(), KvError> {
        let zero = Bytes::from_static(&[0; 8]);
        self.send("create", "SET", vec![slotted(key), zero, "NX".into()]).await.map(drop)
    }

    pub async fn keys(&self, prefix: &str, mut visit: impl FnMut(&str)) -> Result<(), KvError> {
        // Nothing in a key stands for something else in a pattern.
        let pattern: Bytes = match prefix.contains(':') {
            true => [&slotted(prefix), &b"*"[..]].concat().into(),
            false => format!("{{{prefix}*").into(),
        };
        let mut cursor = Bytes::from_static(b"0");
        loop {
            let arguments =
                vec![cursor, "MATCH".into(), pattern.clone(), "COUNT".into(), KEYS_A_STEP.into()];
            let mut answer = self.send("keys", "SCAN", arguments).await?.into_iter();
            let Some(Reply::Binary(next)) = answer.next() else {
                return Err(unexpected("keys", None));
            };
            for reply in answer {
                if let Reply::Binary(key) = reply
                    && let Some(key) = unslotted(&key)
                {
                    visit(&key);
                }
            }
            if &next[..] == b"0" {
                return Ok(());
            }
            cursor = next;
        }
    }
}

/// What is said where Redis has answered that it did nothing, in its own words or in those of the client
/// library: no memory left, only a replica, loading, too few replicas (`min-replicas-to-write`), a disk
/// that fails, or not allowed.
const REFUSALS: [&str; 10] = [
    "OOM",
    "READONLY",
    "ReadOnly",
    "LOADING",
    "BusyLoadingError",
    "NOREPLICAS",
    "MISCONF",
    "NOAUTH",
    "NOPERM",
    "CLUSTERDOWN",
];

/// What is said by a server that is not the one to write to any more, but keeps its connections.
const DEMOTIONS: [&str; 2] = ["READONLY", "ReadOnly"];

/// A value as it would be watched.
fn watched(value: Bytes) -> Watched<Seen> {
    let seen = seen(Some(&value));
    (Some(value), seen)
}

/// The arguments of [`SWAP`]; where it `reads`, it returns a value that begins otherwise.
fn swapping(key: Bytes, old: &Bytes, new: Bytes, reads: bool) -> Vec<Bytes> {
    let Splice { before, start, len, after } = Splice::of(old, new);
    let [start, len] = [start, len].map(|number| Bytes::from(number.to_string()));
    let reads = Bytes::from(if reads { "1" } else { "0" });
    let arguments = [last_of_identity(), identity(old), before, start, len, after, reads];
    [SWAP.into(), "1".into(), key].into_iter().chain(arguments).collect()
}

/// What was seen of a key.
fn seen(value: Option<&Bytes>) -> Seen {
    match value {
        Some(value) => Seen::Value(value.clone()),
        None => Seen::Nothing,
    }
}

/// The place of the last byte of what tells a value from others.
fn last_of_identity() -> Bytes {
    (IDENTITY_BYTES - 1).to_string().into()
}

async fn open<H: Host>(host: &H, address: &str) -> Result<H::Redis, String> {
    host.open_redis(address).await
}

fn failure(message: String) -> Failure {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let (is_refused, is_demoted) = (says(&REFUSALS), says(&DEMOTIONS));
    Failure { message, is_refused, is_alive: is_refused && !is_demoted }
}

/// The key with the name of its tree in braces.
fn slotted(key: &str) -> Bytes {
    let (tree, rest) = key.split_at(key.find(':').unwrap_or(key.len()));
    format!("{{{tree}}}{rest}").into()
}

/// The key of kv-tree, if it is one.
fn unslotted(key: &[u8]) -> Option<String> {
    let (tree, rest) = str::from_utf8(key).ok()?.strip_prefix('{')?.split_once('}')?;
    Some(format!("{tree}{rest}"))
}

fn value(name: &'static str, reply: Option<Reply>) -> Result<Option<Bytes>, KvError> {
    match reply {
        Some(Reply::Binary(value)) => Ok(Some(value)),
        Some(Reply::Nil) => Ok(None),
        other => Err(unexpected(name, other.as_ref())),
    }
}

fn unexpected(name: &'static str, reply: Option<&Reply>) -> KvError {
    KvError::new(name, format!("an answer that Redis does not give: {reply:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_tree_are_in_one_slot() {
        for (key, expected) in [
            ("acme", "{acme}"),
            ("acme:0123", "{acme}:0123"),
            ("acme:0123:1.2.3", "{acme}:0123:1.2.3"),
        ] {
            assert_eq!(slotted(key), expected);
            assert_eq!(unslotted(expected.as_bytes()).as_deref(), Some(key));
        }
        assert_eq!(unslotted(b"others"), None);
        assert_eq!(unslotted(b"{\xff}"), None);
    }
}
