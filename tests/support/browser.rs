//! Chromium, as somebody uses it who sees names and texts, and not what a page is made of.
//!
//! It is driven over WebDriver (W3C), with what Chromium's driver adds. Libraries for that turn on features of
//! serde_json that would be those of every native test then.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// How long anything may take until it is there.
const PATIENCE: Duration = Duration::from_secs(30);

/// Finds what people see by how they name it: what can be done, and where something can be entered.
const FINDER: &str = include_str!("finder.js");

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// How wide the window is, in CSS pixels.
    pub width: u32,
    pub is_dark: bool,
}

impl Look {
    pub const DESK: Self = Self { width: 1440, is_dark: false };
    pub const ALL: [Self; 4] = [
        Self::DESK,
        Self { width: 1440, is_dark: true },
        Self { width: 360, is_dark: false },
        Self { width: 360, is_dark: true },
    ];

    /// What a picture of it is called.
    fn name(self) -> String {
        format!("{}-{}", self.width, if self.is_dark { "dark" } else { "light" })
    }
}

/// What WebDriver calls an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub struct Browser {
    client: Client,
    /// Where its session is at the driver.
    session: String,
    /// Ends with the browser.
    _process: Driver,
}

impl Browser {
    /// A browser that nobody has used yet, in English.
    pub async fn start() -> Self {
        let process = Driver::start();
        let client = Client::new();
        // Chromium runs as root only without its sandbox; what it loads is this test's own.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en-US",
        ];
        // What a page gives to download is not kept.
        let preferences = json!({ "download_restrictions": 3 });
        let options = json!({ "args": arguments, "prefs": preferences });
        let wanted = json!({
            "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" }
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": wanted } });
        let url = format!("{}/session", process.url);
        let begun = send(&client, Method::POST, &url, Some(&wanted)).await.unwrap();
        let session = format!("{url}/{}", begun["sessionId"].as_str().unwrap());
        let browser = Self { client, session, _process: process };
        browser.look(Look::DESK).await;
        browser
    }

    /// What the driver answers to a command of the session.
    async fn ask(&self, path: &str, parameters: Value) -> Result<Value, String> {
        send(&self.client, Method::POST, &format!("{}/{path}", self.session), Some(&parameters))
            .await
    }

    /// What it answers where nothing can go wrong.
    async fn tell(&self, path: &str, parameters: Value) -> Value {
        self.ask(path, parameters).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    async fn read(&self, path: &str) -> Value {
        send(&self.client, Method::GET, &format!("{}/{path}", self.session), None).await.unwrap()
    }

    /// Looks at pages that way from now on.
    pub async fn look(&self, look: Look) {
        let is_phone = look.width < 700;
        let metrics = json!({
            "width": look.width, "height": 900, "deviceScaleFactor": 1, "mobile": is_phone
        });
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if look.is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    async fn command(&self, name: &str, parameters: Value) -> Value {
        self.tell("goog/cdp/execute", json!({ "cmd": name, "params": parameters })).await
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.tell("url", json!({ "url": url })).await;
    }

    /// The address that is shown.
    pub async fn address(&self) -> String {
        self.read("url").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the address has this part.
    pub async fn arrive(&self, part: &str) {
        let begin = Instant::now();
        while !self.address().await.contains(part) {
            assert!(begin.elapsed() < PATIENCE, "{part} is not in {}", self.address().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a script returns.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.tell("execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// What a script returns that can wait for promises.
    pub async fn run_async(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
            (async () => {{ {script} }})().then(done, (error) => done(String(error)));"
        );
        self.tell("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Clicks the first button or link of the name, once there is one that is not covered.
    pub async fn click(&self, name: &str) {
        let begin = Instant::now();
        loop {
            let element = self.element("control", name).await;
            let path = format!("element/{}/click", id_of(&element));
            match self.ask(&path, json!({})).await {
                Ok(_) => return,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{name:?}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Enters a text in the field of the name, instead of what is there.
    pub async fn enter(&self, name: &str, text: &str) {
        let field = self.element("field", name).await;
        let path = format!("element/{}", id_of(&field));
        self.tell(&format!("{path}/clear"), json!({})).await;
        self.tell(&format!("{path}/value"), json!({ "text": text })).await;
    }

    /// What stands in the field of the name.
    pub async fn value(&self, name: &str) -> String {
        let field = self.element("field", name).await;
        let value = self.run("return arguments[0].value;", vec![field]).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Chooses what is shown as `option` in the field of the name.
    pub async fn choose(&self, name: &str, option: &str) {
        let field = self.element("field", name).await;
        let script = format!("{FINDER} return choose(arguments[0], arguments[1]);");
        let chosen = self.run(&script, vec![field, json!(option)]).await;
        assert_eq!(chosen, json!(true), "{name} has no {option}");
    }

    /// What has the name, once it is there and can be used.
    async fn element(&self, kind: &str, name: &str) -> Value {
        let script = format!("{FINDER} return find(arguments[0], arguments[1]);");
        let begin = Instant::now();
        loop {
            let found = self.run(&script, vec![json!(kind), json!(name)]).await;
            if !found.is_null() {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "no {kind} {name:?} in: {}", self.text().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether a button or link of the name can be used now.
    pub async fn offers(&self, name: &str) -> bool {
        let script = format!("{FINDER} return find('control', arguments[0]) !== null;");
        self.run(&script, vec![json!(name)]).await == json!(true)
    }

    /// What can be read on the page.
    pub async fn text(&self) -> String {
        let text = self.run("return document.body.innerText;", vec![]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says it.
    pub async fn see(&self, text: &str) {
        let begin = Instant::now();
        loop {
            let seen = self.text().await;
            // Some letters are only shown as capitals.
            if seen.to_lowercase().contains(&text.to_lowercase()) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{text:?} is not in: {seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page does not say it any more.
    pub async fn see_no(&self, text: &str) {
        let begin = Instant::now();
        while self.text().await.to_lowercase().contains(&text.to_lowercase()) {
            assert!(begin.elapsed() < PATIENCE, "{text:?} is still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing more is fetched and the page stays as it is.
    pub async fn settle(&self) {
        let script = "return [performance.getEntriesByType('resource').length, document.body.innerHTML.length];";
        let (mut before, mut quiet) = (Value::Null, 0);
        let begin = Instant::now();
        while quiet < 3 && begin.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let now = self.run(script, vec![]).await;
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
        }
    }

    /// Presses keys, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let focused = self.read("element/active").await;
        let path = format!("element/{}/value", id_of(&focused));
        self.tell(&path, json!({ "text": keys })).await;
    }

    /// What axe-core finds against WCAG 2.2 AA on the page, each with its place.
    pub async fn violations(&self) -> Vec<String> {
        let axe = std::fs::read_to_string(axe()).expect("cargo xtask test installs axe-core");
        self.run(&axe, vec![]).await;
        let script = "
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
            return found.violations.flatMap((violation) =>
                violation.nodes.map((node) => `${violation.id}: ${node.target} ${node.failureSummary}`));";
        let found = self.run_async(script).await;
        let found = found.as_array().expect("axe-core answers").clone();
        found.iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Keeps a picture of the page, for people to look at, in `target/screenshots`.
    pub async fn keep_picture(&self, name: &str, look: Look) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", look.name()));
        let picture = self.read("screenshot").await;
        std::fs::write(file, STANDARD.decode(picture.as_str().unwrap()).unwrap()).unwrap();
    }

    /// How many pages of paper the page is, printed.
    pub async fn printed_pages(&self) -> usize {
        let printed = self.command("Page.printToPDF", json!({ "preferCSSPageSize": true })).await;
        let pdf = printed["data"].as_str().unwrap_or_default();
        assert!(pdf.starts_with("JVBERi"), "it is no PDF");
        let script = "return atob(arguments[0]).split('/Type /Page\\n').length - 1;";
        self.run(script, vec![json!(pdf)]).await.as_u64().unwrap_or_default() as usize
    }

    /// Expects that the page has caused no fault in the browser: no script failed, and nothing was tried that its
    /// policy forbids. Answers of the server that tell a fault are none.
    pub async fn expect_no_faults(&self) {
        let log = self.tell("se/log", json!({ "type": "browser" })).await;
        let is_fault = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        let faults: Vec<_> = log.as_array().unwrap().iter().filter(is_fault).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

impl Drop for Browser {
    /// Ends the session: the driver takes its browser with it then, and not when it is killed.
    fn drop(&mut self) {
        let (host, path) = self.session["http://".len()..].split_once('/').unwrap_or_default();
        let Ok(mut stream) = TcpStream::connect(host) else { return };
        _ = stream.set_read_timeout(Some(PATIENCE));
        let request =
            format!("DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        _ = stream.write_all(request.as_bytes());
        _ = stream.read(&mut [0]);
    }
}

/// What the driver answers; inside, what it says is wrong.
async fn send(
    client: &Client,
    method: Method,
    url: &str,
    parameters: Option<&Value>,
) -> Result<Value, String> {
    let request = client.request(method, url);
    let request = match parameters {
        Some(parameters) => request.json(parameters),
        None => request,
    };
    let response = request.send().await.map_err(|error| error.to_string())?;
    let is_success = response.status().is_success();
    let mut answer: Value = response.json().await.map_err(|error| error.to_string())?;
    let value = answer["value"].take();
    match is_success {
        true => Ok(value),
        false => Err(value["message"].as_str().unwrap_or_default().to_owned()),
    }
}

/// The name that the driver has for an element.
fn id_of(element: &Value) -> &str {
    element[ELEMENT].as_str().expect("it is an element")
}

/// Where axe-core is, as `cargo xtask test` installs it.
fn axe() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    tools.join("axe/node_modules/axe-core/axe.min.js")
}

/// Chromium's driver on a port of its own.
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let mut process = command.arg("--port=0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            let port = line.split_once("successfully on port ")?.1;
            Some(port.trim_end_matches('.').to_owned())
        });
        // What else it prints has to go somewhere.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, url: format!("http://127.0.0.1:{}", port.expect("the driver starts")) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
