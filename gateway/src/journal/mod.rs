//! The journal: what devices were acknowledged for, on the disk until the care hub has it. One thread owns the stores
//! and answers orders; it refuses to say `Kept` of anything that was not synced, and it decides nothing about what may
//! go.
//!
//! ```text
//! <state>/lock, format, clean, ballast           whose it is, how it is written, how the last run ended, room to evict
//! <state>/{alarm,vital,routine}/gen-00000001/    one small sled store each; dropped whole
//! <state>/<lane>/quarantine-0001/                a store that would not open, for an engineer
//! ```
//!
//! Limits: a page 16 KiB by the core's word (1.7 MiB by the frame's), a note 7 KiB with its key, a generation
//! `JournalLimits::generation`, two quarantines a lane, one transaction 64 KiB, 256 orders at a time.

mod carry;
mod folder;
mod frame;
mod generations;
mod keeper;
mod mend;
mod recover;
mod release;
mod reopen;
mod sled_store;
mod state_folder;
mod store;
mod thread;
mod waker;

use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use gateway_core::effect::JournalOrder;
use gateway_core::input::{JournalSays, Recovered};
use gateway_core::page::PageKey;
use tecs_protocol::vocabulary::Lane;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

pub use sled_store::SledStore;
pub use state_folder::OpenError;
pub use store::{Batch, Carved, Contents, Held, Store, StoreFault};
pub use thread::{Pages, Progress};

use keeper::Keeper;
use state_folder::StateFolder;
use thread::Work;

/// The smallest generation, bytes on the disk: two of sled's segments, which hold some 256 KiB of pages.
const SMALLEST_GENERATION: u64 = 1 << 20;

/// What the journal may take.
#[derive(Debug, Clone)]
pub struct JournalLimits {
    /// Bytes on disk for each lane: alarm, vital, routine (`gateway_core::settings::Limits::disk`). The core holds the
    /// lanes to them; the journal cuts its generations by them.
    pub disk: [u64; 3],
    /// Bytes set aside so that a full disk can be evicted from.
    pub ballast: u64,
}

impl JournalLimits {
    /// Bytes on the disk that each generation of a lane takes, reserved when it is born: a 64th of the lane's budget in
    /// whole MiB, and one at least. In small ones sled writes fewer bytes for each and holds less in memory; there are 64
    /// at most, because each takes a moment to open.
    pub fn generation(&self, lane: Lane) -> u64 {
        let [alarm, vital, routine] = self.disk;
        let budget = match lane {
            Lane::Alarm => alarm,
            Lane::Vital => vital,
            Lane::Routine => routine,
        };
        (budget / 64 / SMALLEST_GENERATION * SMALLEST_GENERATION).max(SMALLEST_GENERATION)
    }
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self {
            disk: gateway_core::settings::Limits::default().disk,
            ballast: 1 << 20,
        }
    }
}

/// The way to the journal's thread. Dropped without `JournalOrder::Close`, the run ends unmarked, and nothing is lost.
#[derive(Debug)]
pub struct JournalHandle {
    orders: Sender<Work>,
    progress: Progress,
    thread: JoinHandle<()>,
}

/// Opens journals.
#[derive(Debug, Clone, Copy)]
pub struct Journal;

/// What the journal holds, once it is open; or why it never will be.
pub type Opened = oneshot::Receiver<Result<Recovered, OpenError>>;

impl Journal {
    /// Begin to open the journal in this folder on sled; answers to orders go to `says`. Waits for no disk: what was found
    /// is told when everything was read.
    pub fn begin(
        folder: &Path,
        limits: JournalLimits,
        says: UnboundedSender<JournalSays>,
    ) -> Result<(Opened, JournalHandle), OpenError> {
        let (opened, found) = oneshot::channel();
        let tell = move |result| opened.send(result).is_ok();
        let handle = Self::begin_on::<SledStore>(folder, limits, says, tell)?;
        Ok((found, handle))
    }

    /// The same, and wait until everything was read.
    pub fn open(
        folder: &Path,
        limits: JournalLimits,
        says: UnboundedSender<JournalSays>,
    ) -> Result<(Recovered, JournalHandle), OpenError> {
        Self::open_on::<SledStore>(folder, limits, says)
    }

    /// The same on another engine.
    pub fn open_on<S: Store>(
        folder: &Path,
        limits: JournalLimits,
        says: UnboundedSender<JournalSays>,
    ) -> Result<(Recovered, JournalHandle), OpenError> {
        let (opened, found) = channel();
        let tell = move |result| opened.send(result).is_ok();
        let handle = Self::begin_on::<S>(folder, limits, says, tell)?;
        let recovered = found.recv().map_err(|_| {
            OpenError::Thread(std::io::Error::other("it ended while it opened the stores"))
        })??;
        Ok((recovered, handle))
    }

    fn begin_on<S: Store>(
        folder: &Path,
        limits: JournalLimits,
        says: UnboundedSender<JournalSays>,
        tell: impl FnOnce(Result<Recovered, OpenError>) -> bool + Send + 'static,
    ) -> Result<JournalHandle, OpenError> {
        let (orders, to_do) = channel();
        let progress = Progress::new();
        let shown = progress.clone();
        let folder = folder.to_owned();
        let work = move || {
            shown.begin();
            let state = match StateFolder::take(&folder, limits.ballast) {
                Ok(state) => state,
                Err(refused) => {
                    // Nobody who has gone need hear it.
                    tell(Err(refused));
                    return;
                }
            };
            let (mut keeper, recovered) = Keeper::<S>::open(state, limits, says);
            shown.end();
            if tell(Ok(recovered)) {
                thread::run(&mut keeper, &to_do, &shown);
            }
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(work)
            .map_err(OpenError::Thread)?;
        Ok(JournalHandle {
            orders,
            progress,
            thread,
        })
    }
}

impl JournalHandle {
    /// Give an order; false when the thread has ended, after `Close` or by a fault. Never blocks. The core bounds what is
    /// on its way.
    pub fn order(&self, order: JournalOrder) -> bool {
        self.orders.send(Work::Order(order)).is_ok()
    }

    /// Read these pages for somebody who only looks; a page that is gone comes as `None`. Whoever asks bounds how many.
    pub fn peek(&self, keys: Vec<PageKey>) -> oneshot::Receiver<Pages> {
        let (answer, answered) = oneshot::channel();
        // A thread that has ended drops the answer, which says so.
        let _ = self.orders.send(Work::Peek { keys, answer });
        answered
    }

    /// Shows whether the store still answers, for a watchdog.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// True while the thread runs.
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Wait until the thread has ended: after `Close`, or when the handle was the last that could give orders. False when
    /// it ended by a fault.
    pub fn join(self) -> bool {
        drop(self.orders);
        self.thread.join().is_ok()
    }
}
