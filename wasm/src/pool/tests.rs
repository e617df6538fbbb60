use std::thread::{park_timeout, scope, sleep};
use std::time::Duration;

use super::*;

/// Runs `body` with a pool of `helpers`, which all have returned afterwards.
fn with_pool(helpers: usize, body: impl FnOnce(&Pool)) {
    let (pool, joined) = (Pool::new(), AtomicUsize::new(0));
    scope(|scope| {
        for index in 0..helpers {
            let (pool, joined) = (&pool, &joined);
            scope.spawn(move || {
                pool.join(index);
                joined.fetch_add(1, Release);
                pool.serve(index);
            });
        }
        while joined.load(Acquire) < helpers {
            thread::yield_now();
        }
        pool.configure(helpers, 10);
        body(&pool);
        pool.stop();
    });
}

/// How often `split` hands out each item.
fn counts(pool: &Pool, items: usize, work: u64) -> Vec<u32> {
    let counts: Vec<_> = (0..items).map(|_| AtomicU32::new(0)).collect();
    pool.split(items, work, &|range| range.for_each(|item| _ = counts[item].fetch_add(1, Relaxed)));
    counts.into_iter().map(AtomicU32::into_inner).collect()
}

#[test]
fn split_hands_out_every_item_once() {
    for helpers in [0, 1, 2, 5] {
        with_pool(helpers, |pool| {
            for round in 0..2000 {
                let items = round % 71;
                assert_eq!(counts(pool, items, 10), vec![1; items], "{items} items, {helpers} helpers");
            }
        });
    }
}

#[test]
fn split_wakes_helpers_that_sleep() {
    with_pool(2, |pool| {
        for _ in 0..5 {
            sleep(Duration::from_millis(5));
            assert_eq!(counts(pool, 64, 10), [1; 64]);
        }
    });
}

#[test]
fn split_uses_several_threads_for_large_jobs_and_the_caller_for_small_ones() {
    with_pool(2, |pool| {
        let caller = thread::current().id();
        let elsewhere = |work| {
            let seen = AtomicBool::new(false);
            let helped = || thread::current().id() != caller;
            pool.split(64, work, &|_| {
                if helped() {
                    seen.store(true, Relaxed);
                }
                // Leaves the rest of the job to the helpers.
                (0..1000).take_while(|_| work >= 10 && !seen.load(Relaxed)).for_each(|_| {
                    park_timeout(Duration::from_millis(1));
                });
            });
            seen.into_inner()
        };
        assert!(elsewhere(10));
        assert!(!elsewhere(9));
        pool.configure(0, 0);
        assert!(!elsewhere(9));
    });
}

#[test]
#[should_panic(expected = "a helper failed")]
fn run_fails_instead_of_waiting_for_a_helper_that_failed() {
    let pool = Pool::new();
    pool.break_off();
    // Takes back one of the two chunks, as if the helper that claimed it had ended.
    pool.run(1, 2, &|chunk| _ = pool.finished.fetch_sub(chunk as u32, Relaxed));
}

#[test]
fn split_coarsely_makes_one_range_for_each_thread() {
    for helpers in [1, 2, 5] {
        with_pool(helpers, |pool| {
            for items in [2, 3, 4, 8, 25] {
                let (ranges, covered) = (AtomicUsize::new(0), AtomicUsize::new(0));
                pool.split_coarsely(items, 1000, &|range| {
                    ranges.fetch_add(1, Relaxed);
                    covered.fetch_add(range.len(), Relaxed);
                });
                assert_eq!(ranges.into_inner(), items.min(helpers + 1));
                assert_eq!(covered.into_inner(), items);
            }
        });
    }
}
