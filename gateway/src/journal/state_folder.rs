//! The folder that holds the journal: whose it is now, which format it has, whether the last run ended in good order,
//! and the ballast that makes it possible to evict on a full disk. It knows no lanes' contents.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock, statvfs};
use rustix::io::Errno;

use super::folder;

/// The format written here: folders and values as `generations` and `frame` describe them.
pub(super) const FORMAT: u32 = 1;

const FORMAT_WORDS: &str = "tecs-gateway journal ";

/// Why a journal was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another daemon works on it.
    #[error("{} is in use by the daemon with process id {pid}: stop it first, or give this one a folder of its own", folder.display())]
    InUse {
        /// The state folder.
        folder: PathBuf,
        /// As the first daemon wrote it down, or "unknown".
        pid: String,
    },
    /// A newer daemon has written it; nothing was touched.
    #[error("{} has journal format {found}, this daemon knows up to {known}: use the newer daemon, or another folder", folder.display())]
    Newer {
        /// The state folder.
        folder: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// The folder cannot be made, entered or locked just now.
    #[error("{}: {source}: the daemon needs a folder that it may write", folder.display())]
    Folder {
        /// The state folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal's thread could not be started.
    #[error("the journal's thread could not be started: {0}")]
    Thread(io::Error),
}

/// The state folder, held by us until this is dropped.
pub(super) struct StateFolder {
    path: PathBuf,
    ballast: u64,
    /// Locked; the lock ends with the process, however it ends. `None` while there is nothing to lock.
    lock: Option<File>,
}

/// How the last run ended, if in good order: per lane the youngest generation and its count of places.
pub(super) type CleanMark = Vec<(String, u32, u64)>;

impl StateFolder {
    /// Take the folder, or say who has it. Where it cannot be made or entered, for whatever reason (a disk that refuses, is
    /// damaged or is not mounted), it is not taken yet: alarms must flow, and `begin` tries again.
    pub(super) fn take(path: &Path, ballast: u64) -> Result<Self, OpenError> {
        let mut this = Self {
            path: path.to_owned(),
            ballast,
            lock: None,
        };
        match this.claim() {
            Err(OpenError::Folder { .. }) => Ok(this),
            claimed => claimed.map(|()| this),
        }
    }

    /// Make the folder where there is none, lock it, and see whether its format is ours.
    fn claim(&mut self) -> Result<(), OpenError> {
        let cannot = |source| OpenError::Folder {
            folder: self.path.clone(),
            source,
        };
        folder::make(&self.path).map_err(cannot)?;
        let lock_path = self.path.join("lock");
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path);
        let lock = match lock {
            // One that can only be read locks as well.
            Err(e) => File::open(&lock_path).map_err(|_| cannot(e))?,
            Ok(lock) => lock,
        };
        claim(&lock, &self.path)?;
        if let Some(found) = format_of(&self.path).filter(|found| *found > FORMAT) {
            return Err(OpenError::Newer {
                folder: self.path.clone(),
                found,
                known: FORMAT,
            });
        }
        self.lock = Some(lock);
        Ok(())
    }

    /// Take away the mark of the last run's good end before anything else is written, and tell what it said.
    pub(super) fn begin(&mut self) -> io::Result<Option<CleanMark>> {
        if self.lock.is_none() {
            self.claim().map_err(|e| match e {
                OpenError::Folder { source, .. } => source,
                other => io::Error::other(other),
            })?;
        }
        let mark = self.path.join("clean");
        let said = fs::read_to_string(&mark)
            .ok()
            .and_then(|words| parse_clean(&words));
        folder::remove_file(&mark)?;
        if format_of(&self.path) != Some(FORMAT) {
            folder::write(
                &self.path.join("format"),
                format!("{FORMAT_WORDS}{FORMAT}\n").as_bytes(),
            )?;
        }
        Ok(said)
    }

    /// Mark the run as ended in good order: the last thing that is written.
    pub(super) fn end(&self, mark: &CleanMark) -> io::Result<()> {
        let lines = mark
            .iter()
            .map(|(lane, number, count)| format!("{lane} {number} {count}"));
        let words = lines.collect::<Vec<_>>().join("\n");
        folder::write(&self.path.join("clean"), words.as_bytes())
    }

    /// The folder of a lane.
    pub(super) fn lane(&self, lane: &str) -> PathBuf {
        self.path.join(lane)
    }

    /// The folder itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Give the ballast's space back to the disk.
    pub(super) fn drop_ballast(&self) {
        let _ = fs::remove_file(self.path.join("ballast"));
    }

    /// Have the ballast on the disk; false while there is no room for it and as much again.
    pub(super) fn have_ballast(&self) -> bool {
        let path = self.path.join("ballast");
        if fs::metadata(&path).is_ok_and(|about| about.len() == self.ballast) {
            return true;
        }
        let room =
            statvfs(&self.path).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        if room < self.ballast.saturating_mul(2) {
            return false;
        }
        // Real bytes that no file system folds into nothing.
        let mut word = 0x9e37_79b9_7f4a_7c15_u64;
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < self.ballast {
            word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes.truncate(usize::try_from(self.ballast).unwrap_or(usize::MAX));
        folder::write(&path, &bytes).is_ok()
    }
}

/// Lock the file and write our process id into it.
fn claim(mut lock: &File, folder: &Path) -> Result<(), OpenError> {
    let locked = flock(lock, FlockOperation::NonBlockingLockExclusive);
    if let Err(e) = locked
        && e != Errno::WOULDBLOCK
    {
        return Err(OpenError::Folder {
            folder: folder.to_owned(),
            source: e.into(),
        });
    }
    if locked.is_err() {
        let mut pid = String::new();
        let read = lock.take(20).read_to_string(&mut pid);
        let pid = pid.trim();
        let known = read.is_ok() && !pid.is_empty();
        return Err(OpenError::InUse {
            folder: folder.to_owned(),
            pid: if known { pid } else { "unknown" }.to_owned(),
        });
    }
    // A full disk may refuse the id; the lock holds all the same.
    let _ = lock
        .set_len(0)
        .and_then(|()| writeln!(lock, "{}", std::process::id()));
    Ok(())
}

/// The format that the folder says it has; `None` when it says nothing that can be read.
fn format_of(folder: &Path) -> Option<u32> {
    let words = fs::read_to_string(folder.join("format")).ok()?;
    words.strip_prefix(FORMAT_WORDS)?.trim().parse().ok()
}

fn parse_clean(words: &str) -> Option<CleanMark> {
    let line = |line: &str| {
        let mut parts = line.split(' ');
        let lane = parts.next()?.to_owned();
        Some((
            lane,
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
        ))
    };
    words.lines().map(line).collect()
}
