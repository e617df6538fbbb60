//! The threads that share a linear memory: one of them gives out jobs, the others help with those that are large enough.
//!
//! A job is cut into chunks, which threads claim one by one, so that a thread that comes late delays nobody. Which thread
//! computes a chunk never shows in its result. Helpers spin a while for the next job, then sleep; the thread that gives
//! out jobs never sleeps, because a browser's main thread may not.
//!
//! Everything about the job at hand that a helper decides by is in one word, so that a claim cannot succeed on a job that
//! has changed meanwhile: its generation (32 bits), its number of chunks (16 bits), the next chunk (16 bits).
#![allow(unsafe_code)]

use core::hint::spin_loop;
use core::ops::Range;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};
use std::sync::OnceLock;
use std::thread::{self, Thread};

/// Most helpers.
pub const MOST_HELPERS: usize = 31;

/// Most chunks for each thread: enough that a slow thread leaves its share to others. Small jobs have fewer, since each costs
/// a claim.
const CHUNKS_PER_THREAD: u64 = 4;

/// Looks for another job before a helper sleeps: some 150 us. To wake it costs the caller 15 to 25 us, so it should not
/// sleep between the jobs of a token.
const SPINS: u32 = 80_000;

type Job<'a> = &'a (dyn Fn(usize) + Sync);

/// One thread that gives out jobs, and its helpers. A panic in a job has to end the program (`panic = "abort"`).
pub struct Pool {
    /// Generation, chunks, next chunk.
    ticket: AtomicU64,
    /// The `Job` on the stack of the thread that waits for it; meaningful while a chunk is claimed and not finished.
    job: AtomicPtr<()>,
    finished: AtomicU32,
    /// Helpers that take part: those with a smaller index.
    helpers: AtomicUsize,
    /// Work below which a job is not worth giving out.
    least_work: AtomicU64,
    is_stopped: AtomicBool,
    is_broken: AtomicBool,
    threads: [OnceLock<Thread>; MOST_HELPERS],
}

impl Pool {
    /// A pool without helpers.
    pub const fn new() -> Self {
        Self {
            ticket: AtomicU64::new(0),
            job: AtomicPtr::new(core::ptr::null_mut()),
            finished: AtomicU32::new(0),
            helpers: AtomicUsize::new(0),
            least_work: AtomicU64::new(0),
            is_stopped: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
            threads: [const { OnceLock::new() }; MOST_HELPERS],
        }
    }

    /// From now on, the first `helpers` help with jobs of at least `least_work`; all of them have called `join`.
    pub fn configure(&self, helpers: usize, least_work: u64) {
        self.helpers.store(helpers.min(MOST_HELPERS), Relaxed);
        self.least_work.store(least_work, Relaxed);
    }

    /// Calls `job` with ranges that together are `0 .. items`, on several threads if `work`, that of all items, is enough.
    pub fn split(&self, items: usize, work: u64, job: &(dyn Fn(Range<usize>) + Sync)) {
        self.split_at_most(items, CHUNKS_PER_THREAD, work, job);
    }

    /// As `split`, for items that cost less in one range than in several: each thread has one.
    pub fn split_coarsely(&self, items: usize, work: u64, job: &(dyn Fn(Range<usize>) + Sync)) {
        self.split_at_most(items, 1, work, job);
    }

    fn split_at_most(&self, items: usize, most: u64, work: u64, job: &(dyn Fn(Range<usize>) + Sync)) {
        let (helpers, least_work) = (self.helpers.load(Relaxed), self.least_work.load(Relaxed));
        if helpers == 0 || items < 2 || work < least_work {
            return job(0..items);
        }
        let per_thread = (work / least_work.max(1)).clamp(1, most);
        let chunks = items.min((helpers + 1) * per_thread as usize);
        self.run(helpers, chunks, &|chunk| job(items * chunk / chunks..items * (chunk + 1) / chunks));
    }

    fn run(&self, helpers: usize, chunks: usize, job: Job) {
        self.finished.store(0, Relaxed);
        self.job.store((&raw const job).cast_mut().cast(), Relaxed);
        let generation = (self.ticket.load(Relaxed) >> 32) + 1;
        self.ticket.store(generation << 32 | (chunks as u64) << 16, Release);
        self.wake(helpers);
        while self.claim() {}
        while self.finished.load(Acquire) < chunks as u32 {
            assert!(!self.is_broken.load(Relaxed), "a helper failed");
            spin_loop();
        }
    }

    /// Does a chunk, if there is one.
    fn claim(&self) -> bool {
        let ticket = self.ticket.load(Acquire);
        let (chunks, chunk) = (ticket >> 16 & 0xffff, ticket & 0xffff);
        if chunk >= chunks {
            return false;
        }
        let job = self.job.load(Relaxed).cast::<Job>();
        if self.ticket.compare_exchange(ticket, ticket + 1, AcqRel, Relaxed).is_ok() {
            // SAFETY: `run` of this generation stays until this chunk is finished, and another generation cannot have begun
            // before, so `job` is the pointer it stored.
            unsafe { (*job)(chunk as usize) };
            self.finished.fetch_add(1, Release);
        }
        true
    }

    /// Makes the calling thread helper `index`: it can be woken. Before `serve`, and before `configure` counts it in.
    pub fn join(&self, index: usize) {
        assert!(self.threads[index].set(thread::current()).is_ok(), "two helpers have one index");
    }

    /// Helps until the pool is stopped.
    pub fn serve(&self, index: usize) {
        let mut generation = 0;
        while let Some(next) = self.next_generation(index, generation) {
            generation = next;
            while self.claim() {}
        }
    }

    /// Waits for another generation than the one given; none: the pool is stopped.
    fn next_generation(&self, index: usize, seen: u64) -> Option<u64> {
        let mut spins = 0;
        while !self.is_stopped.load(Acquire) {
            let generation = self.ticket.load(Acquire) >> 32;
            if generation != seen && index < self.helpers.load(Relaxed) {
                return Some(generation);
            }
            if spins < SPINS {
                spins += 1;
                spin_loop();
            } else {
                thread::park();
            }
        }
        None
    }

    /// Lets `serve` return in all helpers.
    pub fn stop(&self) {
        self.configure(0, 0);
        self.is_stopped.store(true, Release);
        self.wake(MOST_HELPERS);
    }

    /// Says that a helper ended in the middle of a job, so that nobody waits for it.
    pub fn break_off(&self) {
        self.is_broken.store(true, Relaxed);
    }

    fn wake(&self, helpers: usize) {
        self.threads[..helpers].iter().filter_map(OnceLock::get).for_each(Thread::unpark);
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
