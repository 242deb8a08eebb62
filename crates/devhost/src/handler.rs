//! Starting, reusing and ending instances of a component, with the defaults of Spin.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};

use crate::state::{ComponentConfig, State};

/// How many requests an instance answers before it is ended.
const MAX_REQUESTS: usize = 128;

/// How many requests an instance works on at once.
const MAX_CONCURRENT_REQUESTS: usize = 16;

/// How long an instance is kept with nothing to do.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// A component that is ready to be instantiated.
pub(crate) struct Instances {
    pub config: Arc<ComponentConfig>,
    pub component: ProxyPre<State>,
    pub request_timeout: Option<Duration>,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let engine = match &self.component {
            ProxyPre::P3(service) => service.engine(),
        };
        let mut store = Store::new(engine, State::new(&self.config));
        store.limiter(|state| &mut state.limits);
        // At each tick a running component steps aside, so that time limits are noticed.
        store.epoch_deadline_async_yield_and_update(1);
        let proxy = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: Expiration {
                request_timeout: self.request_timeout,
                sleep: Box::pin(tokio::time::sleep(IDLE_TIMEOUT)),
            },
            state: Worker { config: self.config.clone(), request_timeout: self.request_timeout },
        })
    }
}

/// Ends an instance that idles, or whose component takes too long.
pub(crate) struct Expiration {
    request_timeout: Option<Duration>,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let timeout = match status {
            WorkerStatus::Idle => Some(IDLE_TIMEOUT),
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.request_timeout,
        };
        let Some(timeout) = timeout else { return Poll::Pending };
        let deadline = (start + timeout).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// Decides how many requests an instance gets, and reports how it ended.
pub(crate) struct Worker {
    config: Arc<ComponentConfig>,
    request_timeout: Option<Duration>,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= MAX_REQUESTS {
            ShouldAccept::Never
        } else if concurrent >= MAX_CONCURRENT_REQUESTS {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        match self.request_timeout {
            Some(timeout) => Box::pin(tokio::time::sleep(timeout)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, _: Store<State>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result
            && !self.config.is_stopping()
        {
            self.config.log.line(format!(
                "component {}: an instance ended, and the requests it worked on with it: {error:?}",
                self.config.id
            ));
        }
    }
}
