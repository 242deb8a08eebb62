//! Storing what lines say, in one transaction a request.
//!
//! How far an export is imported is stored with its lines, so each line is imported once, whatever is sent
//! again; so is what became of the latest lines, for who did not hear of it. What a line says that cannot be
//! stored is told, and changes nothing; the others are stored all the same. Nobody is told by events: whoever
//! listens knows of these resources, or is new.
//!
//! The key `maintenance/imports/{export}` has that, as JSON.

use std::collections::BTreeSet;

use access::Caller;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use kv_tree::{KeyRange, Kv, MAX_KEY_BYTES, Transaction, Tree};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Exported;
use super::export::MAX_LINES;
use super::line::Line;
use super::target::Wanted;
use crate::answer::audit::Audit;
use crate::answer::exchange::Exchange;
use crate::budget::Budget;
use crate::commit::{self, data::TenantData};
use crate::context::Context;
use crate::request::body;
use crate::storage::catalogue;
use crate::storage::record::Record;
use crate::{Definition, Error, Ports, tenants};

/// How long it is told at most why a line was not stored, in bytes.
const MAX_REASON: usize = 300;

/// How many bytes of reasons are told of a request's lines: what came of them is stored, too.
const MAX_REASONS: usize = 64 << 10;

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
    /// What the keys begin with of which the latest line was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
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

impl Report {
    fn refuse(&mut self, line: u64, mut message: String) {
        let told: usize = self.refused.iter().map(|refused| refused.message.len()).sum();
        let room = MAX_REASON.min(MAX_REASONS.saturating_sub(told));
        message.truncate(message.floor_char_boundary(room));
        self.refused.push(Refused { line, message });
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
    // Every line counts, also a blank one: who sends them counts them, too.
    for text in text.split_inclusive(|byte| *byte == b'\n') {
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
    let mut response = Response::new(Report { unit: None, ..report }.to_value()?);
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
        report.unit = latest.unit;
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
                            let became =
                                self.create(line, &mut report.unit, &mut settled, transaction);
                            let became = became.await?;
                            written.insert(key);
                            became.map(|()| true)
                        }
                    }
                }
            };
            match became {
                Ok(true) => report.created += 1,
                Ok(false) => report.unchanged += 1,
                Err(reason) => report.refuse(number, reason),
            }
        }
        transaction.put(self.progress.clone(), report.to_value()?);
        Ok(report)
    }

    /// Stores what a line says, where nothing is; or why that cannot be. The `unit` is that of the latest line.
    async fn create(
        &self,
        line: &Line,
        unit: &mut Option<String>,
        settled: &mut BTreeSet<&'static str>,
        transaction: &mut Transaction<P::Kv>,
    ) -> Result<Result<(), String>, Error> {
        match line {
            Line::Entry { key, value, unit: own } => {
                if let Err(reason) = fits(key.as_bytes(), value, transaction) {
                    return Ok(Err(reason));
                }
                if own.is_some() && own != unit {
                    let others = KeyRange::prefix(own.clone().unwrap_or_default());
                    if transaction.count(&others).await? > 0 {
                        return Ok(Err(
                            "there are others already that it belongs together with".into()
                        ));
                    }
                    unit.clone_from(own);
                }
                transaction.put(key.clone(), value.clone());
                Ok(Ok(()))
            }
            Line::Resource { definition, id, document } => {
                let record = Record::write(document).to_value();
                if let Err(reason) = fits(&line.key(), &record, transaction) {
                    return Ok(Err(reason));
                }
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
                let document = Value::Object(document.clone());
                commit::restore(definition, id, &document, record, transaction);
                Ok(Ok(()))
            }
        }
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

/// Whether a value at a key can be stored; why not, otherwise.
fn fits<K: Kv>(key: &[u8], value: &Bytes, transaction: &Transaction<K>) -> Result<(), String> {
    let fits = |what: &str, len: usize, limit: usize| match len <= limit {
        true => Ok(()),
        false => Err(format!("its {what} has {len} bytes, and the store takes {limit}")),
    };
    fits("key", key.len(), MAX_KEY_BYTES)?;
    fits("value", value.len(), transaction.max_value_bytes())
}
