//! The host as a component and its clients see it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use devhost::{Log, Options, Running};
use reqwest::{Client, Response, StatusCode};
use tempfile::TempDir;

/// An application with the guest, in a folder of its own.
struct App {
    folder: TempDir,
    options: Options,
    lines: Arc<Mutex<Vec<String>>>,
}

impl App {
    fn new() -> Self {
        Self::with("")
    }

    /// The application, with more keys for its component in the manifest.
    fn with(keys: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let guest = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../target/wasm32-wasip2/release/devhost_guest.wasm");
        assert!(guest.is_file(), "the guest is missing; `cargo xtask test` builds it");
        let manifest = format!(
            r#"
            spin_manifest_version = 2
            [application]
            name = "test"
            [variables]
            greeting = {{ default = "hello" }}
            [[trigger.http]]
            route = "/..."
            component = "guest"
            [component.guest]
            source = {guest:?}
            key_value_stores = ["default"]
            variables = {{ salute = "{{{{ greeting }}}}!" }}
            {keys}
            "#
        );
        std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
        let (log, lines) = Log::collect();
        let mut options = Options::new(folder.path().join("spin.toml"));
        options.listen = ([127, 0, 0, 1], 0).into();
        options.log = log;
        Self { folder, options, lines }
    }

    async fn start(&self) -> Host {
        let running = self.options.clone().start().await.unwrap();
        Host { client: Client::new(), running }
    }

    /// Waits until a line of the log contains `text`.
    async fn expect_line(&self, text: &str) -> String {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let found = self.lines.lock().unwrap().iter().find(|line| line.contains(text)).cloned();
            if let Some(line) = found {
                return line;
            }
            assert!(
                Instant::now() < end,
                "no line has {text:?}: {:#?}",
                self.lines.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join(".spin/sqlite_key_value.db")
    }
}

struct Host {
    client: Client,
    running: Running,
}

impl Host {
    async fn get(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.running.base_url());
        self.client.get(url).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_sees_the_request_and_answers_it() {
    let app = App::new();
    let host = app.start().await;
    let url = format!("{}/request?a=b%20c", host.running.base_url());
    let request = host.client.request(reqwest::Method::from_bytes(b"BREW").unwrap(), &url);
    let request = request.header("spin-client-addr", "forged").body("the body");
    let text = request.send().await.unwrap().text().await.unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], format!("BREW {url}"));
    assert_eq!(lines[1], "spin-client-addr: forged", "the client's headers come first");
    assert!(lines.contains(&"spin-path-info: /request"), "{text}");
    assert!(lines.contains(&"spin-matched-route: /..."), "{text}");
    assert!(text.ends_with("\nthe body"), "{text}");
    assert_eq!(host.get("/unknown").await.status(), StatusCode::IM_A_TEAPOT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_itself_answers_for_its_health_and_for_paths_without_a_route() {
    let app = App::new();
    let manifest = app.folder.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("/...", "/only/...");
    std::fs::write(&manifest, text).unwrap();
    let host = app.start().await;
    assert_eq!(host.running.routes(), [("/only/...".to_owned(), "guest".to_owned())]);
    assert_eq!(host.text("/.well-known/spin/health").await, "OK");
    let response = host.get("/other").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.text().await.unwrap(), "");
    assert_eq!(host.get("/only/x").await.status(), StatusCode::IM_A_TEAPOT);
}

#[tokio::test(flavor = "multi_thread")]
async fn spin_key_value_stores_in_the_file_that_spin_has() {
    let app = App::new();
    let host = app.start().await;
    let lines = host.text("/spin-key-value?default").await;
    let expected = [
        "Ok(None)",
        "Ok(())",
        "Ok(())",
        "Ok(Some([49]))",
        "Ok(true)",
        r#"["a", "b"]"#,
        "Ok(())",
        "Ok(())",
        "Ok(false)",
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
    assert_eq!(host.text("/spin-key-value?other").await, "failed: Error::AccessDenied");
    host.running.stop().await;

    let file = rusqlite::Connection::open(app.database()).unwrap();
    let row = file
        .query_row("SELECT store, key, value FROM spin_key_value", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .unwrap();
    assert_eq!(row, ("default".to_owned(), "a".to_owned(), b"1".to_vec()));
    let primary_key: Vec<String> = file
        .prepare("SELECT name FROM pragma_table_info('spin_key_value') WHERE pk > 0 ORDER BY pk")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(primary_key, ["store", "key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wasi_key_value_has_batches_swaps_and_counters() {
    let app = App::new();
    let host = app.start().await;
    let lines = host.text("/wasi-key-value").await;
    let expected = [
        "Ok(())",
        r#"[("x", Some([49])), ("y", Some([50]))]"#,
        "Ok(())",
        "Ok(false)",
        r#"Ok(["y"])"#,
        // Swaps.
        "Ok(Some([50]))",
        "Ok(())",
        "Ok(Some([51]))",
        "Ok(())",
        "refused: Ok(Some([52]))",
        "Ok(None)",
        "Ok(())",
        "Ok(())",
        "Ok(Some([55]))",
        // Counters.
        "Ok(0)",
        "Ok(-2)",
        "Ok(Some([254, 255, 255, 255, 255, 255, 255, 255]))",
        r#"Err(Error::Other("the value of \"y\" is not a number"))"#,
    ];
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_another_process_has_locked_is_told_of_soon_in_the_words_of_sqlite() {
    let app = App::new();
    let host = app.start().await;
    host.text("/spin-key-value?default").await;
    let other = rusqlite::Connection::open(app.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = r#"Err(Error::Other("database is locked"))"#;
    // Each makes several calls that write, and so do others at the same time.
    let begin = Instant::now();
    let (spin, wasi, _) = tokio::join!(
        host.text("/spin-key-value?default"),
        host.text("/wasi-key-value"),
        host.text("/swaps"),
    );
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    let lines: Vec<_> = spin.lines().collect();
    assert_eq!(lines[..4], ["Ok(Some([49]))", locked, locked, "Ok(Some([49]))"]);
    assert_eq!(wasi.lines().next(), Some(locked));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(!host.text("/spin-key-value?default").await.contains("Err"));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_survives_a_restart() {
    let app = App::new();
    let host = app.start().await;
    host.text("/spin-key-value?default").await;
    host.running.stop().await;
    let host = app.start().await;
    let lines = host.text("/spin-key-value?default").await;
    assert_eq!(lines.lines().next(), Some("Ok(Some([49]))"));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_in_the_file_that_the_runtime_configuration_names() {
    let mut app = App::new();
    let runtime_config = app.folder.path().join("runtime.toml");
    let store = "[key_value_store.default]\ntype = \"spin\"\n";
    std::fs::write(&runtime_config, format!("{store}path = \"data/acme.db\"")).unwrap();
    app.options.runtime_config_file = Some(runtime_config.clone());
    let host = app.start().await;
    host.text("/spin-key-value?default").await;
    host.running.stop().await;
    let file = rusqlite::Connection::open(app.folder.path().join("data/acme.db")).unwrap();
    let count = "SELECT count(*) FROM spin_key_value WHERE store = 'default'";
    assert_eq!(file.query_row(count, [], |row| row.get(0)), Ok(1));
    let mode = file.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    assert_eq!(mode, Ok("wal".to_owned()));
    assert!(!app.database().exists(), "there is a store in the state folder too");

    // Without a path it is in memory.
    std::fs::write(&runtime_config, store).unwrap();
    for _ in 0..2 {
        let host = app.start().await;
        assert!(host.text("/spin-key-value?default").await.starts_with("Ok(None)"));
        host.running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_come_from_the_manifest_and_can_be_set() {
    let mut app = App::new();
    let host = app.start().await;
    assert_eq!(host.text("/variable?salute").await, r#"Ok("hello!")"#);
    // A variable of the application is not one of the component.
    let unknown = host.text("/variable?greeting").await;
    assert!(unknown.starts_with("Err(Error::Undefined"), "{unknown}");
    app.options.variables = vec![("greeting".to_owned(), "bonjour".to_owned())];
    let host = app.start().await;
    assert_eq!(host.text("/variable?salute").await, r#"Ok("bonjour!")"#);
    app.options.variables = vec![("greting".to_owned(), "bonjour".to_owned())];
    let error = app.options.clone().start().await.unwrap_err().to_string();
    assert!(error.contains("greting"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_out_to_allowed_hosts_only() {
    let other = App::new().start().await;
    let url = format!("{}/instance", other.running.base_url());
    let app = App::with(&format!("allowed_outbound_hosts = [{:?}]", other.running.base_url()));
    let host = app.start().await;
    assert_eq!(host.text(&format!("/fetch?{url}")).await, "200 OK Ok(b\"1 1\")");

    // The same host by another name, so that only the name decides.
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let refused = host.text(&format!("/fetch?{elsewhere}")).await;
    assert!(refused.contains("HttpRequestDenied"), "{refused}");
    let line = app.expect_line("allowed_outbound_hosts").await;
    assert!(line.contains("component guest") && line.contains(&elsewhere), "{line}");
    assert_eq!(other.text("/instance").await, "2 1", "nothing went out to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_lead_to_networks_that_the_runtime_configuration_blocks() {
    let other = App::new().start().await;
    let url = format!("{}/instance", other.running.base_url());
    let mut app = App::with("allowed_outbound_hosts = [\"*://*:*\"]");
    let runtime_config = app.folder.path().join("runtime.toml");
    std::fs::write(&runtime_config, "[outbound_networking]\nblock_networks = [\"private\"]")
        .unwrap();
    app.options.runtime_config_file = Some(runtime_config);
    let host = app.start().await;
    for url in [&url, &url.replace("127.0.0.1", "localhost"), &url.replace("127.0.0.1", "0x7f.1")] {
        let refused = host.text(&format!("/fetch?{url}")).await;
        assert!(refused.contains("DestinationIpProhibited"), "{refused}");
        let line = app.expect_line(url).await;
        assert!(line.contains("component guest") && line.contains("block_networks"), "{line}");
    }
    assert_eq!(other.text("/instance").await, "1 1", "nothing went out to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_component_prints_goes_to_the_log_line_by_line() {
    let app = App::new();
    let host = app.start().await;
    host.text("/print?first%0A").await;
    app.expect_line("to stdout").await;
    host.running.stop().await;
    // Not ended by a newline, and written when the instance ends.
    app.expect_line("to stderr, first").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_reused_as_on_spin() {
    let app = App::new();
    let host = app.start().await;
    assert_eq!(host.text("/instance").await, "1 1");
    assert_eq!(host.text("/instance").await, "2 1");

    // One instance works on 16 requests at once and leaves the next to another instance.
    let mut slow = Vec::new();
    for _ in 0..20 {
        let request = host.client.get(format!("{}/instance?2000", host.running.base_url()));
        slow.push(tokio::spawn(async move { request.send().await?.text().await }));
        // A new request goes to an instance that waits, not to one that has just begun another.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut most = 0;
    for answer in slow {
        let answer = answer.await.unwrap().unwrap();
        most = most.max(answer.split(' ').nth(1).unwrap().parse::<usize>().unwrap());
    }
    assert_eq!(most, 16);

    // An instance that idles for more than a second is ended.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(host.text("/instance").await, "1 1");
    // An instance answers 128 requests and no more.
    for request in 2..=128 {
        assert_eq!(host.text("/instance").await, format!("{request} 1"));
    }
    assert_eq!(host.text("/instance").await, "1 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_raises_backpressure_answers_what_it_has_and_gets_no_more() {
    let app = App::new();
    let host = app.start().await;
    // Two requests of one instance, one of which lets it take no more.
    let begin = |path: &str| {
        let request = host.client.get(format!("{}{path}", host.running.base_url()));
        tokio::spawn(async move { request.send().await?.text().await })
    };
    let other = begin("/instance?600");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let draining = begin("/drain?300");
    tokio::time::sleep(Duration::from_millis(100)).await;
    for request in 1..=3 {
        assert_eq!(host.text("/instance").await, format!("{request} 1"), "another instance");
    }
    assert_eq!(draining.await.unwrap().unwrap(), "2 2");
    assert_eq!(host.text("/instance").await, "4 1");
    assert_eq!(other.await.unwrap().unwrap(), "1 1");
    // Requests that come in a hurry while instances drain are all answered.
    let many: Vec<_> = (0..400).map(|_| begin("/drain?1")).collect();
    for answer in many {
        let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
        answer.expect("a request is never answered").unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_component_begins_goes_on_after_its_response() {
    let app = App::new();
    let host = app.start().await;
    // Longer than an instance is kept that has nothing to do.
    let begin = Instant::now();
    assert_eq!(host.text("/spawn?3000").await, "1 1");
    assert!(begin.elapsed() < Duration::from_secs(1), "the response waits: {:?}", begin.elapsed());
    tokio::time::sleep(Duration::from_millis(1700)).await;
    assert_eq!(host.text("/worked").await, "Ok(None)");
    // While one computes, others are answered, by whichever instance.
    let between = Instant::now();
    host.text("/instance").await;
    assert!(between.elapsed() < Duration::from_secs(1), "{:?}", between.elapsed());
    while host.text("/worked").await != r#"Ok(Some([121, 101, 115]))"# {
        assert!(begin.elapsed() < Duration::from_secs(30), "the work is not done");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_ends_its_instance_and_not_the_host() {
    let app = App::new();
    let host = app.start().await;
    assert_eq!(host.get("/trap").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    app.expect_line("trapped on purpose").await;
    let line = app.expect_line("component guest").await;
    assert!(line.contains("unreachable"), "the cause is missing: {line}");
    assert_eq!(host.text("/instance").await, "1 1", "the next request has a new instance");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_long_is_stopped() {
    let mut app = App::new();
    app.options.request_timeout = Some(Duration::from_millis(300));
    let host = app.start().await;
    for path in ["/sleep", "/loop"] {
        app.lines.lock().unwrap().clear();
        assert_eq!(host.get(path).await.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        let line = app.expect_line("component guest").await;
        assert!(line.contains("timeout") || line.contains("timed out"), "{path}: {line}");
    }
    assert_eq!(host.text("/instance").await, "1 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_too_long_is_ended_though_its_instance_is_busy() {
    let mut app = App::new();
    app.options.request_timeout = Some(Duration::from_millis(500));
    let host = app.start().await;
    let endless = host.client.get(format!("{}/sleep", host.running.base_url()));
    let endless = tokio::spawn(endless.send());
    // At any time there is a request in the instance that has not taken long.
    let mut others = Vec::new();
    while !endless.is_finished() {
        assert!(others.len() < 100, "the request never ends");
        let other = host.client.get(format!("{}/instance?300", host.running.base_url()));
        others.push(tokio::spawn(other.send()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let status = endless.await.unwrap().unwrap().status();
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_has_256_swaps_as_on_spin() {
    let app = App::new();
    let host = app.start().await;
    let refusal = "256 swaps, then Error::Other(\"too many compare_and_swaps opened\")";
    assert_eq!(host.text("/swaps").await, refusal);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(host.text("/swaps").await, refusal, "a new instance has as many");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_much_memory_is_stopped() {
    let mut app = App::new();
    app.options.max_instance_memory = Some(16 << 20);
    let host = app.start().await;
    assert_eq!(host.get("/grow").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let line = app.expect_line("component guest").await;
    assert!(line.contains("memory"), "{line}");
    assert_eq!(host.text("/instance").await, "1 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_requests_that_never_end() {
    let app = App::new();
    let host = app.start().await;
    let request = host.client.get(format!("{}/sleep", host.running.base_url()));
    let waiting = tokio::spawn(request.send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stopped = tokio::time::timeout(Duration::from_secs(30), host.running.stop()).await;
    stopped.expect("the host waits for a request that never ends");
    waiting.abort();
}
