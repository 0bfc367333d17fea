//! The one thread that writes: it takes whatever waits, alarms and people first, into one durable transaction, and
//! answers after the commit. It never answers before, and never lets one bad job spoil its neighbours.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use redb::{Database, Durability, WriteTransaction};
use tokio::sync::{broadcast, oneshot};

use super::append::Changes;
use super::shelf::Shelf;
use super::tables::{Tables, engine};
use crate::store::{Change, StoreError};

/// Records of the vital and routine lanes in one transaction, at most: an alarm that comes now waits for no more.
const BULK_IN_ONE: usize = 2_048;

/// One thing to be written.
trait Job: Send {
    fn run(&mut self, tables: &mut Tables<'_>, changes: &mut Changes) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, durable: Result<(), StoreError>);
    fn weight(&self) -> usize;
}

struct Task<T, F> {
    work: F,
    weight: usize,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Tables<'_>, &mut Changes) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tables: &mut Tables<'_>, changes: &mut Changes) -> Result<(), StoreError> {
        self.result = Some((self.work)(tables, changes)?);
        Ok(())
    }

    fn answer(self: Box<Self>, durable: Result<(), StoreError>) {
        let Self { result, reply, .. } = *self;
        let answer = durable.and_then(|()| result.ok_or(StoreError::Closed));
        // Whoever asked may have gone; what is written stays written.
        let _ = reply.send(answer);
    }

    fn weight(&self) -> usize {
        self.weight
    }
}

/// What waits for the writer.
#[derive(Default)]
struct Waiting {
    first: VecDeque<Box<dyn Job>>,
    bulk: VecDeque<Box<dyn Job>>,
    records: usize,
    closed: bool,
}

/// The way to the writer.
#[derive(Default)]
pub(super) struct Line {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

/// Which of the two queues a job takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Alarms and people.
    First,
    /// Vital and routine records.
    Bulk,
}

impl Line {
    /// Hands `work` to the writer; the answer comes after it is durable.
    pub(super) fn put<T: Send + 'static>(
        &self,
        turn: Turn,
        weight: usize,
        work: impl FnMut(&mut Tables<'_>, &mut Changes) -> Result<T, StoreError> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, StoreError>> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Task {
            work,
            weight,
            result: None,
            reply,
        });
        let mut waiting = self.lock();
        if waiting.closed {
            drop(waiting);
            job.answer(Err(StoreError::Closed));
            return answer;
        }
        waiting.records += weight;
        match turn {
            Turn::First => waiting.first.push_back(job),
            Turn::Bulk => waiting.bulk.push_back(job),
        }
        self.more.notify_one();
        answer
    }

    /// Records that wait.
    pub(super) fn records(&self) -> usize {
        self.lock().records
    }

    /// Nothing more is taken; the writer finishes what waits and ends.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.more.notify_all();
    }

    /// All that waits first, and as much bulk as fits; `None` once closed and empty.
    fn take(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.lock();
        while waiting.first.is_empty() && waiting.bulk.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self
                .more
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut jobs: Vec<Box<dyn Job>> = waiting.first.drain(..).collect();
        let mut bulk = 0;
        while bulk < BULK_IN_ONE {
            let Some(job) = waiting.bulk.pop_front() else {
                break;
            };
            bulk += job.weight();
            jobs.push(job);
        }
        waiting.records -= jobs.iter().map(|job| job.weight()).sum::<usize>();
        Some(jobs)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever ends the writer, nobody waits for it in vain.
struct Ending<'a>(&'a Line);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        // Dropped without an answer, which is told as `Closed`.
        waiting.first.clear();
        waiting.bulk.clear();
        waiting.records = 0;
    }
}

/// The writer's life: until the line is closed and empty.
pub(super) fn run(shelf: &Shelf, line: &Line, tell: &broadcast::Sender<Change>) {
    let _ending = Ending(line);
    while let Some((jobs, done)) = turn(shelf, line) {
        match done {
            Ok(changes) => {
                told(changes, tell);
                answer(jobs, &Ok(()));
            }
            // One of them met a value that does not read: each by itself, so that its neighbours are written.
            Err(StoreError::Unreadable { .. }) => {
                for job in jobs {
                    let mut alone = vec![job];
                    let done = transaction(shelf, &mut alone);
                    answer(
                        alone,
                        &settled(shelf, done.map(|changes| told(changes, tell))),
                    );
                }
            }
            Err(e) => answer(jobs, &settled(shelf, Err(e))),
        }
    }
}

/// The jobs that were taken together, and what became of them.
type Turned = (Vec<Box<dyn Job>>, Result<Changes, StoreError>);

/// Takes what waits into one transaction: all jobs or none, durable when it says `Ok`. `None` once the line is closed and
/// empty. The transaction is begun before anything waits: an alarm pays for its own bytes alone.
fn turn(shelf: &Shelf, line: &Line) -> Option<Turned> {
    let begun = shelf.get_or_open().and_then(|db| begin(&db));
    let Ok(txn) = begun else {
        // What was wrong with the disk then need not be wrong now.
        let mut jobs = line.take()?;
        let done = transaction(shelf, &mut jobs);
        return Some((jobs, done));
    };
    let tables = Tables::open(&txn);
    let mut jobs = line.take()?;
    let done = tables.and_then(|tables| work(tables, &mut jobs));
    let done = done.and_then(|changes| commit(txn).map(|()| changes));
    Some((jobs, done))
}

fn answer(jobs: Vec<Box<dyn Job>>, done: &Result<(), StoreError>) {
    if let Err(e) = done {
        tracing::error!(error = %e, jobs = jobs.len(), "the ledger could not write");
    }
    for job in jobs {
        let done = done.as_ref().copied();
        job.answer(done.map_err(|e| StoreError::Engine(e.to_string())));
    }
}

/// After a fault of the disk the ledger is opened anew.
fn settled(shelf: &Shelf, done: Result<(), StoreError>) -> Result<(), StoreError> {
    if matches!(done, Err(StoreError::Engine(_))) {
        shelf.open_again();
    }
    done
}

fn told(changes: Changes, tell: &broadcast::Sender<Change>) {
    for change in changes {
        // Nobody listening is no fault.
        let _ = tell.send(change);
    }
}

fn transaction(shelf: &Shelf, jobs: &mut [Box<dyn Job>]) -> Result<Changes, StoreError> {
    let db = shelf.get_or_open()?;
    let txn = begin(&db)?;
    let changes = work(Tables::open(&txn)?, jobs)?;
    commit(txn)?;
    Ok(changes)
}

fn begin(db: &Database) -> Result<WriteTransaction, StoreError> {
    let mut txn = db.begin_write().map_err(engine)?;
    txn.set_durability(Durability::Immediate).map_err(engine)?;
    // After a kill the ledger opens at once instead of walking every page: alarms are waiting then.
    txn.set_quick_repair(true);
    Ok(txn)
}

fn work(mut tables: Tables<'_>, jobs: &mut [Box<dyn Job>]) -> Result<Changes, StoreError> {
    let mut changes = Changes::new();
    for job in jobs {
        job.run(&mut tables, &mut changes)?;
    }
    Ok(changes)
}

fn commit(txn: WriteTransaction) -> Result<(), StoreError> {
    txn.commit().map_err(engine)
}
