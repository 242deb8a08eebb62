//! What an import refuses, kept aside.
//!
//! As long as there may be more, it is in one file, a line of JSON for each refused line, behind one that says of
//! which import it is. So whatever is interrupted, a line is kept whole or not at all, and once.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::header::Header;
use crate::private;

/// A line that was refused.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    line: u64,
    message: String,
    text: String,
}

/// The lines of an import that were refused so far.
pub(crate) struct RefusedLines {
    part: PathBuf,
    lines: PathBuf,
    reasons: PathBuf,
    file: Option<File>,
    kept: Vec<Kept>,
}

impl RefusedLines {
    /// Those beside the file that is imported: none, unless its import was interrupted.
    pub fn beside(path: &Path, header: &Header) -> anyhow::Result<Self> {
        let named = |end: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let (part, lines, reasons) = (named(".refused.part"), named(".refused"), named(".reasons"));
        for earlier in [&lines, &reasons] {
            ensure!(
                !earlier.exists(),
                "{} is of an earlier import: move it away",
                earlier.display()
            );
        }
        let mut refused = Self { part, lines, reasons, file: None, kept: Vec::new() };
        if refused.part.exists() {
            refused.go_on(&header.export)?;
        }
        Ok(refused)
    }

    /// Reads what an interrupted import has kept, and cuts it behind the last whole line.
    fn go_on(&mut self, export: &str) -> anyhow::Result<()> {
        let shown = self.part.display();
        let text =
            fs::read_to_string(&self.part).with_context(|| format!("cannot read {shown}"))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        if let Some(first) = lines.next() {
            ensure!(first == export, "{shown} is of the import of another file: move it away");
            for line in lines {
                self.kept.push(serde_json::from_str(line).with_context(|| shown.to_string())?);
            }
        }
        let file = private().append(true).open(&self.part);
        let file = file.with_context(|| format!("cannot write {shown}"))?;
        file.set_len(whole as u64)?;
        if whole > 0 {
            self.file = Some(file);
        }
        Ok(())
    }

    /// Keeps a line, unless it is kept already.
    pub fn keep(
        &mut self,
        header: &Header,
        line: u64,
        message: &str,
        text: &str,
    ) -> anyhow::Result<()> {
        if self.kept.last().is_some_and(|last| line <= last.line) {
            return Ok(());
        }
        let kept = Kept { line, message: message.to_owned(), text: text.to_owned() };
        let failed = || format!("cannot write {}", self.part.display());
        let mut file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file =
                    private().create(true).append(true).open(&self.part).with_context(failed)?;
                file.write_all(format!("{}\n", header.export).as_bytes()).with_context(failed)?;
                file
            }
        };
        let record = serde_json::to_string(&kept)? + "\n";
        file.write_all(record.as_bytes()).with_context(failed)?;
        self.file = Some(file);
        self.kept.push(kept);
        Ok(())
    }

    /// Writes the refused lines as a file of their own that can be imported, and the reasons; how many there are.
    pub fn finish(self, header: &Header) -> anyhow::Result<u64> {
        let count = self.kept.len() as u64;
        if count == 0 {
            return Ok(0);
        }
        let lines: Vec<_> = self.kept.iter().map(|kept| format!("{}\n", kept.text)).collect();
        let reason = |kept: &Kept| format!("line {}: {}\n", kept.line, kept.message);
        let reasons: String = self.kept.iter().map(reason).collect();
        write(&self.reasons, &reasons)?;
        write(&self.lines, &(header.of_other_lines(count).to_line()? + &lines.concat()))?;
        fs::remove_file(&self.part)?;
        Ok(count)
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let opened = private().create(true).write(true).truncate(true).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(export: &str) -> Header {
        let line = format!(
            r#"{{"format":"tmf-billing-export","version":1,"tenant":"a","time":"","commit":1,"lines":9,"export":"{export}"}}"#
        );
        Header::parse(&line).unwrap()
    }

    #[test]
    fn lines_are_kept_once_whatever_is_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import");
        let (own, other) = (header("00000000000000aa"), header("00000000000000bb"));
        let mut refused = RefusedLines::beside(&path, &own).unwrap();
        refused.keep(&own, 3, "first", "{\"a\":1}").unwrap();
        refused.keep(&own, 5, "second", "{\"b\":1}").unwrap();
        drop(refused);
        // The disk was full, or the program killed, in the middle of the second.
        let part = folder.path().join("import.refused.part");
        let text = fs::read_to_string(&part).unwrap();
        fs::write(&part, &text[..text.len() - 5]).unwrap();
        assert!(RefusedLines::beside(&path, &other).is_err());
        let mut refused = RefusedLines::beside(&path, &own).unwrap();
        for (line, message, text) in [(3, "first", "{\"a\":1}"), (5, "second", "{\"b\":1}")] {
            refused.keep(&own, line, message, text).unwrap();
        }
        assert_eq!(refused.finish(&own).unwrap(), 2);
        let reasons = fs::read_to_string(folder.path().join("import.reasons")).unwrap();
        assert_eq!(reasons, "line 3: first\nline 5: second\n");
        let lines = fs::read_to_string(folder.path().join("import.refused")).unwrap();
        let (first, rest) = lines.split_once('\n').unwrap();
        let first = Header::parse(first).unwrap();
        assert_eq!((first.lines, rest), (2, "{\"a\":1}\n{\"b\":1}\n"));
        assert_ne!(first.export, own.export);
        assert!(!part.exists() && RefusedLines::beside(&path, &own).is_err());
    }

    #[test]
    fn nothing_is_written_where_nothing_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let own = header("00000000000000aa");
        let refused = RefusedLines::beside(&folder.path().join("import"), &own).unwrap();
        assert_eq!(refused.finish(&own).unwrap(), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
