//! From an application into a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use client::{Method, StatusCode};

use crate::header::{Contents, Header};
use crate::{Application, private};

/// What an export has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// How many lines, beside the first.
    pub lines: u64,
    /// How many of them say that something could not be read.
    pub unreadable: u64,
}

/// Exports all that the tenant has into a file, which must not be there, and tells `progress` how many lines
/// it has of how many. As long as it is not whole, it has a name that ends with `.part`; where there is one,
/// and the application has not forgotten that export, it goes on from there.
pub async fn export(
    application: &Application<'_>,
    path: &Path,
    mut progress: impl FnMut(u64, u64),
) -> anyhow::Result<Exported> {
    let shown = path.display();
    ensure!(!path.exists(), "{shown} is there already; choose another name");
    let part = part_of(path);
    loop {
        let (header, mut file, mut lines) = match continued(&part)? {
            Some(continued) => continued,
            None => begin(application, &part).await?,
        };
        let whole = loop {
            progress(lines, header.lines);
            if lines == header.lines {
                break true;
            }
            let below = format!("export/{}", header.export);
            let asked = application.path(&below, &format!("from={lines}"));
            let answer = application.client.send(Method::GET, &asked, None).await?;
            if answer.status == StatusCode::GONE {
                break false;
            }
            let text = answer.success(Method::GET, &asked)?.text;
            ensure!(text.ends_with('\n'), "{asked}: the answer has no whole line");
            file.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
            lines += text.lines().count() as u64;
        };
        if !whole {
            // Its moment is over: what there is of it is of no use.
            fs::remove_file(&part)?;
            continue;
        }
        file.sync_all().with_context(|| format!("cannot write {shown}"))?;
        fs::rename(&part, path).with_context(|| format!("cannot write {shown}"))?;
        let ended = application.path(&format!("export/{}", header.export), "");
        application.client.send(Method::DELETE, &ended, None).await?;
        return Ok(Exported { lines, unreadable: unreadable_in(path)? });
    }
}

/// The name of the file as long as it is not whole.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A part that is there, cut behind its last whole line.
fn continued(part: &Path) -> anyhow::Result<Option<(Header, File, u64)>> {
    if !part.exists() {
        return Ok(None);
    }
    let Some(Contents { header, lines, bytes }) = Contents::of(part)? else { return Ok(None) };
    let file = private().append(true).open(part);
    let file = file.with_context(|| format!("cannot write {}", part.display()))?;
    file.set_len(bytes)?;
    Ok(Some((header, file, lines)))
}

async fn begin(application: &Application<'_>, part: &Path) -> anyhow::Result<(Header, File, u64)> {
    let asked = application.path("export", "");
    let answer = application.client.send(Method::POST, &asked, None).await?;
    let line = answer.success(Method::POST, &asked)?.text;
    let header = Header::parse(&line)?;
    let file = private()
        .create(true)
        .write(true)
        .truncate(true)
        .open(part)
        .with_context(|| format!("cannot write {}", part.display()));
    let mut file = file?;
    file.write_all(header.to_line()?.as_bytes())?;
    Ok((header, file, 0))
}

/// How many lines say that something could not be read.
fn unreadable_in(path: &Path) -> anyhow::Result<u64> {
    let mut count = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        // Most lines need not be parsed.
        if line.contains("\"unreadable\":")
            && serde_json::from_str::<serde_json::Value>(&line)?.get("unreadable").is_some()
        {
            count += 1;
        }
    }
    Ok(count)
}
