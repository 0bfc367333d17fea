//! Whether the loop goes on: the watchdog thread looks at it, tells the service manager while it does, and ends the process
//! when it hangs. A disk that hangs is no reason: alarms flow without it. It mends nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::journal;
use crate::notify::{Notify, watchdog_every};

/// A loop that has not turned for this long, while the watchdog was awake to see it, hangs.
const HANGS_AFTER: Duration = Duration::from_secs(10);
/// The loop turns at least this often, whatever happens.
pub const TURNS_EVERY: Duration = Duration::from_secs(1);

/// Shared by the loop, the watchdog and `/health`.
#[derive(Clone)]
pub struct Progress(Arc<Shown>);

struct Shown {
    /// How often the loop has turned.
    turns: AtomicU64,
    journal: journal::Progress,
}

impl Progress {
    /// A loop that is about to turn, and this journal.
    pub fn new(journal: journal::Progress) -> Self {
        Self(Arc::new(Shown {
            turns: AtomicU64::new(0),
            journal,
        }))
    }

    /// The loop has turned.
    pub fn turned(&self) {
        self.0.turns.fetch_add(1, Ordering::Release);
    }

    /// Syncs that the journal has asked of the disk.
    pub fn syncs(&self) -> u64 {
        self.0.journal.syncs()
    }

    fn turns(&self) -> u64 {
        self.0.turns.load(Ordering::Acquire)
    }
}

/// What the watchdog has seen of the loop. Time counts by its own looks, each for twice its due at most: in a machine that was
/// suspended, a process that was stopped or a guest that was paused, nobody turned and nobody looked.
struct Patience {
    every: Duration,
    turns: u64,
    looked: Instant,
    still: Duration,
}

impl Patience {
    fn new(every: Duration, now: Instant) -> Self {
        Self {
            every,
            turns: 0,
            looked: now,
            still: Duration::ZERO,
        }
    }

    /// One look; true when the loop hangs.
    fn is_over(&mut self, turns: u64, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.looked);
        self.looked = now;
        if turns == self.turns {
            self.still += passed.min(self.every * 2);
        } else {
            (self.turns, self.still) = (turns, Duration::ZERO);
        }
        self.still > HANGS_AFTER
    }
}

/// Looks after the loop from a thread of its own, which no hanging loop can stop, for as long as the process lives.
pub fn watch(progress: Progress, notify: Arc<Notify>) -> std::io::Result<()> {
    let every = watchdog_every().map_or(TURNS_EVERY, |asked| (asked / 3).min(TURNS_EVERY));
    std::thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(move || {
            let mut patience = Patience::new(every, Instant::now());
            loop {
                std::thread::sleep(every);
                if patience.is_over(progress.turns(), Instant::now()) {
                    tracing::error!(
                        "the loop has not turned for 10 s: giving up, to be started anew"
                    );
                    std::process::abort();
                }
                notify.alive();
            }
        })
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: Duration = Duration::from_secs(1);

    #[test]
    fn a_loop_that_stands_still_while_the_watchdog_looks_hangs_after_10_s() {
        let began = Instant::now();
        let mut patience = Patience::new(LOOKS, began);
        assert!(!patience.is_over(1, began));
        let over = (1..=11).map(|s| patience.is_over(1, began + LOOKS * s));
        assert_eq!(
            over.collect::<Vec<_>>(),
            [[false; 10].as_slice(), &[true]].concat()
        );
    }

    #[test]
    fn a_loop_that_turns_never_hangs() {
        let began = Instant::now();
        let mut patience = Patience::new(LOOKS, began);
        for s in 1..100 {
            assert!(!patience.is_over(u64::from(s), began + LOOKS * s));
        }
    }

    #[test]
    fn after_a_suspend_or_a_stop_of_a_day_the_loop_has_its_whole_time_again() {
        let began = Instant::now();
        let day = Duration::from_hours(24);
        let mut patience = Patience::new(LOOKS, began);
        assert!(!patience.is_over(7, began + LOOKS));
        // Nobody turned, nobody looked.
        assert!(!patience.is_over(7, began + day));
        assert!(!patience.is_over(7, began + day + LOOKS * 5));
        assert!(!patience.is_over(8, began + day + LOOKS * 6));
    }
}
