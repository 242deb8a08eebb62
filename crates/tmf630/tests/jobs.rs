//! Jobs go on after the requests that began them: each step is done once, whoever is at it and whatever
//! fails.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::counting::{
    COUNTER, Instance, JOBS, Task, announced, contents, interleave, poll, settings, state, tenant,
};
use common::expect;
use kv_tree::{Fault, Faulty, Kv, Memory};
use pollster::block_on;
use tmf630::Error;
use tmf630::jobs::{Progress, run};

const STEPS: usize = 5;

/// A store in which the job `a` of five steps was begun.
fn begun() -> Memory {
    let memory = Memory::default();
    expect(&Instance::of("acme", memory.clone()).begin("a", &STEPS.to_string()), 201);
    memory
}

/// Works at jobs for as long as they take.
async fn work<K: Kv>(instance: &Instance<K>) -> Result<Progress, Error> {
    run(JOBS, &settings(&[]), instance, &tenant("acme"), Duration::MAX).await
}

fn progress(steps: usize, left: usize, failed: usize) -> Progress {
    Progress { steps, left, failed }
}

#[test]
fn a_job_is_begun_with_the_change_and_its_steps_are_done_one_after_the_other() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    expect(&instance.begin("a", "5"), 201);
    assert_eq!(*instance.work.borrow(), [tenant("acme")]);
    assert_eq!(state(&memory, "acme", "a"), (0, 1));
    assert_eq!(block_on(work(&instance)).unwrap(), progress(5, 0, 0));
    assert_eq!(state(&memory, "acme", "a"), (5, 0));
    assert_eq!(block_on(work(&instance)).unwrap(), progress(0, 0, 0));
    // What is refused begins nothing.
    instance.work.take();
    expect(&instance.begin("a", "5"), 409);
    assert_eq!((state(&memory, "acme", "a").1, instance.work.take()), (0, vec![]));
}

#[test]
fn steps_are_done_once_however_many_are_at_it() {
    for seed in 1..60 {
        let memory = begun();
        expect(&Instance::of("acme", memory.clone()).begin("b", "3"), 201);
        // Without leases: each thinks that what the others say was long ago.
        let instances: Vec<_> = (0..3)
            .map(|n| Instance::of("acme", memory.clone()).later(100 * n * (seed as i64 % 2)))
            .collect();
        let tasks = instances.iter().map(|instance| -> Task<'_, _> { Box::pin(work(instance)) });
        let outcomes = interleave(tasks.collect(), seed);
        // Whoever is hindered has not failed.
        let steps: usize = outcomes.into_iter().map(|outcome| outcome.unwrap().steps).sum();
        assert_eq!(steps, 8, "seed {seed}");
        let states = (state(&memory, "acme", "a"), state(&memory, "acme", "b"));
        assert_eq!(states, ((5, 0), (3, 0)), "seed {seed}");
    }
}

#[test]
fn whatever_fails_in_between_a_job_is_finished_by_others() {
    let calls = {
        let instance = Instance::of("acme", Faulty::new(begun(), []));
        block_on(work(&instance)).unwrap();
        instance.kv().calls()
    };
    assert!(calls > 10, "{calls}");
    for fault in Fault::ALL {
        for call in 0..calls {
            let memory = begun();
            let faulty = Faulty::new(memory.clone(), [(call, fault)]);
            _ = block_on(work(&Instance::of("acme", faulty)));
            let (done, _) = state(&memory, "acme", "a");
            let other = Instance::of("acme", memory.clone()).later(60);
            let finished = block_on(work(&other)).unwrap();
            assert_eq!(finished, progress(STEPS - done, 0, 0), "{fault:?} of call {call}");
            assert_eq!(state(&memory, "acme", "a"), (STEPS, 0), "{fault:?} of call {call}");
        }
    }
}

#[test]
fn a_tenant_is_announced_before_its_job_is_stored() {
    let mut begun_without_answer = 0;
    for fault in Fault::ALL {
        for call in 0.. {
            let memory = Memory::default();
            let instance = Instance::of("acme", Faulty::new(memory.clone(), [(call, fault)]));
            let answer = instance.begin("a", "5");
            let is_begun = state(&memory, "acme", "a").1 == 1;
            let is_announced = announced(&memory) == ["acme"];
            assert!(is_announced || !is_begun, "{fault:?} of call {call}");
            assert!(is_begun || answer.status() != 201, "{fault:?} of call {call}");
            begun_without_answer += u32::from(is_begun && answer.status() != 201);
            if instance.kv().calls() <= call {
                break;
            }
        }
    }
    assert!(begun_without_answer > 0);
}

#[test]
fn a_tenant_is_announced_again_when_that_is_old() {
    let memory = begun();
    let said = || contents(&memory, "maintenance.tenants", "t/acme");
    let first = said();
    expect(&Instance::of("acme", memory.clone()).later(200).begin("b", "1"), 201);
    assert_eq!(said(), first);
    expect(&Instance::of("acme", memory.clone()).later(400).begin("c", "1"), 201);
    assert_ne!(said(), first);
    assert_eq!(announced(&memory), ["acme"]);
}

#[test]
fn others_leave_a_job_alone_until_nobody_has_been_heard_of_for_long() {
    let memory = begun();
    let (one, other) = (Instance::of("acme", memory.clone()), Instance::of("acme", memory.clone()));
    let mut task: Task<'_, _> = Box::pin(work(&one));
    while state(&memory, "acme", "a").0 < 2 {
        assert!(matches!(poll(&mut task), Poll::Pending));
    }
    other.advance(5);
    assert_eq!(block_on(work(&other)).unwrap(), progress(0, 1, 0));
    // It crashes.
    drop(task);
    other.advance(6);
    let (done, _) = state(&memory, "acme", "a");
    assert_eq!(block_on(work(&other)).unwrap(), progress(STEPS - done, 0, 0));
    assert_eq!(state(&memory, "acme", "a"), (STEPS, 0));
}

#[test]
fn who_stops_leaves_a_job_to_others_at_once() {
    let memory = begun();
    let step = |instance: &Instance<Memory>, time| {
        block_on(run(JOBS, &settings(&[]), instance, &tenant("acme"), time)).unwrap()
    };
    // There is a step in however little time.
    let instance = || Instance::of("acme", memory.clone());
    assert_eq!(step(&instance(), Duration::ZERO), progress(1, 1, 0));
    assert_eq!(step(&instance(), Duration::ZERO), progress(1, 1, 0));
    let used_up = instance();
    used_up.can_go_on.set(false);
    assert_eq!(step(&used_up, Duration::MAX), progress(1, 1, 0));
    let slow = instance();
    slow.step.set(jiff::SignedDuration::from_secs(1));
    assert_eq!(step(&slow, Duration::from_secs(1)), progress(2, 0, 0));
    assert_eq!(state(&memory, "acme", "a"), (STEPS, 0));
}

#[test]
fn a_job_that_fails_does_not_hold_up_others() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    for id in ["a", "broken", "c"] {
        expect(&instance.begin(id, "2"), 201);
    }
    instance.log.take();
    assert_eq!(block_on(work(&instance)).unwrap(), progress(4, 1, 1));
    assert_eq!(state(&memory, "acme", "c"), (2, 1));
    let log = instance.log.take();
    assert_eq!(log.len(), 1, "{log:?}");
    for words in ["count/broken", "acme", "It cannot go on."] {
        assert!(log[0].contains(words), "{log:?}");
    }
    let mended = settings(&[("mended", "yes")]);
    let done = block_on(run(JOBS, &mended, &instance, &tenant("acme"), Duration::MAX)).unwrap();
    assert_eq!((done, state(&memory, "acme", "broken")), (progress(2, 0, 0), (2, 0)));
}

#[test]
fn a_job_that_another_has_begun_is_done_wherever_it_lies() {
    for (id, next) in [("m", "a"), ("m", "z")] {
        let memory = Memory::default();
        let instance = Instance::of("acme", memory.clone());
        expect(&instance.begin(id, &format!("2 {next}")), 201);
        assert_eq!(block_on(work(&instance)).unwrap(), progress(3, 0, 0));
        assert_eq!(state(&memory, "acme", next), (1, 0));
    }
}

#[test]
fn jobs_that_nobody_here_knows_are_left_to_others() {
    let memory = begun();
    let instance = Instance::of("acme", memory.clone());
    let (settings, tenant) = (settings(&[]), tenant("acme"));
    let found = block_on(run(&[], &settings, &instance, &tenant, Duration::MAX));
    assert_eq!(found.unwrap(), progress(0, 1, 0));
    assert_eq!(state(&memory, "acme", "a"), (0, 1));
}

#[test]
fn more_jobs_than_are_looked_at_together_are_all_done() {
    let memory = Memory::default();
    let instance = Instance::of("acme", memory.clone());
    for number in 0..205 {
        expect(&instance.begin(&format!("j{number}"), "1"), 201);
    }
    assert_eq!(block_on(work(&instance)).unwrap(), progress(205, 0, 0));
    assert_eq!(state(&memory, "acme", "j7"), (1, 0));
    assert!(COUNTER.behaviour.is_some_and(|behaviour| behaviour.jobs().len() == 1));
}
