//! Several things at once, but not too many.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

enum Step<F: Future> {
    Open(Pin<Box<F>>),
    Done(F::Output),
}

/// What futures come to, in their order. At most so many of them are under way at any time.
pub async fn few_at_once<F: Future>(
    futures: impl IntoIterator<Item = F>,
    at_once: usize,
) -> Vec<F::Output> {
    let mut steps: Vec<_> = futures.into_iter().map(|it| Step::Open(Box::pin(it))).collect();
    poll_fn(|context| {
        let mut under_way = 0;
        for step in &mut steps {
            if under_way == at_once.max(1) {
                break;
            }
            let Step::Open(future) = step else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(output) => *step = Step::Done(output),
                Poll::Pending => under_way += 1,
            }
        }
        if under_way == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let outputs = steps.into_iter().filter_map(|step| match step {
        Step::Done(output) => Some(output),
        Step::Open(_) => None,
    });
    outputs.collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn few_are_under_way_and_all_are_done() {
        let (begun, ended) = (Cell::new(0), Cell::new(0));
        let may_end = Cell::new(0);
        let futures = (0..5).map(|number| {
            let (begun, ended, may_end) = (&begun, &ended, &may_end);
            async move {
                begun.set(begun.get() + 1);
                poll_fn(|_| if may_end.get() > number { Poll::Ready(()) } else { Poll::Pending })
                    .await;
                ended.set(ended.get() + 1);
                number
            }
        });
        let mut all = pin!(few_at_once(futures, 2));
        let mut context = Context::from_waker(Waker::noop());
        for done in 0..5 {
            may_end.set(done);
            assert!(all.as_mut().poll(&mut context).is_pending());
            assert_eq!((begun.get(), ended.get()), ((done + 2).min(5), done));
        }
        may_end.set(5);
        assert_eq!(all.poll(&mut context), Poll::Ready(vec![0, 1, 2, 3, 4]));
    }

    #[test]
    fn nothing_is_done_at_once() {
        let mut context = Context::from_waker(Waker::noop());
        let none = pin!(few_at_once(Vec::<std::future::Ready<()>>::new(), 2));
        assert_eq!(none.poll(&mut context), Poll::Ready(Vec::new()));
    }
}
