//! Reading TOML, so that what is wrong with it is said in a line.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::de::DeserializeOwned;

/// What the file at `path` says.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        match before {
            Some(before) => anyhow!("line {}: {}", before.split('\n').count(), error.message()),
            None => anyhow!("{}", error.message()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_a_line_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrong.toml");
        let error = || format!("{:#}", read::<toml::Table>(&path).unwrap_err());
        assert!(error().contains("cannot read") && error().contains("wrong.toml"), "{}", error());
        std::fs::write(&path, "a = 1\nb = [\n").unwrap();
        let error = error();
        assert!(error.contains("wrong.toml: line 2: ") && !error.contains('\n'), "{error}");
    }
}
