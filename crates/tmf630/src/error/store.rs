//! What a client is told of a failure of the store: whether anything was changed, and whether trying
//! again helps.

use std::fmt::Display;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use serde_json::error::Category;

use super::{Error, StatusCode, code};

/// Why a store does not do what it is asked for now, and will do it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hindrance {
    /// It has too much to do, or is out of reach.
    Busy,
    /// It can be read only: it is full, or was made read-only.
    TakesNoWrites,
}

/// How stores say so, in lower case and without blanks: SQLite, DynamoDB, Cosmos DB, Redis, PostgreSQL and
/// Spin, whose interfaces have no more than the text.
const SIGNS: [(Hindrance, &[&str]); 2] = [
    (
        Hindrance::TakesNoWrites,
        &[
            "diskisfull",
            "diskfull",
            "readonlydatabase",
            "nospaceleft",
            "insufficientstorage",
            "usedmemory>'maxmemory'",
            "readonlyreplica",
            "noreplicas",
            "misconf",
            "sqlstate25006",
            "sqlstate53100",
        ],
    ),
    (
        Hindrance::Busy,
        &[
            "islocked",
            "databasebusy",
            "throttl",
            "throughput",
            "toomanyrequests",
            "requestlimitexceeded",
            "serviceunavailable",
            "dispatchfailure",
            "timedout",
            "timeout",
            "storetablefull",
            "thereisnoconnection",
            "theconnectionbroke",
            "noanswerwithin",
            "replicas(store_replicas)",
            "loading",
            "sqlstate40001",
            "sqlstate53",
            "sqlstate57",
        ],
    ),
];

impl Hindrance {
    fn of(message: &str) -> Option<Self> {
        let text: String = message.to_ascii_lowercase().split_whitespace().collect();
        let is_said = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
        SIGNS.into_iter().find_map(|(hindrance, signs)| is_said(signs).then_some(hindrance))
    }
}

/// Why a program does not do what it is asked for with data that it does not know.
const NEWER: &str = "The data was written by a newer version of the server";

impl Error {
    /// What was written by a newer version of the program cannot be read; the cause says what that is.
    pub(crate) fn newer(cause: impl Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, NEWER)
            .message(
                "Nothing was changed. Try again: where the server is being upgraded, another instance \
                 of it can read the data.",
            )
            .header(RETRY_AFTER, Some(HeaderValue::from_static("30")))
            .caused_by(cause)
    }

    /// Whether it is that, so that a newer program can do what this one must not.
    pub(crate) fn is_newer(&self) -> bool {
        self.0.reason == NEWER
    }

    /// What is stored as JSON is not what this program writes: a newer version has written what is JSON
    /// all the same, and what is none is damaged. `what` says where it is.
    pub fn of_stored_json(what: &str, error: &serde_json::Error) -> Self {
        let cause = format!("{what} cannot be read: {error}");
        match error.classify() {
            Category::Data => Self::newer(cause),
            _ => Self::internal(cause),
        }
    }

    /// What is looked for by an index that is still being built.
    pub(crate) fn not_ready(index: &str) -> Self {
        unavailable("The request needs an index that is still being built", "1")
            .caused_by(format!("index {index} is not whole"))
    }
}

impl From<kv_tree::Error> for Error {
    fn from(error: kv_tree::Error) -> Self {
        let answer = match &error {
            kv_tree::Error::Contended { .. } => {
                unavailable("Too many requests change the same data", "1")
            }
            kv_tree::Error::Expired { .. } => unavailable("The request took too long", "1"),
            // Nothing of the transaction is in the tree, and nothing will be.
            kv_tree::Error::Store(store) => match Hindrance::of(&store.message) {
                Some(Hindrance::Busy) => unavailable("The storage is busy at the moment", "1"),
                Some(Hindrance::TakesNoWrites) => {
                    unavailable("The storage takes no writes at the moment", "30")
                }
                None => Self::internal(&error).message("Nothing was changed."),
            },
            kv_tree::Error::OutcomeUnknown { .. } => {
                let reason = "It is not known whether the change was made";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, code::OUTCOME_UNKNOWN, reason).message(
                    "Read the resource to see whether it was changed. A POST with an Idempotency-Key \
                     can be sent again with the same key.",
                )
            }
            kv_tree::Error::TooLong { .. } => {
                let reason = "The resource is too large to be stored";
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, code::INVALID_BODY, reason)
                    .message("Nothing was changed.")
            }
            kv_tree::Error::TooManyHeld { limit, .. } => {
                let message = format!("There are {limit} already. End one, or wait until it ends.");
                Self::conflict("There are too many exports", message)
            }
            kv_tree::Error::Newer { .. } => Self::newer(&error),
            _ => Self::internal(&error),
        };
        answer.caused_by(error)
    }
}

/// The answer that trying again after so many seconds may help.
fn unavailable(reason: &str, seconds: &'static str) -> Error {
    Error::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, reason)
        .message("Nothing was changed. Try again.")
        .header(RETRY_AFTER, Some(HeaderValue::from_static(seconds)))
}

#[cfg(test)]
mod tests {
    use kv_tree::KvError;
    use serde_json::Value;

    use super::*;
    use crate::Version;

    /// Status, `Retry-After`, code and the two texts of an answer.
    fn answer(error: kv_tree::Error) -> (u16, String, String, String) {
        let cause = error.to_string();
        let error = Error::from(error);
        assert_eq!(error.cause(), Some(&cause[..]));
        let response = error.into_response(Version::V5);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        let retry_after = response.headers().get(RETRY_AFTER);
        let texts = format!("{} {}", body["reason"], body["message"]);
        assert!(!texts.contains("SqliteFailure"), "{texts}");
        (
            response.status().as_u16(),
            retry_after.map_or("", |seconds| seconds.to_str().unwrap()).to_owned(),
            body["code"].as_str().unwrap().to_owned(),
            texts,
        )
    }

    fn tree() -> String {
        "t".to_owned()
    }

    #[test]
    fn a_store_that_is_hindered_differs_from_a_broken_one() {
        for (call, message, seconds, reason) in [
            ("swap", "Other(\"database is locked\")", "1", "busy"),
            (
                "get",
                "Other(\"SqliteFailure(Error { code: DatabaseBusy, extended_code: 5 }, \
                 Some(\\\"database is locked\\\"))\")",
                "1",
                "busy",
            ),
            ("set-many", "database table is locked: spin_key_value", "1", "busy"),
            ("set-many", "Other(\"database or disk is full\")", "30", "takes no writes"),
            ("swap", "attempt to write a readonly database", "30", "takes no writes"),
            ("swap", "ProvisionedThroughputExceededException(..)", "1", "busy"),
            ("get", "ServiceError { err: ThrottlingException", "1", "busy"),
            ("get", "HttpResponse { status: TooManyRequests, error_code: None }", "1", "busy"),
            ("open", "StoreTableFull", "1", "busy"),
            ("get", "there is no connection: Connection refused (os error 111)", "1", "busy"),
            ("get", "the connection broke: broken pipe", "1", "busy"),
            ("swap", "no answer within 10 s", "1", "busy"),
            ("swap", "1 of 2 replicas (store_replicas) have it", "1", "busy"),
            ("swap", "could not serialize access (SQLSTATE 40001)", "1", "busy"),
            ("get", "sorry, too many clients already (SQLSTATE 53300)", "1", "busy"),
            ("get", "terminating connection (SQLSTATE 57P01)", "1", "busy"),
            (
                "swap",
                "cannot execute UPDATE in a read-only transaction (SQLSTATE 25006)",
                "30",
                "takes no writes",
            ),
            ("set-many", "could not extend file (SQLSTATE 53100)", "30", "takes no writes"),
            (
                "set-many",
                "OOM command not allowed when used memory > 'maxmemory'.",
                "30",
                "takes no writes",
            ),
            (
                "swap",
                "ReadOnly: You can't write against a read only replica.",
                "30",
                "takes no writes",
            ),
        ] {
            let (status, retry_after, _, texts) = answer(KvError::new(call, message).into());
            assert_eq!((status, &retry_after[..]), (503, seconds), "{message}");
            assert!(texts.contains(reason) && texts.contains("Nothing was changed"), "{texts}");
        }
        for message in ["AccessDenied", "NoSuchStore", "disk I/O error", ""] {
            let (status, retry_after, code, texts) = answer(KvError::new("swap", message).into());
            assert_eq!((status, &retry_after[..], &code[..]), (500, "", "1"), "{message}");
            assert!(texts.contains("Nothing was changed"), "{texts}");
        }
    }

    #[test]
    fn an_outcome_that_is_not_known_is_told_by_its_code() {
        let unknown =
            |cause: &str| kv_tree::Error::OutcomeUnknown { tree: tree(), cause: cause.into() };
        for cause in ["no answer", "database is locked"] {
            let (status, retry_after, code, texts) = answer(unknown(cause));
            assert_eq!((status, &retry_after[..], &code[..]), (500, "", code::OUTCOME_UNKNOWN));
            assert!(
                texts.contains("not known whether") && !texts.contains("Nothing was"),
                "{texts}"
            );
        }
    }

    #[test]
    fn a_contended_tree_and_a_slow_request_can_try_again() {
        let contended = answer(kv_tree::Error::Contended { tree: tree(), attempts: 3 });
        assert_eq!((contended.0, &contended.1[..]), (503, "1"));
        let expired = answer(kv_tree::Error::Expired { tree: tree() });
        assert_eq!((expired.0, &expired.1[..]), (503, "1"));
        let too_long = kv_tree::Error::TooLong { tree: tree(), what: "value", bytes: 3, limit: 2 };
        assert_eq!(answer(too_long).0, 413);
        let damaged = kv_tree::Error::Damaged { tree: tree(), key: "k".into(), fault: "f" };
        assert_eq!(answer(damaged).0, 500);
    }

    #[test]
    fn data_of_a_newer_version_is_left_to_another_instance() {
        let newer = || kv_tree::Error::Newer { tree: tree(), key: "k".into(), version: 9 };
        let (status, retry_after, code, texts) = answer(newer());
        assert_eq!((status, &retry_after[..], &code[..]), (503, "30", "1"));
        assert!(texts.contains("a newer version of the server"), "{texts}");
        assert!(texts.contains("Nothing was changed") && texts.contains("another instance"));
        assert!(Error::from(newer()).is_newer() && !Error::internal("k").is_newer());
        let json =
            |text| Error::of_stored_json("k", &serde_json::from_str::<bool>(text).unwrap_err());
        assert!(json("1").is_newer() && !json("tru").is_newer(), "what is cut off is damaged");
    }
}
