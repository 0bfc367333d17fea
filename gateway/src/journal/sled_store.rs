//! One generation on sled 0.34.7, with what that version needs said out loud: its `flush` is not durable, it panics on a
//! damaged file, it puts big nodes beside its log. It decides nothing about lanes or space.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional as _};
use sled::{Db, Tree};

use gateway_core::page::Page;

use super::folder;
use super::frame::{self, Gathered};
use super::store::{Batch, Carved, Contents, Store, StoreFault};
use super::waker::{self, LastHandle};

/// sled's log segment, bytes: the smallest for which seventeen pieces of `frame::BODY_LIMIT` are no "blob" (a quarter of
/// the segment), and what a young store takes on the disk.
const SEGMENT: usize = 512 * 1024;

/// More than a generation ever holds. sled reads an evicted node back in the middle of a transaction and then waits for
/// a sync that this very transaction holds up; so nothing is evicted, and the size of a generation bounds the memory.
const CACHE: u64 = 64 << 20;

/// Releases are remembered as bits, so many places to one value.
const PLACES_PER_MAP: u64 = 512;

/// Keys of these maps in the tree of marks; the journal's own marks begin with other letters.
const RELEASED: u8 = b'r';
const MARK: u8 = b'm';

/// A generation in a sled store.
pub struct SledStore {
    folder: PathBuf,
    db: Db,
    pages: Tree,
    notes: Tree,
    marks: Tree,
    /// For `sync_data`: held open, so that no error of a write-back is reported to somebody else only.
    file: File,
    /// What lies beside the log: configuration, snapshot, folders; bytes.
    beside: u64,
    /// The last field: it outlives the handles above.
    _last: LastHandle,
}

impl Store for SledStore {
    fn open(folder: &Path, room: u64) -> Result<Self, StoreFault> {
        let io = |e: std::io::Error| StoreFault::io(folder, &e);
        folder::make(folder).map_err(io)?;
        let path = folder.join("db");
        let young = !path.exists();
        if !young {
            // sled writes a synced snapshot of a log that a killed process may have left unsynced: sync it first, or a
            // power cut leaves a snapshot of what never reached the disk.
            folder::syncing();
            File::open(&path).and_then(|f| f.sync_all()).map_err(io)?;
        }
        let opened = open_when_unlocked(folder)?;
        let last = LastHandle::of(opened.clone());
        // Dropped before `last`, whichever way this function is left.
        let db = opened;
        let (pages, notes, marks) = guarded(folder, || {
            Ok((
                db.open_tree("pages")?,
                db.open_tree("notes")?,
                db.open_tree("marks")?,
            ))
        })?;
        let file = File::open(&path).map_err(io)?;
        if young {
            reserve(&path, room).map_err(io)?;
        }
        let store = Self {
            folder: folder.to_owned(),
            db,
            pages,
            notes,
            marks,
            file,
            beside: folder::bytes(folder).saturating_sub(taken(&path)),
            _last: last,
        };
        folder::make_private(folder).map_err(io)?;
        if young {
            store.sync_conf().map_err(io)?;
        } else {
            store.make_durable()?;
        }
        Ok(store)
    }

    fn contents(&self) -> Result<Contents, StoreFault> {
        guarded(&self.folder, || {
            let mut out = Contents::default();
            self.read_marks(&mut out)?;
            self.read_notes(&mut out)?;
            self.read_pages(&mut out)?;
            Ok(out)
        })
    }

    fn keep(&mut self, batch: &Batch) -> Result<(), StoreFault> {
        let since = batch
            .pages
            .iter()
            .map(|(place, _)| *place)
            .min()
            .unwrap_or(0);
        let mut pages = Vec::new();
        for (place, page) in &batch.pages {
            let pieces = frame::pieces_of(*place, since, page);
            pages.extend(pieces.ok_or_else(|| self.too_long("page", page.bytes.len()))?);
        }
        let mut notes = Vec::new();
        for (key, value) in &batch.notes {
            notes.push((key.as_slice(), self.plain(key, value.as_deref())?));
        }
        let mut marks = Vec::new();
        for (key, value) in &batch.marks {
            let key = mark_key(MARK, key);
            let value = self.plain(&key, Some(value))?;
            marks.push((key, value));
        }
        guarded(&self.folder, || {
            (&self.pages, &self.notes, &self.marks)
                .transaction(|(to_pages, to_notes, to_marks)| {
                    for (key, value) in &pages {
                        to_pages.insert(key.as_slice(), value.as_slice())?;
                    }
                    for (key, value) in &notes {
                        match value {
                            Some(value) => to_notes.insert(*key, value.as_slice())?,
                            None => to_notes.remove(*key)?,
                        };
                    }
                    for (key, value) in &marks {
                        if let Some(value) = value {
                            to_marks.insert(key.as_slice(), value.as_slice())?;
                        }
                    }
                    Ok::<(), ConflictableTransactionError<()>>(())
                })
                .map_err(|e| match e {
                    TransactionError::Storage(e) => e,
                    TransactionError::Abort(()) => sled::Error::Unsupported("aborted".into()),
                })
        })?;
        self.make_durable()
    }

    fn release(&mut self, places: &[u64]) -> Result<(), StoreFault> {
        let mut maps: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for place in places {
            maps.entry(place / PLACES_PER_MAP)
                .or_default()
                .push(place % PLACES_PER_MAP);
        }
        guarded(&self.folder, || {
            let mut batch = sled::Batch::default();
            for (map, bits) in maps {
                let key = mark_key(RELEASED, &map.to_be_bytes());
                let old = self.marks.get(&key)?;
                let old = old
                    .as_deref()
                    .and_then(|value| frame::read_plain(&key, value));
                let mut bytes = old.map_or_else(|| vec![0; 64], <[u8]>::to_vec);
                for bit in bits {
                    if let Some(byte) = usize::try_from(bit / 8)
                        .ok()
                        .and_then(|at| bytes.get_mut(at))
                    {
                        *byte |= 1 << (bit % 8);
                    }
                }
                batch.insert(key.as_slice(), frame::plain(&key, &bytes));
            }
            self.marks.apply_batch(batch)
        })
    }

    fn sync(&mut self) -> Result<(), StoreFault> {
        self.make_durable()
    }

    fn load(&self, place: u64) -> Result<Option<Page>, StoreFault> {
        guarded(&self.folder, || {
            let mut gathered = Gathered::default();
            for entry in self.pages.scan_prefix(place.to_be_bytes()) {
                let (_, value) = entry?;
                if let Some(piece) = frame::read_piece(&value) {
                    gathered.add(&piece);
                }
            }
            Ok(gathered.whole().pop().map(|carved| carved.page))
        })
    }

    fn bytes(&self) -> u64 {
        self.beside + taken(&self.folder.join("db"))
    }

    fn filled(&self) -> u64 {
        self.file.metadata().map_or(u64::MAX, |about| about.len())
    }

    fn first_aid(folder: &Path) -> bool {
        // A snapshot only spares sled the reading of its log; a damaged one keeps it from opening.
        let Ok(entries) = fs::read_dir(folder) else {
            return false;
        };
        let mut helped = false;
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().starts_with("snap.") {
                helped |= fs::remove_file(entry.path()).is_ok();
            }
        }
        helped
    }

    fn carve(folder: &Path) -> Vec<Carved> {
        fs::read(folder.join("db")).map_or_else(|_| Vec::new(), |bytes| frame::carve(&bytes))
    }
}

impl SledStore {
    /// sled writes its configuration once, and never syncs it.
    fn sync_conf(&self) -> std::io::Result<()> {
        folder::syncing();
        File::open(self.folder.join("conf"))?.sync_all()
    }

    /// `flush` hands the log to the system; only `sync_data` puts it on the disk (spacejam/sled #1452).
    fn make_durable(&self) -> Result<(), StoreFault> {
        guarded(&self.folder, || waker::flush(&self.db))?;
        folder::syncing();
        self.file
            .sync_data()
            .map_err(|e| match StoreFault::io(&self.folder, &e) {
                StoreFault::Full => StoreFault::Full,
                // A sync that fails says nothing against the bytes.
                StoreFault::Disk(why) | StoreFault::Damaged(why) => StoreFault::Disk(why),
            })
    }

    fn plain(&self, key: &[u8], value: Option<&[u8]>) -> Result<Option<Vec<u8>>, StoreFault> {
        let Some(value) = value else { return Ok(None) };
        let len = key.len() + value.len();
        if len > frame::BODY_LIMIT {
            return Err(self.too_long("note", len));
        }
        Ok(Some(frame::plain(key, value)))
    }

    fn too_long(&self, what: &str, len: usize) -> StoreFault {
        StoreFault::Disk(format!(
            "{}: a {what} of {len} bytes is too long to keep",
            self.folder.display()
        ))
    }

    fn read_marks(&self, out: &mut Contents) -> sled::Result<()> {
        for entry in &self.marks {
            let (key, value) = entry?;
            let (Some(value), Some((&kind, name))) =
                (frame::read_plain(&key, &value), key.split_first())
            else {
                out.torn += 1;
                continue;
            };
            if kind == MARK {
                out.marks.insert(name.to_vec(), value.to_vec());
            } else if let Ok(map) = name.try_into() {
                let first = u64::from_be_bytes(map) * PLACES_PER_MAP;
                let set = (0u64..).zip(value.iter()).flat_map(|(at, byte)| {
                    (0u64..8)
                        .filter(move |bit| byte >> bit & 1 == 1)
                        .map(move |bit| first + at * 8 + bit)
                });
                out.released.extend(set);
            }
        }
        Ok(())
    }

    fn read_notes(&self, out: &mut Contents) -> sled::Result<()> {
        for entry in &self.notes {
            let (key, value) = entry?;
            if let Some(value) = frame::read_plain(&key, &value) {
                out.notes.insert(key.to_vec(), value.to_vec());
            } else {
                out.torn += 1;
            }
        }
        Ok(())
    }

    fn read_pages(&self, out: &mut Contents) -> sled::Result<()> {
        // The pieces of a page lie side by side: count them off as they come.
        let mut expected = (0, 0);
        let mut len = 0;
        for entry in &self.pages {
            let (key, value) = entry?;
            let piece =
                frame::read_piece(&value).filter(|p| key == frame::piece_key(p.place, p.number));
            let Some(piece) = piece else {
                out.torn += 1;
                continue;
            };
            if piece.number == 0 {
                (expected, len) = ((piece.place, 0), 0);
            }
            if expected == (piece.place, piece.number) {
                expected.1 = piece.number.saturating_add(1);
                len += piece.adds();
                if expected.1 == piece.pieces && !out.released.contains(&piece.place) {
                    out.pages.insert(piece.place, frame::held(&piece, len));
                }
            }
        }
        Ok(())
    }
}

/// Have the disk keep these bytes for the log, whose length stays what it is: then a full disk is met when a generation is
/// begun, and not in the middle of one. Where a file system cannot, it is met later.
fn reserve(log: &Path, room: u64) -> std::io::Result<()> {
    let file = File::options().write(true).open(log)?;
    match fallocate(&file, FallocateFlags::KEEP_SIZE, 0, room) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        reserved => Ok(reserved?),
    }
}

/// Bytes that a file takes on the disk.
fn taken(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |about| about.blocks() * 512)
}

fn mark_key(kind: u8, name: &[u8]) -> Vec<u8> {
    [&[kind], name].concat()
}

/// sled's own threads may hold the file for a moment after the last handle is dropped.
fn open_when_unlocked(folder: &Path) -> Result<Db, StoreFault> {
    let config = sled::Config::new()
        .path(folder)
        .segment_size(SEGMENT)
        .cache_capacity(CACHE)
        .flush_every_ms(None);
    let mut tries = 0;
    loop {
        match guarded(folder, || config.open()) {
            Err(StoreFault::Disk(why)) if why.contains("could not acquire lock") && tries < 200 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// Every call into sled: its errors by what must be done about them, and its panics as damage. What it panics with is
/// not told: it may quote values.
fn guarded<T>(folder: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreFault> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(e))) => Err(StoreFault::io(folder, &e)),
        Ok(Err(e)) => Err(StoreFault::Damaged(format!("{}: {e}", folder.display()))),
        Err(_) => Err(StoreFault::Damaged(format!(
            "{}: sled panicked",
            folder.display()
        ))),
    }
}
