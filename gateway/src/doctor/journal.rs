//! Whether the journal's folder takes what it must: a real write with a real sync beside the journal, room on the disk, room
//! in each lane's budget. The journal itself is not touched.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Instant;

use rustix::fs::statvfs;

use super::{Daemon, Report};
use crate::answer::{list, number, word};
use crate::config::Config;

/// What is written to see whether it can be, bytes: a sector and more.
const PROBE: usize = 8 << 10;
/// A disk with less than this left is all but full, bytes: a generation of each lane, and the ballast.
const LITTLE: u64 = 8 << 20;

pub(super) fn look(config: &Config, daemon: Option<&Daemon>, report: &mut Report) {
    if let Some(daemon) = daemon {
        match word(&daemon.status, "journal") {
            "fine" => report.ok("journal: daemon", "keeps"),
            state => {
                let notes = daemon
                    .status
                    .get("notes")
                    .unwrap_or(&serde_json::Value::Null);
                let why = format!("is {state}: {}", word(notes, "journal"));
                report.failed("journal: daemon", why, "make room, or mend the disk");
            }
        }
    }
    let folder = &config.state_dir;
    if !folder.exists() {
        let why = format!("{} is made when the daemon first starts", folder.display());
        report.unchecked("journal: write and sync", why);
        return;
    }
    let began = Instant::now();
    match write_and_sync(folder) {
        Ok(()) => {
            let took = began.elapsed().as_millis();
            report.ok(
                "journal: write and sync",
                format!("{} in {took} ms", folder.display()),
            );
        }
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied && daemon.is_some() => {
            let why = "this user may not write there; the daemon's word stands above";
            report.unchecked("journal: write and sync", why);
        }
        Err(e) => report.failed(
            "journal: write and sync",
            format!("{}: {e}", folder.display()),
            cure(&e),
        ),
    }
    space(config, daemon, report);
}

fn cure(e: &io::Error) -> &'static str {
    match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on this disk, or name another folder in gateway.state_dir"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "mount it for writing; a file system that turned read-only is often a dying disk or card"
        }
        io::ErrorKind::PermissionDenied => {
            "run doctor as the daemon's user, or correct the folder's owner"
        }
        _ => "look at the kernel's log: the disk or card may be dying",
    }
}

fn write_and_sync(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!("doctor-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| {
            file.write_all(&[0x5a; PROBE])?;
            file.sync_all()
        });
    // Nothing was made when it could not be opened.
    let _ = fs::remove_file(&path);
    written?;
    File::open(folder)?.sync_all()
}

fn space(config: &Config, daemon: Option<&Daemon>, report: &mut Report) {
    let hop = "journal: room";
    let free = match statvfs(&config.state_dir) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(e) => {
            let why = format!("{}: {e}", config.state_dir.display());
            report.failed(hop, why, "look at the disk");
            return;
        }
    };
    let budget: u64 = config.settings.limits.disk.iter().sum();
    let lanes = daemon.map_or(&[][..], |d| list(&d.status, "lanes"));
    let used: u64 = lanes.iter().map(|lane| number(lane, "disk_bytes")).sum();
    let nearly = lanes
        .iter()
        .zip(config.settings.limits.disk)
        .filter(|(lane, most)| number(lane, "disk_bytes") > most / 10 * 9)
        .map(|(lane, _)| word(lane, "lane"));
    let nearly: Vec<&str> = nearly.collect();
    let mib = |bytes: u64| bytes >> 20;
    if free < LITTLE {
        let why = format!("{} MiB are left on the disk", mib(free));
        report.failed(
            hop,
            why,
            "make room: when it is full, the oldest routine goes first",
        );
    } else if !nearly.is_empty() {
        let why = format!("the budget of {} is nearly used up", nearly.join(", "));
        let cure = "see why the hub does not take what waits; the oldest goes first";
        report.failed(hop, why, cure);
    } else if free < budget.saturating_sub(used) {
        let why = format!(
            "{} MiB are free; the budgets may take {} MiB more, so the disk fills before they do",
            mib(free),
            mib(budget - used),
        );
        report.ok(hop, why);
    } else {
        report.ok(
            hop,
            format!("{} MiB are free, {} MiB used", mib(free), mib(used)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_written_for_real_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        write_and_sync(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let gone = folder.path().join("gone");
        assert_eq!(
            write_and_sync(&gone).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
