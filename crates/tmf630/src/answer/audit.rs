//! What the log says of changes: a line of JSON for each, with who made it. Of a request that changed
//! nothing it is one line.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write};

use access::{Caller, Identity, Parties};
use http::StatusCode;
use jiff::Timestamp;

use super::text::write_string;
use crate::Definition;
use crate::model::operation::Operation;

/// The outcome of a change that may have been made.
const UNKNOWN: &str = "unknown";

/// How many of a caller's parties a line names.
const MAX_PARTIES: usize = 10;

/// What a request is about to change, and what came of it.
#[derive(Default)]
pub(crate) struct Audit {
    subject: Cell<Option<(&'static str, Operation)>>,
    ids: RefCell<Vec<String>>,
    outcome: Cell<Option<&'static str>>,
}

impl Audit {
    /// The request is about an operation that changes the resource.
    pub fn begin(&self, definition: &'static Definition, operation: Operation) {
        self.subject.set(Some((definition.name(), operation)));
    }

    /// It is about what has the id.
    pub fn note(&self, id: &str) {
        self.ids.borrow_mut().push(id.to_owned());
    }

    /// It was made before, of what has the ids, and has changed nothing now.
    pub fn note_repeated<'i>(&self, ids: impl Iterator<Item = &'i str>) {
        self.outcome.set(Some("repeated"));
        self.ids.replace(ids.map(str::to_owned).collect());
    }

    /// It is not known whether it was made.
    pub fn note_unknown(&self) {
        self.outcome.set(Some(UNKNOWN));
    }

    /// There was nothing to change.
    pub fn note_unchanged(&self) {
        self.outcome.set(Some("unchanged"));
    }

    /// Appends the lines of a request that the caller made and that was answered with the status.
    pub fn write(
        self,
        lines: &mut String,
        time: Timestamp,
        status: StatusCode,
        caller: &Caller,
        request_id: &str,
    ) -> fmt::Result {
        let Some((resource, operation)) = self.subject.get() else { return Ok(()) };
        let outcome = self.outcome.get().unwrap_or(match status {
            // What is not supported is asked for in vain, as in v4, which has no such status.
            StatusCode::NOT_IMPLEMENTED => "refused",
            status if status.is_client_error() => "refused",
            status if status.is_server_error() => "failed",
            _ => "done",
        });
        let mut who = String::new();
        write_caller(&mut who, caller)?;
        let mut line = |id: Option<&str>| -> fmt::Result {
            write!(lines, r#"{{"time":"{time:.3}","change":"{}","#, operation.name())?;
            write!(lines, r#""outcome":"{outcome}","status":{},"#, status.as_u16())?;
            write!(lines, r#"{who}"resource":"{resource}""#)?;
            if let Some(id) = id {
                lines.push_str(r#","id":"#);
                write_string(lines, id)?;
            }
            lines.push_str(r#","requestId":"#);
            write_string(lines, request_id)?;
            lines.push_str("}\n");
            Ok(())
        };
        let ids = self.ids.into_inner();
        match &ids[..] {
            [] => line(None),
            [id] => line(Some(id)),
            // What may have been changed is named.
            ids if status.is_success() || outcome == UNKNOWN => {
                ids.iter().try_for_each(|id| line(Some(id)))
            }
            _ => line(None),
        }
    }
}

/// Appends who the caller is, as members of an object with a comma behind each.
fn write_caller(text: &mut String, caller: &Caller) -> fmt::Result {
    let mut member = |name: &str, value: &str| -> fmt::Result {
        text.extend(["\"", name, "\":"]);
        write_string(text, value)?;
        text.push(',');
        Ok(())
    };
    member("tenant", caller.tenant.as_str())?;
    if let Some(Identity { issuer, subject, client }) = &caller.identity {
        member("issuer", issuer)?;
        for (name, value) in [("subject", subject), ("client", client)] {
            if let Some(value) = value {
                member(name, value)?;
            }
        }
    }
    if let Parties::Only(parties) = &caller.parties {
        text.push_str(r#""party":["#);
        for (number, party) in parties.iter().take(MAX_PARTIES).enumerate() {
            if number > 0 {
                text.push(',');
            }
            write_string(text, party)?;
        }
        text.push_str("],");
    }
    Ok(())
}
