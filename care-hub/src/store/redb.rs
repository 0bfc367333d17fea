//! The embedded engine: redb, every commit durable (`Durability::Immediate`), one writer thread, readers by snapshot.
//! It decides nothing about cases (`desk.rs` does) and nothing about the wire.

mod append;
mod held;
mod look;
mod people;
mod shelf;
mod tables;
mod writer;

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use redb::{Database, DatabaseError, Durability, ReadableDatabase as _, ReadableTable as _};
use tecs_protocol::vocabulary::Lane;
use tokio::sync::{broadcast, oneshot};

use crate::desk::Lapses;
use crate::store::{
    Act, Acted, Arrival, Ask, AskAnswer, AskWhat, Case, CaseId, Change, Entry, Fate, GatewayRow,
    Later, Latest, Name, Person, Queue, Range, StageRow, Store, StoreError, Stored,
};
use look::Look;
use shelf::Shelf;
use tables::{META, Tables, engine};
use writer::{Line, Turn};

/// The ledger in one file.
pub struct RedbStore {
    id: u64,
    shelf: Arc<Shelf>,
    line: Arc<Line>,
    writer: Mutex<Option<JoinHandle<()>>>,
    lapses: Lapses,
    pid_file: PathBuf,
}

impl RedbStore {
    /// Opens the ledger, or makes it; `changes` is told of everything that became durable.
    pub fn open(
        path: &Path,
        lapses: Lapses,
        changes: broadcast::Sender<Change>,
    ) -> Result<Self, StoreError> {
        let pid_file = with_ending(path, ".pid");
        let shelf = Shelf::create(path).map_err(|e| match e {
            DatabaseError::DatabaseAlreadyOpen => in_use(path, &pid_file),
            other => engine(format!("{}: {other}", path.display())),
        })?;
        let id = prepare(&*shelf.get()?)?;
        sync_folder_of(path)?;
        name_ourselves(&pid_file)?;
        let shelf = Arc::new(shelf);
        let line = Arc::new(Line::default());
        let writer = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn({
                let (shelf, line) = (Arc::clone(&shelf), Arc::clone(&line));
                move || {
                    writer::run(&shelf, &line, &changes);
                    shelf.put_away();
                }
            })
            .map_err(engine)?;
        Ok(Self {
            id,
            shelf,
            line,
            writer: Mutex::new(Some(writer)),
            lapses,
            pid_file,
        })
    }

    /// Takes nothing more, writes what waits, and ends the writer. Blocks until that is done.
    pub fn close(&self) {
        self.line.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            if writer.join().is_err() {
                tracing::error!("the ledger's writer had panicked");
            }
            // Left over after a kill it does no harm: the lock is redb's own.
            let _ = std::fs::remove_file(&self.pid_file);
        }
    }

    /// True once the writer is gone: after [`RedbStore::close`], or because it panicked.
    pub fn has_ended(&self) -> bool {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn look<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Look) -> Result<T, StoreError> + Send + 'static,
    ) -> Later<T> {
        let kept = Arc::clone(&self.shelf);
        Box::pin(async move {
            tokio::task::spawn_blocking(move || ask(&Look::at(&*kept.get()?)?))
                .await
                .map_err(engine)?
        })
    }

    fn put<T: Send + 'static>(
        &self,
        turn: Turn,
        weight: usize,
        work: impl FnMut(&mut Tables<'_>, &mut append::Changes) -> Result<T, StoreError>
        + Send
        + 'static,
    ) -> Later<T> {
        // Queued now, not when first polled: the order of the calls is the order of the ledger.
        later(self.line.put(turn, weight, work))
    }
}

impl Drop for RedbStore {
    fn drop(&mut self) {
        self.close();
    }
}

fn later<T: Send + 'static>(answer: oneshot::Receiver<Result<T, StoreError>>) -> Later<T> {
    Box::pin(async move { answer.await.unwrap_or(Err(StoreError::Closed)) })
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn in_use(path: &Path, pid_file: &Path) -> StoreError {
    let pid = std::fs::read_to_string(pid_file).unwrap_or_default();
    let by = match pid.trim().parse::<u32>() {
        Ok(pid) => format!(" (process {pid})"),
        Err(_) => String::new(),
    };
    StoreError::InUse {
        path: path.display().to_string(),
        by,
    }
}

fn name_ourselves(pid_file: &Path) -> Result<(), StoreError> {
    let mut file = File::create(pid_file).map_err(engine)?;
    writeln!(file, "{}", std::process::id()).map_err(engine)
}

/// A new file is only there after a power cut when its folder was synced.
fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| engine(format!("{}: {e}", folder.display())))
}

/// Makes every table, and draws the ledger's id when it has none.
fn prepare(db: &Database) -> Result<u64, StoreError> {
    let look = db.begin_read().map_err(engine)?;
    if let Ok(meta) = look.open_table(META)
        && let Some(id) = meta.get("ledger").map_err(engine)?
    {
        // Nothing to write: a hub whose disk is full can still show what is open.
        return Ok(id.value());
    }
    drop(look);
    let mut txn = db.begin_write().map_err(engine)?;
    txn.set_durability(Durability::Immediate).map_err(engine)?;
    txn.set_quick_repair(true);
    drop(Tables::open(&txn)?);
    let id = {
        let mut meta = txn.open_table(META).map_err(engine)?;
        let known = meta.get("ledger").map_err(engine)?.map(|v| v.value());
        if let Some(id) = known {
            id
        } else {
            let id = draw()?;
            meta.insert("ledger", id).map_err(engine)?;
            id
        }
    };
    txn.commit().map_err(engine)?;
    Ok(id)
}

/// 64 random bits, not all of them 0: on the wire 0 is no ledger.
fn draw() -> Result<u64, StoreError> {
    loop {
        let id = getrandom::u64().map_err(engine)?;
        if id != 0 {
            return Ok(id);
        }
    }
}

impl Store for RedbStore {
    fn ledger_id(&self) -> u64 {
        self.id
    }

    fn waiting(&self) -> usize {
        self.line.records()
    }

    fn append(&self, batch: Vec<Arrival>) -> Later<Vec<Fate>> {
        let turn = if batch.iter().any(|a| a.name.lane == Lane::Alarm) {
            Turn::First
        } else {
            Turn::Bulk
        };
        let weight = batch.len();
        self.put(turn, weight, move |t, changes| {
            append::append(t, &batch, changes)
        })
    }

    fn held(&self, gateway: &str, epoch: u64, lane: Lane) -> Later<Vec<Range>> {
        let gateway = gateway.to_owned();
        self.look(move |look| look.held(&gateway, epoch, lane))
    }

    fn record(&self, name: &Name) -> Later<Option<Stored>> {
        let name = name.clone();
        self.look(move |look| look.record(&name))
    }

    fn records(
        &self,
        gateway: &str,
        after: Option<&Name>,
        limit: usize,
    ) -> Later<Vec<(Name, Stored)>> {
        let (gateway, after) = (gateway.to_owned(), after.cloned());
        self.look(move |look| look.records(&gateway, after.as_ref(), limit))
    }

    fn open(&self, queue: Queue) -> Later<Vec<Case>> {
        self.look(move |look| look.open(queue))
    }

    fn closed(&self, limit: usize) -> Later<Vec<Case>> {
        self.look(move |look| look.closed(limit))
    }

    fn case(&self, id: CaseId) -> Later<Option<(Case, Vec<Entry>)>> {
        self.look(move |look| match look.case(id)? {
            Some(case) => Ok(Some((case, look.timeline(id)?))),
            None => Ok(None),
        })
    }

    fn latest(&self, gateway: &str) -> Later<Vec<Latest>> {
        let gateway = gateway.to_owned();
        self.look(move |look| look.latest(&gateway))
    }

    fn present(&self, ids: Vec<CaseId>, at_ms: i64) -> Later<()> {
        self.put(Turn::First, 0, move |t, changes| {
            people::present(t, &ids, at_ms, changes)
        })
    }

    fn act(&self, id: CaseId, by: Person, act: Act, at_ms: i64) -> Later<Acted> {
        let lapses = self.lapses;
        self.put(Turn::First, 0, move |t, changes| {
            people::act(t, (id, &by, &act), at_ms, lapses, changes)
        })
    }

    fn lapse(&self, at_ms: i64) -> Later<usize> {
        let (due, line) = (
            self.look(move |look| look.lapse_due(at_ms)),
            Arc::clone(&self.line),
        );
        // Asked twice a second: only what is really due costs a transaction.
        Box::pin(async move {
            if !due.await? {
                return Ok(0);
            }
            let lapse = move |t: &mut Tables<'_>, changes: &mut append::Changes| {
                people::lapse(t, at_ms, changes)
            };
            later(line.put(Turn::First, 0, lapse)).await
        })
    }

    fn stages(&self, gateway: &str, only: Option<CaseId>) -> Later<Vec<StageRow>> {
        let gateway = gateway.to_owned();
        self.look(move |look| look.stages(&gateway, only))
    }

    fn gateway(&self, gateway: &str) -> Later<Option<GatewayRow>> {
        let gateway = gateway.to_owned();
        self.look(move |look| look.gateway(&gateway))
    }

    fn gateways(&self) -> Later<Vec<GatewayRow>> {
        self.look(Look::gateways)
    }

    fn heard(&self, row: GatewayRow) -> Later<()> {
        self.put(Turn::Bulk, 1, move |t, _| people::heard(t, &row))
    }

    fn supervise(&self, gateway: &str, missing: bool, detail: String, at_ms: i64) -> Later<bool> {
        let gateway = gateway.to_owned();
        self.put(Turn::First, 0, move |t, changes| {
            people::supervise(t, (&gateway, missing, &detail), at_ms, changes)
        })
    }

    fn ask(&self, gateway: &str, what: AskWhat, by: Person, at_ms: i64) -> Later<u64> {
        let template = Ask {
            id: 0,
            gateway: gateway.to_owned(),
            what,
            by,
            at_ms,
            answer: None,
        };
        self.put(Turn::First, 0, move |t, changes| {
            people::ask(t, &template, changes)
        })
    }

    fn answered(&self, gateway: &str, ask_id: u64, answer: AskAnswer) -> Later<bool> {
        let gateway = gateway.to_owned();
        self.put(Turn::First, 0, move |t, changes| {
            people::answered(t, (&gateway, ask_id), &answer, changes)
        })
    }

    fn asks(&self, gateway: &str, limit: usize) -> Later<Vec<Ask>> {
        let gateway = gateway.to_owned();
        self.look(move |look| look.asks(&gateway, limit))
    }
}
