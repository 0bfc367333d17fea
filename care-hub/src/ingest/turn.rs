//! Whose parcels are read when many homes send at once: an alarm at once, bulk by turns, so that an alarm waits for a few
//! parcels and not for those of a thousand homes. It looks into no record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The turns of one hub's bulk; clones share them.
#[derive(Clone)]
pub(crate) struct Turns {
    room: Arc<Semaphore>,
    unread: Arc<AtomicUsize>,
}

/// Records that wait for their turn, counted until this is dropped.
pub(crate) struct Unread {
    of: Turns,
    records: usize,
}

impl Default for Turns {
    /// Half of the machine's cores read bulk, one at least; the others are free for whatever else comes.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            room: Arc::new(Semaphore::new((cores / 2).max(1))),
            unread: Arc::default(),
        }
    }
}

impl Turns {
    /// These many records wait from now on.
    pub(crate) fn wait(&self, records: usize) -> Unread {
        self.unread.fetch_add(records, Ordering::Relaxed);
        Unread {
            of: self.clone(),
            records,
        }
    }

    /// Records that wait for their turn, of all homes.
    pub(crate) fn unread(&self) -> usize {
        self.unread.load(Ordering::Relaxed)
    }
}

impl Unread {
    /// Waits for the turn, which ends when the permit is dropped; first come, first served. `None` never comes: nobody
    /// closes the turns.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.of.room.acquire().await.ok()
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.of.unread.fetch_sub(self.records, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_is_counted_until_it_had_its_turn_or_its_home_is_gone() {
        let turns = Turns::default();
        let all: Vec<Unread> = (0..100).map(|_| turns.wait(60)).collect();
        assert_eq!(turns.unread(), 6_000);
        let mut had = 0;
        for one in all {
            // One in ten went before its turn came.
            if had % 10 != 0 {
                assert!(one.turn().await.is_some());
            }
            had += 1;
            drop(one);
            assert_eq!(turns.unread(), 6_000 - 60 * had);
        }
    }
}
