//! Disks that fail on purpose: one that loses its power, one that is full, and syncs that are slow or refused.
//! Each needs root or a tool; without them it says so, and there is no disk.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::{Process, until};
use super::programs::{skipped, theirs};

/// ext4's own switch (`EXT4_IOC_SHUTDOWN`): with the value 2 it stops at once and flushes nothing.
const CUT: &str = "import fcntl,os,struct,sys\n\
                   fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/// The calls that make something durable.
const SYNCS: &str = "fsync,fdatasync,sync_file_range,msync";
/// The calls that write, and that only the journal makes; what a machine has not is left out.
const WRITES: &str = "pwrite64,fallocate,ftruncate,?mkdir,mkdirat,?rename,?renameat,?renameat2";

fn delayed(delay: Duration) -> String {
    format!("delay_enter={}", delay.as_micros())
}

/// A mounted file system of our own.
#[derive(Debug)]
pub struct Mount {
    /// Where it is mounted.
    pub at: PathBuf,
    /// The image behind a loop device; none for memory.
    image: Option<PathBuf>,
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whatever still has a file open there is being dropped as well.
        let _ = Command::new("umount")
            .args(["--lazy"])
            .arg(&self.at)
            .output();
    }
}

impl Mount {
    /// An ext4 of 64 MiB in a file; `None`, told, where that needs what is not there.
    pub fn ext4(folder: &Path) -> Option<Self> {
        let mkfs = theirs("mkfs.ext4", "e2fsprogs")?;
        theirs("python3", "python3")?;
        let (image, at) = (folder.join("disk.img"), folder.join("disk"));
        fs::create_dir(&at).expect("a mount point");
        let file = fs::File::create(&image).expect("an image");
        file.set_len(64 << 20).expect("an image");
        run(Command::new(mkfs).arg("-q").arg(&image))?;
        let image = Some(image);
        let mount = Self { at, image };
        mount.mount().map(|()| mount)
    }

    /// A file system of so many KiB in memory; `None`, told, without root.
    pub fn small(folder: &Path, kib: u32) -> Option<Self> {
        let at = folder.join("disk");
        fs::create_dir(&at).expect("a mount point");
        let size = format!("size={kib}k");
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at))?;
        Some(Self { at, image: None })
    }

    fn mount(&self) -> Option<()> {
        let image = self.image.as_ref().expect("an image");
        run(Command::new("mount")
            .args(["-o", "loop"])
            .arg(image)
            .arg(&self.at))
    }

    /// It can only be read from now on, as a disk that the kernel no longer trusts. Nobody may have a file open there for
    /// writing.
    pub fn turns_read_only(&self) -> Option<()> {
        run(Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.at))
    }

    /// It can be written again.
    pub fn turns_writable(&self) {
        run(Command::new("mount")
            .args(["-o", "remount,rw"])
            .arg(&self.at))
        .expect("the disk is writable again");
    }

    /// The power fails: nothing that is not synced will be there again, and every call from now on fails.
    pub fn power_fails(&self) {
        run(Command::new("python3").args(["-c", CUT]).arg(&self.at)).expect("the power fails");
    }

    /// The power is back: unmounted, mounted, its journal replayed. Nobody may have a file open there.
    pub async fn power_returns(&self) {
        until("the disk is let go", Duration::from_secs(20), || {
            Command::new("umount")
                .arg(&self.at)
                .output()
                .is_ok_and(|o| o.status.success())
        })
        .await;
        self.mount().expect("the disk is back");
    }

    /// Fills what is left.
    pub fn fill(&self) -> PathBuf {
        let filler = self.at.join("filler");
        let mut file = fs::File::create(&filler).expect("a filler");
        // The write that fails is what is wanted.
        let _ = std::io::copy(&mut std::io::repeat(0x5a), &mut file);
        assert!(free(&self.at) < 4_096, "the disk is not full");
        filler
    }
}

fn free(at: &Path) -> u64 {
    let folder = fs::File::open(at).expect("the disk");
    let disk = rustix::fs::fstatvfs(folder.as_fd()).expect("the disk");
    disk.f_bavail * disk.f_frsize
}

/// What a process's syncs meet from now on, until this is dropped.
#[derive(Debug)]
pub struct Syncs {
    _tracer: Process,
}

impl Syncs {
    /// Every sync of the process first takes this long.
    pub async fn take(pid: u32, delay: Duration, log: &Path) -> Option<Self> {
        Self::inject(pid, SYNCS, &delayed(delay), log).await
    }

    /// Every write to the disk, and so what a kill leaves behind, first takes this long.
    pub async fn writes_take(pid: u32, delay: Duration, log: &Path) -> Option<Self> {
        Self::inject(pid, "pwrite64", &delayed(delay), log).await
    }

    /// Every sync of the process fails.
    pub async fn fail(pid: u32, log: &Path) -> Option<Self> {
        Self::inject(pid, SYNCS, "error=EIO", log).await
    }

    /// Everything that changes something on the disk meets this, as strace writes it.
    pub async fn writes_meet(pid: u32, what: &str, log: &Path) -> Option<Self> {
        Self::inject(pid, WRITES, what, log).await
    }

    /// What a program is started under so that its syncs meet this from the first on, as strace writes it: `error=EIO:when=2+`
    /// (counted in each thread), `delay_enter=` and microseconds. It is its own process; `None`, told, without strace.
    pub fn from_the_start(what: &str) -> Option<Vec<String>> {
        Self::under(SYNCS, what)
    }

    /// The same for everything that changes something on the disk.
    pub fn writes_from_the_start(what: &str) -> Option<Vec<String>> {
        Self::under(WRITES, what)
    }

    fn under(calls: &str, what: &str) -> Option<Vec<String>> {
        let strace = theirs("strace", "strace")?;
        let words = ["-D", "-f", "-qq", "-o", "/dev/null", "-e"].map(str::to_owned);
        let trace = format!("trace={calls}");
        let inject = format!("inject={calls}:{what}");
        let program = [strace.display().to_string()].into_iter().chain(words);
        Some(program.chain([trace, "-e".to_owned(), inject]).collect())
    }

    async fn inject(pid: u32, calls: &str, what: &str, log: &Path) -> Option<Self> {
        let mut strace = Command::new(theirs("strace", "strace")?);
        strace.args(["-f", "-e", &format!("trace={calls}")]);
        strace.args([
            "-e",
            &format!("inject={calls}:{what}"),
            "-p",
            &pid.to_string(),
        ]);
        let mut tracer = Process::start(&mut strace, log);
        until("strace has begun", Duration::from_secs(10), || {
            tracer.has_ended().is_some() || tracer.said().contains("attached")
        })
        .await;
        if tracer.has_ended().is_some() {
            skipped(&format!("strace may not trace: {}", tracer.said()));
            return None;
        }
        Some(Self { _tracer: tracer })
    }
}

/// Runs it; `None`, told, when that fails.
fn run(command: &mut Command) -> Option<()> {
    let done = command.output().expect("a program");
    if !done.status.success() {
        skipped(&format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        ));
        return None;
    }
    Some(())
}
