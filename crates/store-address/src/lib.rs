//! The address of a store that several hosts share: which kind of a store it is, and where.

#![forbid(unsafe_code)]

use std::fmt;

/// The address of a store. It may have a password, which is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    engine: Engine,
    url: String,
    /// Where the host begins and ends.
    host: (usize, usize),
}

/// What kind of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Redis, or Valkey.
    Redis,
    /// PostgreSQL, or what speaks its protocol.
    Postgres,
}

/// The schemes, and what is at their addresses.
const SCHEMES: [(&str, Engine); 4] = [
    ("redis://", Engine::Redis),
    ("rediss://", Engine::Redis),
    ("postgres://", Engine::Postgres),
    ("postgresql://", Engine::Postgres),
];

impl Address {
    /// Reads `redis://`, `rediss://` (over TLS) or `postgres://`, user and password if there are any, host,
    /// port, and a database. An error does not repeat the text, which may have a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = SCHEMES.iter().find(|(scheme, _)| text.starts_with(scheme));
        let Some((scheme, engine)) = found else {
            return Err("it must begin with redis://, rediss:// or postgres://".to_owned());
        };
        if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
            return Err("it must not have blanks".to_owned());
        }
        let rest = text.get(scheme.len()..).unwrap_or_default();
        let authority =
            rest.get(..rest.find(['/', '?', '#']).unwrap_or(rest.len())).unwrap_or(rest);
        let path = rest.split('?').next().unwrap_or_default();
        if path.get(authority.len()..).is_some_and(|path| path.contains('@')) {
            return Err(
                "it must have / ? # in user and password percent-encoded: %2F, %3F, %23".to_owned()
            );
        }
        let begin = scheme.len() + authority.rfind('@').map_or(0, |at| at + 1);
        let end = scheme.len() + authority.len();
        let host = text.get(begin..end).unwrap_or_default();
        if host.is_empty() || host.starts_with(':') {
            return Err(
                "it must name a host, such as postgres://user@db.example.com/accounts".to_owned()
            );
        }
        Ok(Self { engine: *engine, url: text.to_owned(), host: (begin, end) })
    }

    /// What kind of a store it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// All of it, password included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it names several hosts, with commas between them: those of a PostgreSQL that fails over.
    pub fn has_several_hosts(&self) -> bool {
        self.hosts().contains(',')
    }

    fn hosts(&self) -> &str {
        self.url.get(self.host.0..self.host.1).unwrap_or_default()
    }

    /// Scheme, host and port, as `allowed_outbound_hosts` has them; of several hosts, the first.
    pub fn allowed_host(&self) -> String {
        let (scheme, port) = match self.engine {
            Engine::Redis if self.url.starts_with("rediss") => ("rediss", "6379"),
            Engine::Redis => ("redis", "6379"),
            Engine::Postgres => ("postgres", "5432"),
        };
        let first = self.hosts().split(',').next().unwrap_or_default();
        let has_port = first
            .rsplit_once(':')
            .is_some_and(|(host, _)| !host.contains(':') || host.ends_with(']'));
        match has_port {
            true => format!("{scheme}://{first}"),
            false => format!("{scheme}://{first}:{port}"),
        }
    }
}

/// Without user and password, and without what stands behind the host.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.allowed_host())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_store_and_where() {
        for (text, engine, host) in [
            ("redis://cache", Engine::Redis, "redis://cache:6379"),
            ("rediss://:pass@cache:7000/2", Engine::Redis, "rediss://cache:7000"),
            (
                "postgres://me:p%40ss@db.example.com/accounts?sslmode=require",
                Engine::Postgres,
                "postgres://db.example.com:5432",
            ),
            ("postgresql://a@[::1]:5433/b", Engine::Postgres, "postgres://[::1]:5433"),
            ("postgres://[::1]", Engine::Postgres, "postgres://[::1]:5432"),
            ("postgres://a:1,b:2/c", Engine::Postgres, "postgres://a:1"),
            ("postgres://user:p@ss@db:1", Engine::Postgres, "postgres://db:1"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.engine(), &address.allowed_host()[..]), (engine, host), "{text}");
            assert_eq!(address.url(), text);
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        let address = Address::parse("postgres://me:secret@db/accounts").unwrap();
        assert_eq!(
            format!("{address} {address:?}"),
            "postgres://db:5432 Address(postgres://db:5432)"
        );
        for wrong in [
            "mysql://me:secret@db",
            "postgres://me:secret@",
            "redis://:secret@:1",
            "secret",
            "redis://a secret",
            "postgres://me:k/secret@db/x",
            "postgres://me:k#secret@db/x",
        ] {
            let error = Address::parse(wrong).unwrap_err();
            assert!(!error.contains("secret") && error.starts_with("it must "), "{error}");
        }
    }
}
