//! What a client is told of a failure of the store: whether anything was changed, and whether trying
//! again helps.

use http::HeaderValue;
use http::header::RETRY_AFTER;

use super::{Error, StatusCode, code};

/// Why a store does not do what it is asked for now, and will do it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hindrance {
    /// It has too much to do, or is out of reach.
    Busy,
    /// It can be read only: it is full, or was made read-only.
    TakesNoWrites,
}

/// How stores say so, in lower case and without blanks: SQLite, DynamoDB, Cosmos DB and Spin, whose
/// interfaces have no more than the text.
const SIGNS: [(Hindrance, &[&str]); 2] = [
    (
        Hindrance::TakesNoWrites,
        &["diskisfull", "diskfull", "readonlydatabase", "nospaceleft", "insufficientstorage"],
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

impl Error {
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
}
