//! One real process: started with a log of its own, ended by its own id, frozen and thawed. It never outlives us.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a log is shown when its process ended too soon, lines.
const TAIL: usize = 15;

/// A running process.
pub struct Process {
    name: &'static str,
    child: Child,
    pid: Pid,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it says is added to the log.
    pub fn start(
        name: &'static str,
        program: &Path,
        args: &[&str],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("opening {}", log.display()))?;
        let mut command = Command::new(program);
        // What a simulated home is told stands in its files: a variable of ours that steers something else is no key of it.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TECS_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args(args)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // A Ctrl-C at our terminal is for us: we end our processes ourselves, in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {name}: {}", program.display()))?;
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        Ok(Self {
            name,
            child,
            pid: pid.with_context(|| format!("{name} ended at once"))?,
            log: log.to_owned(),
        })
    }

    /// Its id.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// An error that shows the end of its log, if it has ended.
    pub fn alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended ({status}); the end of {}:\n{}",
                self.name,
                self.log.display(),
                self.tail()
            ),
        }
    }

    /// kill -9; waits until it is gone.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child
            .kill()
            .await
            .with_context(|| format!("killing {}", self.name))
    }

    /// SIGTERM; waits until it has ended.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)?;
        match timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status
                .map(drop)
                .with_context(|| format!("waiting for {}", self.name)),
            Err(_) => bail!("{} did not end within {PATIENCE:?} of SIGTERM", self.name),
        }
    }

    /// It keeps its connections and says nothing.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// It goes on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("a signal to {}", self.name))
    }

    fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(TAIL);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_ends_too_soon_is_told_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("it.log");
        let args = ["-c", "echo the port is taken; exit 3"];
        let mut it = Process::start("the thing", Path::new("/bin/sh"), &args, &log).unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let why = it.alive().unwrap_err().to_string();
        assert!(
            why.contains("the thing") && why.contains("the port is taken"),
            "{why}"
        );
    }

    #[tokio::test]
    async fn a_frozen_process_is_killed_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("it.log");
        let mut it = Process::start("the thing", Path::new("/bin/sleep"), &["60"], &log).unwrap();
        it.freeze().unwrap();
        it.alive().unwrap();
        it.thaw().unwrap();
        it.stop().await.unwrap();
    }
}
