//! The requests of all nodes, and what came of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use kv_tree::{Error, Memory, Store, Tree};

use super::Arguments;
use super::executor::{Clock, Executor};
use super::node::{Counts, Node};
use crate::account::Account;
use crate::fill;

/// Within which time the first requests come.
const ARRIVAL: Duration = Duration::from_millis(100);

/// What was measured.
#[derive(Debug, PartialEq)]
pub struct Figures {
    /// How many requests were answered a second.
    pub per_second: f64,
    pub commits_per_second: f64,
    pub requests_a_commit: f64,
    pub attempts_a_commit: f64,
    pub calls_a_request: f64,
    /// How long requests took.
    pub p50: Duration,
    pub p99: Duration,
    /// How many gave up, because others were always first.
    pub failed: usize,
}

/// What all requests share.
struct Course {
    clock: Clock,
    /// When measuring begins and ends.
    begin: Duration,
    end: Duration,
    records: u64,
    record_bytes: usize,
    /// How many accounts were numbered.
    accounts: Cell<u64>,
    times: RefCell<Vec<Duration>>,
    failed: Cell<usize>,
    /// What nobody expects.
    error: RefCell<Option<Error>>,
}

/// Simulates the nodes on so many trees. The same arguments come to the same.
pub fn simulate(
    arguments: &Arguments,
    round_trip: Duration,
    trees: u32,
) -> anyhow::Result<Figures> {
    kv_tree::testing::seed(Some(arguments.seed));
    let names: Vec<_> = (0..trees as usize).map(fill::name).collect();
    let memory = Memory::default();
    let (records, record_bytes) = (arguments.records, arguments.record_bytes as usize);
    for name in &names {
        pollster::block_on(fill::fill(&memory, name.clone(), records, record_bytes))?;
    }
    let clock = Clock::default();
    let begin = Duration::from_secs(arguments.warm_up.into());
    let course = Course {
        clock: clock.clone(),
        begin,
        end: begin + Duration::from_secs(arguments.seconds.into()),
        records,
        record_bytes,
        accounts: Cell::new(records),
        times: RefCell::default(),
        failed: Cell::default(),
        error: RefCell::default(),
    };
    let mut executor = Executor::on(&clock);
    let counts = Rc::new(Counts { since: begin, ..Counts::default() });
    let mut random = fastrand::Rng::with_seed(arguments.seed);
    for _ in 0..arguments.nodes {
        let (memory, clock) = (memory.clone(), clock.clone());
        let node = Node::new(memory, clock, round_trip, random.u64(..), counts.clone());
        let store = Store::new(node);
        let trees: Vec<_> = names.iter().map(|name| store.tree(name.clone())).collect();
        for _ in 0..arguments.requests {
            executor.spawn(course.follow(trees.clone(), random.fork()));
        }
    }
    executor.run(course.end)?;
    course.figures(&counts)
}

impl Course {
    /// Makes one request after the other.
    async fn follow(&self, trees: Vec<Tree<Node>>, mut random: fastrand::Rng) {
        self.clock.sleep(ARRIVAL.mul_f64(random.f64())).await;
        while self.clock.now() < self.end {
            let begin = self.clock.now();
            let number = self.accounts.replace(self.accounts.get() + 1);
            let account = Account::new(number, self.records, self.record_bytes, &mut random);
            let Some(tree) = random.choice(&trees) else { return };
            let outcome = create(tree, &account).await;
            let is_counted = self.clock.now() >= self.begin;
            match outcome {
                Ok(()) if is_counted => {
                    self.times.borrow_mut().push(self.clock.now() - begin);
                }
                Err(Error::Contended { .. }) if is_counted => {
                    self.failed.set(self.failed.get() + 1);
                }
                Ok(()) | Err(Error::Contended { .. }) => {}
                Err(error) => {
                    self.error.borrow_mut().get_or_insert(error);
                    return;
                }
            }
        }
    }

    fn figures(self, counts: &Counts) -> anyhow::Result<Figures> {
        if let Some(error) = self.error.into_inner() {
            return Err(error.into());
        }
        let mut times = self.times.into_inner();
        times.sort_unstable();
        let part = |of: usize| times.get(times.len() * of / 100).copied().unwrap_or_default();
        let seconds = (self.end - self.begin).as_secs_f64();
        let commits = counts.commits.get() as f64;
        Ok(Figures {
            per_second: times.len() as f64 / seconds,
            commits_per_second: commits / seconds,
            requests_a_commit: counts.committed.get() as f64 / commits,
            attempts_a_commit: counts.attempts.get() as f64 / commits,
            calls_a_request: counts.calls.get() as f64 / times.len() as f64,
            p50: part(50),
            p99: part(99),
            failed: self.failed.get(),
        })
    }
}

/// Creates an account, as the application does.
async fn create(tree: &Tree<Node>, account: &Account) -> Result<(), Error> {
    tree.gather().await;
    tree.transact(async |transaction| {
        if transaction.get(account.key()).await?.is_none() {
            account.insert(transaction);
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(seed: u64) -> Figures {
        let arguments = Arguments {
            nodes: 8,
            requests: 4,
            trees: Vec::new(),
            round_trip: Vec::new(),
            records: 200,
            record_bytes: 600,
            seconds: 1,
            warm_up: 0,
            seed,
        };
        simulate(&arguments, Duration::from_millis(1), 2).unwrap()
    }

    #[test]
    fn the_same_seed_comes_to_the_same() {
        let first = figures(7);
        assert!(first.per_second > 100.0 && first.attempts_a_commit > 1.0, "{first:?}");
        assert_eq!(figures(7), first);
        assert_ne!(figures(8), first);
    }
}
