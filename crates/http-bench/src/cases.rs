//! What is asked for, and what it is compared with.

use crate::accounts::{ACCOUNTS, ACCOUNTS_V4, any_account, parties};

/// Requests of one kind.
pub struct Case {
    pub name: &'static str,
    /// The body of a function of wrk that makes a request, in Lua.
    pub request: String,
    /// Whether a conventional service has it too.
    pub is_conventional: bool,
    writes: bool,
}

const JSON: &str = r#"{["content-type"] = "application/json"}"#;

impl Case {
    fn reads(name: &'static str, path: &str) -> Self {
        let request = format!("return wrk.format('GET', {path})");
        Self { name, request, is_conventional: true, writes: false }
    }

    fn writes(name: &'static str, method: &str, path: &str, body: &str) -> Self {
        let request = format!("return wrk.format('{method}', {path}, {JSON}, {body})");
        Self { name, request, is_conventional: true, writes: true }
    }

    fn reads_v4(name: &'static str, path: &str) -> Self {
        Self { is_conventional: false, ..Self::reads(name, path) }
    }

    /// A case of its own, which is compared with others like it.
    pub fn asks(request: String) -> Self {
        Self { name: "", request, is_conventional: false, writes: false }
    }

    /// The cases for a number of accounts.
    pub fn all(records: usize) -> Vec<Self> {
        let any_of =
            |path: &str| format!("string.format('{path}/a%07d', math.random(0, {}))", records - 1);
        let any = any_of(ACCOUNTS);
        let list = |query: &str| format!("'{ACCOUNTS}?limit=20{query}'");
        let party = format!(
            "'{ACCOUNTS}?limit=20&relatedParty.partyOrPartyRole.id=p' .. math.random(0, {})",
            parties(records) - 1
        );
        let patched =
            r#"'{"description":"Contract ' .. math.random(1, 1000000000) .. ' is in arrears"}'"#;
        vec![
            Self::reads("GET by id", &any),
            Self::writes("POST", "POST", &format!("'{ACCOUNTS}'"), &any_account()),
            Self::writes("PATCH", "PATCH", &any, patched),
            Self::reads("list of 20, first page", &list("")),
            Self::reads("list of 20, at the middle", &list(&format!("&offset={}", records / 2))),
            Self::reads("filter by related party", &party),
            Self::reads("sort by name", &list("&sort=name")),
            Self::reads_v4("GET by id through v4", &any_of(ACCOUNTS_V4)),
            Self::reads_v4("list of 20 through v4", &format!("'{ACCOUNTS_V4}?limit=20'")),
        ]
    }

    /// The least that a component can do that reads or writes.
    pub fn floor(&self) -> Self {
        match self.writes {
            true => Self::writes("floor", "POST", "'/floor/set'", "''"),
            false => Self::reads("floor", "'/floor/get'"),
        }
    }
}
