//! Storing what lines say, in one transaction a request.
//!
//! How far an export is imported is stored with its lines, so each line is imported once, whatever is sent
//! again; so is what became of the latest lines, for who did not hear of it. What a line says that cannot be stored is told, and changes nothing; the others are stored all the
//! same. Nobody is told by events: whoever listens knows of these resources, or is new.
//!
//! The key `maintenance/imports/{export}` has that, as JSON.

use std::collections::BTreeSet;

use access::Caller;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use kv_tree::{Transaction, Tree};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Exported;
use super::export::MAX_LINES;
use super::line::Line;
use super::target::Wanted;
use crate::answer::audit::Audit;
use crate::answer::exchange::Exchange;
use crate::budget::Budget;
use crate::commit::data::TenantData;
use crate::context::Context;
use crate::request::body;
use crate::storage::record::Record;
use crate::storage::{catalogue, index};
use crate::{Definition, Error, Ports, tenants};

/// How long it is told at most why a line was not stored, in bytes.
const MAX_REASON: usize = 300;

/// What became of a request's lines.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    /// The number of the first.
    from: u64,
    /// The number of the line that is to follow.
    next: u64,
    /// How many were stored.
    created: usize,
    /// How many were stored as they are already.
    unchanged: usize,
    /// Those that were not.
    refused: Vec<Refused>,
}

/// A line that was not stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    /// Its number.
    line: u64,
    /// Why.
    message: String,
}

impl Refused {
    fn new(line: u64, mut message: String) -> Self {
        message.truncate(message.floor_char_boundary(MAX_REASON));
        Self { line, message }
    }
}

/// Imports the lines in the body of the request.
pub(super) async fn import<P: Ports, B: http_body::Body>(
    exported: &Exported,
    exchange: &Exchange<'_, P>,
    wanted: &Wanted,
    tree: &Tree<P::Kv>,
    request: Request<B>,
) -> Result<Response<Bytes>, Error> {
    let text = body::read_lines(request).await?;
    let mut lines = Vec::new();
    for text in text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        if lines.len() as u64 >= MAX_LINES {
            return Err(Error::too_many_lines(MAX_LINES));
        }
        lines.push(Line::read(text, exported));
        exchange.ports.yield_now().await;
    }
    let Wanted { tenant, from, export } = wanted;
    let export = export.ok_or_else(|| Error::internal("the target is not checked"))?;
    let store = exchange.ports.store().await.map_err(kv_tree::Error::from)?;
    // What is imported may be a job, and whoever has data is to be known to maintenance.
    tenants::announce(&store, tenant, exchange.ports.now()).await?;
    let import = Import {
        exchange,
        caller: &Caller::anybody(tenant.clone()),
        tree,
        lines: &lines,
        from: *from,
        progress: format!("maintenance/imports/{export}"),
    };
    let report = tree.transact(async |transaction| import.store(transaction).await).await?;
    let event = json!({
        "import": export.to_string(),
        "tenant": tenant.as_str(),
        "next": report.next,
        "created": report.created,
        "unchanged": report.unchanged,
        "refused": report.refused.len(),
    });
    exchange.ports.log(&event.to_string());
    let mut response = Response::new(report.to_value()?);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

impl Report {
    fn to_value(&self) -> Result<Bytes, Error> {
        serde_json::to_vec(self).map(Bytes::from).map_err(Error::internal)
    }
}

/// What lines are imported with.
struct Import<'i, P: Ports> {
    exchange: &'i Exchange<'i, P>,
    caller: &'i Caller,
    tree: &'i Tree<P::Kv>,
    lines: &'i [Result<Line, String>],
    /// The number of the first.
    from: u64,
    /// The key with the number of the next.
    progress: String,
}

impl<P: Ports> Import<'_, P> {
    async fn store(&self, transaction: &mut Transaction<P::Kv>) -> Result<Report, Error> {
        let latest = match transaction.get(&self.progress).await? {
            None => Report::default(),
            Some(value) => serde_json::from_slice(&value)
                .map_err(|error| Error::of_stored_json(&self.progress, &error))?,
        };
        if self.lines.is_empty() || self.from < latest.next {
            // They were sent before, or somebody asks how far it is.
            return Ok(latest);
        }
        if self.from > latest.next {
            return Err(Error::lines_are_missing(latest.next));
        }
        let next = self.from.saturating_add(self.lines.len() as u64);
        let mut report = Report { from: self.from, next, ..Report::default() };
        let known: Vec<_> = self.lines.iter().filter_map(|line| line.as_ref().ok()).collect();
        let stored = transaction.get_many(known.iter().map(|line| line.key())).await?;
        let mut stored = stored.into_iter();
        let (mut written, mut settled) = (BTreeSet::new(), BTreeSet::new());
        for (number, line) in (self.from..).zip(self.lines) {
            let became = match line {
                Err(reason) => Err(reason.clone()),
                Ok(line) => {
                    let before = stored.next().flatten();
                    let key = line.key();
                    let before = match written.contains(&key) {
                        true => transaction.get(&key).await?,
                        false => before,
                    };
                    match before {
                        Some(before) => line.is_stored_as(&before).map(|()| false),
                        None => {
                            let became = self.create(line, &mut settled, transaction).await?;
                            written.insert(key);
                            became.map(|()| true)
                        }
                    }
                }
            };
            match became {
                Ok(true) => report.created += 1,
                Ok(false) => report.unchanged += 1,
                Err(reason) => report.refused.push(Refused::new(number, reason)),
            }
        }
        transaction.put(self.progress.clone(), report.to_value()?);
        Ok(report)
    }

    /// Stores what a line says, where nothing is; or why that cannot be.
    async fn create(
        &self,
        line: &Line,
        settled: &mut BTreeSet<&'static str>,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<Result<(), String>, Error> {
        let (definition, id, document) = match line {
            Line::State { key, value } => {
                transaction.put(key.clone(), value.clone());
                return Ok(Ok(()));
            }
            Line::Resource { definition, id, document } => (*definition, id, document),
        };
        if let Some(behaviour) = definition.behaviour {
            let (audit, budget) = (Audit::default(), Budget::default());
            let context = self.context(definition, &audit, &budget);
            let mut work = TenantData::of(&context, &mut *transaction);
            match behaviour.restore(id, document, &mut work).await {
                Err(error) if error.is_of_client() || error.is_newer() => {
                    return Ok(Err(error.told()));
                }
                restored => restored?,
            }
        }
        if settled.insert(definition.resource.stored_name()) {
            catalogue::advance(definition, transaction).await?;
        }
        let record = Record::write(document).to_value();
        let document = Value::Object(document.clone());
        index::update(definition, transaction, id, None, Some(&document));
        transaction.put(line.key(), record);
        Ok(Ok(()))
    }

    fn context<'c>(
        &'c self,
        definition: &'static Definition,
        audit: &'c Audit,
        budget: &'c Budget,
    ) -> Context<'c, P> {
        let Exchange { settings, ports, .. } = self.exchange;
        Context::of_server(definition, settings, *ports, self.caller, self.tree, audit, budget)
    }
}
