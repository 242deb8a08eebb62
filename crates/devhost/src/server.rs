//! HTTP: from a connection to a component and back.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{ExpirationError, ProxyHandler, TrapOrPanicError};

use crate::handler::Instances;
use crate::log::Log;
use crate::manifest::{Component, Manifest};
use crate::outbound::Client;
use crate::postgres::Pools;
use crate::routes::{Route, Routes};
use crate::runtime_config::{Place, RuntimeConfig};
use crate::state::ComponentConfig;
use crate::variables::{ComponentVariables, Values};
use crate::{Options, engine, variables};
use sqlite_store::Sqlite;
use webhook::AllowedHosts;

/// How long requests under way may go on after [`Running::stop`].
const GRACE: Duration = Duration::from_secs(1);

/// An application that is running.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    routes: Vec<(String, String)>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Running {
    /// Where the application is reached, such as `http://127.0.0.1:3000`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The routes, as the manifest has them, and the ids of the components that they lead to.
    pub fn routes(&self) -> &[(String, String)] {
        &self.routes
    }

    /// Stops listening, gives requests under way a second to end, and closes all connections.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The task ends by itself; if it panicked, it has ended too.
        _ = self.accepting.await;
    }
}

pub(crate) async fn start(options: Options) -> anyhow::Result<Running> {
    let manifest = Manifest::read(&options.manifest)?;
    let folder = options.manifest.parent().unwrap_or(Path::new("")).to_owned();
    let state_dir = options.state_dir.clone().unwrap_or_else(|| folder.join(".spin"));
    let runtime_config = match &options.runtime_config_file {
        Some(path) => RuntimeConfig::read(path)?,
        None => RuntimeConfig::default(),
    };
    let routes = Routes::new(&manifest.trigger.http)?;
    let values = variables::resolve(&manifest.variables, &options.variables, |name| {
        std::env::var(name).ok()
    })?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        let address = options.listen;
        match error.kind() {
            ErrorKind::AddrInUse => anyhow!("{address} is taken; --listen takes another address"),
            _ => anyhow!("cannot listen on {address} ({error}); --listen takes another address"),
        }
    })?;
    let address = listener.local_addr()?;

    let sqlite = match runtime_config.store {
        Place::StateDir => Sqlite::open(&state_dir),
        Place::File(path) => Sqlite::open_file(&path),
        Place::Memory => Sqlite::in_memory(),
    }?;
    let engine = engine::engine(engine::cache(&options.log), options.perf_map)?;
    let linker = engine::linker(&engine)?;
    let (stop, stopped) = watch::channel(false);
    let blocked_networks = Arc::new(runtime_config.blocked_networks);
    let client = Client::new(blocked_networks.clone());
    let mut components = BTreeMap::new();
    for (id, component) in manifest.component {
        let handler = tokio::task::block_in_place(|| {
            let config = ComponentConfig {
                id: id.clone(),
                allowed_hosts: allowed_hosts(&component, &values)?,
                client: client.clone(),
                blocked_networks: blocked_networks.clone(),
                postgres_pools: Pools::default(),
                key_value_stores: component.key_value_stores.clone(),
                variables: ComponentVariables::expand(&component.variables, &values)?,
                sqlite: sqlite.clone(),
                max_memory: options.max_instance_memory,
                log: options.log.clone(),
                stopped: stopped.clone(),
            };
            anyhow::Ok(ProxyHandler::new(Instances {
                config: Arc::new(config),
                component: engine::load(&linker, &folder.join(&component.source))?,
                request_timeout: options.request_timeout,
            }))
        });
        let handler = handler.with_context(|| format!("component {id}"))?;
        components.insert(id, handler);
    }

    let server = Arc::new(Server { routes, components, log: options.log });
    let routes = manifest.trigger.http.into_iter();
    Ok(Running {
        address,
        routes: routes.map(|trigger| (trigger.route, trigger.component)).collect(),
        stop,
        accepting: tokio::spawn(accept(listener, server, stopped)),
    })
}

/// The hosts that the manifest lets a component send requests to.
fn allowed_hosts(component: &Component, values: &Values) -> anyhow::Result<AllowedHosts> {
    let hosts = component.allowed_outbound_hosts.iter();
    let hosts: Vec<_> =
        hosts.map(|host| variables::expand(host, values)).collect::<anyhow::Result<_>>()?;
    for host in &hosts {
        let (_, name) = host.split_once("://").unwrap_or_default();
        let name = name.split([':', '/']).next().unwrap_or_default();
        ensure!(
            !["self", "self.alt"].contains(&name) && !name.ends_with(".spin.internal"),
            "{host:?} in allowed_outbound_hosts: requests to the application itself are not supported \
             by this host"
        );
    }
    AllowedHosts::parse(&hosts).map_err(|error| anyhow!("allowed_outbound_hosts: {error}"))
}

/// Accepts connections until told to stop.
async fn accept(listener: TcpListener, server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => serve(stream, client, &server, &connections),
                Err(error) => {
                    server.log.line(format!("A connection could not be accepted: {error}"));
                    // Such as too many open files: trying again at once would spin.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            // The channel closes when `Running` is dropped, which stops the host too.
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    _ = tokio::time::timeout(GRACE, connections.shutdown()).await;
}

fn serve(
    stream: TcpStream,
    client: SocketAddr,
    server: &Arc<Server>,
    connections: &GracefulShutdown,
) {
    // Else the end of a response may wait for the acknowledgement of its beginning.
    _ = stream.set_nodelay(true);
    let answering = server.clone();
    let service = service_fn(move |request| {
        let server = answering.clone();
        async move { Ok::<_, Infallible>(server.answer(request, client).await) }
    });
    let builder = Builder::new(TokioExecutor::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A connection that breaks off concerns only the client, who knows.
        _ = connection.await;
    });
}

struct Server {
    routes: Routes,
    components: BTreeMap<String, ProxyHandler<Instances>>,
    log: Log,
}

impl Server {
    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        let path = request.uri().path();
        if path == "/.well-known/spin/health" {
            let body = Full::new("OK".into()).map_err(Into::into).boxed_unsync();
            return Response::new(body);
        }
        let Some(route) = self.routes.find(path) else { return empty(StatusCode::NOT_FOUND) };
        let Some(component) = self.components.get(&route.component) else {
            return empty(StatusCode::NOT_FOUND);
        };
        let Some(request) = prepare(request, route, client) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        match component.handle((), request).await {
            Ok(response) => response,
            Err(error) => {
                // What ended a whole instance has been logged when it did.
                if !error.is::<TrapOrPanicError>() {
                    let cause = match error.is::<ExpirationError>() {
                        true => "took longer than the request timeout".to_owned(),
                        false => format!("failed: {error:?}"),
                    };
                    self.log.line(format!("component {}: a request {cause}", route.component));
                }
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// Makes the URI absolute and appends the headers that Spin has for components. `None` if the
/// request does not say which host it is for.
fn prepare(
    mut request: Request<Incoming>,
    route: &Route,
    client: SocketAddr,
) -> Option<Request<WasiBody>> {
    let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
    let authority = match (host, request.uri().authority()) {
        (Some(host), None) => Authority::try_from(host).ok()?,
        (None, Some(authority)) => authority.clone(),
        (Some(host), Some(authority)) if host == authority.as_str().as_bytes() => authority.clone(),
        _ => return None,
    };
    let mut uri = request.uri().clone().into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(authority);
    let uri = Uri::from_parts(uri).ok()?;

    let rest = uri.path().strip_prefix(route.prefix()).unwrap_or_default();
    let headers = [
        ("spin-path-info", rest.to_owned()),
        ("spin-full-url", uri.to_string()),
        ("spin-matched-route", route.pattern.clone()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", route.pattern.clone()),
        ("spin-component-route", route.prefix().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    for (name, value) in headers {
        let value = HeaderValue::try_from(value).ok()?;
        request.headers_mut().append(HeaderName::from_static(name), value);
    }
    request.headers_mut().remove(CONNECTION);
    *request.uri_mut() = uri;
    Some(request.map(|body| body.map_err(Into::into).boxed_unsync()))
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(Into::into).boxed_unsync());
    *response.status_mut() = status;
    response
}
