//! The one thread that owns every store: it takes orders, puts those together that one sync can serve, alarms first,
//! and shows that it is alive. It never looks into an order further than its lane.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use gateway_core::effect::JournalOrder;
use gateway_core::page::PageKey;
use tecs_protocol::Bytes;
use tecs_protocol::vocabulary::Lane;
use tokio::sync::oneshot;

use super::folder;
use super::keeper::{Keep, Keeper};
use super::store::Store;

/// So many orders are taken at once.
const ORDERS: usize = 256;

/// How often a thread that nobody asks anything looks after itself.
const IDLE: Duration = Duration::from_millis(250);

/// Pages that somebody looks at, by name; `None` for one that is gone.
pub type Pages = Vec<(PageKey, Option<Bytes>)>;

/// What the thread is asked for.
pub(super) enum Work {
    /// By the core.
    Order(JournalOrder),
    /// By somebody who only looks.
    Peek {
        keys: Vec<PageKey>,
        answer: oneshot::Sender<Pages>,
    },
}

/// Shows since when the journal has been at one piece of work.
#[derive(Debug, Clone)]
pub struct Progress(Arc<Shown>);

#[derive(Debug)]
struct Shown {
    began: Instant,
    /// Milliseconds after `began`, plus one; 0 while it waits for orders.
    busy_since: AtomicU64,
    /// Pieces of work done.
    done: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shown {
            began: Instant::now(),
            busy_since: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }))
    }

    /// How long the thread has been at what it does now; zero when it waits for orders.
    pub fn busy_for(&self) -> Duration {
        match self.0.busy_since.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            since => self
                .0
                .began
                .elapsed()
                .saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    /// Pieces of work done since it was opened.
    pub fn done(&self) -> u64 {
        self.0.done.load(Ordering::Acquire)
    }

    /// Syncs that were asked of the disk since the process began.
    pub fn syncs(&self) -> u64 {
        folder::syncs()
    }

    pub(super) fn begin(&self) {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.0.busy_since.store(now + 1, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.0.done.fetch_add(1, Ordering::AcqRel);
        self.0.busy_since.store(0, Ordering::Release);
    }
}

/// Carry out orders until `Close`, or until nobody can give any.
pub(super) fn run<S: Store>(keeper: &mut Keeper<S>, orders: &Receiver<Work>, progress: &Progress) {
    let mut looked = Instant::now();
    loop {
        let first = match orders.recv_timeout(IDLE) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let taken: Vec<Work> = first
            .into_iter()
            .chain(orders.try_iter().take(ORDERS - 1))
            .collect();
        if !carry_out(keeper, taken, progress) {
            return;
        }
        if looked.elapsed() >= IDLE {
            work(progress, || keeper.idle());
            looked = Instant::now();
        }
    }
}

/// Carry out what was taken together; false after `Close`.
fn carry_out<S: Store>(keeper: &mut Keeper<S>, taken: Vec<Work>, progress: &Progress) -> bool {
    let mut keeps: BTreeMap<Lane, Vec<Keep>> = BTreeMap::new();
    let mut others = Vec::new();
    let mut peeks = Vec::new();
    for work in taken {
        let order = match work {
            Work::Order(order) => order,
            Work::Peek { keys, answer } => {
                peeks.push((keys, answer));
                continue;
            }
        };
        match order {
            JournalOrder::Keep {
                ticket,
                lane,
                pages,
                notes,
            } => {
                keeps.entry(lane).or_default().push(Keep {
                    ticket,
                    pages,
                    notes,
                });
            }
            other @ (JournalOrder::Release { .. }
            | JournalOrder::Load { .. }
            | JournalOrder::Evict { .. }
            | JournalOrder::Close) => others.push(other),
        }
    }
    // What is to be kept goes before all else, and the order of the lanes puts alarms first. An eviction that overtakes
    // nothing may find a page that it does not know of: it carries it over.
    for (lane, orders) in keeps {
        for group in keeper.transactions(orders) {
            work(progress, || keeper.keep(lane, group));
        }
    }
    let mut open = true;
    for order in others {
        open &= work(progress, || keeper.carry_out(order));
    }
    for (keys, answer) in peeks {
        let pages = work(progress, || keeper.peek(keys));
        // Whoever looked may have gone.
        let _ = answer.send(pages);
    }
    open
}

fn work<T>(progress: &Progress, piece: impl FnOnce() -> T) -> T {
    progress.begin();
    let done = piece();
    progress.end();
    done
}
