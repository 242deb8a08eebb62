//! JavaScript with the npm package of the validator, in Node.js and in a browser.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::browser::Browser;
use crate::request::Request;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Security headers as a careful site has them: WebAssembly may run, and nothing from elsewhere.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("javascript")
}

/// The package, as `cargo xtask npm` builds it.
fn package() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/npm");
    package.canonicalize().expect("cargo xtask npm builds the package")
}

/// What a script of `javascript/` prints in Node.js, where the package is installed.
pub fn in_node(script: &str, input: &str) -> String {
    let folder = installed();
    let mut node = Command::new("node")
        .arg(folder.path().join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success(), "{script} failed in Node.js");
    String::from_utf8(output.stdout).unwrap()
}

/// A project that has the scripts and the package.
fn installed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package.json"), r#"{ "type": "module" }"#).unwrap();
    for file in std::fs::read_dir(scripts()).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let modules = folder.path().join("node_modules");
    std::fs::create_dir(&modules).unwrap();
    std::os::unix::fs::symlink(package(), modules.join("tmf-schemas")).unwrap();
    folder
}

/// What the page shows in the end, in a browser.
pub async fn in_browser(page: &str) -> String {
    let site = Site::start().await;
    let browser = Browser::start().await;
    browser.open(&format!("{}/{page}", site.url)).await;
    let begin = Instant::now();
    loop {
        let text = browser.run("return document.body.textContent.trim();", vec![]).await;
        if let Some(text) = text.as_str().filter(|text| !text.is_empty()) {
            return text.to_owned();
        }
        assert!(begin.elapsed() < PATIENCE, "{page} shows nothing");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A site with the scripts, and the package below `/tmf-schemas/`.
struct Site {
    url: String,
    serving: JoinHandle<()>,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection));
            }
        });
        Self { url, serving }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers one request. A browser may break off, which is no fault.
async fn serve(connection: TcpStream) -> Option<()> {
    let (request, mut connection) = Request::read(connection).await.ok()?;
    let path = request.target.trim_start_matches('/');
    let file = match path.strip_prefix("tmf-schemas/") {
        Some(name) => package().join(name),
        None => scripts().join(path),
    };
    let media_type = match file.extension()?.to_str()? {
        "html" => "text/html;charset=utf-8",
        "js" => "text/javascript;charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    };
    let (status, body) = match std::fs::read(&file) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Security-Policy: {POLICY}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.ok()?;
    connection.write_all(&body).await.ok()
}
