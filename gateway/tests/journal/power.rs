//! The power goes: a file system of its own on a loop device, shut down without a word in the middle of commits
//! (`EXT4_IOC_SHUTDOWN`, no log flush), mounted again. `TECS_ROUNDS` sets how often. Root, mkfs.ext4 and python3 are needed;
//! without them the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tecs_gateway::journal::SledStore;

use crate::child::{self, Told};
use crate::desk::{Dice, rounds, seed, skip};
use crate::killed::verify;

#[test]
fn a_power_cut_loses_nothing_acknowledged() {
    let mut dice = Dice(seed());
    let Some(disk) = Disk::new(96) else {
        return skip(
            "a_power_cut_loses_nothing_acknowledged",
            "no loop device with ext4 can be mounted here",
        );
    };
    let (mut told, mut cuts) = (Told::default(), 0);
    for round in 0..rounds(4) {
        told.highest.clear();
        let mount = disk.mount().unwrap();
        // Each fourth begins young: what was never synced by anybody must hold as well.
        if round % 4 == 0 {
            let _ = std::fs::remove_dir_all(mount.path.join("state"));
            told = Told {
                count: told.count,
                ..Told::default()
            };
        }
        let before = told.count;
        let (mut child, says) = child::start(&mount.path.join("state"), 500 + round as u64);
        child::let_work(&says, &mut told, &mut dice);
        mount.shut_down();
        child.kill().unwrap();
        child.wait().unwrap();
        told.take_all(&says);
        cuts += usize::from(told.count > before);
        drop(mount);
        let mount = disk.mount().unwrap();
        verify::<SledStore>(&mount.path.join("state"), &told, round);
    }
    assert!(cuts > 0, "no cut met a journal at work: nothing is proved");
    println!("{cuts} cuts in a burst, {} acknowledged", told.count);
}

/// A file with an ext4 in it.
struct Disk {
    home: tempfile::TempDir,
}

impl Disk {
    fn new(mib: u64) -> Option<Self> {
        let home = tempfile::tempdir().ok()?;
        let image = home.path().join("image");
        std::fs::File::create(&image)
            .ok()?
            .set_len(mib << 20)
            .ok()?;
        let made = run("mkfs.ext4", &["-q", "-F", image.to_str()?]) && run("python3", &["-c", ""]);
        let disk = Self { home };
        // Whether a mount works at all.
        (made && disk.mount().is_some()).then_some(disk)
    }

    fn mount(&self) -> Option<Mount> {
        let image = self.home.path().join("image");
        Mount::of(&["-o", "loop", image.to_str()?])
    }
}

/// Something mounted on a folder of its own, until it is dropped.
pub(crate) struct Mount {
    pub(crate) path: PathBuf,
    _home: tempfile::TempDir,
}

impl Mount {
    pub(crate) fn tmpfs(size: &str) -> Option<Self> {
        Self::of(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
    }

    fn of(what: &[&str]) -> Option<Self> {
        let home = tempfile::tempdir().ok()?;
        let path = home.path().join("disk");
        std::fs::create_dir(&path).ok()?;
        let mut args = what.to_vec();
        args.push(path.to_str()?);
        run("mount", &args).then_some(Self { path, _home: home })
    }

    pub(crate) fn remount(&self, how: &str) {
        assert!(run(
            "mount",
            &["-o", &format!("remount,{how}"), self.path.to_str().unwrap()]
        ));
    }

    /// The power goes: nothing reaches the disk from here on, not even the file system's own log.
    fn shut_down(&self) {
        // linux/fs/ext4/ext4.h: _IOR('X', 125, __u32); 2 is EXT4_GOING_FLAGS_NOLOGFLUSH.
        let script = "import fcntl,os,struct,sys; \
                      fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587d,struct.pack('I',2))";
        assert!(run("python3", &["-c", script, self.path.to_str().unwrap()]));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A killed child's last descriptor may be closed a moment later.
        for _ in 0..50 {
            if run("umount", &[self.path.to_str().unwrap()]) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        eprintln!("{} stays mounted", Path::new(&self.path).display());
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .output()
        .is_ok_and(|output| output.status.success())
}
