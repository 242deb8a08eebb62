//! From a file into an application.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use client::Method;
use serde::Deserialize;

use crate::Application;
use crate::header::{Contents, Header};

/// How many lines are sent at once.
const MAX_LINES: usize = 1_000;

/// How many bytes they have at most; one line can have more.
const MAX_BYTES: usize = 3 << 20;

const LINES: &str = "application/x-ndjson";

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
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
        bail!("{shown} has {lines} lines of {}: it is not whole", header.lines);
    }
    let mut imported = Imported::default();
    let mut aside = Aside::beside(path)?;
    let mut latest = send(application, &header, 0, "").await?;
    if latest.next > 0 {
        // What was refused last may not have been noted.
        for (number, text) in numbered(path)?.skip(latest.from as usize) {
            if number >= latest.next {
                break;
            }
            aside.note(&latest, number, &text?)?;
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
            "somebody else imports {shown}"
        );
        imported.created += latest.created;
        imported.unchanged += latest.unchanged;
        for (number, text) in &sent {
            aside.note(&latest, *number, text)?;
        }
    }
    progress(lines, lines);
    imported.refused = aside.finish(&header)?;
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

/// What is kept aside.
struct Aside {
    /// The lines, as long as there may be more.
    lines: PathBuf,
    /// Their file in the end.
    refused: PathBuf,
    reasons: PathBuf,
    /// The number of the line that was kept last.
    last: Option<u64>,
    count: u64,
}

impl Aside {
    fn beside(path: &Path) -> anyhow::Result<Self> {
        let named = |end: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let (lines, refused, reasons) =
            (named(".refused.part"), named(".refused"), named(".reasons"));
        ensure!(
            !refused.exists(),
            "{} is there: move it away, it is of an earlier import",
            refused.display()
        );
        let (mut last, mut count) = (None, 0);
        if lines.exists() {
            let noted = BufReader::new(File::open(&reasons)?).lines();
            for reason in noted {
                let reason = reason?;
                let number = reason.strip_prefix("line ").and_then(|it| it.split(':').next());
                last = number.and_then(|number| number.parse().ok()).or(last);
                count += 1;
            }
        }
        Ok(Self { lines, refused, reasons, last, count })
    }

    /// Keeps a line if the report has it among the refused ones, once.
    fn note(&mut self, report: &Report, number: u64, text: &str) -> anyhow::Result<()> {
        let refused = report.refused.iter().find(|refused| refused.line == number);
        let Some(Refused { message, .. }) = refused else { return Ok(()) };
        if self.last.is_some_and(|last| number <= last) {
            return Ok(());
        }
        append(&self.lines, text)?;
        append(&self.reasons, &format!("line {number}: {message}"))?;
        self.last = Some(number);
        self.count += 1;
        Ok(())
    }

    /// Gives the file of refused lines its first line and its name; how many there are.
    fn finish(self, header: &Header) -> anyhow::Result<u64> {
        if self.count > 0 {
            let lines = std::fs::read_to_string(&self.lines)?;
            let header = header.of_other_lines(lines.lines().count() as u64);
            std::fs::write(&self.refused, header.to_line()? + &lines)?;
            std::fs::remove_file(&self.lines)?;
        }
        Ok(self.count)
    }
}

fn append(path: &Path, line: &str) -> anyhow::Result<()> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}
