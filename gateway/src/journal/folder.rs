//! Folders and files of the journal: private, and durable when a call returns. It knows no store.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every sync of this process's journal: what an SD card wears by.
static SYNCS: AtomicU64 = AtomicU64::new(0);

/// Count a sync that is asked of the disk now.
pub(super) fn syncing() {
    SYNCS.fetch_add(1, Ordering::Relaxed);
}

/// How often this process has asked the disk to sync.
pub(super) fn syncs() -> u64 {
    SYNCS.load(Ordering::Relaxed)
}

/// Make a folder that only we may read, and its name durable.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => sync_parent(folder).inspect_err(|_| {
            // What is there already is not synced again: it must not be there.
            let _ = fs::remove_dir(folder);
        }),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(e),
    }
}

/// Remove a folder whole, and make that durable.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Ok(()) => sync_parent(folder),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Give a folder or file another name in the same folder, durably.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_parent(to)
}

/// Make the names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    syncing();
    File::open(folder)?.sync_all()
}

/// Make the name of this file or folder durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync)
}

/// Write a small private file whole: durable under its name, or not there at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(bytes)?;
        syncing();
        file.sync_all()?;
        rename(&draft, path)
    })();
    if written.is_err() {
        // What is left of a draft takes space that may be just what is missing.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// Remove a file durably; true when it was there.
pub(super) fn remove_file(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path).map(|()| true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// Take from everybody else what an engine has created with the usual permissions.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mode = if entry.file_type()?.is_dir() {
            0o700
        } else {
            0o600
        };
        fs::set_permissions(entry.path(), Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Bytes that a folder's files and folders take on the disk; what cannot be read counts nothing.
pub(super) fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let mut sum = 0;
    for entry in entries.flatten() {
        let Ok(about) = entry.metadata() else {
            continue;
        };
        // st_blocks counts 512 bytes, whatever the file system's own block is (stat(2)).
        sum += about.blocks() * 512;
        if about.is_dir() {
            sum += bytes(&entry.path());
        }
    }
    sum
}

/// True when this folder's disk takes a write, a sync and a read of this file: then a store that will not open is
/// damaged, and the disk is not to blame.
pub(super) fn disk_is_sound(folder: &Path, file: &Path) -> bool {
    let probe = folder.join("probe");
    let sound = write(&probe, b"probe").is_ok() && (!file.exists() || fs::read(file).is_ok());
    let _ = fs::remove_file(&probe);
    sound
}
