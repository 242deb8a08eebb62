//! From a file into an application.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use client::Method;
use serde::Deserialize;

use crate::Application;
use crate::header::{Contents, Header};
use crate::refused::RefusedLines;

/// How many lines are sent at once.
const MAX_LINES: usize = 1_000;

/// How many bytes they have at most; one line can have more.
const MAX_BYTES: usize = 3 << 20;

const LINES: &str = "application/x-ndjson";

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many lines were imported before.
    pub before: u64,
    /// How many lines were imported now.
    pub created: u64,
    /// How many said what is there already.
    pub unchanged: u64,
    /// How many were refused, all told.
    pub refused: u64,
}

/// What the application says of the latest lines.
#[derive(Debug, Deserialize)]
struct Report {
    from: u64,
    next: u64,
    created: u64,
    unchanged: u64,
    refused: Vec<Refused>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    line: u64,
    message: String,
}

/// Imports a whole file, and tells `progress` how many lines were sent of how many. What the application
/// refuses is kept aside, in a file of its own whose name ends with `.refused`, which can be mended and
/// imported as this one; beside it, `.reasons` says of each line why.
pub async fn import(
    application: &Application<'_>,
    path: &Path,
    mut progress: impl FnMut(u64, u64),
) -> anyhow::Result<Imported> {
    let shown = path.display();
    let contents = Contents::of(path)?;
    let Contents { header, lines, .. } = contents.with_context(|| format!("{shown} is empty"))?;
    if lines != header.lines {
        bail!(
            "{shown} is not whole: {lines} whole lines follow the first, which says {}. It was cut; or, if lines were \
             taken out, the first has to say how many are left. The last line ends with a line break, too",
            header.lines
        );
    }
    let mut imported = Imported::default();
    let mut kept = RefusedLines::beside(path, &header)?;
    let mut keep = |report: &Report, number: u64, text: &str| {
        let refused = report.refused.iter().find(|refused| refused.line == number);
        refused.map_or(Ok(()), |refused| kept.keep(&header, number, &refused.message, text))
    };
    let mut latest = send(application, &header, 0, "").await?;
    imported.before = latest.next;
    if latest.next > 0 {
        // What was refused last may not have been noted.
        for (number, text) in numbered(path)?.skip(latest.from as usize) {
            if number >= latest.next {
                break;
            }
            keep(&latest, number, &text?)?;
        }
    }
    let mut lines_left = numbered(path)?.skip(latest.next as usize).peekable();
    while latest.next < lines {
        progress(latest.next, lines);
        let (mut sent, mut body) = (Vec::new(), String::new());
        while sent.len() < MAX_LINES
            && let Some((number, text)) = lines_left.next_if(|(_, text)| {
                let len = text.as_ref().map_or(0, String::len);
                body.is_empty() || body.len() + len <= MAX_BYTES
            })
        {
            let text = text.with_context(|| format!("cannot read {shown}"))?;
            body.push_str(&text);
            body.push('\n');
            sent.push((number, text));
        }
        let from = latest.next;
        latest = send(application, &header, from, &body).await?;
        ensure!(
            latest.from == from && latest.next == from + sent.len() as u64,
            "the application expects line {}, and was sent line {from}: is {shown} imported by another, too?",
            latest.next
        );
        imported.created += latest.created;
        imported.unchanged += latest.unchanged;
        for (number, text) in &sent {
            keep(&latest, *number, text)?;
        }
    }
    progress(lines, lines);
    imported.refused = kept.finish(&header)?;
    Ok(imported)
}

async fn send(
    application: &Application<'_>,
    header: &Header,
    from: u64,
    lines: &str,
) -> anyhow::Result<Report> {
    let path = application.path("import", &format!("export={}&from={from}", header.export));
    let body = Some((LINES, lines.to_owned()));
    let answer = application.client.send(Method::POST, &path, body).await?;
    let value = answer.success(Method::POST, &path)?.json(&path)?;
    serde_json::from_value(value).with_context(|| format!("{path}: the answer is another"))
}

/// The lines behind the first, with their numbers.
fn numbered(
    path: &Path,
) -> anyhow::Result<impl Iterator<Item = (u64, std::io::Result<String>)> + use<>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok((0..).zip(BufReader::new(file).lines().skip(1)))
}
