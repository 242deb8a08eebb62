//! The development key: of ECDSA on P-256 (ES256), in a file as a private JWK (RFC 7517).
//!
//! The file is complete from the moment that it is there: of several programs that make a key at
//! once, all end with the key of one.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::SecretKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::EncodePrivateKey;
use serde::Serialize;
use tempfile::NamedTempFile;

/// A key that signs tokens.
pub struct DevelopmentKey {
    private: EncodingKey,
    /// Its public half, whose `kid` is its thumbprint (RFC 7638).
    public: Jwk,
}

impl DevelopmentKey {
    /// The key in the file at `path`; where there is none, one is made, which only the user can read.
    pub fn read_or_make(path: &Path) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => make(path),
            text => text.with_context(|| format!("cannot read the key {}", path.display())),
        }?;
        let key = SecretKey::from_jwk_str(&text).map_err(|_| {
            let path = path.display();
            anyhow!("{path} is not a private JWK of P-256; without the file, a new key is made")
        })?;
        Self::of(&key)
    }

    fn of(key: &SecretKey) -> anyhow::Result<Self> {
        let document = key.to_pkcs8_der().context("cannot encode the key")?;
        let private = EncodingKey::from_ec_der(document.as_bytes());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { private, public })
    }

    /// The public half, for those who check what it signs.
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// A token with the `claims`: a JWT (RFC 7519) of the type that access tokens have (RFC 9068).
    pub fn sign(&self, claims: &impl Serialize) -> anyhow::Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = self.public.common.key_id.clone();
        encode(&header, claims, &self.private).context("cannot sign the token")
    }
}

/// Makes a key and keeps it at `path`, and says what is there then: the key of somebody else, if that
/// came first.
fn make(path: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot make the key {}", path.display());
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).with_context(cannot)?;
    // Only the user can read a file that is made so.
    let mut file = NamedTempFile::new_in(folder).with_context(cannot)?;
    file.write_all(SecretKey::random(&mut OsRng).to_jwk_string().as_bytes())
        .with_context(cannot)?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => {}
        Err(refused) => return Err(refused.error).with_context(cannot),
    }
    fs::read_to_string(path).with_context(cannot)
}
