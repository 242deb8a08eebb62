//! Tokens as those see them who accept them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use jsonwebtoken::jwk::{JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a key, once a command has made that.
struct Keys(TempDir);

impl Keys {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("target/development-key.json")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_token"));
        command.arg("--key-file").arg(self.file()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The line that a command prints.
    #[track_caller]
    fn line(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = String::from_utf8(output.stdout).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        line.trim_end().to_owned()
    }

    fn issuer(&self) -> Value {
        serde_json::from_str(&self.line(&["--issuer"])).unwrap()
    }

    /// What a token says, after checks of all that a resource server checks.
    #[track_caller]
    fn accepted(&self, token: &str) -> Value {
        let issuer = self.issuer();
        let keys: JwkSet = serde_json::from_value(issuer["keys"].clone()).unwrap();
        let header = decode_header(token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        let key = keys.find(&header.kid.unwrap()).expect("the set has the key");
        assert_eq!(key.common.key_algorithm, Some(KeyAlgorithm::ES256));
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[issuer["issuer"].as_str().unwrap()]);
        validation.set_audience(&[issuer["audience"].as_str().unwrap()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let key = DecodingKey::from_jwk(key).unwrap();
        decode::<Value>(token, &key, &validation).unwrap().claims
    }

    #[track_caller]
    fn assert_refused(&self, arguments: &[&str], words: &[&str]) {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
        assert!(output.stdout.is_empty(), "something was printed");
    }
}

#[test]
fn a_token_says_what_was_asked_for_and_verifies() {
    let keys = Keys::new();
    let scopes = ["--scope", "tmf666:read tmf666:write", "--scope", "other"];
    let who = ["--tenant", "acme", "--party", "4711", "--subject", "alice", "--expires", "15m"];
    let claims = keys.accepted(&keys.line(&[&who[..], &scopes].concat()));
    assert_eq!(claims["iss"], "https://development.invalid");
    assert_eq!(claims["aud"], "account-management");
    assert_eq!(claims["azp"], "cargo-xtask");
    assert_eq!(claims["sub"], "alice");
    assert_eq!(claims["tenant"], "acme");
    assert_eq!(claims["party_id"], "4711");
    assert_eq!(claims["scope"], "tmf666:read tmf666:write other");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 15 * 60);
}

#[test]
fn what_is_not_said_is_left_out() {
    let keys = Keys::new();
    let claims = keys.accepted(&keys.line(&["--tenant", "acme"]));
    let names: BTreeSet<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["aud", "azp", "exp", "iat", "iss", "sub", "tenant"]));
    assert_eq!(claims["sub"], "developer");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60 * 60);
    let two = keys.line(&["--tenant", "acme", "--party", "4711", "--party", "4712"]);
    assert_eq!(keys.accepted(&two)["party_id"], json!(["4711", "4712"]));
}

#[test]
fn the_key_stays_and_its_private_half_with_the_user() {
    let keys = Keys::new();
    let token = keys.line(&["--tenant", "acme"]);
    let file = std::fs::read_to_string(keys.file()).unwrap();
    keys.accepted(&token);
    keys.accepted(&keys.line(&["--tenant", "globex"]));
    assert_eq!(std::fs::read_to_string(keys.file()).unwrap(), file);
    let mode = std::fs::metadata(keys.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let private: Value = serde_json::from_str(&file).unwrap();
    let public = keys.issuer()["keys"]["keys"][0].clone();
    assert_eq!(public["x"], private["x"]);
    let names: BTreeSet<_> = public.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"]));
    assert_eq!(public["use"], "sig");
}

#[test]
fn several_that_make_the_key_at_once_end_with_one() {
    let keys = Keys::new();
    let issuers: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..8).map(|_| scope.spawn(|| keys.line(&["--issuer"]))).collect();
        running.into_iter().map(|running| running.join().unwrap()).collect()
    });
    assert_eq!(BTreeSet::from_iter(issuers).len(), 1);
    let files = std::fs::read_dir(keys.file().parent().unwrap()).unwrap();
    assert_eq!(files.count(), 1, "something is left beside the key");
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let keys = Keys::new();
    keys.assert_refused(&[], &["--tenant"]);
    keys.assert_refused(&["--tenant", "*"], &["--tenant", "1 to 64 characters"]);
    keys.assert_refused(&["--tenant", "a", "--expires", "25h"], &["--expires", "1s to 24h"]);
    keys.assert_refused(&["--tenant", "a", "--party", ""], &["--party", "must not be empty"]);
    keys.assert_refused(&["--issuer", "--tenant", "a"], &["--issuer", "--tenant"]);
    assert!(!keys.file().exists(), "a key was made for nothing");
    std::fs::create_dir_all(keys.file().parent().unwrap()).unwrap();
    std::fs::write(keys.file(), "{}").unwrap();
    let words = ["development-key.json", "not a private JWK", "a new key is made"];
    keys.assert_refused(&["--tenant", "a"], &words);
}
