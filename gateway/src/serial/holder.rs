//! Who has a device open, from `/proc`: a name for the installer. Sees other users' processes only as root; changes
//! nothing and ends nobody.

use std::fs;
use std::path::Path;

/// The first process that has this device open, such as `socat (process 812)`.
pub(super) fn of(path: &Path) -> Option<String> {
    let device = fs::canonicalize(path).ok()?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    for process in processes {
        let name = process.file_name();
        let Some(pid) = name.to_str().and_then(|n| n.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(mut open) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let has = |fd: &fs::DirEntry| fs::read_link(fd.path()).is_ok_and(|to| to == device);
        if !open.any(|fd| fd.is_ok_and(|fd| has(&fd))) {
            continue;
        }
        if pid == std::process::id() {
            return Some("this daemon itself (two sources of one path?)".into());
        }
        let command = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        return Some(format!("{} (process {pid})", command.trim()));
    }
    None
}
