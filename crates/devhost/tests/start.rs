//! What keeps an application from starting is said in a line.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MANIFEST: &str = r#"
spin_manifest_version = 2
[application]
name = "test"
[variables]
greeting = { default = "hello" }
[[trigger.http]]
route = "/..."
component = "guest"
[component.guest]
source = "guest.wasm"
key_value_stores = ["default"]
"#;

/// An application in a folder of its own, whose component has not been built.
fn application(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    std::fs::create_dir(folder.path().join(".spin")).unwrap();
    folder
}

/// Starts the application in `folder` and expects that a line with each of the `words` comes of it.
#[track_caller]
fn assert_refused_at(listen: &str, folder: &TempDir, arguments: &[&str], words: &[&str]) {
    let begin = Instant::now();
    let host = Command::new(env!("CARGO_BIN_EXE_devhost"))
        .current_dir(folder)
        .args(["--listen", listen])
        .args(arguments)
        .env("RUST_BACKTRACE", "1")
        .env_remove("RUNTIME_CONFIG_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&host.stderr);
    assert_eq!(host.status.code(), Some(1), "{error}");
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
    assert!(error.starts_with("error: ") && error.lines().count() == 1, "not a line: {error}");
    assert!(host.stdout.is_empty(), "it serves");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[track_caller]
fn assert_refused(folder: &TempDir, arguments: &[&str], words: &[&str]) {
    assert_refused_at("127.0.0.1:0", folder, arguments, words);
}

#[test]
fn an_address_that_is_taken_or_not_there() {
    let folder = application(MANIFEST);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let advice = "--listen takes another address";
    assert_refused_at(&taken, &folder, &[], &[&format!("{taken} is taken"), advice]);
    // Of a network for documentation.
    assert_refused_at("192.0.2.1:3000", &folder, &[], &["cannot listen on 192.0.2.1:3000", advice]);
}

#[test]
fn a_store_that_cannot_be_used() {
    let folder = application(MANIFEST);
    let file = folder.path().join(".spin/sqlite_key_value.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_refused(&folder, &[], &["sqlite_key_value.db", "another process has locked it"]);
    drop(connection);
    std::fs::write(&file, [b'x'; 4096]).unwrap();
    assert_refused(&folder, &[], &["sqlite_key_value.db", "not a database of SQLite"]);
    std::fs::remove_file(&file).unwrap();
    // A folder cannot be where a file is.
    assert_refused(&folder, &["--state-dir", "spin.toml/data"], &["spin.toml/data"]);
}

#[test]
fn variables_that_are_not_there() {
    let folder = application(MANIFEST);
    let words = ["there is no variable \"greting\"", "greeting"];
    assert_refused(&folder, &["--variable", "greting=bonjour"], &words);
    let required = MANIFEST.replace("default = \"hello\"", "required = true");
    let uses = "key_value_stores = []\nvariables = { salute = \"{{ greeting }}\" }";
    let manifest = required.replace("key_value_stores = [\"default\"]", uses);
    let words = ["component guest", "\"greeting\" is required"];
    assert_refused(&application(&manifest), &[], &words);
}

#[test]
fn manifests_that_are_not_valid() {
    let folder = application("a = 1\nb = [\n");
    assert_refused(&folder, &[], &["spin.toml", "line 2"]);
    let folder = application(&MANIFEST.replace("key_value", "files = []\nkey_value"));
    assert_refused(&folder, &[], &["spin.toml", "line 12", "files"]);
    assert_refused(&folder, &["--from", "absent.toml"], &["cannot read", "absent.toml"]);
}

#[test]
fn runtime_configurations_that_cannot_be_used() {
    let folder = application(MANIFEST);
    let file = folder.path().join("deploy/runtime.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let refused = |text: &str, words: &[&str]| {
        std::fs::write(&file, text).unwrap();
        assert_refused(&folder, &["--runtime-config-file", "deploy/runtime.toml"], words);
    };
    let supported = "devhost supports [key_value_store.default] with type = \"spin\" and path";
    refused("[llm_compute]", &["runtime.toml", "line 1", "llm_compute", supported]);
    // Paths are relative to the file.
    let store = "[key_value_store.default]\ntype = \"spin\"\npath =";
    refused(&format!("{store} \"../spin.toml\""), &["spin.toml", "not a database of SQLite"]);
    let words = ["cannot create the folder", "deploy/../spin.toml"];
    refused(&format!("{store} \"../spin.toml/acme.db\""), &words);
    let absent = ["--runtime-config-file", "absent.toml"];
    assert_refused(&folder, &absent, &["cannot read", "absent.toml"]);
}

#[test]
fn components_that_are_missing_or_none() {
    let folder = application(MANIFEST);
    assert_refused(&folder, &[], &["component guest", "guest.wasm", "has it been built"]);
    std::fs::write(folder.path().join("guest.wasm"), "no component").unwrap();
    assert_refused(&folder, &[], &["component guest", "not a WebAssembly component"]);
    // The smallest component; it imports and exports nothing.
    std::fs::write(folder.path().join("guest.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    assert_refused(&folder, &[], &["component guest", "does not export wasi:http/handler"]);
}
