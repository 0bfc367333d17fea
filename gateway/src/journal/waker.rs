//! Wakes whoever waits in sled for a write that has failed already. It writes nothing and decides nothing.
//!
//! When one of sled's own threads cannot write a buffer it stores the error, and on one of two ways tells nobody (sled
//! 0.34.7, `pagecache/logger.rs`, `exit_reservation`): whoever flushes then waits for ever. Another flush finds the error
//! and wakes all who wait.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use sled::Db;

/// A flush that takes longer is looked into; one that only waits for a slow disk is not hurried by it.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// A flush that is waited for.
struct Flush {
    since: Instant,
    /// How often it was looked into.
    looks: u32,
    db: Db,
}

/// By number.
static FLUSHES: Mutex<BTreeMap<u64, Flush>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicU64 = AtomicU64::new(0);
static BEGUN: Once = Once::new();

/// One flush that is waited for, until it is dropped.
struct Waited(u64);

impl Drop for Waited {
    fn drop(&mut self) {
        // The caller has a handle of its own: this one is never the last.
        drop(flushes(|all| all.remove(&self.0)));
    }
}

fn flushes<T>(look: impl FnOnce(&mut BTreeMap<u64, Flush>) -> T) -> T {
    look(&mut FLUSHES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Flushes the log, and comes back when that cannot be done.
pub(super) fn flush(db: &Db) -> sled::Result<usize> {
    BEGUN.call_once(|| {
        // Without it a flush may wait for ever, as it would have without this file.
        let _ = std::thread::Builder::new()
            .name("journal-waker".to_owned())
            .spawn(look_after);
    });
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let flush = Flush {
        since: Instant::now(),
        looks: 0,
        db: db.clone(),
    };
    flushes(|all| all.insert(number, flush));
    let _waited = Waited(number);
    db.flush()
}

/// The first that is due to be looked into: after the patience, four times that, sixteen times …, so that a disk that hangs
/// for days takes few threads along.
fn late() -> Option<Db> {
    flushes(|all| {
        let due = |flush: &Flush| {
            let times = 4_u32.saturating_pow(flush.looks);
            flush.since.elapsed() > PATIENCE.saturating_mul(times)
        };
        let flush = all.values_mut().find(|flush| due(flush))?;
        flush.looks += 1;
        Some(flush.db.clone())
    })
}

fn look_after() {
    loop {
        std::thread::sleep(LOOKS_EVERY);
        while let Some(db) = late() {
            let last = LastHandle::of(db);
            // On a disk that only hangs this flush hangs as well. Where no thread can be had the next look tries again.
            let _ = std::thread::Builder::new().spawn(move || last.flush());
        }
    }
}

/// sled's last handle, which holds every tree. When it is dropped sled syncs the log once more and panics when it cannot
/// (sled 0.34.7, `pagecache/logger.rs`, `impl Drop for Log`): a disk that refuses would end the thread that owns it.
pub(super) struct LastHandle(Option<Db>);

impl LastHandle {
    pub(super) const fn of(db: Db) -> Self {
        Self(Some(db))
    }

    /// Flushes, whatever comes of it.
    pub(super) fn flush(&self) {
        let flush = || self.0.as_ref().map(|db| db.flush());
        // What could not be flushed is said to whoever waits for it.
        let _ = catch_unwind(AssertUnwindSafe(flush));
    }
}

impl Drop for LastHandle {
    fn drop(&mut self) {
        let Some(db) = self.0.take() else { return };
        if std::thread::panicking() {
            // A second panic would end the process; so the file stays locked until that ends by itself.
            std::mem::forget(db);
            return;
        }
        // Whoever wrote last has been told what the disk refused. Dropping flushes as well, and nobody would wake that.
        let _ = catch_unwind(AssertUnwindSafe(move || {
            let _ = flush(&db);
            drop(db);
        }));
    }
}
