//! A serial line that can be plugged in and out: a pseudo terminal under a name that stays the same.
//! A one-way wire: what is said while nobody has the port open is lost, as on a real adapter, and this says so.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;
use tokio::time::{sleep, timeout};

use crate::words::Taken;

/// How long a reader may leave the line full.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A serial port with its stable name.
pub struct Line {
    name: PathBuf,
    plugged: Option<OwnedFd>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.unplug();
    }
}

impl Line {
    /// A port that is not plugged in yet; `name` is the path that a gateway opens.
    pub fn new(name: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            plugged: None,
        }
    }

    /// The path that a gateway opens.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Plugs it in: a new pseudo terminal behind the same name.
    pub fn plug(&mut self) -> anyhow::Result<()> {
        self.unplug();
        let (ours, device) = pair().context("making a pseudo terminal")?;
        let fresh = self.name.with_extension("new");
        let _ = std::fs::remove_file(&fresh);
        symlink(&device, &fresh)
            .and_then(|()| std::fs::rename(&fresh, &self.name))
            .with_context(|| format!("naming {device} {}", self.name.display()))?;
        self.plugged = Some(ours);
        Ok(())
    }

    /// Pulls it out: a reader sees its port end, and the name is gone.
    pub fn unplug(&mut self) {
        if self.plugged.take().is_some() {
            let _ = std::fs::remove_file(&self.name);
        }
    }

    /// Writes a line; [`Taken::No`] when it is not plugged in or nobody has it open.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<Taken> {
        self.write(format!("{text}\r\n").as_bytes()).await
    }

    /// What the reader wrote meanwhile, and whether it has the port open.
    pub fn hear(&self) -> (Vec<u8>, bool) {
        let mut heard = Vec::new();
        let open = self
            .plugged
            .as_ref()
            .is_some_and(|port| listened(port, &mut heard));
        (heard, open)
    }

    /// Writes any bytes; what a reader wrote meanwhile is dropped.
    pub async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<Taken> {
        let Some(port) = self.plugged.as_ref() else {
            return Ok(Taken::No);
        };
        if !listened(port, &mut Vec::new()) {
            return Ok(Taken::No);
        }
        self.put(bytes).await
    }

    /// Writes any bytes, whether somebody has the port open or not, and leaves what a reader wrote.
    pub async fn put(&self, bytes: &[u8]) -> anyhow::Result<Taken> {
        let Some(port) = self.plugged.as_ref() else {
            return Ok(Taken::No);
        };
        match timeout(PATIENCE, write_all(port, bytes)).await {
            Ok(written) => {
                written.with_context(|| format!("writing to {}", self.name.display()))?;
                Ok(Taken::Yes)
            }
            Err(_) => Ok(Taken::No),
        }
    }

    /// True while somebody has the port open.
    pub fn is_listened(&self) -> bool {
        self.hear().1
    }
}

/// Our end of a new pseudo terminal and the name of theirs. Not `SerialStream::pair()`: its descriptors are inherited by
/// every process that we start, and a line whose end a reader holds itself cannot be pulled out from under it.
fn pair() -> io::Result<(OwnedFd, String)> {
    let ours = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    rustix::pty::grantpt(&ours)?;
    rustix::pty::unlockpt(&ours)?;
    let name = rustix::pty::ptsname(&ours, Vec::new())?;
    // Opened once and closed: from then on our end can tell whether a reader is there. Left open it would also stay
    // exclusive for ever after a reader that opened it so was killed.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(&name, flags, Mode::empty())?;
    let mut raw = rustix::termios::tcgetattr(&theirs)?;
    raw.make_raw();
    rustix::termios::tcsetattr(&theirs, OptionalActions::Now, &raw)?;
    rustix::fs::fcntl_setfl(&ours, OFlags::NONBLOCK)?;
    Ok((ours, name.to_string_lossy().into_owned()))
}

async fn write_all(port: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(port, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            // Full: the reader is slow. A sensor's line is in no hurry.
            Err(Errno::AGAIN) => sleep(LOOK_AGAIN).await,
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Takes what the reader wrote. Our end reads EIO while the other end is not open.
fn listened(port: &OwnedFd, heard: &mut Vec<u8>) -> bool {
    let mut some = [0_u8; 256];
    loop {
        match rustix::io::read(port, &mut some) {
            Ok(0) => return false,
            Ok(n) => heard.extend(some.iter().take(n)),
            Err(e) => return e == Errno::AGAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;
    use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

    fn open(path: &Path) -> SerialStream {
        tokio_serial::new(path.to_str().unwrap(), 9600)
            .open_native_async()
            .unwrap()
    }

    async fn read_some(port: &mut SerialStream) -> Vec<u8> {
        let mut bytes = vec![0; 256];
        let read = tokio::time::timeout(std::time::Duration::from_secs(5), port.read(&mut bytes));
        let n = read.await.unwrap().unwrap_or(0);
        bytes.truncate(n);
        bytes
    }

    #[tokio::test]
    async fn a_port_is_found_again_under_its_name_after_it_was_pulled_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut line = Line::new(folder.path().join("port"));
        line.plug().unwrap();
        assert_eq!(line.say("nobody hears").await.unwrap(), Taken::No);

        let mut reader = open(line.name());
        assert_eq!(line.say("one").await.unwrap(), Taken::Yes);
        assert_eq!(read_some(&mut reader).await, b"one\r\n");

        line.unplug();
        assert!(!line.name().exists());
        assert_eq!(read_some(&mut reader).await, b"", "the reader sees the end");
        drop(reader);

        line.plug().unwrap();
        let mut reader = open(line.name());
        assert_eq!(line.say("two").await.unwrap(), Taken::Yes);
        assert_eq!(read_some(&mut reader).await, b"two\r\n");
    }

    #[tokio::test]
    async fn a_process_that_we_started_does_not_hold_the_line_together() {
        let folder = tempfile::tempdir().unwrap();
        let mut line = Line::new(folder.path().join("port"));
        line.plug().unwrap();
        let mut reader = open(line.name());
        let mut child = std::process::Command::new("/bin/sleep")
            .arg("60")
            .spawn()
            .unwrap();
        line.unplug();
        assert_eq!(read_some(&mut reader).await, b"", "the reader sees the end");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_went_without_a_word_does_not_keep_the_next_one_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut line = Line::new(folder.path().join("port"));
        line.plug().unwrap();
        let mut first = open(line.name());
        first.set_exclusive(true).unwrap();
        drop(first);
        assert!(!line.is_listened());
        let mut second = open(line.name());
        assert_eq!(line.say("for the second").await.unwrap(), Taken::Yes);
        assert_eq!(read_some(&mut second).await, b"for the second\r\n");
    }
}
