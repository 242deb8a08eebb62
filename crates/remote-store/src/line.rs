//! The connection that is kept, and how long a call may take.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use kv_tree::KvError;

use crate::PATIENCE;
use crate::host::Host;

/// How often somebody looks whether another call has opened the connection: nobody is woken.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A connection to the store, open or not.
pub(crate) struct Line<H, C> {
    host: H,
    address: String,
    open: RefCell<Option<Rc<C>>>,
    /// Whether a call is opening it.
    is_opening: Cell<bool>,
}

/// Why a call failed.
pub(crate) struct Failure {
    pub message: String,
    /// Whether the store has refused it, so that it has, and will have, no effect.
    pub is_refused: bool,
    /// Whether the connection can still be used.
    pub is_alive: bool,
}

impl<H: Host, C> Line<H, C> {
    pub fn new(host: H, address: String) -> Self {
        Self { host, address, open: RefCell::default(), is_opening: Cell::new(false) }
    }

    /// Makes a call: `work` on the connection, which `open` opens where there is none.
    pub async fn call<T>(
        &self,
        name: &'static str,
        open: impl AsyncFnOnce(&H, &str) -> Result<C, String>,
        work: impl AsyncFnOnce(&H, &C) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        // What was not sent has no effect.
        let used = RefCell::new(None);
        // In a box, or the types of what awaits it become too deep to be compiled.
        let call: Pin<Box<dyn Future<Output = Result<T, KvError>> + '_>> = Box::pin(async {
            let connection = self.connection(open).await.map_err(|message| {
                KvError::without_effect(name, format!("there is no connection: {message}"))
            })?;
            used.replace(Some(connection.clone()));
            work(&self.host, &connection).await.map_err(|failure| {
                let Failure { message, is_refused, is_alive } = failure;
                let message = match is_alive {
                    true => message,
                    false => {
                        self.give_up(&connection);
                        format!("the connection broke: {message}")
                    }
                };
                match is_refused {
                    true => KvError::without_effect(name, message),
                    false => KvError::new(name, message),
                }
            })
        });
        if let Some(outcome) = within(&self.host, call).await {
            return outcome;
        }
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Err(match used.take() {
            Some(connection) => {
                self.give_up(&connection);
                KvError::new(name, message)
            }
            None => KvError::without_effect(name, message),
        })
    }

    /// The connection. One call opens it, and others wait for that.
    async fn connection(
        &self,
        open: impl AsyncFnOnce(&H, &str) -> Result<C, String>,
    ) -> Result<Rc<C>, String> {
        loop {
            let kept = self.open.borrow().clone();
            if let Some(connection) = kept {
                return Ok(connection);
            }
            if !self.is_opening.get() {
                break;
            }
            self.host.pause(LOOK_AGAIN).await;
        }
        let _opening = Opening::begin(&self.is_opening);
        let connection = Rc::new(open(&self.host, &self.address).await?);
        self.open.replace(Some(connection.clone()));
        Ok(connection)
    }

    /// Sees that no call begins on the connection any more.
    fn give_up(&self, connection: &Rc<C>) {
        let mut open = self.open.borrow_mut();
        if open.as_ref().is_some_and(|open| Rc::ptr_eq(open, connection)) {
            *open = None;
        }
    }
}

/// Tells other calls that one opens the connection, as long as it lives.
struct Opening<'l>(&'l Cell<bool>);

impl<'l> Opening<'l> {
    fn begin(is_opening: &'l Cell<bool>) -> Self {
        is_opening.set(true);
        Self(is_opening)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// What comes of `work`, unless it takes longer than a call may.
async fn within<T>(host: &impl Host, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut end = pin!(host.pause(PATIENCE));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => end.as_mut().poll(context).map(|()| None),
    })
    .await
}
