//! The calls of kv-tree in Redis.
//!
//! All keys of a tree begin with its name in braces, so that a cluster keeps them in one slot and one
//! script may touch them all: `acme:1:2` is `{acme}:1:2`.

use std::cell::Cell;

use bytes::Bytes;
use kv_tree::{IDENTITY_BYTES, KvError, Swapped};

use crate::Seen;
use crate::host::{Host, Reply};
use crate::line::{Failure, Line};

/// Replaces the value of a key if it still begins as it did.
const SWAP: &str = "if redis.call('GETRANGE', KEYS[1], 0, ARGV[1]) ~= ARGV[2] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[3]) return 1";

/// How many keys a step of a scan looks at.
const KEYS_A_STEP: &str = "1000";

/// What a key is called that is written to learn whether replicas keep up.
const MARKER: &str = "replicated";

/// How long replicas may take to vouch for a write, in milliseconds.
const REPLICATION_TIME: &str = "2000";

/// A store in Redis.
pub(crate) struct Redis<H: Host> {
    line: Line<H, H::Redis>,
    replicas: u32,
    /// Whether there is a write that too few replicas have vouched for: nothing is read before they have.
    is_in_doubt: Cell<bool>,
}

impl<H: Host> Redis<H> {
    pub fn new(line: Line<H, H::Redis>, replicas: u32) -> Self {
        Self { line, replicas, is_in_doubt: Cell::new(false) }
    }

    /// Sends a command.
    async fn send(
        &self,
        name: &'static str,
        command: &'static str,
        arguments: Vec<Bytes>,
    ) -> Result<Vec<Reply>, KvError> {
        let open = async |host: &H, address: &str| host.open_redis(address).await;
        let work = async |host: &H, connection: &H::Redis| {
            let answer = host.command(connection, command, arguments).await;
            answer.map_err(|message| {
                let is_refused = REFUSALS.iter().any(|word| message.contains(word));
                Failure { message, is_refused, is_alive: is_refused }
            })
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

    pub async fn watch(&self, key: &str) -> Result<(Option<Bytes>, Seen), KvError> {
        if self.is_in_doubt.get() {
            // What a connection waits for is what it has written itself; everything before that comes first.
            let tree = key.split(':').next().unwrap_or(key);
            let marker = slotted(&format!("{tree}:{MARKER}"));
            self.send("watch", "SET", vec![marker, Bytes::new()]).await?;
            self.wait_for_replicas("watch").await?;
        }
        let value = self.get(key).await?;
        let seen = match &value {
            Some(value) => Seen::Beginning(value.slice(..value.len().min(IDENTITY_BYTES))),
            None => Seen::Nothing,
        };
        Ok((value, seen))
    }

    pub async fn swap(&self, key: String, seen: Seen, value: Vec<u8>) -> Result<Swapped, KvError> {
        let key = slotted(&key);
        let answer = match seen {
            Seen::Beginning(beginning) => {
                let last = (IDENTITY_BYTES - 1).to_string().into();
                let arguments = vec![SWAP.into(), "1".into(), key, last, beginning, value.into()];
                self.send("swap", "EVAL", arguments).await?
            }
            Seen::Nothing | Seen::Version(_) => {
                self.send("swap", "SET", vec![key, value.into(), "NX".into()]).await?
            }
        };
        match answer.first() {
            Some(Reply::Number(1) | Reply::Status(_)) => {}
            Some(Reply::Number(0) | Reply::Nil) => return Ok(Swapped::Lost),
            other => return Err(unexpected("swap", other)),
        }
        if self.replicas > 0 {
            self.is_in_doubt.set(true);
            self.wait_for_replicas("swap").await?;
        }
        Ok(Swapped::Done)
    }

    /// Fails unless enough replicas have all that was written. Until they have, nobody may learn from this
    /// instance what a write has come to.
    async fn wait_for_replicas(&self, name: &'static str) -> Result<(), KvError> {
        let arguments = vec![self.replicas.to_string().into(), REPLICATION_TIME.into()];
        match self.send(name, "WAIT", arguments).await?.first() {
            Some(Reply::Number(replicas)) if *replicas >= i64::from(self.replicas) => {
                self.is_in_doubt.set(false);
                Ok(())
            }
            Some(Reply::Number(replicas)) => {
                let wanted = self.replicas;
                let message = format!("{replicas} of {wanted} replicas (store_replicas) have it");
                Err(KvError::new(name, message))
            }
            other => Err(unexpected(name, other)),
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
