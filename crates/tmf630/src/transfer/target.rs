//! What a request for a transfer asks for.

use access::Tenant;
use kv_tree::HoldId;
use percent_encoding::percent_decode_str;

use crate::Error;
use crate::request::target::Route;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Where exports are begun.
    Exports,
    /// An export.
    Export(HoldId),
    /// Where lines are imported.
    Import,
}

impl Target {
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/transfer/")?.trim_end_matches('/') {
            "export" => Some(Self::Exports),
            "import" => Some(Self::Import),
            below => below.strip_prefix("export/")?.parse().ok().map(Self::Export),
        }
    }

    /// The path for the log.
    pub fn route(&self) -> Route<'static> {
        Route::Transfer(match self {
            Self::Exports => "/transfer/export",
            Self::Export(_) => "/transfer/export/{id}",
            Self::Import => "/transfer/import",
        })
    }

    /// What can be done there.
    pub fn allow(&self) -> &'static str {
        match self {
            Self::Exports | Self::Import => "POST, OPTIONS",
            Self::Export(_) => "GET, DELETE, OPTIONS",
        }
    }

    /// The parameters that a query may have.
    fn parameters(&self) -> &'static [&'static str] {
        match self {
            Self::Exports => &["tenant"],
            Self::Export(_) => &["tenant", "from"],
            Self::Import => &["tenant", "export", "from"],
        }
    }
}

/// What a query says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Whose data it is about.
    pub tenant: Tenant,
    /// The number of the first line; the line that an export begins with is not counted.
    pub from: u64,
    /// Which export the lines are of.
    pub export: Option<HoldId>,
}

impl Wanted {
    /// Reads the query of a request where the tenant is `served`, or any if that is `*`.
    pub fn of(target: &Target, served: &str, query: &str) -> Result<Self, Error> {
        let (mut tenant, mut from, mut export) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let known = target.parameters();
            let Some(name) = known.iter().copied().find(|known| *known == name) else {
                return Err(Error::unknown_parameter(name, &known.join(", ")));
            };
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            let slot = match name {
                "tenant" => &mut tenant,
                "from" => &mut from,
                _ => &mut export,
            };
            if slot.replace(value).is_some() {
                return Err(Error::invalid_parameter(name, "must be given once"));
            }
        }
        let from = match from.as_deref().map(str::parse) {
            None => 0,
            Some(Ok(from)) => from,
            Some(Err(_)) => {
                return Err(Error::invalid_parameter("from", "must be the number of a line"));
            }
        };
        let export = export.map(|export| export.parse()).transpose().map_err(|_| {
            Error::invalid_parameter(
                "export",
                "must be that of the line which the export begins with",
            )
        })?;
        if *target == Target::Import && export.is_none() {
            let expectation = "is missing: it is in the line which an export begins with";
            return Err(Error::invalid_parameter("export", expectation));
        }
        Ok(Self { tenant: tenant_of(tenant.as_deref(), served)?, from, export })
    }
}

fn tenant_of(asked: Option<&str>, served: &str) -> Result<Tenant, Error> {
    let name = match (asked, served) {
        (None, "*") => {
            return Err(Error::invalid_parameter("tenant", "is missing: several are served here"));
        }
        (None, served) => served,
        (Some(asked), served) if served == "*" || asked == served => asked,
        (Some(_), served) => {
            let expectation = format!("must be {served}, which is served here, or be left out");
            return Err(Error::invalid_parameter("tenant", &expectation));
        }
    };
    let expectation = "must be 1 to 64 characters of A-Z a-z 0-9 _ -";
    Tenant::new(name).ok_or_else(|| Error::invalid_parameter("tenant", expectation))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000000000ff";

    fn wanted(target: Target, served: &str, query: &str) -> Result<(String, u64), String> {
        let wanted = Wanted::of(&target, served, query);
        wanted.map(|it| (it.tenant.to_string(), it.from)).map_err(|error| error.told())
    }

    #[test]
    fn paths_lead_to_what_there_is() {
        let id = ID.parse().unwrap();
        assert_eq!(Target::of("/transfer/export"), Some(Target::Exports));
        assert_eq!(Target::of("/transfer/export/"), Some(Target::Exports));
        assert_eq!(Target::of("/transfer/import"), Some(Target::Import));
        assert_eq!(Target::of(&format!("/transfer/export/{ID}")), Some(Target::Export(id)));
        for path in [
            "/",
            "/transfer",
            "/transfer/",
            "/transfer/export/1",
            "/transfer/import/1",
            "/transfer/x",
        ] {
            assert_eq!(Target::of(path), None, "{path}");
        }
    }

    #[test]
    fn a_query_says_which_tenant_and_from_where() {
        let export = Target::Export(ID.parse().unwrap());
        let told = |name: &str, number| Ok((name.to_owned(), number));
        assert_eq!(wanted(export, "*", "tenant=acme&from=17"), told("acme", 17));
        assert_eq!(wanted(export, "acme", ""), told("acme", 0));
        assert_eq!(wanted(export, "acme", "tenant=acme"), told("acme", 0));
        assert_eq!(
            wanted(Target::Import, "*", &format!("tenant=a%2Db&export={ID}")),
            told("a-b", 0)
        );
        for (target, served, query, expected) in [
            (export, "*", "", "tenant is missing"),
            (export, "acme", "tenant=other", "tenant must be acme"),
            (export, "*", "tenant=a/b", "tenant must be 1 to 64"),
            (export, "*", "tenant=a&tenant=a", "tenant must be given once"),
            (export, "*", "tenant=a&from=-1", "from must be the number"),
            (export, "*", "tenant=a&after=1", "no query parameter after"),
            (Target::Exports, "*", "tenant=a&from=1", "no query parameter from"),
            (Target::Import, "*", "tenant=a", "export is missing"),
            (Target::Import, "*", "tenant=a&export=7", "export must be that of the line"),
        ] {
            let error = wanted(target, served, query).unwrap_err();
            assert!(error.contains(expected), "{query}: {error}");
        }
    }
}
