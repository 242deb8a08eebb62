//! The connection that is kept, and how long a call may take.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use kv_tree::KvError;

use crate::PATIENCE;
use crate::host::Host;

/// A connection to the store, open or not.
pub(crate) struct Line<H, C> {
    host: H,
    address: String,
    open: RefCell<Option<Rc<C>>>,
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
        Self { host, address, open: RefCell::default() }
    }

    /// Makes a call: `work` on the connection, which `open` opens where there is none.
    pub async fn call<T>(
        &self,
        name: &'static str,
        open: impl AsyncFnOnce(&H, &str) -> Result<C, String>,
        work: impl AsyncFnOnce(&H, &C) -> Result<T, Failure>,
    ) -> Result<T, KvError> {
        let kept = self.open.borrow().clone();
        let connection = match kept {
            Some(connection) => connection,
            None => {
                // What was not sent has no effect.
                let opened = within(&self.host, open(&self.host, &self.address)).await;
                let opened = opened.unwrap_or_else(|| Err(not_in_time()));
                let opened = opened.map_err(|message| {
                    KvError::without_effect(name, format!("there is no connection: {message}"))
                })?;
                // Another call may have opened one meanwhile.
                self.open.borrow_mut().get_or_insert_with(|| Rc::new(opened)).clone()
            }
        };
        match within(&self.host, work(&self.host, &connection)).await {
            Some(Ok(outcome)) => Ok(outcome),
            Some(Err(Failure { message, is_refused, is_alive })) => {
                let message = match is_alive {
                    true => message,
                    false => {
                        self.give_up(&connection);
                        format!("the connection broke: {message}")
                    }
                };
                Err(match is_refused {
                    true => KvError::without_effect(name, message),
                    false => KvError::new(name, message),
                })
            }
            None => {
                self.give_up(&connection);
                Err(KvError::new(name, not_in_time()))
            }
        }
    }

    /// Sees that no call begins on the connection any more.
    fn give_up(&self, connection: &Rc<C>) {
        let mut open = self.open.borrow_mut();
        if open.as_ref().is_some_and(|open| Rc::ptr_eq(open, connection)) {
            *open = None;
        }
    }
}

fn not_in_time() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
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
