//! The line that a file begins with: what it is, of when, and how many lines follow.

use std::io::BufRead;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// What the first line says that a file is.
const FORMAT: &str = "tmf-billing-export";

/// The newest version of the lines that this program knows.
const VERSION: u64 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub format: String,
    pub version: u64,
    /// Whose data it is.
    pub tenant: String,
    /// When it was begun.
    pub time: String,
    pub commit: u64,
    /// How many lines follow.
    pub lines: u64,
    /// What it is called, in the application that it comes from, and where it is imported.
    pub export: String,
}

impl Header {
    pub fn parse(line: &str) -> anyhow::Result<Self> {
        let header: Self =
            serde_json::from_str(line).context("the first line is not that of an export")?;
        let Self { format, version, .. } = &header;
        ensure!(format == FORMAT, "the format {format:?} is not {FORMAT:?}");
        ensure!(
            *version <= VERSION,
            "version {version} is newer than this program knows ({VERSION})"
        );
        Ok(header)
    }

    /// The same for other lines, which are imported as an export of their own.
    pub fn of_other_lines(&self, lines: u64) -> Self {
        Self { lines, export: format!("{:016x}", fastrand::u64(..)), ..self.clone() }
    }

    pub fn to_line(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// What a file has.
pub(crate) struct Contents {
    pub header: Header,
    /// How many whole lines follow the first.
    pub lines: u64,
    /// How many bytes all of them have.
    pub bytes: u64,
}

impl Contents {
    /// Reads through the file; `None` where not even its first line is whole.
    pub fn of(path: &Path) -> anyhow::Result<Option<Self>> {
        let shown = path.display();
        let file = std::fs::File::open(path).with_context(|| format!("cannot open {shown}"))?;
        let mut reader = std::io::BufReader::new(file);
        let (mut line, mut header, mut lines, mut bytes) = (Vec::new(), None, 0, 0);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line);
            let read = read.with_context(|| format!("cannot read {shown}"))?;
            if line.last() != Some(&b'\n') {
                return Ok(header.map(|header| Self { header, lines, bytes }));
            }
            bytes += read as u64;
            if header.is_some() {
                lines += 1;
            } else {
                let parsed = Header::parse(&String::from_utf8_lossy(&line));
                header = Some(parsed.with_context(|| shown.to_string())?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"format":"tmf-billing-export","version":1,"tenant":"acme","time":"t","commit":3,"lines":2,"export":"00000000000000ff"}"#;

    #[test]
    fn whole_lines_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        for (text, expected) in [
            (String::new(), None),
            (LINE[..20].to_owned(), None),
            (format!("{LINE}\n"), Some((0, LINE.len() + 1))),
            (format!("{LINE}\n{{}}\n{{\"a\""), Some((1, LINE.len() + 4))),
            (format!("{LINE}\n{{}}\n{{}}\n"), Some((2, LINE.len() + 7))),
        ] {
            std::fs::write(&path, text).unwrap();
            let contents = Contents::of(&path).unwrap();
            let found = contents.map(|it| (it.lines, it.bytes as usize));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_is_no_export_is_told() {
        for (line, expected) in [
            ("{}", "first line"),
            (&LINE.replace("tmf-", ""), "is not \"tmf-billing-export\""),
            (&LINE.replace("\"version\":1", "\"version\":2"), "newer than this program knows"),
        ] {
            let error = format!("{:#}", Header::parse(line).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
        let header = Header::parse(LINE).unwrap();
        let other = header.of_other_lines(7);
        assert_ne!(other.export, header.export);
        assert_eq!(Header::parse(other.to_line().unwrap().trim()).unwrap(), other);
    }
}
