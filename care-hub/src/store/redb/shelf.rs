//! The open ledger, and opening it again after the disk failed: redb trusts a file no more once a write went wrong.
//! It never makes a new ledger in place of one that does not open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::{Database, DatabaseError};

use super::tables::engine;
use crate::store::StoreError;

/// Memory that redb may use for pages, bytes.
const CACHE: usize = 64 << 20;

/// How long readers may take to let go of a ledger that is to be opened again.
const READERS_GO: Duration = Duration::from_secs(5);

/// Where the ledger stands.
pub(super) struct Shelf {
    path: PathBuf,
    db: RwLock<Option<Arc<Database>>>,
}

impl Shelf {
    /// Opens the ledger, or makes it.
    pub(super) fn create(path: &Path) -> Result<Self, DatabaseError> {
        let db = Database::builder().set_cache_size(CACHE).create(path)?;
        Ok(Self {
            path: path.to_owned(),
            db: RwLock::new(Some(Arc::new(db))),
        })
    }

    /// The open ledger.
    pub(super) fn get(&self) -> Result<Arc<Database>, StoreError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        db.clone()
            .ok_or_else(|| StoreError::Engine("the ledger is not open now".into()))
    }

    /// Puts the ledger away and opens it again, so that readers see it although the disk takes no writes.
    pub(super) fn open_again(&self) {
        self.put_away();
        if let Err(e) = self.get_or_open() {
            tracing::error!(error = %e, "the ledger does not open again");
        }
    }

    /// The open ledger, opened again if it is put away. For the writer alone.
    pub(super) fn get_or_open(&self) -> Result<Arc<Database>, StoreError> {
        if let Ok(db) = self.get() {
            return Ok(db);
        }
        let db = Database::builder()
            .set_cache_size(CACHE)
            .open(&self.path)
            .map_err(engine)?;
        let db = Arc::new(db);
        *self.db.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&db));
        tracing::info!("the ledger is open again");
        Ok(db)
    }

    /// Puts the ledger away and waits until its readers have let go.
    pub(super) fn put_away(&self) {
        let taken = self
            .db
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(db) = taken else { return };
        let left = Arc::downgrade(&db);
        drop(db);
        let began = Instant::now();
        while left.strong_count() > 0 && began.elapsed() < READERS_GO {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
