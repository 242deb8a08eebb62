//! A file, as it is compiled in.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;

/// A file of a [`Site`](crate::Site).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Where it is below the site's base, such as `assets-1f/app.js`; the page itself is `index.html`.
    pub path: &'static str,
    /// Its content, compressed (RFC 1952).
    pub gzip: &'static [u8],
    /// How long it is when it is not compressed, in bytes.
    pub length: usize,
    /// Whether its name changes whenever its content does.
    pub is_immutable: bool,
}

impl File {
    /// Its media type, by its name. Browsers are told to believe it, so they run and show nothing that has
    /// none.
    pub fn media_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "css" => "text/css; charset=utf-8",
            "html" => "text/html; charset=utf-8",
            "ico" => "image/x-icon",
            "js" => "text/javascript; charset=utf-8",
            "json" => "application/json",
            "png" => "image/png",
            "svg" => "image/svg+xml",
            "txt" => "text/plain; charset=utf-8",
            "wasm" => "application/wasm",
            _ => "application/octet-stream",
        }
    }

    /// Its content as it is, which takes some milliseconds for each megabyte.
    pub(crate) fn plain(&self) -> std::io::Result<Bytes> {
        let mut plain = Vec::with_capacity(self.length);
        GzDecoder::new(self.gzip).read_to_end(&mut plain)?;
        Ok(plain.into())
    }
}
