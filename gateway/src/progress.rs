//! Whether the daemon goes on: a loop that turns and a journal that answers. The watchdog thread looks at both, tells the
//! service manager while they do, and ends the process when one of them hangs. It mends nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::journal;
use crate::notify::{Notify, watchdog_every};

/// A journal that has been at one piece of work for this long, or a loop that has not turned, hangs.
const HANGS_AFTER: Duration = Duration::from_secs(10);
/// The loop turns at least this often, whatever happens.
pub const TURNS_EVERY: Duration = Duration::from_secs(1);

/// Shared by the loop, the watchdog and `/health`.
#[derive(Clone)]
pub struct Progress(Arc<Shown>);

struct Shown {
    began: Instant,
    /// When the loop last turned, ms after `began`.
    turned: AtomicU64,
    journal: journal::Progress,
}

impl Progress {
    /// A loop that is about to turn, and this journal.
    pub fn new(journal: journal::Progress) -> Self {
        Self(Arc::new(Shown {
            began: Instant::now(),
            turned: AtomicU64::new(0),
            journal,
        }))
    }

    /// The loop has turned.
    pub fn turned(&self) {
        let ms = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.turned.store(ms, Ordering::Release);
    }

    /// Syncs that the journal has asked of the disk.
    pub fn syncs(&self) -> u64 {
        self.0.journal.syncs()
    }

    /// What hangs, in words; `None` while both go on.
    pub fn hangs(&self) -> Option<&'static str> {
        let turned = Duration::from_millis(self.0.turned.load(Ordering::Acquire));
        if self.0.journal.busy_for() > HANGS_AFTER {
            Some("the journal has not answered for 10 s: the disk hangs")
        } else if self.0.began.elapsed().saturating_sub(turned) > HANGS_AFTER {
            Some("the loop has not turned for 10 s")
        } else {
            None
        }
    }
}

/// Looks after progress from a thread of its own, which no hanging loop can stop, for as long as the process lives.
pub fn watch(progress: Progress, notify: Arc<Notify>) -> std::io::Result<()> {
    let every = watchdog_every().map_or(TURNS_EVERY, |asked| (asked / 3).min(TURNS_EVERY));
    std::thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(every);
                if let Some(what) = progress.hangs() {
                    tracing::error!(what, "giving up, to be started anew");
                    std::process::abort();
                }
                notify.alive();
            }
        })
        .map(|_| ())
}
