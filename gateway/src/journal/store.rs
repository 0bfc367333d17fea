//! What the journal asks of an engine: one generation, in one folder. Lanes, rotation, eviction, tickets and threads are
//! not its business; any engine that passes `gateway/tests/journal.rs` will do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gateway_core::page::{Page, PageKey};

use super::generations::KEPT;

/// One generation's store. One thread owns it. A call that fails has changed nothing that was durable.
pub trait Store: Sized + Send + 'static {
    /// Open what is in this folder, durable on return, or begin a store there with so many bytes of the disk reserved: that
    /// one is found again once its first batch is kept and the names in its folder are synced, which its generation does.
    fn open(folder: &Path, room: u64) -> Result<Self, StoreFault>;

    /// Everything that is held: read once, after `open`.
    fn contents(&self) -> Result<Contents, StoreFault>;

    /// All of the batch in one transaction: durable on `Ok`; afterwards all of it is found, or nothing.
    fn keep(&mut self, batch: &Batch) -> Result<(), StoreFault>;

    /// Let go of these places. May come back after a power cut; kept back after `sync`.
    fn release(&mut self, places: &[u64]) -> Result<(), StoreFault>;

    /// Make what was released durable as well.
    fn sync(&mut self) -> Result<(), StoreFault>;

    /// The page at this place, checked; `None` when it is not there or not whole.
    fn load(&self, place: u64) -> Result<Option<Page>, StoreFault>;

    /// Bytes in use on the disk, reserved ones too.
    fn bytes(&self) -> u64;

    /// Bytes written of what was reserved, living or dead.
    fn filled(&self) -> u64;

    /// First aid before a store that would not open is given up; false when there is nothing to try.
    fn first_aid(folder: &Path) -> bool;

    /// Every whole page that can be found in a store's files without opening it, by place; asked for before `open`, which
    /// may cut off what is damaged. It may find pages that were let go of: they are dropped by name.
    fn carve(folder: &Path) -> Vec<Carved>;
}

/// What goes into a store in one transaction.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Pages with their places: numbers that grow within a generation.
    pub pages: Vec<(u64, Page)>,
    /// What is remembered beside them; `None` forgets.
    pub notes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The journal's own few words.
    pub marks: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A page found in a store's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carved {
    /// Its place.
    pub place: u64,
    /// The first place of the transaction that wrote it: every place before that had been durable.
    pub since: u64,
    /// The page.
    pub page: Page,
}

/// What is in a store.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// Pages by place that were not let go of.
    pub pages: BTreeMap<u64, Held>,
    /// Places that were let go of.
    pub released: BTreeSet<u64>,
    /// What is remembered.
    pub notes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The journal's own few words.
    pub marks: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Values whose check sum was wrong; they are not in the lists above.
    pub torn: u64,
}

impl Contents {
    /// How many places were given.
    pub fn given(&self) -> u64 {
        let said = self
            .marks
            .get(KEPT)
            .and_then(|mark| mark.as_slice().try_into().ok());
        let highest = self
            .pages
            .last_key_value()
            .map_or(0, |(place, _)| place + 1);
        said.map_or(0, u64::from_le_bytes).max(highest)
    }
}

/// A page that is held, without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub key: PageKey,
    /// Its last sequence number.
    pub last: u64,
    /// It is a Gap.
    pub gap: bool,
    /// Its length, bytes.
    pub len: u32,
}

impl From<&Page> for Held {
    fn from(page: &Page) -> Self {
        Self {
            key: page.key,
            last: page.last,
            gap: page.gap,
            len: u32::try_from(page.bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

/// Why a store could not, by what must be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The disk has no room: make room, then open again.
    #[error("no space is left on the disk")]
    Full,
    /// The disk or the system refused: wait, then open again; the bytes may be sound.
    #[error("{0}")]
    Disk(String),
    /// The bytes are not what the engine wrote: set the store aside.
    #[error("{0}")]
    Damaged(String),
}

impl StoreFault {
    /// What an I/O error means, told with the path it met.
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full,
            Kind::UnexpectedEof | Kind::InvalidData | Kind::NotFound => {
                Self::Damaged(format!("{}: {error}", path.display()))
            }
            // Everything else is the system's: permission, read-only, input/output error, too many open files.
            _ => Self::Disk(format!("{}: {error}", path.display())),
        }
    }
}
